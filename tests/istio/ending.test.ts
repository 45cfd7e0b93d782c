// However a run ends, nothing of it stays: no process, however stubborn, no folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "./children.ts";
import { world } from "./world.ts";

const { stack } = await world();
const temporary = join(stack.folder, "ending");
mkdirSync(temporary, { recursive: true });

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  test(`${signal} ends everything that a run has started`, async () => {
    const mark = `86${Math.floor(Math.random() * 1e9)}`;
    await stubborn(mark, (outside) => outside.kill(signal));
    await until("the end of all", async () => running(mark).length === 0);
    // A killed run cannot tidy up; the next one does.
    if (signal !== "SIGKILL") assert.deepEqual(globSync("*", { cwd: temporary }), []);
  });
}

test("the next run removes the folder that a killed one left", async () => {
  assert.equal(globSync("*", { cwd: temporary }).length, 1);
  const mark = `87${Math.floor(Math.random() * 1e9)}`;
  await stubborn(mark, (outside) => outside.kill("SIGINT"));
  assert.deepEqual(globSync("*", { cwd: temporary }), []);
});

/** Starts stubborn.ts, does `end` to it once its inside runs, and waits for the outside's end. */
async function stubborn(
  mark: string,
  end: (outside: ReturnType<typeof spawn>) => void,
): Promise<void> {
  const outside = spawn(process.execPath, [join(import.meta.dirname, "stubborn.ts"), mark], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: temporary },
  });
  outside.stdout!.resume();
  const ended = once(outside, "exit");
  await until("the stubborn process", async () =>
    running(mark).some((command) => command.startsWith("sleep")),
  );
  end(outside);
  await ended;
}

/** The command lines of all processes, in these namespaces and those below, that hold `mark`. */
function running(mark: string): string[] {
  const commands = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    });
  return commands.filter((command) => command.includes(mark));
}
