// `npm start` is the first thing that people see: it ends well, and fits a terminal of 80 columns.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { build } from "../../tools/build.ts";
import { report, wrappedJson } from "../../envoy/demo/report.ts";
import type { Row } from "../../envoy/demo/round.ts";

const root = join(import.meta.dirname, "../..");
const plain = { width: 80, isColoured: false, isVerbose: false };

const row: Row = {
  group: "jwt-auth",
  request: "expired token",
  result: "401",
  expected: "401",
  got: "401",
  why: "exp is an hour ago",
  right: true,
};

test("npm start prints one line for each check, none wider than 80 columns", async () => {
  await build();
  const { stdout } = await promisify(execFile)(process.execPath, ["envoy/demo.ts", "--once"], {
    cwd: root,
  });
  const checks = stdout.match(/^ {2}✓ /gm)?.length ?? 0;
  assert.match(stdout, new RegExp(`All ${checks} checks are as expected`));
  assert.ok(checks > 20, `${checks} checks`);
  assert.deepEqual(
    stdout.split("\n").filter((line) => line.length > 80),
    [],
  );
});

test("a check that failed shows what was expected, what came and why", () => {
  const text = report([{ ...row, right: false, result: "200", got: "200" }], plain);
  assert.match(text, /✗ expired token +→ 200/);
  assert.match(text, /expected 401\n +got +200\n +because +exp is an hour ago/);
  assert.match(text, /1 of 1 checks failed/);
});

test("--verbose explains each check, and a wide terminal says why on the same line", () => {
  assert.match(report([row], { ...plain, isVerbose: true }), /because +exp is an hour ago/);
  assert.match(report([row], { ...plain, width: 120 }), /→ 401 +exp is an hour ago/);
});

test("a JSON line is broken between its fields", () => {
  const line = JSON.stringify({ a: "x".repeat(40), b: "y".repeat(40), c: 1 });
  const lines = wrappedJson(line, 80).split("\n");
  assert.ok(lines.every((each) => each.length <= 80));
  assert.equal(lines.map((each) => each.trim()).join(""), line);
});
