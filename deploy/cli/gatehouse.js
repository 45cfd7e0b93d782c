#!/usr/bin/env node
// `npx gatehouse`: plain JavaScript, since it runs on whatever Node the machine has. The tool
// itself is TypeScript and needs Node 22.18 (type stripping) or newer: an older one hands over to
// the Node among the project's dependencies.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const [major, minor] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);
/** A build that takes longer was ended in the middle. */
const LOCK_MILLIS_MAX = 10 * 60 * 1000;

/** Exit code 3: something must be installed or built first. */
function missing(what) {
  console.error(`error: ${what}`);
  process.exit(3);
}

/**
 * Runs a script with this Node; what it prints is not the tool's answer, so it goes to standard
 * error.
 */
function runNode(node, script, scriptArgs, stdio) {
  const { status, error } = spawnSync(node, [script, ...scriptArgs], {
    cwd: stdio ? root : undefined,
    stdio: stdio ?? "inherit",
  });
  if (error)
    missing(
      `cannot run ${node}: ${error.message}; packages are for one system and architecture: run npm ci on this machine`,
    );
  return status ?? 70;
}

/**
 * Builds the filters whose sources have changed since they were built, so that no verb runs an old
 * module. Verbs side by side in a pipe wait for the one that builds.
 */
async function buildChanged() {
  const { modules, stale } = await import("../../tools/build.ts");
  const lock = join(root, "build/.building");
  for (let names = stale(); names.length > 0; names = stale()) {
    mkdirSync(join(root, "build"), { recursive: true });
    try {
      mkdirSync(lock);
    } catch {
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_MILLIS_MAX) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      continue;
    }
    const why = names.length === modules.length ? "not built yet" : "sources changed";
    console.error(`gatehouse: ${names.join(", ")}: ${why}; building`);
    const status = runNode(process.execPath, join(root, "tools/build.ts"), [], ["ignore", 2, 2]);
    rmSync(lock, { recursive: true, force: true });
    if (status !== 0 || stale().length > 0)
      missing("the filters cannot be built; fix what the compiler says above");
  }
}

if (!existsSync(join(root, "node_modules/commander")))
  missing(`the dependencies are not installed: run npm ci in ${root}`);

if (major > 22 || (major === 22 && minor >= 18)) {
  const needsModules = [
    "render",
    "validate",
    "try",
    "migrate",
    "push",
    "apply",
    "diff",
    "demo",
    "playground",
  ].includes(args[0]);
  if (needsModules && !args.includes("--help") && !args.includes("-h")) await buildChanged();
  const { run } = await import("./main.ts");
  process.exitCode = await run(args);
} else {
  const node = join(root, "node_modules/.bin/node");
  if (!existsSync(node))
    missing(
      `Node ${process.versions.node} is too old (22.18 is the oldest): run npm ci in ${root}`,
    );
  process.exitCode = runNode(node, fileURLToPath(import.meta.url), args);
}
