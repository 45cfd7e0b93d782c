// The chart by the real Helm, and the bases by the real kustomize, beside `gatehouse render`.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { render } from "../../deploy/index.ts";
import type { Api, Resource } from "../../deploy/index.ts";
import { assembleChart, basesFolder, chartFolder } from "../../tools/chart.ts";
import { randomPolicy } from "../support/random-policy.ts";
import { Random } from "../support/random.ts";
import { program } from "./helm.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-chart-"));
const moment = "2026-01-31T12:00:00Z";
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => assembleChart());

const apis: Api[] = ["WasmPlugin", "TrafficExtension"];

function documents(text: string): Resource[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Resource | null)
    .filter((resource) => resource !== null);
}

/** Helm sorts by kind; what is compared is the set. */
function byTitle(resources: Resource[]): Record<string, Resource> {
  const entries = resources.map((one): [string, Resource] => [
    `${one.kind} ${one.metadata.namespace}/${one.metadata.name}`,
    one,
  ]);
  assert.equal(new Set(entries.map(([title]) => title)).size, entries.length);
  return Object.fromEntries(entries);
}

/** `helm template` with these values. */
function helm(values: object, ...args: string[]) {
  const file = join(folder, "values.yaml");
  writeFileSync(file, stringify(values, { version: "1.1" }));
  return spawnSync(program("helm"), ["template", "edge", chartFolder, "-f", file, ...args], {
    encoding: "utf8",
    env: { ...process.env, HOME: folder, HELM_CACHE_HOME: folder },
    maxBuffer: 64 * 1024 * 1024,
  });
}

function assertEqual(policies: object[], api: Api): void {
  const file = join(folder, "policies.yaml");
  writeFileSync(file, policies.map((policy) => stringify(policy)).join("---\n"));
  const { status, stdout, stderr } = helm({ api, start: moment, policies });
  assert.equal(status, 0, stderr);
  const rendered = render([file], { api, start: new Date(moment) });
  assert.deepEqual(byTitle(documents(stdout)), byTitle(JSON.parse(JSON.stringify(rendered))));
}

const examples = globSync(
  [
    "deploy/istio/gatehouse/**/policy.yaml",
    "examples/*/edge.yaml",
    "docs/tutorials/files/**/edge.yaml",
    "tests/deploy/fixtures/policies/*.yaml",
  ],
  { cwd: root },
).sort();

for (const api of apis) {
  test(`the chart renders every example policy as render does, as ${api}`, () => {
    assert.ok(examples.length > 10);
    for (const example of examples) {
      const all = documents(readFileSync(join(root, example), "utf8"));
      assertEqual(
        all.filter(({ kind }) => kind === "Policy"),
        api,
      );
    }
  });

  test(`the chart renders generated policies as render does, as ${api}`, () => {
    const random = new Random(api.length);
    for (let batch = 0; batch < 5; batch++) {
      const policies = Array.from({ length: 40 }, (_, at) => {
        const policy = randomPolicy(random, `p${at}`);
        // Two policies must not render one VirtualService.
        const { traffic = [] } = policy.spec as { traffic?: { name?: string }[] };
        for (const one of traffic) one.name = `routes-${at}`;
        return policy;
      });
      assertEqual(policies, api);
    }
  });
}

const plain = parse(
  readFileSync(join(root, "deploy/istio/gatehouse/gateway/policy.yaml"), "utf8"),
) as { metadata: { namespace?: string }; spec: Record<string, any> };

test("a policy without a namespace belongs to the namespace of the release", () => {
  const { metadata, spec } = structuredClone(plain);
  delete metadata.namespace;
  const { stdout, stderr } = helm({ policies: [{ metadata, spec }], start: moment }, "-n", "shop");
  const plugins = documents(stdout).filter(({ kind }) => kind === "WasmPlugin");
  assert.equal(plugins.length, 4, stderr);
  assert.ok(plugins.every((plugin) => plugin.metadata.namespace === "shop"));
});

const refusals: [what: string, spec: (spec: Record<string, any>) => void, said: RegExp][] = [
  ["a key that the settings do not have", (spec) => (spec.placements = {}), /placements/],
  [
    "a setting of the wrong type",
    (spec) => (spec["rate-limit"].limits[0].tokenBucket.maxTokens = "many"),
    /maxTokens/,
  ],
  ["a header that HTTP does not allow", (spec) => headerOf(spec, "a b"), /responseHeader/],
  [
    "no filter at all",
    (spec) => {
      for (const name of ["access-log", "jwt-auth", "rate-limit", "canary", "traffic"])
        delete spec[name];
    },
    /installs no filter; set one of access-log, jwt-auth/,
  ],
  ["traffic of an unknown route", (spec) => (spec.traffic[0].route = "x"), /no canary route/],
  [
    "a variant without a destination",
    (spec) => delete spec.traffic[0].variants.canary,
    /variant "canary" of route .* has no destination/,
  ],
  [
    "one module on listeners of two kinds",
    (spec) => Object.assign(spec, { placement: { sidecar: {} }, image: bundle }),
    /one module runs on one/,
  ],
];
const bundle = { repository: "registry.example.com/gatehouse", bundle: true };

function headerOf(spec: Record<string, any>, header: string): void {
  spec.canary.routes[0].responseHeader = header;
}

for (const [what, change, said] of refusals) {
  test(`the chart refuses ${what}, as the tool does`, () => {
    const policy = structuredClone(plain);
    change(policy.spec);
    const { status, stderr } = helm({ policies: [policy], start: moment });
    assert.notEqual(status, 0);
    assert.match(stderr, said);
    const file = join(folder, "refused.yaml");
    writeFileSync(file, stringify(policy));
    assert.throws(() => render([file]));
  });
}

test("a schedule that counts from the start needs the start", () => {
  const policy = documents(
    readFileSync(join(root, "tests/deploy/fixtures/policies/edge.yaml"), "utf8"),
  );
  const { status, stderr } = helm({ policies: policy });
  assert.notEqual(status, 0);
  assert.match(stderr, /`after` needs the value `start`/);
});

test("TrafficExtension is refused for a mesh that does not have it", () => {
  const policy = structuredClone(plain);
  policy.spec.istio = "1.29";
  const { stderr } = helm({ api: "TrafficExtension", policies: [policy], start: moment });
  assert.match(stderr, /Istio 1.29 has no TrafficExtension.*set api: WasmPlugin/);
});

test("helm lint finds nothing wrong, and a packed chart renders the same", () => {
  const environment = { ...process.env, HOME: folder, HELM_CACHE_HOME: folder };
  const run = (...args: string[]) =>
    execFileSync(program("helm"), args, { encoding: "utf8", env: environment });
  assert.match(run("lint", chartFolder), /0 chart\(s\) failed/);
  run("package", chartFolder, "-d", folder);
  const [packed] = globSync(join(folder, "gatehouse-*.tgz"));
  const file = join(folder, "values.yaml");
  writeFileSync(file, stringify({ policies: [plain] }));
  const rendered = (chart: string) => run("template", "edge", chart, "-f", file);
  assert.equal(rendered(packed!), rendered(chartFolder));
});

test("an overlay over a kustomize base is the plugin that render gives", () => {
  const file = join(root, "deploy/istio/gatehouse/gateway/policy.yaml");
  for (const wanted of render([file]).filter(({ kind }) => kind === "WasmPlugin")) {
    const spec = wanted.spec as Record<string, unknown>;
    const module = String(spec.pluginName);
    const overlay = join(folder, "overlay");
    rmSync(overlay, { recursive: true, force: true });
    mkdirSync(overlay);
    const { selector, match, pluginConfig, vmConfig } = spec;
    const patch = {
      apiVersion: wanted.apiVersion,
      kind: wanted.kind,
      metadata: { name: module, labels: wanted.metadata.labels },
      spec: { selector, match, pluginConfig, vmConfig },
    };
    writeFileSync(join(overlay, "settings.yaml"), stringify(JSON.parse(JSON.stringify(patch))));
    execFileSync("cp", ["-r", join(basesFolder, module), join(overlay, "base")]);
    writeFileSync(
      join(overlay, "kustomization.yaml"),
      stringify({
        resources: ["base"],
        namespace: "istio-system",
        namePrefix: "edge-",
        patches: [{ path: "settings.yaml" }],
      }),
    );
    const built = execFileSync(program("kustomize"), ["build", overlay], { encoding: "utf8" });
    assert.deepEqual(documents(built), [JSON.parse(JSON.stringify(wanted))]);
  }
});
