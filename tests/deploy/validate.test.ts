import assert from "node:assert/strict";
import { test } from "node:test";
import { gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();

/** The findings of one file, as lines without its folder. */
async function findings(text: string, ...flags: string[]): Promise<string[]> {
  const path = file("mesh.yaml", text);
  const { err } = await gatehouse("validate", path, ...flags);
  return err
    .split("\n")
    .filter(Boolean)
    .map((line) => line.replace(path, "mesh.yaml"));
}

const wasm = (
  name: string,
  config: string,
  more = "  phase: AUTHN\n  priority: 500\n",
) => `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: ${name}, namespace: edge }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  url: oci://registry.example.com/gatehouse/jwt-auth:1
  failStrategy: FAIL_RELOAD
  pluginName: jwt-auth
${more}  pluginConfig:
${config}
`;
const key = "{ kty: OKP, crv: Ed25519, kid: k, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }";
const inline = `    providers: [{ name: a, issuer: https://a.example.com, audiences: [b], jwks: { keys: [${key}] } }]`;

test("a good plugin has nothing to say", async () => {
  assert.deepEqual(await findings(wasm("good", inline)), []);
});

test("unknown kinds, wrong kinds of a group, versions that are gone, and missing names", async () => {
  const found = await findings(`apiVersion: networking.istio.io/v1
kind: VirtualServce
metadata: { name: a }
---
apiVersion: networking.istio.io/v1alpha1
kind: RouteRule
metadata: { name: b }
---
apiVersion: networking.istio.io/v2
kind: Gateway
metadata: { name: c }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {}
---
kind: Service
`);
  assert.match(
    found[0]!,
    /^error: mesh\.yaml:2: unknown kind networking\.istio\.io\/v1 VirtualServce; did you mean "VirtualService"\?$/,
  );
  assert.match(
    found[1]!,
    /^error: mesh\.yaml:5: networking\.istio\.io\/v1alpha1 is gone; write networking\.istio\.io\/v1$/,
  );
  assert.match(
    found[2]!,
    /^error: mesh\.yaml:9: Gateway has no version networking\.istio\.io\/v2; write .*networking\.istio\.io\/v1/,
  );
  assert.match(
    found[3]!,
    /^error: mesh\.yaml:15: this PeerAuthentication has no name; set metadata\.name$/,
  );
  assert.match(found[4]!, /^error: mesh\.yaml:17: no apiVersion; every resource needs one$/);
});

test("Istio's schema: a misspelt field, a wrong type and a wrong word, each at its line", async () => {
  const found = await findings(`apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a }
spec:
  host: a
  trafficPolicy:
    loadBalancer: { simple: LEAST_REQUESTS }
    conectionPool: {}
    outlierDetection:
      maxEjectionPercent: "50"
`);
  assert.match(
    found[0]!,
    /mesh\.yaml:7: .*"LEAST_REQUESTS" is no value for "simple"; did you mean "LEAST_REQUEST"\?/,
  );
  assert.match(
    found[1]!,
    /mesh\.yaml:8: .*unknown field "conectionPool".*did you mean "connectionPool"\?/,
  );
  assert.match(
    found[2]!,
    /mesh\.yaml:10: .*"maxEjectionPercent" is a string; expected a whole number/,
  );
});

test("our schema, then what only the filter itself can refuse", async () => {
  const schema = await findings(
    wasm("a", `    providers: [{ nme: a, issuer: https://a.example.com }]`),
  );
  assert.match(schema.join("\n"), /mesh\.yaml:12: spec\.pluginConfig\.providers\[0\].*"nme"/);
  const [filter] = await findings(
    wasm(
      "b",
      `    providers: [{ name: a, issuer: https://a.example.com, audiences: [b], jwks: { keys: [${key}] } }]
    rules: [{ requires: { provider: nobody } }]`,
    ),
  );
  assert.match(
    filter!,
    /mesh\.yaml:13: jwt-auth\.rules\[0\]\.requires\.provider: .*the jwt-auth filter itself refuses it/,
  );
});

test("a TrafficExtension is looked at as a WasmPlugin is", async () => {
  const found = await findings(
    `apiVersion: extensions.istio.io/v1alpha1
kind: TrafficExtension
metadata: { name: a, namespace: edge }
spec:
  phase: AUTHZ
  priority: 500
  wasm:
    url: oci://registry.example.com/gatehouse/rate-limit:1
    failStrategy: FAIL_OPEN
    pluginName: rate-limit
    pluginConfig: { limits: [{ name: all, tokenBucket: { maxTokens: 0, fillInterval: 1s } }] }
`,
    "--istio",
    "1.29",
  );
  assert.match(found.join("\n"), /mesh\.yaml:8: .* is a TrafficExtension; Istio 1\.29 has none/);
  assert.match(found.join("\n"), /warning: mesh\.yaml:9: .*fails open; after one trap/);
  assert.match(found.join("\n"), /error: mesh\.yaml:11: .*maxTokens/);
});

test("FAIL_RELOAD before Istio 1.27", async () => {
  const found = await findings(wasm("a", inline), "--istio", "1.26");
  assert.match(
    found[0]!,
    /mesh\.yaml:7: WasmPlugin edge\/a uses FAIL_RELOAD; Istio 1\.26 does not know it/,
  );
  assert.equal((await gatehouse("validate", file("x.yaml", "{}"), "--istio", "newest")).code, 2);
});

test("two plugins of equal priority in one proxy, and one without any", async () => {
  const found = await findings(
    `${wasm("a", inline)}---\n${wasm("b", inline)}---\n${wasm("c", inline, "  phase: AUTHN\n")}`,
  );
  assert.match(
    found.join("\n"),
    /mesh\.yaml:23: .*edge\/b and .*edge\/a have the same phase and priority.*the other is at .*:10\)/,
  );
  assert.match(
    found.join("\n"),
    /WasmPlugin edge\/c has no priority; Istio then sorts it below every number/,
  );
  const apart = await findings(
    `${wasm("a", inline)}---\n${wasm("b", inline).replace("ingressgateway", "egressgateway")}`,
  );
  assert.deepEqual(apart, []);
});

test("a key host without a ServiceEntry, and one outside a Sidecar's egress", async () => {
  const remote = `    providers: [{ name: a, issuer: https://a.example.com, audiences: [b], jwksUri: https://keys.example.com/jwks }]`;
  const [missing] = await findings(wasm("a", remote));
  assert.match(
    missing!,
    /mesh\.yaml:12: no ServiceEntry here for keys\.example\.com:443.*add a ServiceEntry/,
  );
  const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: keys, namespace: idp }
spec: { hosts: [keys.example.com], resolution: DNS, ports: [{ number: 443, name: https, protocol: HTTPS }] }
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: edge }
spec: { egress: [{ hosts: ["./*"] }] }
`;
  const inside = wasm("a", remote).replace("istio: ingressgateway", "app: shop");
  const [outside] = await findings(`${inside}---\n${entry}`);
  assert.match(
    outside!,
    /keys\.example\.com is outside the egress of Sidecar edge\/default.*add "idp\/keys\.example\.com"/,
  );
  assert.deepEqual(await findings(`${inside}---\n${entry.replace('"./*"', '"./*", "idp/*"')}`), []);
});

test("a waypoint by selector, and keys that a waypoint cannot fetch", async () => {
  const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: edge }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
`;
  const byLabel = wasm("a", inline).replace(
    "istio: ingressgateway",
    "gateway.networking.k8s.io/gateway-name: waypoint",
  );
  const [found] = await findings(`${byLabel}---\n${gateway}`);
  assert.match(found!, /^error: mesh\.yaml:5: .*selects a waypoint by labels.*write targetRefs/);
  const fetching = wasm(
    "a",
    `    providers: [{ name: a, issuer: https://a.example.com, audiences: [b], jwksUri: https://a.example.com/k }]`,
  ).replace(/selector:.*/, "targetRefs: [{ kind: Service, name: shop }]");
  assert.match(
    (await findings(fetching))[0]!,
    /a waypoint has no cluster for a\.example\.com.*give the keys inline/,
  );
});

test("a condition on the token of a removed RequestAuthentication is never met, or always if negated", async () => {
  const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: p, namespace: edge }
spec:
  rules:
    - from: [{ source: { requestPrincipals: ["*"] } }]
      when: [{ key: "request.auth.claims[role]", notValues: [admin] }]
`;
  const found = await findings(`${wasm("a", inline)}---\n${policy}`);
  assert.equal(found.length, 2);
  assert.match(
    found[0]!,
    /^warning: mesh\.yaml:19: .*asks for what RequestAuthentication leaves behind.*never met.*outputMatchToHeaders/,
  );
  assert.match(found[1]!, /^error: mesh\.yaml:20: .*the condition is always met/);
  const native = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: r, namespace: edge }
spec: { jwtRules: [{ issuer: https://a.example.com }] }
`;
  assert.deepEqual(await findings(`${wasm("a", inline)}---\n${policy}---\n${native}`), []);
});

test("a canary's header that nobody routes on", async () => {
  const canary = wasm(
    "a",
    `    routes: [{ name: shop, split: { stable: 90, next: 10 } }]`,
    "  phase: STATS\n  priority: 500\n",
  ).replaceAll("jwt-auth", "canary");
  assert.match(
    (await findings(canary))[0]!,
    /no VirtualService or HTTPRoute here matches on the header x-variant/,
  );
  const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: edge }
spec: { rules: [{ matches: [{ headers: [{ name: X-Variant, value: next }] }] }] }
`;
  assert.deepEqual(await findings(`${canary}---\n${route}`), []);
  const other = await findings(`${canary}---\n${route.replace("value: next", "value: nxt")}`);
  assert.match(
    other[0]!,
    /nothing here routes x-variant: next; route "shop" would send them where its base "stable" goes/,
  );
});

test("secrets in the open are warned about by their place, never shown, with the way out", async () => {
  const secret = `{ kty: oct, k: c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA, kid: a }`;
  const found = await findings(
    wasm(
      "a",
      `    providers:
      - name: a
        issuer: https://a.example.com
        algorithms: [HS256]
        secret: 0123456789abcdef0123456789abcdef
      - name: b
        issuer: https://b.example.com
        jwks: { keys: [${secret}] }
        algorithms: [HS256]`,
    ),
  );
  const text = found.join("\n");
  assert.match(
    text,
    /mesh\.yaml:16: providers\[0\]\.secret is a secret in the open.*write secretFromEnv: NAME/,
  );
  assert.match(
    text,
    /mesh\.yaml:19: providers\[1\]\.jwks holds private keys \(k\).*write secretFromEnv/,
  );
  assert.doesNotMatch(text, /0123456789abcdef0123|c2VjcmV0/);
});

test("--strict makes warnings count, --verbose tells of what others validate", async () => {
  const path = file("warned.yaml", wasm("a", inline, "  phase: AUTHN\n"));
  assert.equal((await gatehouse("validate", path)).code, 0);
  assert.equal((await gatehouse("validate", path, "--strict")).code, 1);
  const foreign = file("foreign.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n");
  assert.match(
    (await gatehouse("validate", foreign, "--verbose")).err,
    /note: .*Service is not checked here/,
  );
  const { out } = await gatehouse("validate", path, "--json");
  const { ok, findings: listed } = JSON.parse(out);
  assert.equal(ok, true);
  assert.deepEqual(
    [listed[0].rule, listed[0].severity, listed[0].place.line],
    ["priority", "warning", 4],
  );
});

test("the same resource twice in a file; one in a List; CRLF; anchors and merge keys; several documents", async () => {
  const servers = `servers: [{ port: { number: 80, name: a, protocol: HTTP }, hosts: ["*"] }]`;
  const service = `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: g }\nspec: { selector: { a: b }, ${servers} }\n`;
  assert.match(
    (await findings(`${service}---\n${service}`))[0]!,
    /mesh\.yaml:8: Gateway default\/g is here twice; the first is at line 3/,
  );
  const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: Gateway\n  metadata: { name: g }\n  spec: { selectr: {} }\n`;
  assert.match((await findings(list))[0]!, /mesh\.yaml:7: .*unknown field "selectr"/);
  const crlf = service.replace("selector", "selectr").replaceAll("\n", "\r\n");
  assert.match((await findings(crlf))[0]!, /mesh\.yaml:4: .*unknown field "selectr"/);
  const merged = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: d }
spec:
  host: a
  subsets:
    - &one { name: a, labels: { v: "1" } }
    - { <<: *one, name: b, lables: {} }
`;
  assert.match(
    (await findings(merged))[0]!,
    /mesh\.yaml:8: .*unknown field "lables".*did you mean "labels"/,
  );
});

test("kinds of others are left to them: the well-known by themselves, the rest by --ignore", async () => {
  const resource = (apiVersion: string, kind: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a }\n`;
  const known = [
    resource("rbac.authorization.k8s.io/v1", "Role"),
    resource("cert-manager.io/v1", "Certificate"),
    resource("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    resource("monitoring.coreos.com/v1", "PrometheusRule"),
  ];
  assert.deepEqual(await findings(known.join("---\n")), []);
  const [unknown] = await findings(resource("example.com/v1", "Widget"));
  assert.match(
    unknown!,
    /mesh\.yaml:2: unknown kind example\.com\/v1 Widget; leave it to its owner with --ignore example\.com/,
  );
  assert.deepEqual(
    await findings(resource("example.com/v1", "Widget"), "--ignore", "example.com"),
    [],
  );
  assert.match(
    (await findings(resource("gateway.networking.k8s.io/v1", "HttpRoute")))[0]!,
    /did you mean "HTTPRoute"/,
  );
});

test("a Helm template is called one", async () => {
  const template = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\n`;
  assert.match(
    (await findings(template))[0]!,
    /mesh\.yaml:4: .*it is a Helm template: render it first/,
  );
  assert.match((await findings(`{{- if .Values.on }}\na: b\n{{- end }}\n`))[0]!, /Helm template/);
});

test("numbers, lists and texts where a document must be, and an empty file among others, stop nothing", async () => {
  for (const text of [
    "5\n",
    "- 1\n- 2\n",
    "just words\n",
    "null\n---\n---\n# nothing\n---\ntrue\n",
  ]) {
    const { code, err } = await gatehouse("validate", file("odd.yaml", text));
    assert.ok(code === 1 || code === 2, `${text}: ${code}`);
    assert.doesNotMatch(err, /at .*\.ts:\d+/);
  }
});

test("ten thousand documents are read in reasonable time", { timeout: 120_000 }, async () => {
  const one = (at: number) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: s${at} }
spec: { hosts: [h${at}.example.com], resolution: DNS, ports: [{ number: 443, name: https, protocol: HTTPS }] }
`;
  const text = Array.from({ length: 10_000 }, (_, at) => one(at)).join("---\n");
  const { code, out } = await gatehouse("validate", file("big.yaml", text));
  assert.equal(code, 0);
  assert.match(out, /10000 documents/);
});

test("a logger that prints access-log's line without its filter is a warning, wherever it is configured", async () => {
  const format = "%FILTER_STATE(wasm.gatehouse_access_log:PLAIN)%\\n";
  const telemetry = (name: string, provider: string, filter = "") =>
    `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: ${name}, namespace: shop }
spec:
  accessLogging:
    - providers: [{ name: ${provider} }]
${filter}---
`;
  const logger = (filter: string) =>
    `{ name: a, ${filter}typed_config: { "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: /dev/stdout, log_format: { text_format_source: { inline_string: "${format}" } } } }`;
  const condition = "'wasm.gatehouse_access_log' in filter_state";
  const withFilter = `      filter: { expression: "${condition}" }\n`;
  const found = await findings(`apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |-
    accessLogFile: /dev/stdout
    accessLogFormat: "${format}"
    extensionProviders:
      - { name: own, envoyFileAccessLog: { path: /dev/stdout, logFormat: { text: "${format}" } } }
      - { name: other, envoyFileAccessLog: { path: /dev/stdout } }
---
${telemetry("shipped", "gatehouse-access-log")}${telemetry("own", "own")}${telemetry("other", "other")}${telemetry("right", "own", withFilter)}${telemetry("wrong", "own", '      filter: { expression: "response.code >= 400" }\n')}apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: loggers, namespace: shop }
spec:
  configPatches:
    - applyTo: NETWORK_FILTER
      match: { listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager } } } }
      patch:
        operation: MERGE
        value:
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
            access_log:
              - ${logger("")}
              - ${logger(`filter: { extension_filter: { name: cel, typed_config: { "@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter, expression: "${condition}" } } }, `)}
`);
  const lines = found.filter((line) => line.includes("filter's line"));
  const about = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
  assert.equal(lines.length, 5, found.join("\n"));
  assert.equal(about(/warning: .*the mesh's own log of ConfigMap .*without a filter/), 1);
  assert.equal(about(/warning: .*Telemetry shop\/shipped prints .*\(gatehouse-access-log\)/), 1);
  assert.equal(about(/warning: .*Telemetry shop\/own prints .*\(own\)/), 1);
  assert.equal(about(/warning: .*Telemetry shop\/wrong prints/), 1);
  assert.equal(about(/warning: .*a logger of EnvoyFilter shop\/loggers prints/), 1);
});

test("no complaint shows a value that may be a secret, and credentials of a sink are a warning", async () => {
  const policy = (settings: string) => `apiVersion: gatehouse.dev/v1
kind: Policy
metadata: { name: edge, namespace: shop }
spec:
  image: { repository: registry.example.com/gatehouse, tag: "1" }
  placement: { gateway: { selector: { istio: ingressgateway } } }
  access-log: ${settings}
`;
  const sink = (http: string) => policy(`{ sinks: [{ http: { cluster: logs, ${http} } }] }`);
  const wrong = [
    sink('headers: [{ name: authorization, value: "Bearer PLANTED\\n" }]'),
    sink('headers: [{ name: authorization, value: ["PLANTED"] }]'),
    sink('headers: [{ name: "authorization: PLANTED" }]'),
    sink('headers: ["authorization: PLANTED"]'),
    sink('headers: { authorization: "Bearer PLANTED" }'),
    sink('headers: [{ name: authorization, valueFromEnv: "Bearer PLANTED" }]'),
    sink('path: "/x?token=PLANTED bad"'),
    sink("encoding: PLANTED"),
    policy("{ redact: { hashKey: PLANTED } }"),
    policy('{ redact: { hashKeyFromEnv: "PLANTED KEY" } }'),
    policy("{ sample: { percent: 1, secret: PLANTED } }"),
    policy('{ sample: { percent: 1, secretFromEnv: "1PLANTED" } }'),
  ];
  for (const text of wrong) {
    const found = (await findings(text)).join("\n");
    assert.match(found, /error: mesh\.yaml:7/, text);
    assert.doesNotMatch(found, /PLANTED/, text);
  }
  for (const name of ["authorization", "X-Api-Key", "x-auth", "X-Vault-Token"]) {
    const found = await findings(sink(`headers: [{ name: ${name}, value: PLANTED }]`));
    assert.match(found.join("\n"), /warning: .*headers\[0\]\.value is a secret in the open/, name);
    assert.doesNotMatch(found.join("\n"), /PLANTED/);
  }
  for (const name of ["X-Scope-OrgID", "Access-Control-Allow-Credentials"]) {
    const plain = await findings(sink(`headers: [{ name: ${name}, value: "true" }]`));
    assert.doesNotMatch(plain.join("\n"), /secret/, name);
  }
});
