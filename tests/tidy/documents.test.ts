// What the documents name must exist: files, folders, npm scripts and verbs of the tool.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
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
    const broken = links.filter((target) => !existsSync(join(root, dirname(document), target)));
    assert.deepEqual(broken, []);
  });

  test(`${document} names only paths that exist`, () => {
    const named = text.matchAll(/`((?:assembly|bench|deploy|envoy|tests)\/[\w./-]*)`/g);
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

for (const table of documentsWithTable) {
  test(`the settings table of ${table.readme} is fresh: node tools/settings-table.ts`, () => {
    assert.equal(readFileSync(join(root, table.readme), "utf8"), refreshed(table));
  });
}
