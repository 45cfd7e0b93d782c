// What istiod's webhook refuses beyond the CRDs, and what it lets pass: one document each.
// `test:istio` holds the same rules against the real webhook.
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../../deploy/core/problem.ts";
import { parse } from "../../deploy/core/source.ts";
import { validate } from "../../deploy/validate/validate.ts";

const versions: Record<string, string> = {
  VirtualService: "networking.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  Gateway: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  Sidecar: "networking.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  WorkloadEntry: "networking.istio.io/v1",
  WorkloadGroup: "networking.istio.io/v1",
  AuthorizationPolicy: "security.istio.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  PeerAuthentication: "security.istio.io/v1",
  Telemetry: "telemetry.istio.io/v1",
  WasmPlugin: "extensions.istio.io/v1alpha1",
};

/** The findings on a resource whose spec is written in YAML's short form, one line a field. */
async function findings(kind: string, spec: string): Promise<string[]> {
  const lines = spec.split("\n").map((line) => `  ${line}`);
  const text = `apiVersion: ${versions[kind]}\nkind: ${kind}\nmetadata: { name: a }\nspec:\n${lines.join("\n")}\n`;
  const { findings } = await validate(parse(text, "mesh.yaml").manifests);
  return findings.map((one) => `${one.severity} ${textOf(one).replace("mesh.yaml:", "")}`);
}

const http = (route: string) => `hosts: [a.example.com]\nhttp:\n  - ${route}`;
const to = "route: [{ destination: { host: a } }]";
const rule = (text: string) => `rules:\n  - ${text}`;
const entry = (text: string) =>
  `hosts: [a.example.com]\nports: [{ number: 80, name: http, protocol: HTTP }]\n${text}`;
const server = (text: string) => `servers:\n  - ${text}`;
const key = '{"kty":"RSA","n":"AQAB","e":"AQAB"}';

interface Case {
  what: string;
  kind: string;
  refused: string;
  /** The line and the beginning of what is said. */
  said: string;
  accepted: string;
}

const cases: Case[] = [
  {
    what: "a range of addresses that is none",
    kind: "AuthorizationPolicy",
    refused: rule("from: [{ source: { ipBlocks: [10.0.0.0/33] } }]"),
    said: 'error 6: spec.rules[0].from[0].source.ipBlocks[0]: "10.0.0.0/33" is no IP address and no CIDR',
    accepted: rule("from: [{ source: { ipBlocks: [10.0.0.0/32, 10.0.0.1] } }]"),
  },
  {
    what: "a condition on an unknown key",
    kind: "AuthorizationPolicy",
    refused: rule("when: [{ key: request.header, values: [a] }]"),
    said: 'error 6: spec.rules[0].when[0].key: unknown key "request.header"; the keys are source.namespace',
    accepted: rule('when: [{ key: "request.headers[x-a]", values: [a] }]'),
  },
  {
    what: "DENY without rules",
    kind: "AuthorizationPolicy",
    refused: "action: DENY",
    said: "error 4: spec: DENY without rules does nothing; istiod's webhook refuses it; add rules",
    accepted: "action: DENY\nrules: [{}]",
  },
  {
    what: "CUSTOM with a condition that only the proxy knows",
    kind: "AuthorizationPolicy",
    refused:
      "action: CUSTOM\nprovider: { name: a }\nrules: [{ when: [{ key: source.namespace, values: [a] }] }]",
    said: "error 7: spec.rules[0].when[0].key: does not go with CUSTOM",
    accepted:
      "action: CUSTOM\nprovider: { name: a }\nrules: [{ when: [{ key: source.ip, values: [1.2.3.4] }] }]",
  },
  {
    what: "a template in the middle of a path",
    kind: "AuthorizationPolicy",
    refused: rule('to: [{ operation: { paths: ["/{**}/a"], methods: [GET] } }]').replace(
      "/a",
      "/{*}",
    ),
    said: "error 6: spec.rules[0].to[0].operation.paths[0]: {**} is not at the end of the path",
    accepted: rule('to: [{ operation: { paths: ["/{*}/a/{**}"], methods: [GET] } }]'),
  },
  {
    what: "a policy for a kind that none can be for",
    kind: "AuthorizationPolicy",
    refused: "targetRefs: [{ kind: Deployment, group: apps, name: a }]\nrules: [{}]",
    said: "error 5: spec.targetRefs[0]: a policy cannot refer to apps/Deployment",
    accepted: 'targetRefs: [{ kind: Service, group: "", name: a }]\nrules: [{}]',
  },
  {
    what: "a key set that is no JSON",
    kind: "RequestAuthentication",
    refused: "jwtRules:\n  - issuer: a\n    jwks: keys",
    said: "error 7: spec.jwtRules[0].jwks: the key set is no JSON",
    accepted: `jwtRules:\n  - issuer: a\n    jwks: '{"keys":[${key}]}'`,
  },
  {
    what: "a key without its modulus",
    kind: "RequestAuthentication",
    refused: `jwtRules:\n  - issuer: a\n    jwks: '{"keys":[{"kty":"RSA","e":"AQAB"}]}'`,
    said: "error 7: spec.jwtRules[0].jwks: key 0 of the key set has no n",
    accepted: `jwtRules:\n  - issuer: a\n    jwks: '${key}'`,
  },
  {
    what: "ports of mutual TLS for the whole namespace",
    kind: "PeerAuthentication",
    refused: 'portLevelMtls: { "80": { mode: DISABLE } }',
    said: "error 4: spec: portLevelMtls requires selector",
    accepted: 'selector: { matchLabels: { a: b } }\nportLevelMtls: { "80": { mode: DISABLE } }',
  },
  {
    what: "a regular expression with look-ahead",
    kind: "VirtualService",
    refused: http(`match: [{ uri: { regex: "(?!a)" } }]\n    ${to}`),
    said: "error 7: spec.http[0].match[0].uri.regex: no regular expression of RE2",
    accepted: http(`match: [{ uri: { regex: "(?i)/a.*" } }]\n    ${to}`),
  },
  {
    what: "weights that are all 0",
    kind: "VirtualService",
    refused: http(
      "route: [{ destination: { host: a }, weight: 0 }, { destination: { host: b }, weight: 0 }]",
    ),
    said: "error 7: spec.http[0].route: all weights are 0",
    accepted: http(
      "route: [{ destination: { host: a }, weight: 1 }, { destination: { host: b }, weight: 0 }]",
    ),
  },
  {
    what: "a condition of retries that Envoy does not know",
    kind: "VirtualService",
    refused: http(`retries: { attempts: 1, retryOn: "5xx, reset" }\n    ${to}`),
    said: 'error 7: spec.http[0].retries.retryOn: " reset" is no condition of a retry',
    accepted: http(`retries: { attempts: 1, retryOn: "5xx,reset,503" }\n    ${to}`),
  },
  {
    what: "a redirect beside a route",
    kind: "VirtualService",
    refused: http(`redirect: { uri: /a }\n    ${to}`),
    said: "error 8: spec.http[0].route: redirect is set as well",
    accepted: http("redirect: { uri: /a }"),
  },
  {
    what: "a route by claim without a gateway",
    kind: "VirtualService",
    refused: http(`match: [{ headers: { "@request.auth.claims.a": { exact: b } } }]\n    ${to}`),
    said: 'error 7: spec.http[0].match[0].headers["@request.auth.claims.a"]: routes by claim exist on gateways only',
    accepted: `gateways: [g]\n${http(`match: [{ headers: { "@request.auth.claims.a": { exact: b } } }]\n    ${to}`)}`,
  },
  {
    what: "a header's value with a lone percent sign",
    kind: "VirtualService",
    refused: http(`headers: { request: { set: { a: "100%" } } }\n    ${to}`),
    said: "error 7: spec.http[0].headers.request.set.a: a % in the header's value begins no whole variable",
    accepted: http(`headers: { request: { set: { a: "100%% %REQ(b)%" } } }\n    ${to}`),
  },
  {
    what: "a name of TLS outside the hosts",
    kind: "VirtualService",
    refused: `hosts: [a.example.com]\ntls:\n  - match: [{ sniHosts: [b.example.com] }]\n    ${to}`,
    said: `error 7: spec.tls[0].match[0].sniHosts[0]: "b.example.com" is none of the VirtualService's hosts`,
    accepted: `hosts: ["*.example.com"]\ntls:\n  - match: [{ sniHosts: [b.example.com] }]\n    ${to}`,
  },
  {
    what: "a duration of nothing",
    kind: "DestinationRule",
    refused: "host: a\ntrafficPolicy: { connectionPool: { tcp: { idleTimeout: 5sec } } }",
    said: 'error 6: spec.trafficPolicy.connectionPool.tcp.idleTimeout: "5sec" is no duration',
    accepted: "host: a\ntrafficPolicy: { connectionPool: { tcp: { idleTimeout: 0s } } }",
  },
  {
    what: "localities that do not add up",
    kind: "DestinationRule",
    refused:
      "host: a\ntrafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a, to: { b: 50 } }] } } }",
    said: "error 6: spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the weights do not add up to 100",
    accepted:
      "host: a\ntrafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: a, to: { b: 50, c: 50 } }] } } }",
  },
  {
    what: "a subset twice",
    kind: "DestinationRule",
    refused: "host: a\nsubsets:\n  - { name: v1 }\n  - { name: v1 }",
    said: 'error 8: spec.subsets[1].name: "v1" is here twice',
    accepted: "host: a\nsubsets:\n  - { name: v1 }\n  - { name: v2 }",
  },
  {
    what: "an HTTPS server without tls",
    kind: "Gateway",
    refused: server('port: { number: 443, name: a, protocol: HTTPS }\n    hosts: ["*"]'),
    said: "error 6: spec.servers[0]: HTTPS needs tls",
    accepted: server(
      'port: { number: 443, name: a, protocol: HTTPS }\n    hosts: ["*"]\n    tls: { mode: SIMPLE, credentialName: a }',
    ),
  },
  {
    what: "port 0 of a Gateway",
    kind: "Gateway",
    refused: server('port: { number: 0, name: a, protocol: HTTP }\n    hosts: ["*"]'),
    said: "error 6: spec.servers[0].port.number: port 0 is none",
    accepted: server('port: { number: 80, name: a, protocol: HTTP }\n    hosts: ["*"]'),
  },
  {
    what: "an address that DNS cannot give",
    kind: "ServiceEntry",
    refused: 'hosts: ["*.example.com"]\nresolution: DNS',
    said: 'error 5: spec.hosts[0]: "*.example.com" cannot be resolved',
    accepted: 'hosts: ["*.example.com"]\nresolution: DNS\nendpoints: [{ address: a.example.com }]',
  },
  {
    what: "an endpoint's port that the ServiceEntry lacks",
    kind: "ServiceEntry",
    refused: entry("resolution: STATIC\nendpoints: [{ address: 1.2.3.4, ports: { tcp: 1 } }]"),
    said: 'error 8: spec.endpoints[0].ports.tcp: the ServiceEntry has no port "tcp"',
    accepted: entry("resolution: STATIC\nendpoints: [{ address: 1.2.3.4, ports: { http: 1 } }]"),
  },
  {
    what: "a host without its namespace",
    kind: "Sidecar",
    refused: "egress:\n  - hosts: [a.example.com]",
    said: "error 6: spec.egress[0].hosts[0]: has no namespace",
    accepted: "egress:\n  - hosts: [./a.example.com, ~/*]",
  },
  {
    what: "a patch whose match cannot find what it applies to",
    kind: "EnvoyFilter",
    refused:
      "configPatches:\n  - applyTo: CLUSTER\n    match: { listener: {} }\n    patch: { operation: REMOVE }",
    said: "error 7: spec.configPatches[0].match.listener: CLUSTER is not found by this match",
    accepted:
      "configPatches:\n  - applyTo: CLUSTER\n    match: { cluster: {} }\n    patch: { operation: REMOVE }",
  },
  {
    what: "an address that is neither a host nor an IP address",
    kind: "WorkloadEntry",
    refused: "address: a b",
    said: 'error 5: spec.address: "a b" is no host and no IP address',
    accepted: "address: a.example.com",
  },
  {
    what: "a probe that asks nothing",
    kind: "WorkloadGroup",
    refused: "template: {}\nprobe: { periodSeconds: 5 }",
    said: "error 6: spec.probe: the probe asks nothing",
    accepted: "template: {}\nprobe: { tcpSocket: { port: 80 } }",
  },
  {
    what: "a filter of logs that is no expression",
    kind: "Telemetry",
    refused: 'accessLogging:\n  - filter: { expression: "response.code >=" }',
    said: "error 6: spec.accessLogging[0].filter.expression: no CEL expression",
    accepted: 'accessLogging:\n  - filter: { expression: "response.code >= 400" }',
  },
  {
    what: "a digest in upper case",
    kind: "WasmPlugin",
    refused: `url: oci://a/b\nsha256: ${"A".repeat(64)}`,
    said: 'error 6: spec: "sha256" is not as it must be',
    accepted: `url: oci://a/b\nsha256: ${"a".repeat(64)}`,
  },
];

for (const { what, kind, refused, said, accepted } of cases) {
  test(`${what} is refused in a ${kind}, at its line with the fix`, async () => {
    const found = await findings(kind, refused);
    assert.ok(
      found.some((line) => line.startsWith(said)),
      found.join("\n") || "nothing was said",
    );
  });
  test(`the ${kind} without that (${what}) is accepted`, async () => {
    const found = await findings(kind, accepted);
    assert.deepEqual(
      found.filter((line) => line.startsWith("error")),
      [],
    );
  });
}

test("a word that kubectl reads as true or as another number is a warning", async () => {
  const found = await findings(
    "Gateway",
    'selector: { istio: yes }\nservers:\n  - port: { number: 0120, name: http, protocol: HTTP }\n    hosts: ["*"]\n    tls: { httpsRedirect: on }',
  );
  assert.deepEqual(found, [
    'warning 5: spec.selector.istio: kubectl reads yes as true; Kubernetes reads YAML 1.1; write "yes" in quotes, or true',
    'warning 7: spec.servers[0].port.number: kubectl reads 0120 as 80; Kubernetes reads YAML 1.1; write "0120" in quotes, or 80',
    'warning 9: spec.servers[0].tls.httpsRedirect: kubectl reads on as true; Kubernetes reads YAML 1.1; write "on" in quotes, or true',
  ]);
  const quoted =
    'selector: { istio: "yes" }\nservers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]';
  assert.deepEqual(await findings("Gateway", quoted), []);
});

test("metadata is bounded as the API server bounds it", async () => {
  const text = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: a
  lables: { a: b }
  labels: { version: 1, "a b": c }
spec: { host: a }
`;
  const { findings } = await validate(parse(text, "mesh.yaml").manifests);
  assert.deepEqual(
    findings.map(({ place, what }) => `${place.line}: ${what}`),
    [
      '5: metadata.lables: unknown field; did you mean "labels"?',
      '6: metadata.labels.version: is no text; write "1" in quotes',
      '6: metadata.labels["a b"]: no key of a label; write PREFIX/NAME or NAME',
    ],
  );
});
