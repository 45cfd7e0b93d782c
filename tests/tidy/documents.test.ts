// What the documents name must exist: files, folders, npm scripts and verbs of the tool.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { generatedPages } from "../../docs/generate.ts";
import { documents as documentsWithTable, refreshed } from "../../tools/settings-table.ts";

const root = join(import.meta.dirname, "../..");
const documents = globSync("**/*.md", {
  cwd: root,
  exclude: ["**/node_modules/**", "build/**"],
}).sort();
const scripts = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts);
const builtIns = new Set(["ci", "install", "start", "test"]);

for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");

  test(`${document} links only to what exists`, () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      ([, target]) => target!,
    );
    const exists = (path: string) => existsSync(join(root, path)) || generatedPages.has(path);
    const broken = links.filter((target) => !exists(join(dirname(document), target)));
    assert.deepEqual(broken, []);
  });

  test(`${document} names only paths that exist`, () => {
    const named = text.matchAll(
      /`((?:assembly|bench|deploy|docs|envoy|examples|tests|tools|\.ci|\.github)\/[\w./-]*)`/g,
    );
    const broken = [...named]
      .map(([, path]) => path!)
      .filter((path) => !existsSync(join(root, path)));
    assert.deepEqual(broken, []);
  });

  test(`${document} names only npm scripts that exist`, () => {
    const named = [...text.matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)].map(([, name]) => name!);
    const broken = named.filter((name) => !scripts.includes(name) && !builtIns.has(name));
    assert.deepEqual(broken, []);
  });
}

/** The lines of a document outside of its code blocks. */
function proseOf(text: string): string[] {
  let isCode = false;
  return text.split("\n").filter((line) => {
    if (line.startsWith("```")) isCode = !isCode;
    return !isCode;
  });
}

for (const document of documents) {
  const lines = proseOf(readFileSync(join(root, document), "utf8"));
  const filled = lines.filter((line) => line.trim() && !/^<!--.*-->$/.test(line));

  test(`${document} has no heading without content`, () => {
    const levelOf = (line = "# ") => /^(#+) /.exec(line)?.[1]!.length ?? 0;
    const empty = filled.filter((line, at) => {
      const next = levelOf(filled[at + 1]);
      return levelOf(line) > 0 && next > 0 && next <= levelOf(line);
    });
    assert.deepEqual(empty, []);
  });

  test(`${document} links only to headings that it has`, () => {
    const anchors = new Set(
      lines
        .filter((line) => /^#+ /.test(line))
        .map((line) => line.replace(/^#+ /, "").toLowerCase())
        .map((title) => title.replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")),
    );
    const links = [...lines.join("\n").matchAll(/\]\(#([^)\s]+)\)/g)].map(([, target]) => target!);
    assert.deepEqual(
      links.filter((target) => !anchors.has(target)),
      [],
    );
  });
}

for (const table of documentsWithTable) {
  test(`the settings table of ${table.readme} is fresh: node tools/settings-table.ts`, () => {
    assert.equal(readFileSync(join(root, table.readme), "utf8"), refreshed(table));
  });
}
