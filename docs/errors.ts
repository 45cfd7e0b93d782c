// Every error message that the tool and the filters can give, read from the sources.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filterNames } from "../deploy/core/catalog.ts";

const root = join(import.meta.dirname, "..");

interface ToolErrorText {
  code: string;
  text: string;
}

/** What `ToolError`s say; `…` stands for what depends on the input. */
export function toolErrors(): ToolErrorText[] {
  const found = toolSources().flatMap((source) =>
    [...source.matchAll(/new ToolError\(\s*"(\w+)",\s*/g)].map(
      ({ 0: start, 1: code, index }): ToolErrorText => ({
        code: code!,
        text: textAt(source, index + start.length),
      }),
    ),
  );
  return unique(found.filter(isWorded), ({ text }) => text).sort((a, b) =>
    a.text < b.text ? -1 : 1,
  );
}

interface FindingText {
  problem: string;
  reason: string;
  fix: string;
}

/** What `validate` reports about a file: the problem, with the reason and the fix beside it. */
export function findings(): FindingText[] {
  const found = sources("deploy/{core,validate}/**/*.ts").flatMap((source) => {
    // `why: …`, `const why = …`, and the fix in a call such as `error(path, what, "…")`.
    const pattern = /\b(what)(?::| =)\s*(?=["'`])|\b(why|right)(?::| =)\s*|\bwhat, (?=["'`])/g;
    const parts = [...source.matchAll(pattern)].map(
      ({ 0: start, 1: what, 2: part = "right", index }) => ({
        part: what ?? part,
        at: index,
        text: textAt(source, index + start.length),
      }),
    );
    return parts.flatMap(({ part, text, at }, index): FindingText[] => {
      if (part !== "what") return [];
      // Words of an error, which are among those.
      if (source.slice(at, at + JUST_BEFORE_CHARACTERS).includes("new ToolError")) return [];
      const rest = parts.slice(index + 1);
      const end = rest.findIndex((next) => next.part === "what" || next.at > at + NEAR_CHARACTERS);
      const near = end < 0 ? rest : rest.slice(0, end);
      const before = parts[index - 1];
      if (before && before.part !== "what" && before.at > at - JUST_BEFORE_CHARACTERS)
        near.push(before);
      const textOf = (name: string) => near.find((next) => next.part === name)?.text ?? "";
      return [{ problem: text, reason: textOf("why"), fix: textOf("right") }];
    });
  });
  const worded = [...found, ...refusals()].filter(({ problem }) => isWorded({ text: problem }));
  return unique(worded, ({ problem }) => problem).sort((a, b) => (a.problem < b.problem ? -1 : 1));
}

/** What istiod's webhook refuses: `field.refuse(problem, fix)`. */
function refusals(): FindingText[] {
  return sources("deploy/validate/admission/webhook/*.ts").flatMap((source) =>
    [...source.matchAll(/\.refuse\(\s*/g)].map(({ 0: start, index }): FindingText => {
      const { text: problem, end } = expressionAt(source, index + start.length);
      const fix = source[end] === "," ? textAt(source, end + 1) : "";
      return { problem, reason: "istiod's webhook refuses it", fix };
    }),
  );
}

/** The reason and the fix of a finding stand within so many characters of it. */
const NEAR_CHARACTERS = 700;
/** A reason may also be written just before the problem. */
const JUST_BEFORE_CHARACTERS = 250;

interface FilterErrors {
  filter: string;
  errors: { setting: string; text: string }[];
}

/** What each filter's parser says about its settings; an empty setting stands for any. */
export function filterErrors(): FilterErrors[] {
  const errorsIn = (glob: string) => {
    const found = sources(glob).flatMap((source) =>
      [...source.matchAll(/\.refuse\(\s*(?:"([\w-]*)"|[\w.]+),\s*/g)].map(
        ({ 0: start, 1: setting = "", index }) => ({
          setting,
          text: textAt(source, index + start.length),
        }),
      ),
    );
    return unique(found.filter(isWorded), ({ setting, text }) => `${setting} ${text}`);
  };
  return [
    ...filterNames.map((filter) => ({
      filter: filter as string,
      errors: errorsIn(`assembly/filters/${filter}/**/*.ts`),
    })),
    { filter: "All filters", errors: errorsIn("assembly/lib/{config,match}/**/*.ts") },
  ].filter(({ errors }) => errors.length > 0);
}

function sources(glob: string, exclude: string[] = []): string[] {
  return globSync(glob, { cwd: root, exclude })
    .sort()
    .map((file) => readFileSync(join(root, file), "utf8"));
}

function toolSources(): string[] {
  return sources("deploy/**/*.ts", ["deploy/playground/**"]);
}

/** A message that is only made of values says nothing here. */
function isWorded({ text }: { text: string }): boolean {
  return /[a-z]{3}/.test(text);
}

/** The text of the string expression that begins at `from`: its literals, and … for the rest. */
function textAt(source: string, from: number): string {
  return expressionAt(source, from).text;
}

/** The same, and where the expression ends. */
function expressionAt(source: string, from: number): { text: string; end: number } {
  let text = "";
  let depth = 0;
  let at = from;
  for (; at < source.length; at++) {
    const char = source[at]!;
    if (`"'\``.includes(char)) {
      const end = endOfLiteral(source, at);
      text += depth === 0 ? wordsOf(source.slice(at + 1, end)) : "";
      at = end;
    } else if ("([{".includes(char)) depth++;
    else if (")]}".includes(char) && depth-- === 0) break;
    else if (depth === 0 && ",;".includes(char)) break;
    // A value, or a choice between texts.
    else if (depth === 0 && /[\w?:]/.test(char) && !text.endsWith("…")) text += "…";
  }
  return { text: text.replaceAll(/…(?:\s*…)+/g, "…").trim(), end: at };
}

/** The place of the quote that ends the literal at `from`; braces of a template are skipped. */
function endOfLiteral(source: string, from: number): number {
  const quote = source[from];
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === quote) return at;
    else if (quote === "`" && source.startsWith("${", at)) at = endOfValue(source, at + 2);
  }
  return source.length;
}

function endOfValue(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    const char = source[at]!;
    if (`"'\``.includes(char)) at = endOfLiteral(source, at);
    else if (char === "{") depth++;
    else if (char === "}" && depth-- === 0) return at;
  }
  return source.length;
}

function wordsOf(literal: string): string {
  let words = "";
  for (let at = 0; at < literal.length; at++) {
    if (literal[at] === "\\") words += literal[++at] === "n" ? " " : literal[at];
    else if (literal.startsWith("${", at)) {
      words += "…";
      at = endOfValue(literal, at + 2);
    } else words += literal[at];
  }
  return words;
}

function unique<T>(items: T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
