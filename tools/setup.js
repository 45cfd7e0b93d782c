// Set-up of a fresh clone, run by npm before start, test, check and bench: dependencies if they
// are not those of the lock file, then the build. Plain JavaScript, since it runs on whatever
// Node the machine has.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules/.gatehouse-lock");
const digest = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) console.error(`gatehouse: cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
  console.log("gatehouse: installing dependencies (npm ci)");
  // Inside an npm script `npm` may be an old one that came as somebody's dependency: ask for the
  // one that runs us.
  const npm = process.env.npm_execpath;
  const ci = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  npm ? run(process.execPath, [npm, ...ci]) : run("npm", ci);
  writeFileSync(stamp, digest);
}
// The Node of the dependencies runs TypeScript; the machine's may not.
run(join(root, "node_modules/.bin/node"), ["tools/build.ts"]);
