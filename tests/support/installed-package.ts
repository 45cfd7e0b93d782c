// The npm package as a user gets it: packed, and installed in an empty folder. Needs the npm
// registry, for its dependencies.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assemble, pack } from "../../tools/package.ts";

/** The environment's name for the folder in which the tool is installed. */
export const INSTALLED = "GATEHOUSE_INSTALLED";

/**
 * A folder `name` of its own below `home` with these packages, and nothing else; gives its path.
 */
export function installed(home: string, name: string, ...packages: string[]): string {
  const folder = join(home, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["install", "--ignore-scripts", ...quiet, ...packages], { cwd: folder });
  return folder;
}

/** Packs the tool, and installs the tarball in a folder below `home`; gives the folder's path. */
export async function installedTool(home: string): Promise<string> {
  await assemble();
  return installed(home, "empty", pack(home));
}

/** The command of the package that is installed in `folder`. */
export function commandIn(folder: string): string {
  return join(folder, "node_modules/gatehouse/bin/gatehouse.js");
}
