// What `validate` says about settings that trust more than their author may think: keys over plain
// HTTP, tokens of any issuer or for any audience, addresses that a client can write, paths that
// have more than one spelling.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();

interface Said {
  rule: string;
  severity: string;
  message: string;
  place: { line: number };
}

async function warnings(rule: string, text: string, ...more: string[]): Promise<Said[]> {
  const { out } = await gatehouse("validate", file("edge.yaml", text), ...more, "--json");
  const { findings } = JSON.parse(out) as { findings: Said[] };
  assert.deepEqual(
    findings.filter(({ severity }) => severity === "error"),
    [],
  );
  return findings.filter((finding) => finding.rule === rule && finding.severity === "warning");
}

const policy = (placement: string, settings: string) => `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: main, namespace: shop }
spec:
  placement: { ${placement} }
  image: { repository: registry.example.com/gatehouse }
${settings}
`;
const gateway = "gateway: { selector: { istio: ingressgateway } }";
const provider = (fields: string) =>
  policy(gateway, `  jwt-auth: { providers: [{ name: main, ${fields} }] }`);
const issuer = "issuer: https://idp.example.com";
const audiences = "audiences: [api]";

test("a provider that fetches its keys over plain HTTP is warned about", async () => {
  for (const source of ["jwksUri: http://idp.example.com/keys", "jwksUri: http://idp.shop.svc/k"]) {
    const found = await warnings("plain-keys", provider(`${issuer}, ${audiences}, ${source}`));
    assert.equal(found.length, 1, source);
    assert.match(found[0]!.message, /provider "main".*plain HTTP.*write https/);
    assert.equal(found[0]!.place.line, 7);
  }
  const secure = provider(`${issuer}, ${audiences}, jwksUri: https://idp.example.com/keys`);
  assert.deepEqual(await warnings("plain-keys", secure), []);
});

test("a provider without an issuer or without audiences is warned about, in one line each", async () => {
  const keys = "jwksUri: https://idp.example.com/keys";
  const neither = await warnings("open-provider", provider(keys));
  assert.equal(neither.length, 2);
  assert.match(neither[0]!.message, /provider "main" names no issuer; .*add issuer/);
  assert.match(neither[1]!.message, /provider "main" names no audiences; .*add audiences/);
  assert.equal((await warnings("open-provider", provider(`${issuer}, ${keys}`))).length, 1);
  assert.deepEqual(
    await warnings("open-provider", provider(`${issuer}, ${audiences}, ${keys}`)),
    [],
  );
  const inRule = policy(
    gateway,
    `  jwt-auth:
    providers: [{ name: main, ${issuer}, ${keys} }]
    rules: [{ requires: { provider: main, audiences: [api] } }]`,
  );
  assert.deepEqual(await warnings("open-provider", inRule), []);
});

const byAddress = (placement: string) => [
  policy(
    placement,
    `  rate-limit:
    limits:
      - { name: a, key: [{ sourceAddress: {} }], tokenBucket: { maxTokens: 1, fillInterval: 1s } }`,
  ),
  policy(
    placement,
    `  rate-limit:
    limits:
      - name: a
        match: [{ sourceAddresses: [10.0.0.0/8] }]
        tokenBucket: { maxTokens: 1, fillInterval: 1s }`,
  ),
  policy(
    placement,
    `  canary:
    routes: [{ name: r, split: { a: 50, b: 50 }, sticky: { sourceAddress: {} } }]`,
  ),
];

test("a client's address decides at a gateway without a word, elsewhere with a warning", async () => {
  for (const [index, text] of byAddress(gateway).entries())
    assert.deepEqual(await warnings("source-address", text), [], String(index));
  const sidecar = "sidecar: { selector: { app: shop } }";
  const waypoint = "waypoint: { targetRefs: [{ kind: Service, name: shop }] }";
  for (const placement of [sidecar, waypoint]) {
    for (const [index, text] of byAddress(placement).entries()) {
      const found = await warnings("source-address", text);
      assert.equal(found.length, 1, `${placement} ${index}`);
      assert.match(found[0]!.message, /x-forwarded-for.*decide at the gateway/);
    }
  }
});

test("a plugin in a resource of its own is warned about by its mode", async () => {
  const plugin = (mode: string) => `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: limits, namespace: shop }
spec:
  selector: { matchLabels: { app: shop } }
  url: oci://registry.example.com/gatehouse/rate-limit:1
  failStrategy: FAIL_RELOAD
  pluginName: rate-limit
  phase: AUTHZ
  priority: 500
  match: [{ mode: ${mode} }]
  pluginConfig:
    limits:
      - { name: a, key: [{ sourceAddress: {} }], tokenBucket: { maxTokens: 1, fillInterval: 1s } }
`;
  assert.equal((await warnings("source-address", plugin("SERVER"))).length, 1);
  assert.equal((await warnings("source-address", plugin("CLIENT"))).length, 0);
});

const operator = (mesh: string) => `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: { name: mesh, namespace: istio-system }
spec: { meshConfig: { ${mesh} } }
`;
const byPath = (match: string) =>
  policy(
    gateway,
    `  jwt-auth:
    providers: [{ name: main, ${issuer}, ${audiences}, jwksUri: https://idp.example.com/keys }]
    rules:
      - { match: [{ uri: ${match} }], requires: { provider: main } }`,
  );

test("rules by path are warned about where the mesh does not merge slashes", async () => {
  for (const match of ["{ prefix: /admin }", "{ exact: /admin }"]) {
    for (const mesh of ["", "pathNormalization: { normalization: BASE }"]) {
      const found = await warnings("path-normalization", byPath(match), file("op", operator(mesh)));
      assert.equal(found.length, 1, `${match} ${mesh}`);
      assert.match(found[0]!.message, /pathNormalization.*MERGE_SLASHES/);
      assert.equal(found[0]!.place.line, 10);
    }
  }
  for (const normalization of ["MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]) {
    const mesh = operator(`pathNormalization: { normalization: ${normalization} }`);
    const found = await warnings("path-normalization", byPath("{ prefix: /a }"), file("op", mesh));
    assert.deepEqual(found, []);
  }
  const config = `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "pathNormalization: { normalization: NONE }" }
`;
  const found = await warnings("path-normalization", byPath("{ prefix: /a }"), file("cm", config));
  assert.equal(found.length, 1);
});

test("rules by path that compare a normalised path have no such warning, nor have others", async () => {
  const mesh = file("op", operator(""));
  const canary = (more: string) =>
    policy(
      gateway,
      `  canary:
    ${more}routes: [{ name: r, base: a, match: [{ uri: { prefix: /a } }], split: { a: 50, b: 50 } }]`,
    );
  assert.equal((await warnings("path-normalization", canary(""), mesh)).length, 1);
  const normalizing = canary("normalizePath: true\n    ");
  assert.deepEqual(await warnings("path-normalization", normalizing, mesh), []);
  assert.deepEqual(
    await warnings("path-normalization", byPath("{ prefix: / }"), mesh),
    [],
    "a prefix of every path",
  );
});

test("without the mesh's configuration rules by path get a note, not a warning", async () => {
  const { out } = await gatehouse(
    "validate",
    file("edge.yaml", byPath("{ prefix: /admin }")),
    "--json",
  );
  const { findings } = JSON.parse(out) as { findings: Said[] };
  const [said, ...others] = findings.filter(({ rule }) => rule === "path-normalization");
  assert.equal(said?.severity, "note");
  assert.deepEqual(others, []);
});
