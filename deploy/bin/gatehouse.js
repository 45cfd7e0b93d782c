#!/usr/bin/env node
// `npx gatehouse`: plain JavaScript, since it runs on whatever Node the machine has. The tool itself is TypeScript and
// needs Node 22.18 (type stripping) or newer: an older one hands over to the Node among the project's dependencies.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const [major, minor] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);

/** Exit code 3: something must be installed or built first. */
function missing(what) {
  console.error(`error: ${what}`);
  process.exit(3);
}

/** Runs a script with this Node; what it prints is not the tool's answer, so it goes to standard error. */
function runNode(node, script, scriptArgs, stdio) {
  const { status, error } = spawnSync(node, [script, ...scriptArgs], {
    cwd: stdio ? root : undefined,
    stdio: stdio ?? "inherit",
  });
  if (error) missing(`cannot run ${node}: ${error.message}`);
  return status ?? 70;
}

if (!existsSync(join(root, "node_modules/commander")))
  missing(`the dependencies are not installed: run npm ci in ${root}`);

if (major > 22 || (major === 22 && minor >= 18)) {
  // A fresh clone has no modules yet: the verbs that look into them build them once.
  const needsModules = ["render", "validate", "try", "push", "apply", "diff", "demo"].includes(args[0]);
  const isBuilt = ["access-log", "jwt-auth", "rate-limit", "canary"].every((name) =>
    existsSync(join(root, `build/${name}.wasm`)),
  );
  if (needsModules && !isBuilt && !args.includes("--help") && !args.includes("-h")) {
    console.error("gatehouse: building the filters (once)");
    if (runNode(process.execPath, join(root, "build.ts"), [], ["ignore", 2, 2]) !== 0)
      missing("the filters cannot be built");
  }
  const { run } = await import("../cli.ts");
  process.exitCode = await run(args);
} else {
  const node = join(root, "node_modules/.bin/node");
  if (!existsSync(node))
    missing(`Node ${process.versions.node} is too old (22.18 is the oldest): run npm ci in ${root}`);
  process.exitCode = runNode(node, fileURLToPath(import.meta.url), args);
}
