// A machine that lacks something is told what, and the run fails: it never passes by leaving
// tests out.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lacksOf, type Machine } from "./setup.ts";
import { root, world } from "./world.ts";

const { stack } = await world();

const fit: Machine = { platform: "linux", user: 0, has: () => true, isBuilt: true };
const without = (...programs: string[]) => ({
  has: (program: string) => !programs.includes(program),
});

test("each thing that is missing is named, all of them at once", () => {
  assert.deepEqual(lacksOf(fit), []);
  assert.match(lacksOf({ ...fit, user: 1000 })[0]!, /^root: .*sudo -E npm run test:istio/);
  assert.match(lacksOf({ ...fit, ...without("go"), isBuilt: false })[0]!, /^Go 1\.26 or newer/);
  assert.deepEqual(lacksOf({ ...fit, ...without("go") }), [], "what is built needs no Go");
  const nothing: Machine = {
    platform: "darwin",
    user: undefined,
    ...without("unshare", "ip", "go"),
    isBuilt: false,
  };
  assert.equal(lacksOf(nothing).length, 5);
});

test("without Go and without built programs, a run fails and says so", () => {
  const programs = join(stack.folder, "programs");
  mkdirSync(programs);
  for (const name of ["unshare", "ip"]) symlinkSync(pathOf(name), join(programs, name));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "tests/istio/run.ts")],
    {
      encoding: "utf8",
      env: { PATH: programs, HOME: stack.folder, XDG_CACHE_HOME: join(stack.folder, "no-cache") },
    },
  );
  assert.equal(status, 1);
  assert.match(stderr, /cannot run here\. Missing:\n {2}- Go 1\.26 or newer/);
  assert.match(stdout, /^istio: 0 passed, 1 failed$/m);
});

function pathOf(program: string): string {
  const { stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
  return stdout.trim();
}
