// Where the cursor is in a YAML text: the keys and indexes that lead there. Works on text that is
// not finished, which a parser refuses, by indentation and, on one line, by brackets.

export type Step = string | number;

export interface Spot {
  /** Path of the map or list that the cursor is in. */
  path: Step[];
  /** Key of the value that the cursor is in; undefined where a key is being written. */
  key?: string;
  /** What is written of the key or value so far. */
  word: string;
}

interface Level {
  indent: number;
  key?: string;
  index?: number;
}

const entry = /^(\s*(?:- +)*)("[^"]*"|'[^']*'|[^\s:#{}[\],"'][^:#{}[\],]*?)\s*:(?=\s|$)/;

/** The place of offset `at`. */
export function spotAt(text: string, at: number): Spot {
  const before = text.slice(0, at);
  const lines = before.split("\n");
  const last = lines.pop()!;
  const levels: Level[] = [];
  for (const line of lines) if (!/^\s*(#|$)/.test(line)) descend(levels, line);
  return within(levels, last);
}

/** Moves the open levels on by one whole line. */
function descend(levels: Level[], line: string): void {
  if (/^---/.test(line)) {
    levels.length = 0;
    return;
  }
  let indent = /^\s*/.exec(line)![0].length;
  for (let dash = /^\s*-(\s+|$)/.exec(line.slice(indent)); dash;) {
    close(levels, indent, true);
    const open = levels.at(-1);
    if (open?.indent === indent && open.index !== undefined) open.index++;
    else levels.push({ indent, index: 0 });
    indent += dash[0].length;
    dash = /^-(\s+|$)/.exec(line.slice(indent));
  }
  const found = entry.exec(line.slice(indent).replace(/^/, ""));
  if (!found) return;
  close(levels, indent, false);
  levels.push({ indent, key: unquoted(found[2]!) });
}

/** Ends the levels that a line at `indent` is not below. */
function close(levels: Level[], indent: number, isItem: boolean): void {
  while (levels.length > 0) {
    const open = levels.at(-1)!;
    if (open.indent < indent) return;
    if (open.indent === indent && open.index !== undefined) {
      if (isItem) return;
      // A key at the indentation of a list's dash ends the list.
    } else if (open.indent === indent && isItem && open.key !== undefined) return;
    levels.pop();
  }
}

function within(levels: Level[], line: string): Spot {
  const brackets = /[{[]/.exec(line.replace(/"[^"]*"|'[^']*'/g, (all) => "_".repeat(all.length)));
  if (brackets) {
    const head = line.slice(0, brackets.index);
    descend(levels, `${head}`);
    return inFlow(pathOf(levels), line.slice(brackets.index));
  }
  const found = entry.exec(line);
  if (found) {
    descend(levels, line);
    const path = pathOf(levels);
    const key = String(path.pop());
    return { path, key, word: line.slice(found[0].length).trim() };
  }
  const blank = /^\s*(?:-\s+)*/.exec(line)![0];
  const word = line.slice(blank.length);
  // As if a key stood here: what is open then is what it would be in.
  descend(levels, `${blank}_:`);
  const path = pathOf(levels);
  path.pop();
  return { path, word };
}

/** The rest of a line from its first bracket on. */
function inFlow(base: Step[], text: string): Spot {
  const path = [...base];
  const open: ("map" | "list")[] = [];
  let word = "";
  let key: string | undefined;
  let quote = "";
  for (const char of text) {
    if (quote) {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === "{" || char === "[") {
      if (open.length > 0 && open.at(-1) === "map" && key !== undefined) path.push(key);
      open.push(char === "{" ? "map" : "list");
      if (char === "[") path.push(0);
      [key, word] = [undefined, ""];
    } else if (char === "}" || char === "]") {
      if (open.pop() === "list") path.pop();
      if (open.at(-1) === "map") path.pop();
      [key, word] = [undefined, ""];
    } else if (char === ",") {
      if (open.at(-1) === "list") path.push(Number(path.pop()) + 1);
      [key, word] = [undefined, ""];
    } else if (char === ":" && open.at(-1) === "map" && key === undefined) {
      [key, word] = [word.trim(), ""];
    } else word += char;
  }
  return { path, key: open.at(-1) === "list" ? undefined : key, word: word.trimStart() };
}

function pathOf(levels: Level[]): Step[] {
  return levels.map(({ key, index }) => key ?? index!);
}

function unquoted(key: string): string {
  return key.replace(/^["']|["']$/g, "");
}
