// What an installation brings in is what the lock file pins, and nothing runs while it is
// installed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { read, sources } from "./imports.ts";

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

const workflows = sources(".github/workflows/*.yml");

test("every action of the workflows is pinned by its commit, and no job has more rights than it names", () => {
  assert.ok(workflows.length >= 3);
  for (const file of workflows) {
    const text = read(file);
    const used = [...text.matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(([, action]) => action!);
    const loose = used.filter((action) => !/^\.\/|@[0-9a-f]{40}$/.test(action));
    assert.deepEqual(loose, [], file);
    assert.match(text, /^permissions:/m, `${file} takes the default rights`);
  }
});

test("the workflows run scripts that exist, the gate among them", () => {
  const scripts = Object.keys(manifest.scripts ?? {});
  const text = workflows.map(read).join("\n");
  const run = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
  assert.deepEqual(
    run.filter((name) => !scripts.includes(name)),
    [],
  );
  const files = [...text.matchAll(/node (tools\/[\w/.-]+)/g)].map(([, file]) => file!);
  for (const file of files) assert.ok(read(file).length > 0, file);
  assert.match(text, /\.ci\/run/);
});
