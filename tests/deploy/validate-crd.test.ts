// What the API server says with a kind's CRD: rules in CEL, lists, nulls, defaults, and what newer
// CRDs allow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../../deploy/core/problem.ts";
import { parse } from "../../deploy/core/source.ts";
import { stored } from "../../deploy/core/structural.ts";
import { durationNanos } from "../../deploy/validate/admission/go/duration.ts";
import { addressOf, isPrefix } from "../../deploy/validate/admission/go/ip.ts";
import { parseRequestUri, parseUrl } from "../../deploy/validate/admission/go/url.ts";
import { brokenRules, compileRule } from "../../deploy/validate/admission/rules.ts";
import { validate } from "../../deploy/validate/validate.ts";
import further from "../../deploy/core/crds/further.json" with { type: "json" };
import pinned from "../../deploy/core/crds/schemas.json" with { type: "json" };

/** One resource in YAML's short form, its findings as `severity line: text`. */
async function findings(kind: string, spec: string, apiVersion: string): Promise<string[]> {
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a }\nspec:\n${spec}`;
  const { findings } = await validate(parse(text, "mesh.yaml").manifests);
  return findings.map((one) => `${one.severity} ${textOf(one).replace("mesh.yaml:", "")}`);
}

const networking = "networking.istio.io/v1";
const security = "security.istio.io/v1";
const extensions = "extensions.istio.io/v1alpha1";
const gateway = "gateway.networking.k8s.io/v1";

test("every rule of the bundled CRDs can be read", () => {
  const rules = new Set<string>();
  const collect = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    for (const one of (value as any)["x-kubernetes-validations"] ?? [])
      if (typeof one.rule === "string") rules.add(one.rule);
    Object.values(value).forEach(collect);
  };
  collect(pinned.kinds);
  collect(further.kinds);
  assert.ok(rules.size > 100);
  for (const rule of rules) compileRule(rule);
});

const refused: [what: string, kind: string, apiVersion: string, spec: string, said: RegExp][] = [
  [
    "a timeout that is no duration",
    "VirtualService",
    networking,
    "  hosts: [a.example.com]\n  http:\n    - timeout: 5sec\n      route: [{ destination: { host: a } }]\n",
    /^error 7: spec\.http\[0\]\.timeout: must be a valid duration/,
  ],
  [
    "jwks with jwksUri",
    "RequestAuthentication",
    security,
    "  jwtRules:\n    - issuer: a\n      jwksUri: https://a.example.com\n      jwks: '{}'\n",
    /^error 6: spec\.jwtRules\[0\]: only one of jwks or jwksUri can be set/,
  ],
  [
    "a selector with targetRefs",
    "WasmPlugin",
    extensions,
    "  url: oci://a/b\n  selector: { matchLabels: { a: b } }\n  targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: g }]\n",
    /^error 4: spec: only one of targetRefs or selector can be set/,
  ],
  [
    "a module that no scheme of Istio fetches",
    "WasmPlugin",
    extensions,
    "  url: s3://a/b\n",
    /^error 5: spec\.url: url must have schema one of/,
  ],
  [
    "a variable twice",
    "WasmPlugin",
    extensions,
    "  url: oci://a/b\n  vmConfig:\n    env:\n      - { name: A, value: b }\n      - { name: A, value: c }\n",
    /^error 9: spec\.vmConfig\.env\[1\]: name must be unique in this list/,
  ],
  [
    "port 0",
    "ServiceEntry",
    networking,
    "  hosts: [a.example.com]\n  resolution: DNS\n  ports:\n    - { number: 0, name: http, protocol: HTTP }\n",
    /^error 8: spec\.ports\[0\]\.number: port must be between 1-65535/,
  ],
  [
    "a path with two slashes",
    "HTTPRoute",
    gateway,
    "  rules:\n    - matches: [{ path: { type: PathPrefix, value: /a//b } }]\n      backendRefs: [{ name: x, port: 80 }]\n",
    /^error 6: spec\.rules\[0\]\.matches\[0\]\.path: must not contain '\/\/'/,
  ],
  [
    "two listeners of one name",
    "Gateway",
    gateway,
    "  gatewayClassName: istio\n  listeners:\n    - { name: a, port: 80, protocol: HTTP }\n    - { name: a, port: 81, protocol: HTTP }\n",
    /^error 8: spec\.listeners\[1\]: name must be unique in this list/,
  ],
];

for (const [what, kind, apiVersion, spec, said] of refused)
  test(`${what} is refused in a ${kind}, at its line`, async () => {
    const found = await findings(kind, spec, apiVersion);
    assert.ok(
      found.some((line) => said.test(line)),
      found.join("\n") || "nothing was said",
    );
  });

test("what only newer or other CRDs have is a warning that says what the cluster needs", async () => {
  const backend = "  rules: [{ backendRefs: [{ name: x, port: 80 }] }]\n";
  for (const [kind, version] of [
    ["TCPRoute", "v1alpha2"],
    ["TLSRoute", "v1alpha2"],
  ] as const) {
    const spec = kind === "TLSRoute" ? `  hostnames: [a.example.com]\n${backend}` : backend;
    const found = await findings(kind, spec, `gateway.networking.k8s.io/${version}`);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(
      found[0]!,
      /^warning 1: .*has no version .*; it needs the experimental channel of the Gateway API$/,
    );
  }
  const retry =
    "  rules:\n    - retry: { attempts: 3, codes: [500] }\n      backendRefs: [{ name: x, port: 80 }]\n";
  assert.deepEqual(await findings("HTTPRoute", retry, gateway), [
    'warning 6: spec.rules[0]: unknown field "retry"; it needs the experimental channel of the Gateway API',
  ]);
  const jwt =
    "  jwtRules: [{ issuer: a, jwksUri: https://a.example.com/keys, presence: REQUIRED }]\n";
  assert.deepEqual(await findings("RequestAuthentication", jwt, security), [
    'warning 5: spec.jwtRules[0]: unknown field "presence"; it needs Istio 1.32',
  ]);
});

test("a fault beside what only newer CRDs have is still an error", async () => {
  const found = await findings(
    "RequestAuthentication",
    "  jwtRules:\n    - issuer: a\n      presence: NEVER\n    - isuer: a\n",
    security,
  );
  assert.match(found.join("\n"), /^error 7: .*"presence"/m);
  assert.match(found.join("\n"), /^error 8: .*unknown field "isuer"/m);
});

test("a key without a value is dropped by the API server, and is a warning", async () => {
  const route = "  http:\n    - timeout:\n      route: [{ destination: { host: a } }]\n";
  assert.deepEqual(
    await findings("VirtualService", `  hosts: [a.example.com]\n${route}`, networking),
    [
      "warning 7: spec.http[0].timeout: nothing is set; the API server drops the field; write a value, or remove the key",
    ],
  );
});

test("defaults fill what is missing before rules are asked; nullable keeps a null", () => {
  const schema = {
    type: "object",
    properties: {
      group: { type: "string", default: "core" },
      kept: { type: "string", nullable: true },
      dropped: { type: "string" },
    },
    "x-kubernetes-validations": [{ rule: "self.group == 'core'", message: "no" }],
  };
  const value = stored(schema, { group: null, kept: null, dropped: null });
  assert.deepEqual(value, { group: "core", kept: null });
  assert.deepEqual(brokenRules(schema, value), []);
  assert.deepEqual(brokenRules(schema, { group: "x" }), [{ path: [], message: "no" }]);
});

test("a rule about a change is not asked on create, and one that fails to evaluate is broken", () => {
  const withRule = (rule: string) => ({
    type: "string",
    "x-kubernetes-validations": [{ rule }],
  });
  assert.deepEqual(brokenRules(withRule("self == oldSelf"), "a"), []);
  assert.equal(brokenRules(withRule("int(self) > 0"), "a").length, 1);
  assert.equal(brokenRules(withRule("int(self) > 0"), "1").length, 0);
});

test("durations are read as Go reads them", () => {
  const good: [string, bigint][] = [
    ["0", 0n],
    ["-0", 0n],
    ["1ms", 1_000_000n],
    ["1.5s", 1_500_000_000n],
    [".5s", 500_000_000n],
    ["1.s", 1_000_000_000n],
    ["1h2m3s4ms5us6ns", 3_723_004_005_006n],
    ["-2µs", -2_000n],
    ["+1m", 60_000_000_000n],
  ];
  for (const [text, nanos] of good) assert.equal(durationNanos(text), nanos, text);
  for (const text of ["", "5", "5sec", "5S", "s", ".s", "1 s", "5s ", "1d", "--1s", "9999999h"])
    assert.equal(durationNanos(text), undefined, text);
});

test("addresses and prefixes are read as Go's netip reads them", () => {
  for (const text of [
    "1.2.3.4",
    "::",
    "::1",
    "1::",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
  ])
    assert.ok(addressOf(text), text);
  for (const text of [
    "",
    "1.2.3",
    "01.2.3.4",
    "256.1.1.1",
    "1:2",
    ":::",
    "1::2::3",
    "::1%",
    "g::",
    "1:2:3:4:5:6:7:8:9",
    "1.2.3.4::",
    "1:2:3:4:5:6:7::8::",
  ])
    assert.equal(addressOf(text), undefined, text);
  for (const text of ["10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:1::1/64"])
    assert.ok(isPrefix(text), text);
  for (const text of [
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/+8",
    "::/129",
    "fe80::1%a/64",
    "/8",
    "10.0.0.0/",
  ])
    assert.equal(isPrefix(text), false, text);
});

test("URLs are read as Go's net/url reads them", () => {
  const schemes: [text: string, scheme: string | undefined][] = [
    ["oci://a/b:1", "oci"],
    ["HTTPS://a.example.com:8443/x?y", "https"],
    ["file:///a", "file"],
    ["mailto:a", "mailto"],
    ["/a/b", ""],
    ["a/b", undefined],
    ["", undefined],
    ["http://a b/", undefined],
    ["http://a:x/", undefined],
    ["http://[::1]:80/", "http"],
    ["http://[::1/", undefined],
    ["http://a/%zz", undefined],
    ["http://a/%20", "http"],
    ["http://a:1:2/", undefined],
    ["oci://a:1:2/", "oci"],
    [":a", undefined],
    ["http://a/\n", undefined],
  ];
  for (const [text, scheme] of schemes) assert.equal(parseRequestUri(text)?.scheme, scheme, text);
  assert.equal(parseUrl("a/b")?.scheme, "");
  assert.equal(parseUrl("a:b/c")?.scheme, "a");
  assert.equal(parseUrl("1:b/c"), undefined);
  assert.equal(parseUrl("https://a:8443")?.port, "8443");
});
