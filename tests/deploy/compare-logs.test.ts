// Access logs in compare: which lines are due at each proxy, and what is in them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { compareMeshes } from "../../deploy/compare/meshes.ts";
import type { MeshComparison } from "../../deploy/compare/meshes.ts";
import { parse } from "../../deploy/core/source.ts";
import { lineFilter, lineFormat } from "../../deploy/core/log-line.ts";

const mesh = (config: object) => ({
  apiVersion: "install.istio.io/v1alpha1",
  kind: "IstioOperator",
  metadata: { name: "mesh", namespace: "istio-system" },
  spec: { meshConfig: { accessLogFile: "/dev/stdout", ...config } },
});

function telemetry(accessLogging: object[], namespace = "shop", selector?: object) {
  return {
    apiVersion: "telemetry.istio.io/v1",
    kind: "Telemetry",
    metadata: { name: selector ? "own" : "log", namespace },
    spec: { ...(selector && { selector: { matchLabels: selector } }), accessLogging },
  };
}

const policy = (settings: object) => ({
  apiVersion: "gatehouse.dev/v1",
  kind: "Policy",
  metadata: { name: "log", namespace: "shop" },
  spec: {
    placement: { sidecar: { direction: "both" } },
    image: { repository: "registry.example.com/g" },
    "access-log": { sinks: [{ envoyLog: {} }], ...settings },
  },
});

function compared(old: object[], next: object[]): MeshComparison {
  const [before, after] = [old, next].map(
    (all) => parse(all.map((one) => stringify(one)).join("---\n"), "in.yaml").manifests,
  );
  return compareMeshes(before!, after!, { max: 100 });
}

const first = ({ rows }: MeshComparison) => rows[0]?.what ?? "";
const envoy = (more: object = {}) => ({ providers: [{ name: "envoy" }], ...more });
const filter = (expression: string) => ({ filter: { expression } });

test("the same log in other words is the same", () => {
  const old = [
    mesh({ accessLogFormat: "%RESPONSE_CODE%\n" }),
    telemetry([envoy(filter("response.code >= 400"))]),
  ];
  const next = [
    mesh({ accessLogFormat: "%RESPONSE_CODE%\n" }),
    telemetry([envoy(filter("response.code > 399"))]),
  ];
  const { counts, count } = compared(old, next);
  assert.equal(counts.same, count);
});

test("another filter is found at the status where it begins", () => {
  const result = compared(
    [mesh({}), telemetry([envoy(filter("response.code >= 400"))])],
    [mesh({}), telemetry([envoy(filter("response.code > 400"))])],
  );
  assert.match(first(result), /→ 400 .*the log of envoy has no line; had one/);
});

test("another format, a missing logger and another direction are differences", () => {
  const format = compared(
    [mesh({ accessLogFormat: "%REQ(:METHOD)%" })],
    [mesh({ accessLogFormat: "%REQ(:PATH)%" })],
  );
  assert.match(first(format), /the log of mesh has "\/" instead of "GET"/);
  const none = compared([mesh({})], [mesh({ accessLogFile: "" })]);
  assert.match(first(none), /the log of mesh has no line; had one/);
  const side = compared(
    [mesh({}), telemetry([envoy({ match: { mode: "SERVER" } })])],
    [mesh({}), telemetry([envoy()])],
  );
  assert.match(first(side), /the log of envoy has a line; had none/);
});

test("the Telemetry of a workload wins over that of its namespace, and can switch it off", () => {
  const off = telemetry([envoy({ disabled: true })], "shop", { app: "quiet" });
  const { rows } = compared(
    [mesh({}), telemetry([envoy()])],
    [mesh({}), telemetry([envoy()]), off],
  );
  assert.ok(rows.length > 0);
  for (const { request } of rows) assert.equal(request.workload.labels.app, "quiet");
});

test("access-log writes the lines that Envoy wrote, or the first missing one is shown", () => {
  const format = "%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE%";
  const expression = "response.code >= 400";
  const old = [mesh({ accessLogFormat: format }), telemetry([envoy(filter(expression))])];
  const next = (min: number) => [
    mesh({ accessLogFormat: `${lineFormat}\n` }),
    telemetry([envoy(filter(lineFilter))]),
    policy({ format: { text: format }, when: [{ status: { min } }] }),
  ];
  const atShop = ({ rows }: MeshComparison) =>
    rows.filter(({ request }) => request.workload.namespace === "shop");
  assert.deepEqual(atShop(compared(old, next(400))), []);
  assert.match(atShop(compared(old, next(401)))[0]?.what ?? "", /→ 400 .*no line; had one/);
});

test("a filter that no model reads is named, and its logger is left out", () => {
  const odd = [mesh({}), telemetry([envoy(filter("response.code % 2 == 0"))])];
  const { unmodelled, counts, count } = compared(odd, odd);
  assert.match(
    unmodelled.join(),
    /Telemetry shop\/log: spec\.accessLogging\.0\.filter .*not modelled/,
  );
  assert.equal(counts.same, count);
});
