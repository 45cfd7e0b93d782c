// The tool is typed: what a user wrote is `unknown` until somebody has looked at it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { read, sources } from "./imports.ts";

/** `any` as a type, outside comments and texts. */
const anyType = /(?:[:<|&,(]|\bas|=>|\bof)\s*any\b(?!\s*[:(])|\bany\[\]/;

/** Where `any` may stand, and why. */
const allowed: Record<string, string> = {
  "deploy/core/source.ts": "the boundary: a document as YAML gave it",
};
function linesWithAny(file: string): string[] {
  const code = read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/(^|\s)\/\/.*$/gm, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '""');
  return code.split("\n").flatMap((line, at) => (anyType.test(line) ? [`${file}:${at + 1}`] : []));
}

test("the search finds each form of any, and none in words", () => {
  for (const code of ["x: any", "Map<string, any>", "as any", "any[]", "(a: any) => b", "| any"])
    assert.match(code, anyType, code);
  for (const code of ["anyOf: x", "schema.anyOf", "many", "company: string"])
    assert.doesNotMatch(code, anyType, code);
});

test("no file of the tool uses any, but for the boundary where YAML is read", () => {
  const files = sources("deploy/**/*.ts").filter((file) => !allowed[file]);
  assert.deepEqual(files.flatMap(linesWithAny), []);
});

test("a list of the user's is read by one function, listOf of core/value.ts", () => {
  const defining = sources("deploy/**/*.ts").filter((file) =>
    /\b(?:function|const) listOf\b/.test(read(file)),
  );
  assert.deepEqual(defining, ["deploy/core/value.ts"]);
});
