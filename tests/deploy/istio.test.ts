// The mesh of deploy/istio: valid as a whole and in every overlay, migrated, and watched by names
// that exist.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { filterNames } from "../../deploy/core/catalog.ts";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const root = join(import.meta.dirname, "../..");
const mesh = join(root, "deploy/istio");
const file = workspace();
const read = (path: string) => readFileSync(join(mesh, path), "utf8");

test("validate has nothing to say about the mesh, strictly", async () => {
  const { code, err, out } = await gatehouse("validate", mesh, "--strict");
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.match(out, /4 policies/);
});

test("what validate leaves to others is only what others own", async () => {
  const { out } = await gatehouse("validate", mesh, "--json");
  const foreign = (JSON.parse(out).findings as { rule: string; what: string }[]).filter(
    ({ rule }) => rule === "foreign",
  );
  const kinds = new Set(foreign.map(({ what }) => what.split(" ")[0]));
  const owned = [
    "Deployment",
    "Service",
    "ServiceAccount",
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
  ];
  const others = ["PodDisruptionBudget", "Kustomization", "IstioOperator", "Kiali", "Rollout"];
  for (const kind of kinds) assert.ok([...owned, ...others].includes(kind!), kind);
});

test("every chapter has a README, and every kustomization names files that exist", () => {
  for (const folder of globSync("*/", { cwd: mesh }))
    assert.ok(existsSync(join(mesh, folder, "README.md")), folder);
  for (const path of globSync("**/kustomization.yaml", { cwd: mesh })) {
    const { resources = [], patches = [], configMapGenerator = [] } = parse(read(path));
    const named = [
      ...resources,
      ...patches.map(({ path: patch }: any) => patch),
      ...configMapGenerator.flatMap(({ files }: any) => files),
    ];
    for (const name of named)
      assert.ok(existsSync(join(mesh, dirname(path), name)), `${path}: ${name}`);
  }
});

test("every manifest belongs to a kustomization, a chart, istioctl or the tool", () => {
  const applied = new Set<string>();
  for (const path of globSync("**/kustomization.yaml", { cwd: mesh })) {
    const { resources = [], patches = [], configMapGenerator = [] } = parse(read(path));
    const files = configMapGenerator.flatMap((each: any) => each.files);
    for (const name of [...resources, ...files, ...patches.map((patch: any) => patch.path)])
      applied.add(normalize(join(dirname(path), name)));
  }
  const byOthers =
    /^install\/(helm|revision)\/|istio-operator\.yaml$|\/(policy|callers|cases)\.yaml$|kustomization\.yaml$/;
  const loose = globSync("**/*.{yaml,yml,json}", { cwd: mesh }).filter(
    (path) => !applied.has(path) && !byOthers.test(path),
  );
  assert.deepEqual(loose, []);
});

test("migrate and validate, as the README shows", async () => {
  const { code, out } = await gatehouse("migrate", mesh);
  assert.equal(code, 0);
  const { code: decision, err } = await gatehouse("validate", file("policies.yaml", out));
  assert.equal(err, "");
  assert.equal(decision, 0);
});

test("render gives of each settings file what validates alone", async () => {
  for (const path of globSync("gatehouse/*/{policy,callers}.yaml", { cwd: mesh })) {
    const { code, out, err } = await gatehouse("render", "-f", join(mesh, path));
    assert.equal(code, 0, err);
    const checked = await gatehouse("validate", file("rendered.yaml", out));
    assert.equal(checked.code, 0, `${path}: ${checked.err}`);
  }
});

/** A relabelling rule of Prometheus: replace, with the whole value matched. */
interface Relabel {
  source_labels: string[];
  regex: string;
  replacement?: string;
  target_label?: string;
  action?: string;
}

const [proxies] = parse(read("observability/base/prometheus/prometheus.yml")).scrape_configs;

/** What the scrape makes of a series; undefined if it drops it. */
function relabelled(name: string): Record<string, string> | undefined {
  const labels: Record<string, string> = { __name__: name };
  for (const {
    source_labels,
    regex,
    replacement = "$1",
    target_label,
    action,
  } of proxies.metric_relabel_configs as Relabel[]) {
    const value = source_labels.map((label) => labels[label] ?? "").join(";");
    const match = new RegExp(`^(?:${regex})$`).exec(value);
    if (action === "keep" && !match) return undefined;
    if (action === "keep" || !match) continue;
    labels[target_label!] = replacement.replaceAll(
      /\$(\d)/g,
      (_all, group: string) => match[Number(group)] ?? "",
    );
  }
  return labels;
}

/** Every outcome that a filter counts, read from its source: the last part of a metric's name. */
function outcomesOf(filter: string): string[] {
  const texts = globSync(`assembly/filters/${filter}/**/*.ts`, { cwd: root }).map((path) =>
    readFileSync(join(root, path), "utf8"),
  );
  const source = texts.join("\n");
  const patterns = [
    /new (?:Counter|Gauge)\((?:[^()]|\([^()]*\))*?"?\.?([a-z0-9_]+)"\)/g,
    /counterOf\("([a-z0-9_]+)"\)/g,
    /new Count\("([a-z0-9_]+)"\)/g,
    /return "(by_[a-z]+)";/g,
    /row\(\s*JwtStatus\.\w+,\s*\d+,\s*\w+,\s*"([a-z0-9_]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name]) => name!));
}

for (const filter of filterNames) {
  test(`${filter}: the scrape gives every outcome a label`, () => {
    const outcomes = outcomesOf(filter);
    assert.ok(outcomes.length > 2, outcomes.join());
    const prefix = filter.replace("-", "_");
    for (const outcome of outcomes) {
      const labels = relabelled(`gatehouse_${prefix}_some_name_${outcome}`);
      assert.deepEqual(labels, { __name__: `gatehouse_${prefix}`, name: "some_name", outcome });
    }
  });
}

test("variants of the mesh's canary route have a label of their own", () => {
  const { spec } = parse(read("gatehouse/gateway/policy.yaml"));
  const [route] = spec.canary.routes;
  for (const variant of [
    ...Object.keys(route.split),
    ...route.variants.map(({ name }: any) => name),
  ]) {
    const flat = (name: string) => name.replaceAll(/[^a-zA-Z0-9_]/g, "_");
    assert.deepEqual(relabelled(flat(`gatehouse.canary.${route.name}.${variant}.by_split`)), {
      __name__: "gatehouse_canary",
      name: flat(route.name),
      variant: flat(variant),
      outcome: "by_split",
    });
  }
});

test("alerts and dashboard ask for series, labels and outcomes that exist", () => {
  const rules = parse(read("observability/base/prometheus/rules.yml")).groups.flatMap(
    ({ rules: each }: any) => each,
  );
  const panels = JSON.parse(read("observability/base/grafana/gatehouse.json")).panels;
  const expressions: string[] = [
    ...rules.map(({ expr }: any) => expr),
    ...panels.flatMap(({ targets }: any) => targets.map(({ expr }: any) => expr)),
  ];
  assert.ok(rules.length >= 8 && panels.length >= 8);
  for (const expression of expressions) {
    for (const [, series, selector = ""] of expression.matchAll(/\b(gatehouse_\w+)(\{[^}]*\})?/g)) {
      const filter = filterNames.find((name) => `gatehouse_${name.replace("-", "_")}` === series);
      assert.ok(filter, `${series} in ${expression}`);
      const known = outcomesOf(filter);
      for (const [, operator, value] of selector.matchAll(/outcome(=~|!~|=|!=)"([^"]+)"/g)) {
        for (const part of value!.split("|")) {
          const pattern = operator!.includes("~") ? new RegExp(`^(?:${part})$`) : undefined;
          assert.ok(
            known.some((outcome) => (pattern ? pattern.test(outcome) : outcome === part)),
            `${part}: ${expression}`,
          );
        }
      }
    }
  }
});

test("the guide's own figures are in the mesh", () => {
  const guide = (name: string) =>
    readFileSync(join(import.meta.dirname, "fixtures/guide", `${name}.yaml`), "utf8");
  const rule = parse(guide("destinationrule")).spec;
  const own = parse(read("traffic/base/destination-rule.yaml")).spec;
  assert.deepEqual(own.trafficPolicy, rule.trafficPolicy);
  assert.deepEqual(own.subsets, rule.subsets);
  const operator = parse(guide("istio-operator")).spec;
  const mine = parse(read("install/istio-operator.yaml")).spec;
  for (const [key, value] of Object.entries(operator.meshConfig))
    assert.deepEqual(mine.meshConfig[key], value, key);
  assert.deepEqual(mine.components.pilot, operator.components.pilot);
  assert.deepEqual(mine.values, operator.values);
  const canary = parse(guide("flagger-canary")).spec.analysis;
  const { interval, threshold, maxWeight, stepWeight, metrics } = parse(
    read("progressive/flagger/canary.yaml"),
  ).spec.analysis;
  assert.deepEqual(
    { interval, threshold, maxWeight, stepWeight, metrics },
    {
      interval: canary.interval,
      threshold: canary.threshold,
      maxWeight: canary.maxWeight,
      stepWeight: canary.stepWeight,
      metrics: canary.metrics,
    },
  );
});
