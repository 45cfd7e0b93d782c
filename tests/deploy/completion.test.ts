// The completion script in a real bash.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { gatehouse } from "./helper.ts";

/** What bash offers for a line; its last word is the one that is completed. */
async function offered(line: string): Promise<string[]> {
  const { out } = await gatehouse("completion", "bash");
  const words = line.split(" ");
  const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_gatehouse
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").filter(Boolean);
}

test("bash completes verbs, their options, and values that are known", async () => {
  assert.deepEqual(await offered("gatehouse va"), ["validate"]);
  assert.ok((await offered("gatehouse ")).length > 15);
  assert.deepEqual(await offered("gatehouse validate --st"), ["--strict"]);
  assert.deepEqual(await offered("gatehouse validate -o "), ["github", "sarif", "junit"]);
  assert.deepEqual(await offered("gatehouse render --api T"), ["TrafficExtension"]);
  assert.deepEqual(await offered("gatehouse completion f"), ["fish"]);
  assert.deepEqual(await offered("gatehouse list --output=x --con"), ["--context"]);
});

test("where a file is meant bash is left to complete files", async () => {
  assert.deepEqual(await offered("gatehouse validate edge"), []);
  assert.deepEqual(await offered("gatehouse render -f "), []);
});

test("a shell that is not known is refused with those that are", async () => {
  const { code, err } = await gatehouse("completion", "tcsh");
  assert.equal(code, 2);
  assert.match(err, /bash, zsh, fish/);
});
