import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { modeOf } from "../../deploy/core/catalog.ts";
import { ordered } from "../../deploy/render/order.ts";
import { baseOf, routesIn, variantsOf } from "../../deploy/core/canary.ts";
import { fieldsOf } from "../../deploy/core/value.ts";
import { millisOf, stamped } from "../../deploy/core/schedule.ts";
import { assertGolden, fixtures, gatehouse } from "./helper.ts";

const policies = join(fixtures, "policies");
const at = ["--at", "2026-01-31T12:00:00Z"];

for (const name of ["edge", "sidecar", "waypoint"]) {
  test(`renders ${name} as the golden WasmPlugins and TrafficExtensions`, async () => {
    for (const api of ["WasmPlugin", "TrafficExtension"]) {
      process.chdir(join(import.meta.dirname, "../.."));
      const file = `tests/deploy/fixtures/policies/${name}.yaml`;
      const { code, out, err } = await gatehouse("render", "-f", file, "--api", api, ...at);
      assert.equal(err, "");
      assert.equal(code, 0);
      assertGolden(`golden/${name}.${api}.yaml`, out);
    }
  });
}

test("the same settings in another order of keys give the same bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-render-"));
  try {
    const file = join(folder, "edge.yaml");
    const source = readFileSync(join(policies, "edge.yaml"), "utf8");
    const rendered = new Set<string>();
    for (const turn of [(value: unknown) => value, backwards]) {
      writeFileSync(file, stringify(turn(parse(source))));
      const { code, out } = await gatehouse("render", "-f", file, ...at);
      assert.equal(code, 0);
      rendered.add(out);
    }
    assert.equal(rendered.size, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Every map with its keys from last to first. */
function backwards(value: any): any {
  if (Array.isArray(value)) return value.map(backwards);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, backwards(inner)]));
}

test("--json gives the same resources as the YAML", async () => {
  const file = join(policies, "edge.yaml");
  const yaml = await gatehouse("render", "-f", file, ...at);
  const json = await gatehouse("render", "-f", file, ...at, "--json");
  const documents = parseAllDocuments(yaml.out) as { toJS(): unknown }[];
  assert.deepEqual(
    JSON.parse(json.out).resources,
    documents.map((document) => document.toJS()),
  );
});

test("a mode keeps each filter on the traffic it is for", () => {
  assert.equal(modeOf("jwt-auth", "gateway"), "CLIENT");
  assert.equal(modeOf("jwt-auth", "sidecar"), "SERVER");
  assert.equal(modeOf("jwt-auth", "sidecar", "outbound"), "CLIENT");
  assert.equal(modeOf("access-log", "sidecar", "both"), undefined);
  assert.equal(modeOf("canary", "sidecar"), "CLIENT");
  assert.equal(modeOf("canary", "waypoint"), "SERVER");
  assert.equal(modeOf("canary", "targetRefs"), undefined);
});

test("keys are ordered by the schema, then by name, through references", () => {
  const schema = {
    properties: { name: {}, inner: { $ref: "#/$defs/inner" } },
    $defs: { inner: { properties: { z: {}, a: {} } } },
  };
  const keys = JSON.stringify(
    ordered({ inner: { a: 1, z: 2, other: [{ b: 1, a: 2 }] }, name: "x" }, schema),
  );
  assert.equal(keys, '{"name":"x","inner":{"z":2,"a":1,"other":[{"a":2,"b":1}]}}');
});

test("the base is the one named, or the heaviest", () => {
  assert.equal(baseOf({ base: "x", split: { y: 100 } }), "x");
  assert.equal(baseOf({ split: { a: 10, b: 90 } }), "b");
  assert.equal(baseOf({ split: { b: 50, a: 50 } }), "a");
  assert.equal(baseOf({ variants: [{ name: "first" }, { name: "second" }] }), "first");
});

test("variants are those of the rules, the splits, the schedule and the base", () => {
  const route = {
    variants: [{ name: "phones" }],
    split: { stable: 100 },
    schedule: [{ at: "x", split: { stable: 50, next: 50 } }],
    base: "old",
  };
  assert.deepEqual(variantsOf(route), ["phones", "next", "stable", "old"]);
});

test("durations of a schedule", () => {
  assert.equal(millisOf("1h30m"), 5_400_000);
  assert.equal(millisOf("500ms"), 500);
  assert.equal(millisOf("1.5h"), 5_400_000);
  for (const wrong of ["", "10", "10 m", "-1m", "1d", "m"])
    assert.equal(millisOf(wrong), undefined, wrong);
});

test("`after` counts from the start, and an `at` stays", () => {
  const route = {
    name: "r",
    schedule: [
      { at: "2027-01-01T00:00:00Z", split: {} },
      { after: "10m", split: { a: 1 } },
    ],
  };
  const settings = { routes: [route, { name: "none" }] };
  const result = stamped(settings, new Date("2026-01-31T12:00:00.700Z"));
  assert.deepEqual(fieldsOf(routesIn(result)[0]).schedule, [
    { at: "2027-01-01T00:00:00Z", split: {} },
    { at: "2026-01-31T12:10:00Z", split: { a: 1 } },
  ]);
});
