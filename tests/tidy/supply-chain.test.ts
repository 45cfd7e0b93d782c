// What an installation brings in is what the lock file pins, and nothing runs while it is installed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "./imports.ts";

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
}

const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;

/** Their scripts only check what the platform's package, pinned too, has brought. */
const skippedScripts = /(^|\/)node_modules\/esbuild$/;

test("every package of the lock file is pinned by its digest", () => {
  assert.ok(packages.length > 50);
  const loose = packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));
  assert.deepEqual(
    loose.map(([path]) => path),
    [],
  );
});

test("every dependency of package.json names one version", () => {
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;
  const ranges = kinds.flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
  );
  assert.deepEqual(ranges, []);
});

test("no package needs a script of its own while it is installed", () => {
  const scripted = packages.filter(
    ([path, { hasInstallScript }]) => hasInstallScript && !skippedScripts.test(path),
  );
  assert.deepEqual(
    scripted.map(([path]) => path),
    [],
  );
});

test("set-up and CI install with --ignore-scripts", () => {
  assert.match(read(".ci/run"), /npm ci --ignore-scripts/);
  assert.match(read("tools/setup.js"), /"ci", "--ignore-scripts"/);
});
