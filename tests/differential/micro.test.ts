// The benchmark of the cryptography, tiny, so that it cannot rot: each case verifies a good
// signature or throws.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

test("the micro benchmark runs every case", () => {
  const file = join(import.meta.dirname, "../../bench/micro.ts");
  const lines = execFileSync(process.execPath, [file, "--smoke"], { encoding: "utf8" })
    .trim()
    .split("\n");
  assert.equal(lines.length, 9);
  for (const line of lines) assert.match(line, /crypto\/\S+ +\d/);
});
