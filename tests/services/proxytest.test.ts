// A second opinion on the release modules: the same .wasm in the Go SDK's own host
// (tests/services/proxytest).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "proxytest");
const run = spawnSync("go", ["test", "-count=1", "-json", "./..."], {
  cwd: folder,
  encoding: "utf8",
  maxBuffer: 1 << 28,
});

interface Event {
  Action: string;
  Test?: string;
  Output?: string;
}

test("the Go host can be built and run here", () => {
  assert.equal(run.error, undefined);
  assert.ok(events().length > 0, run.stderr);
});

for (const name of new Set(events().flatMap((event) => event.Test ?? []))) {
  test(`in the Go host: ${words(name)}`, () => {
    const own = events().filter((event) => event.Test === name);
    assert.ok(
      own.some((event) => event.Action === "pass"),
      own.map((event) => event.Output ?? "").join(""),
    );
  });
}

function events(): Event[] {
  return (run.stdout ?? "")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Event);
}

/** `TestRateLimitAdmits` → `rate limit admits`. */
function words(name: string): string {
  return name
    .replace(/^Test/, "")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
