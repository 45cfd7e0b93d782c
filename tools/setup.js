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

/** The Node of the dependencies; where there is none for the platform, the machine's. */
function nodeForTypeScript() {
  const own = join(root, "node_modules/.bin/node");
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  console.error(
    `gatehouse: no Node package for ${process.platform}-${process.arch}, and Node ` +
      `${process.versions.node} is too old; allowed: 22.19 or newer; install one`,
  );
  process.exit(3);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
  console.log("gatehouse: installing dependencies (npm ci)");
  // Inside an npm script `npm` may be an old one that came as somebody's dependency: ask for the
  // one that runs us.
  const npm = process.env.npm_execpath;
  // No package of the lock file needs a script of its own, and none may run one.
  const ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  npm ? run(process.execPath, [npm, ...ci]) : run("npm", ci);
  writeFileSync(stamp, digest);
}
run(nodeForTypeScript(), ["tools/build.ts"]);
