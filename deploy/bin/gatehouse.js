#!/usr/bin/env node
// `npx gatehouse`: plain JavaScript, since it runs on whatever Node the machine has. The tool itself is TypeScript and
// needs Node 22.18 (type stripping) or newer: an older one hands over to the Node among the project's dependencies.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { run } = await import("../cli.ts");
  process.exitCode = await run(process.argv.slice(2));
} else {
  const node = join(root, "node_modules/.bin/node");
  if (!existsSync(node)) {
    console.error(
      `gatehouse: Node ${process.versions.node} is too old (22.18 is the oldest): run npm ci in ${root} first`,
    );
    process.exit(3);
  }
  const { status, error } = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  if (error) console.error(`gatehouse: cannot run ${node}: ${error.message}`);
  process.exitCode = status ?? 70;
}
