// The npm package as a user gets it: the tarball in an empty folder, on the oldest and the newest
// Node that it is for. Needs the npm registry, for its dependencies and those two Nodes.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FakeRegistry } from "../deploy/fake-registry.ts";
import { assemble, folder as assembled } from "../../tools/package.ts";
import { commandIn, installed, installedTool } from "../support/installed-package.ts";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "gatehouse-package-"));
after(() => rmSync(home, { recursive: true, force: true }));

const versions = { oldest: "22.19.0", newest: "24.21.0" };
const platform = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const nodes: Record<string, string> = {};
let place = "";

before(async () => {
  place = await installedTool(home);
  for (const [age, version] of Object.entries(versions))
    nodes[age] = join(installed(home, age, `${platform}@${version}`), "node_modules/.bin/node");
  cpSync(join(root, "deploy/istio"), join(place, "deploy/istio"), { recursive: true });
  cpSync(join(root, "docs/tutorials"), join(place, "docs/tutorials"), { recursive: true });
});

function run(node: string, ...args: string[]) {
  const command = commandIn(place);
  const environment = { ...process.env, NO_COLOR: "1" };
  return spawnSync(node, [command, ...args], { cwd: place, env: environment, encoding: "utf8" });
}

const edge = "deploy/istio/gatehouse/gateway";

for (const age of Object.keys(versions)) {
  test(`on the ${age} Node every verb that needs no cluster does its work`, () => {
    const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version as string;
    for (const [args, expected] of [
      [["--version"], new RegExp(`^${version}\\n$`)],
      [["validate", `${edge}/policy.yaml`], /0 errors/],
      [["try", "-f", edge, "--path", "/api/products", "--token"], /→ 200/],
      [["try", "-f", edge, "--cases", `${edge}/cases.yaml`], /\d+ passed, 0 failed/],
      [["render", "-f", edge], /kind: WasmPlugin/],
      [["migrate", "deploy/istio/rate-limit"], /kind: Policy/],
      [["push", "-f", `${edge}/policy.yaml`, "--dry-run"], /sha256:[0-9a-f]{64}.*dry run/],
      [["demo", "--help"], /demo/],
      [["playground", "--help"], /playground/],
    ] as [string[], RegExp][]) {
      const { status, stdout, stderr } = run(nodes[age]!, ...args);
      assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
      assert.match(stdout, expected);
      assert.doesNotMatch(stderr, /Warning|TypeScript/, args.join(" "));
    }
  });

  test(`on the ${age} Node the library validates, migrates, renders and tries`, () => {
    const script = `
      import { migrate, render, tryRequests, validate, version } from "gatehouse";
      const { findings } = await validate({ files: ["${edge}/policy.yaml"] });
      const { documents, fields } = migrate({ files: ["deploy/istio/rate-limit"] }, "a.example/x");
      const resources = render(["${edge}/policy.yaml"]);
      const [tried] = tryRequests({
        files: ["${edge}"],
        cases: [{ name: "none", request: { path: "/api/products" }, expect: { status: 401 } }],
      });
      console.log(JSON.stringify({
        version,
        errors: findings.filter(({ severity }) => severity === "error").length,
        kinds: documents.map(({ kind }) => kind),
        fields: fields.length > 3,
        resources: resources.length > 3,
        tried: tried.ok,
      }));`;
    writeFileSync(join(place, "library.js"), script);
    const { status, stdout, stderr } = spawnSync(nodes[age]!, ["library.js"], {
      cwd: place,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    const { errors, kinds, fields, resources, tried } = JSON.parse(stdout);
    assert.deepEqual(
      { errors, fields, resources, tried },
      {
        errors: 0,
        fields: true,
        resources: true,
        tried: true,
      },
    );
    assert.ok(kinds.includes("Policy"));
  });
}

test("a push from the installed package reaches a registry, byte for byte as the dry run said", async () => {
  const registry = await new FakeRegistry().start();
  try {
    const target = `${registry.host}/team`;
    const digests = (text: string) => [...text.matchAll(/sha256:[0-9a-f]{64}/g)].map(String);
    const wanted = run(nodes.newest!, "push", "--to", target, "--dry-run");
    // Not spawnSync: the registry answers in this process.
    const pushed = await new Promise<string>((done, fail) =>
      execFile(
        nodes.newest!,
        [commandIn(place), "push", "--to", target],
        { cwd: place },
        (error, stdout) => (error ? fail(error) : done(stdout)),
      ),
    );
    assert.deepEqual(digests(pushed), digests(wanted.stdout));
  } finally {
    await registry.stop();
  }
});

test("the package holds what it needs and nothing of the tests, and its licences", () => {
  const inside = join(place, "node_modules/gatehouse");
  const manifest = JSON.parse(readFileSync(join(inside, "package.json"), "utf8"));
  assert.equal(manifest.devDependencies, undefined);
  assert.equal(manifest.optionalDependencies, undefined);
  for (const file of [
    "LICENSE",
    "NOTICE",
    "deploy/index.d.ts",
    "build/jwt-auth.wasm",
    "build/playground/index.html",
    "assembly/filters/canary/config.schema.json",
    "policy.schema.json",
  ])
    assert.ok(existsSync(join(inside, file)), file);
  for (const file of ["tests", "bench", "node_modules", "tools", "deploy/index.ts"])
    assert.ok(!existsSync(join(inside, file)), file);
  assert.match(readFileSync(join(inside, "NOTICE"), "utf8"), /@codemirror\/view[\s\S]*MIT/);
});

test("the same sources give the same files", async () => {
  const digest = () =>
    execFileSync("sh", ["-c", "find . -type f | sort | xargs sha256sum"], {
      cwd: assembled,
      encoding: "utf8",
    });
  const first = digest();
  await assemble();
  assert.equal(digest(), first);
});

test("the package's generated validators find what the checkout's compiled ones find", () => {
  const file = join(place, "mistakes.yaml");
  writeFileSync(
    file,
    `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: edge }
spec:
  placement: { gateway: { selector: { istio: ingressgateway } } }
  image: { repository: registry.example.com/gatehouse, tag: v1 }
  jwt-auth: { providers: [{ issuer: 7 }], rulez: [] }
  rate-limit: { limits: [{ name: all, key: [{ heather: x }] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec: { hosts: shop, http: [{ rout: [] }] }
`,
  );
  const ofPackage = run(nodes.newest!, "validate", file);
  const ofCheckout = spawnSync(
    process.execPath,
    [join(root, "deploy/cli/gatehouse.js"), "validate", file],
    { cwd: place, env: { ...process.env, NO_COLOR: "1" }, encoding: "utf8" },
  );
  assert.equal(ofPackage.stderr, ofCheckout.stderr);
  assert.equal(ofPackage.status, 1);
  for (const word of ["rulez", "issuer", "heather", "hosts", "rout"])
    assert.ok(ofPackage.stderr.includes(word), `${word} in ${ofPackage.stderr}`);
});

test("the version takes 150 ms of user time at most, and to validate one file half a second", () => {
  const measure = (...args: string[]) => {
    const command = commandIn(place);
    const times = Array.from({ length: 5 }, () => {
      const output = spawnSync(
        "sh",
        ["-c", '"$@" >/dev/null 2>&1; times', "sh", nodes.newest!, command, ...args],
        { cwd: place, encoding: "utf8" },
      ).stdout;
      // The second line of `times`: user and system time of the children.
      const [, minutes = "0", seconds = "0"] =
        /^(\d+)m([\d.]+)s /.exec(output.trim().split("\n").at(-1)!) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    });
    return Math.min(...times);
  };
  const version = measure("--version");
  assert.ok(version > 0 && version < 0.15, `${version} s for --version`);
  const validate = measure("validate", `${edge}/policy.yaml`);
  assert.ok(validate < 0.5, `${validate} s for validate`);
});
