// Text for a terminal: lines that end where the window ends.

/** Lines narrower than this cannot be read anyway. */
const columnsLeast = 40;

/** Breaks at blanks; each line but the first begins with `hang` blanks. */
export function wrapped(text: string, columns: number, hang = 0): string {
  const width = Math.max(columns, columnsLeast);
  const lines: string[] = [];
  let line = "";
  for (const word of text.trimStart().split(" ")) {
    const isFirst = line === "" || line.trim() === "";
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = " ".repeat(hang) + word;
    } else line = isFirst ? line + word : `${line} ${word}`;
  }
  const indent = text.length - text.trimStart().length;
  const [first = "", ...rest] = [...lines, line];
  return [" ".repeat(indent) + first, ...rest].join("\n");
}

/** The same for several lines. */
export function wrappedLines(lines: readonly string[], columns: number, hang = 0): string {
  return lines.map((line) => wrapped(line, columns, hang)).join("\n");
}
