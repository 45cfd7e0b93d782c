// `image.bundle: true`: the filters of a policy as one module, through every verb that reads it.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { gatehouse } from "./helper.ts";

const gateway = join(import.meta.dirname, "../../deploy/istio/gatehouse/gateway");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-bundle-"));
after(() => rmSync(folder, { recursive: true, force: true }));
cpSync(gateway, folder, { recursive: true });
const file = join(folder, "policy.yaml");

interface Written {
  spec: { image: Record<string, unknown>; placement: unknown };
}

function write(change: (policy: Written) => void): void {
  const policy = parse(readFileSync(join(gateway, "policy.yaml"), "utf8")) as Written;
  policy.spec.image.bundle = true;
  change(policy);
  writeFileSync(file, stringify(policy));
}

interface Rendered {
  kind: string;
  metadata: { name: string };
  spec: { pluginName: string; phase: string; pluginConfig: Record<string, unknown> };
}

async function plugins(...more: string[]): Promise<Rendered[]> {
  const { code, out, err } = await gatehouse("render", "-f", file, ...more);
  assert.equal(code, 0, err);
  return parseAllDocuments(out)
    .map((document) => document.toJS() as Rendered)
    .filter(({ kind }) => kind === "WasmPlugin");
}

test("a bundle is one plugin whose sections are what the four plugins would get", async () => {
  write((policy) => delete policy.spec.image.bundle);
  const apart = await plugins("--at", "2026-01-31T12:00:00Z");
  write(() => {});
  const [edge, ...others] = await plugins("--at", "2026-01-31T12:00:00Z");
  assert.deepEqual(others, []);
  assert.equal(edge!.spec.pluginName, "edge");
  assert.equal(edge!.spec.phase, "AUTHN");
  const sections = Object.fromEntries(
    apart.map(({ spec }) => [spec.pluginName, spec.pluginConfig]),
  );
  assert.deepEqual(edge!.spec.pluginConfig, sections);
});

test("a bundled policy is valid, and every case of the gateway holds in one module", async () => {
  write(() => {});
  const checked = await gatehouse("validate", folder);
  assert.equal(checked.code, 0, checked.out + checked.err);
  const tried = await gatehouse("try", "-f", folder, "--cases", join(folder, "cases.yaml"));
  assert.equal(tried.code, 0, tried.out + tried.err);
  assert.match(tried.out, /\b0 failed/);
});

test("try says which section of the module refused", async () => {
  write(() => {});
  const { out } = await gatehouse("try", "-f", folder, "--path", "/api/products/7");
  assert.match(out, /jwt-auth\s+refused 401/);
  assert.match(out, /rate-limit\s+not reached/);
});

test("a bundle of filters that run on different listeners is refused", async () => {
  write((policy) => (policy.spec.placement = { sidecar: { selector: { app: "shop" } } }));
  const { code, out, err } = await gatehouse("validate", file);
  assert.equal(code, 1);
  assert.match(out + err, /the filters run on different listeners here/);
});

test("a mistake in a section is found at its place, and an unknown section is refused", async () => {
  const plugin = join(folder, "plugin.yaml");
  const lines = [
    "apiVersion: extensions.istio.io/v1alpha1",
    "kind: WasmPlugin",
    "metadata: { name: edge, namespace: istio-system }",
    "spec:",
    "  url: oci://registry.example.com/gatehouse/edge:1",
    "  phase: AUTHN",
    "  priority: 1000",
    "  failStrategy: FAIL_RELOAD",
    "  pluginConfig:",
    "    rate-limit:",
    "      limits:",
    "        - { name: a, tokenBucket: { maxTokens: 0 } }",
    "    limits: []",
  ];
  writeFileSync(plugin, `${lines.join("\n")}\n`);
  const { code, out, err } = await gatehouse("validate", plugin);
  assert.equal(code, 1);
  assert.match(out + err, /plugin\.yaml:12: .*maxTokens/);
  assert.match(out + err, /plugin\.yaml:13: .*unknown section "limits"/);
});
