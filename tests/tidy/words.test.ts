// Plain words, as far as a machine can hold them: short sentences, the ecosystem's terms, the same
// headings on the pages of all filters.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const documents = globSync("**/*.md", {
  cwd: root,
  exclude: ["**/node_modules/**", "build/**"],
}).sort();

const WORDS_MAX = 30;

/** A word of ours, and the word that readers know. */
const banned: [RegExp, string][] = [
  [/\bverdicts?\b/i, "decision"],
  [/\bthe lot\b|\bby lot\b|\blot (?:leaves|falls|says|may)\b/i, "sampled out, at random"],
  [/\bdealt anew\b/i, "assigned at random again"],
  [/\bheirs?\b/i, "the new plugin instance"],
  [/\bfates?\b/i, "what became of it; migration report"],
  [/\bcupboards?\b/i, "folder"],
  [/\bmend\b/i, "fix"],
  [/\bcannot be had\b|\bnot to be had\b/i, "is not available"],
  [/\bthe answer is no\b/i, "check failed"],
  [/\bsays no\b|\bsaid no\b/i, "refused"],
];

interface Sentence {
  line: number;
  text: string;
}

/** The sentences of a document: no code, no tables, no headings, no generated parts. */
function sentencesOf(text: string): Sentence[] {
  const lines = text
    .replace(/^---\n[\s\S]*?\n---\n/, (all) => all.replace(/[^\n]/g, ""))
    .split("\n");
  const sentences: Sentence[] = [];
  let paragraph: { line: number; text: string } | undefined;
  let isCode = false;
  let isGenerated = false;
  const close = () => {
    if (!paragraph) return;
    const { line, text: whole } = paragraph;
    const plain = whole
      .replace(/`[^`]*`/g, "code")
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/\b(e\.g|i\.e|vs|etc)\./g, "$1");
    for (const part of plain.split(/(?<=[.!?:;])["”)*_]*\s+/)) sentences.push({ line, text: part });
    paragraph = undefined;
  };
  for (const [at, line] of lines.entries()) {
    if (line.startsWith("```")) isCode = !isCode;
    if (/<!-- settings -->/.test(line)) isGenerated = true;
    if (/<!-- \/settings -->/.test(line)) isGenerated = false;
    const isProse = !isCode && !isGenerated && !/^(```|#|\||<|\s*$)/.test(line);
    if (!isProse) {
      close();
      continue;
    }
    if (/^\s*([-*]|\d+\.) /.test(line)) close();
    paragraph ??= { line: at + 1, text: "" };
    paragraph.text += ` ${line.trim().replace(/^([-*]|\d+\.) /, "")}`;
  }
  close();
  return sentences;
}

for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");
  const sentences = sentencesOf(text);

  test(`${document} has no sentence of more than ${WORDS_MAX} words`, () => {
    const long = sentences
      .map((sentence) => ({
        ...sentence,
        words: sentence.text.split(/\s+/).filter(Boolean).length,
      }))
      .filter(({ words }) => words > WORDS_MAX);
    assert.deepEqual(
      long.map(({ line, words, text }) => `line ${line}: ${words} words: ${text.slice(0, 100)}`),
      [],
    );
  });

  test(`${document} says it in words that readers know`, () => {
    const found = text
      .split("\n")
      .flatMap((line, at) =>
        banned
          .filter(([word]) => word.test(line.replace(/`[^`]*`/g, "")))
          .map(([word, instead]) => `line ${at + 1}: ${word.exec(line)?.[0]}: write ${instead}`),
      );
    assert.deepEqual(found, []);
  });
}

/** The order in which every page of a filter answers. */
const headings = [
  "Before you begin",
  "Quick start",
  "Common tasks",
  "Reference",
  "Compared with what you have",
  "Limits",
  "Troubleshooting",
];

for (const page of globSync("assembly/filters/*/README.md", { cwd: root }).sort()) {
  test(`${page} has the headings of every filter's page, in their order`, () => {
    const lines = readFileSync(join(root, page), "utf8").split("\n");
    const found = lines.filter((line) => /^## /.test(line)).map((line) => line.slice(3));
    assert.deepEqual(found, headings);
  });
}
