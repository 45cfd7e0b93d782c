// Files that migrate cannot use as they are: each gets one message that says what to do.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gatehouse } from "../helper.ts";
import type { Ran } from "../helper.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-bad-input-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const migrated = (...files: string[]): Promise<Ran> => gatehouse("migrate", ...files);
const linesWith = (text: string, part: string) =>
  text.split("\n").filter((line) => line.includes(part));

const authentication = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: good, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  jwtRules: [{ issuer: https://a.example.com, jwksUri: https://a.example.com/keys }]
`;

const helm = `{{- if .Values.auth }}
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata:
  name: {{ include "x.name" . }}
spec:
  jwtRules:
    - issuer: {{ .Values.issuer }}
      audiences: {{ toYaml .Values.audiences | nindent 8 }}
{{- end }}
`;

const quotedHelm = authentication
  .replace("name: good", 'name: "{{ .Values.name }}"')
  .replace("https://a.example.com,", '"{{ .Values.issuer }}",');

const shell = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: \${NAME}, namespace: shop }
spec:
  hosts: ["\${HOST}"]
  http:
    - route:
        - { destination: { host: a }, weight: \${A} }
        - { destination: { host: b }, weight: \${B:-10} }
`;

test("a template is one message for the file, and the other files are migrated", async () => {
  const good = file("good.yaml", authentication);
  for (const [name, text, right] of [
    ["helm.yaml", helm, "render it first (helm template)"],
    ["quoted.yaml", quotedHelm, "render it first (helm template)"],
    ["shell.yaml", shell, "fill them in first (envsubst, flux build, kustomize build)"],
    ["block.yaml", shell.replaceAll("{ name: ${NAME}, namespace: shop }", "{ name: a }"), "fill"],
  ] as const) {
    const path = file(name, text);
    const { code, err, out } = await migrated(good, path);
    assert.equal(code, 0, err);
    assert.match(out, /jwksUri: https:\/\/a\.example\.com\/keys/);
    const said = linesWith(err, `${path}:`);
    assert.equal(said.length, 1, said.join("\n"));
    assert.ok(said[0]!.includes(right), said[0]);
    const checked = await gatehouse("validate", path);
    assert.equal(linesWith(checked.err, `${path}:`).length, 1, checked.err);
    assert.equal(checked.code, 1);
  }
});

test("an alert's {{ $labels }} and a script's ${HOME} make no file a template", async () => {
  const others = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: a, namespace: shop }
spec: { groups: [{ annotations: { summary: "{{ $labels.pod }} is down" } }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: b, namespace: shop }
data: { run.sh: "echo \${HOME}" }
---
`;
  const { code, err } = await migrated(file("others.yaml", others + authentication));
  assert.equal(code, 0, err);
  assert.match(err, /2 of kinds that migrate does not read \(1 PrometheusRule, 1 ConfigMap\)/);
});

test("documents of other kinds are counted by kind, and a namesake of another group is named", async () => {
  const others = `---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: { name: a, namespace: shop }
spec: { requiredAuthenticationRefs: [] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: d, namespace: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: e, namespace: shop }
---
replicaCount: 3
`;
  const { code, err } = await migrated(file("kinds.yaml", authentication + others));
  assert.equal(code, 0, err);
  assert.match(
    err,
    /AuthorizationPolicy shop\/a kind; not migrate's: it is of policy\.linkerd\.io; the AuthorizationPolicy that migrate reads is of security\.istio\.io/,
  );
  assert.deepEqual(linesWith(err, "Deployment shop/"), []);
  assert.match(
    err,
    /5 documents: 1 migrated, 4 of kinds .*\(1 AuthorizationPolicy, 2 Deployment, 1 no kind\)/,
  );
});

test("every document of the input is in the report exactly once as a document", async () => {
  const path = file("every.yaml", `${authentication}---\n${authentication}---\na: 1\n`);
  const { out } = await gatehouse("migrate", path, "--json");
  const { report, counts } = JSON.parse(out);
  assert.match(counts, /^3 documents: 1 migrated, 1 stay as they are, 1 of kinds/);
  const first = report.find((entry: any) => entry.path.join(".") === "metadata.name");
  assert.equal(first.line, 3);
  assert.match(first.note, /not read: the same resource is at .*every\.yaml:8/);
});

test("a selector beside targetRefs is refused as istiod's webhook refuses it", async () => {
  const both = authentication
    .replace("name: good", "name: both")
    .replace(
      "spec:",
      "spec:\n  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: g }]",
    );
  const { code, err } = await migrated(file("both.yaml", both));
  assert.equal(code, 2);
  assert.match(err, /istiod's webhook would refuse it: selector and targetRefs are both there/);
});

test("two rules for one issuer at the same workloads are said to accept what either accepts", async () => {
  const second = authentication.replace("name: good", "name: second").replaceAll("keys", "other");
  const { code, err } = await migrated(file("issuers.yaml", `${authentication}---\n${second}`));
  assert.equal(code, 0, err);
  assert.match(
    err,
    /shop\/second spec\.jwtRules\[0\]\.issuer; carried over: RequestAuthentication shop\/good spec\.jwtRules\[0\] has the same issuer for the same workloads: a token passes that either/,
  );
});

test("two VirtualServices for one host are said to be joined at a gateway and not at sidecars", async () => {
  const service = (name: string, gateways: string) => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [shop.example.com]${gateways}
  http: [{ route: [{ destination: { host: ${name} } }] }]
`;
  const at = "\n  gateways: [edge]";
  const text = service("a", at) + service("b", at) + service("c", "") + service("d", "");
  const { err } = await migrated(file("hosts.yaml", text));
  assert.match(err, /shop\/b spec\.hosts; .*VirtualService shop\/a has the host .*: Istio joins/);
  assert.match(err, /shop\/d spec\.hosts; .*VirtualService shop\/c has .* the older one alone/);
  assert.deepEqual(linesWith(err, "shop/c spec.hosts"), []);
});

test("the plan says what to apply, what goes, how to watch and how to go back", async () => {
  const policy = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: admins, namespace: shop }
spec:
  selector: { matchLabels: { app: api } }
  rules: [{ when: [{ key: "request.auth.claims[role]", values: [admin] }] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: paths, namespace: shop }
spec: { rules: [{ to: [{ operation: { paths: [/] } }] }] }
`;
  const { code, err } = await migrated(file("plan.yaml", authentication + policy));
  assert.equal(code, 0, err);
  const plan = err.slice(err.indexOf("plan:")).replaceAll(/\s+/g, " ");
  const parts = [
    "npx gatehouse validate policies.yaml",
    "npx gatehouse apply -f policies.yaml --report",
    "Look at gatehouse.jwt-auth.<provider>.<reason>",
    "npx gatehouse apply -f policies.yaml The plugins go first.",
    "Then the policies that read the plugins' headers: AuthorizationPolicy shop/admins.",
    "Then it deletes RequestAuthentication shop/good.",
    "Leave what stays native. It goes on working: AuthorizationPolicy shop/paths.",
    "npx gatehouse rollback shop/api --to native",
  ];
  const places = parts.map((part) => plan.indexOf(part));
  assert.ok(
    places.every((place) => place >= 0),
    `${plan}\n${String(places)}`,
  );
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    "in this order",
  );
});
