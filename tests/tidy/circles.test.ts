// No file needs itself by way of others: each can be read, tested and moved by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { circles, fileOf, importsOf, sources } from "./imports.ts";

const trees = ["assembly", "deploy", "tools", "envoy", "bench", "tests"];

test("the search for circles finds those of two and more files, and a file that names itself", () => {
  const graph: Record<string, string[]> = { a: ["b"], b: ["c"], c: ["b", "d"], d: [], e: ["e"] };
  assert.deepEqual(
    circles(Object.keys(graph), (file) => graph[file]!),
    [["b", "c"], ["e"]],
  );
});

for (const tree of trees) {
  test(`no file of ${tree} is in an import circle, type-only imports included`, () => {
    const files = sources(`${tree}/**/*.{ts,js}`);
    assert.ok(files.length > 0);
    const targetsOf = (file: string) => importsOf(file).flatMap((target) => fileOf(target) ?? []);
    assert.deepEqual(circles(files, targetsOf), []);
  });
}
