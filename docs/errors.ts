// Every error message that the tool and the filters can give, read from the sources.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filterNames } from "../deploy/core/catalog.ts";

const root = join(import.meta.dirname, "..");

/** One text literal, also with `${…}` in it; two levels of braces are enough for our sources. */
const literal = String.raw`(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\x60((?:[^\x60\\]|\\.)*)\x60)`;

interface ToolErrorText {
  code: string;
  text: string;
}

/** What `ToolError`s say; `…` stands for what depends on the input. */
export function toolErrors(): ToolErrorText[] {
  const files = globSync("deploy/**/*.ts", { cwd: root, exclude: ["deploy/playground/**"] }).sort();
  const pattern = new RegExp(String.raw`new ToolError\(\s*"(\w+)",\s*${literal}`, "g");
  const found = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(pattern)].map(
      ([, code, ...texts]): ToolErrorText => ({ code: code!, text: plain(texts.find(Boolean)) }),
    ),
  );
  // A message that is only made of values says nothing here.
  const worded = found.filter(({ text }) => /[a-z]{3}/.test(text));
  return unique(worded, ({ text }) => text).sort((a, b) => (a.text < b.text ? -1 : 1));
}

interface FilterErrors {
  filter: string;
  errors: { setting: string; text: string }[];
}

/** What each filter's parser says about its settings. */
export function filterErrors(): FilterErrors[] {
  const pattern = new RegExp(String.raw`\.refuse\(\s*(?:"([\w-]*)"|[\w.]+),\s*${literal}`, "g");
  const errorsIn = (glob: string) => {
    const files = globSync(glob, { cwd: root }).sort();
    const found = files.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(pattern)].map(
        ([, setting = "", ...texts]) => ({ setting, text: plain(texts.find(Boolean)) }),
      ),
    );
    return unique(found, ({ setting, text }) => `${setting} ${text}`);
  };
  return [
    ...filterNames.map((filter) => ({
      filter: filter as string,
      errors: errorsIn(`assembly/filters/${filter}/**/*.ts`),
    })),
    { filter: "All filters", errors: errorsIn("assembly/lib/{config,match}/**/*.ts") },
  ].filter(({ errors }) => errors.length > 0);
}

function plain(text = ""): string {
  return text
    .replaceAll(/\$\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, "…")
    .replaceAll(/\\(.)/g, (_all, char: string) => (char === "n" ? " " : char));
}

function unique<T>(items: T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
