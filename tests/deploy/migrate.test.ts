import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { fixtures, gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const guide = join(fixtures, "guide");

/** Migrates a text, and holds that what comes out is valid. */
async function migrated(text: string): Promise<{ documents: any[]; report: string }> {
  const { code, out, err } = await gatehouse("migrate", file("in.yaml", text));
  assert.equal(code, 0, err);
  const checked = await gatehouse("validate", file("out.yaml", out));
  assert.doesNotMatch(checked.err, /^error: (?!.*asks for what RequestAuthentication)/m);
  return {
    documents: parseAllDocuments(out).map((document) => document.toJS() as any),
    report: err,
  };
}

/** Runs a table against what `migrate` made of the guide's files. */
async function tried(sources: string[], policy: string, cases: object): Promise<void> {
  const { code, out, err } = await gatehouse(
    "migrate",
    ...sources.map((name) => join(guide, name)),
  );
  assert.equal(code, 0, err);
  const settings = file("settings.yaml", out);
  const table = file("cases.yaml", stringify(cases));
  const ran = await gatehouse("try", "-f", settings, "--policy", policy, "--cases", table);
  assert.equal(ran.code, 0, ran.out + ran.err);
}

test("the guide as a whole: every document is in the report, and what comes out is valid", async () => {
  const { code, out, err } = await gatehouse("migrate", guide);
  assert.equal(code, 0);
  const validated = await gatehouse("validate", file("guide.yaml", out));
  assert.equal(validated.code, 0, validated.err);
  assert.match(validated.out, /0 errors, 0 warnings/);
  const kinds = parseAllDocuments(out).map((document) => (document.toJS() as any).kind);
  assert.deepEqual([...new Set(kinds)], ["Policy"]);
  for (const title of [
    "PeerAuthentication istio-system/default",
    "AuthorizationPolicy ecommerce/product-service-authz",
    "DestinationRule ecommerce/product-service",
    "Telemetry istio-system/mesh-default",
  ])
    assert.match(err, new RegExp(`: ${title} .*kept as it is`), title);
  assert.match(err, /of kinds that migrate does not read \(.*Deployment.*1 Kiali.*\)/);
  assert.match(
    err,
    /Canary ecommerce\/product-service spec\.analysis\.webhooks; not possible: a proxy runs no tests/,
  );
});

test("no field is left out: each leaf of what is read is in the report, or below something that is", async () => {
  const { out } = await gatehouse("migrate", guide, "--json");
  const { report } = JSON.parse(out) as {
    report: { resource: string; path: (string | number)[] }[];
  };
  for (const name of ["rate-limit", "virtualservice", "flagger-canary", "security"]) {
    for (const document of parseAllDocuments(readFileSync(join(guide, `${name}.yaml`), "utf8"))) {
      const value = document.toJS() as any;
      const title = `${value.kind} ${value.metadata.namespace}/${value.metadata.name}`;
      const own = report.filter(({ resource }) => resource === title);
      assert.ok(own.length > 0, title);
      if (own.some(({ path }) => path.join() === "kind") && own.length === 1) continue;
      const silent = leaves(value.spec, ["spec"]).filter(
        (leaf) =>
          !own.some(({ path }) => path.every((step, at) => String(step) === String(leaf[at]))),
      );
      assert.deepEqual(silent, [], title);
    }
  }
});

function leaves(value: unknown, path: (string | number)[]): (string | number)[][] {
  if (value === null || typeof value !== "object") return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

const authorization = (words: string) => ({ authorization: `Bearer {{token ${words}}}` });

test("the guide's RequestAuthentication: no token passes, a good one is handed on, a bad one is refused", async () => {
  await tried(["security.yaml"], "product-service", [
    { name: "none", request: {}, expect: { status: 200, upstreamAbsent: ["x-jwt-payload"] } },
    {
      name: "good",
      request: { headers: authorization("") },
      expect: { status: 200, upstreamHeaders: { "x-jwt-payload": true, authorization: true } },
    },
    {
      name: "of another audience",
      request: { headers: authorization("audience=other") },
      expect: { status: 403, body: "Audiences in Jwt are not allowed" },
    },
    {
      name: "expired",
      request: { headers: authorization("exp=-1h") },
      expect: { status: 401, body: "Jwt is expired" },
    },
    {
      name: "of another issuer",
      request: { headers: authorization("issuer=https://else.example.com") },
      expect: { status: 401, body: "Jwt issuer is not configured" },
    },
    {
      name: "forged",
      request: { headers: authorization("tamper=signature") },
      expect: { status: 401, body: "Jwt verification fails" },
    },
  ]);
});

test("the guide's EnvoyFilter: a thousand at once, a hundred a second, the header only on refusals", async () => {
  await tried(["rate-limit.yaml"], "edge", [
    {
      name: "the burst",
      repeat: 1000,
      request: {},
      expect: { status: 200, absentHeaders: ["x-rate-limit-limit"] },
    },
    {
      name: "one more",
      request: {},
      expect: {
        status: 429,
        body: "local_rate_limited",
        headers: { "x-rate-limit-limit": "1000" },
        absentHeaders: ["retry-after", "x-ratelimit-limit"],
      },
    },
    { name: "a second later", advance: "1s", repeat: 100, request: {}, expect: { status: 200 } },
    { name: "and no more", request: {}, expect: { status: 429 } },
  ]);
});

test("the guide's VirtualService: testers, phones, and nine in ten of the rest", async () => {
  const request = (headers: object) => ({ authority: "products.example.com", headers });
  await tried(["virtualservice.yaml"], "edge", [
    { name: "tester", request: request({ "x-canary": "true" }), expect: { variant: "canary" } },
    {
      name: "no tester",
      request: request({ "x-canary": "TRUE" }),
      expect: { variant: { regex: "stable|canary" } },
    },
    {
      name: "phone",
      request: request({ "user-agent": "an iPhone, Mobile" }),
      expect: { variant: "mobile-optimized" },
    },
    {
      name: "a tester with a phone",
      request: request({ "x-canary": "true", "user-agent": "Mobile" }),
      expect: { variant: "canary" },
    },
    {
      name: "another host",
      request: { authority: "else.example.com" },
      expect: { upstreamAbsent: ["x-variant"] },
    },
  ]);
  const { out } = await gatehouse("migrate", join(guide, "virtualservice.yaml"));
  const rendered = await gatehouse("render", "-f", file("vs.yaml", out), "--json");
  const { resources } = JSON.parse(rendered.out);
  const service = resources.find(({ kind }: any) => kind === "VirtualService");
  assert.deepEqual(service.spec.hosts, ["product-service", "products.example.com"]);
  assert.deepEqual(service.spec.gateways, ["mesh", "istio-system/main-gateway"]);
  const stable = service.spec.http.find(({ match }: any) => !match);
  assert.equal(stable.timeout, "10s");
  assert.equal(stable.retries.attempts, 3);
});

test("the guide's Canary: the weights by the clock, and a guard with its thresholds", async () => {
  const { out } = await gatehouse("migrate", join(guide, "flagger-canary.yaml"));
  const [policy] = parseAllDocuments(out).map((document) => document.toJS() as any);
  const [route] = policy.spec.canary.routes;
  assert.deepEqual(
    route.schedule.map(({ after, split }: any) => [after, split.canary]),
    [
      ["1m", 10],
      ["2m", 20],
      ["3m", 30],
      ["4m", 40],
      ["5m", 50],
      ["6m", 100],
    ],
  );
  assert.equal(route.guard.maxFailurePercent, 1);
  assert.equal(route.guard.slowerThan, "500ms");
  await tried(["flagger-canary.yaml"], "edge", {
    start: "2026-01-01T00:00:00Z",
    cases: [
      {
        name: "before",
        request: { authority: "products.example.com" },
        expect: { variant: "primary" },
      },
      {
        name: "after",
        advance: "7m",
        request: { authority: "products.example.com" },
        expect: { variant: "canary" },
      },
    ],
  });
});

test("the guide's access log: the same fields in the same line", async () => {
  await tried(["istio-operator.yaml"], "mesh", {
    start: "2026-01-01T00:00:00Z",
    cases: [
      {
        name: "a line",
        request: {
          method: "POST",
          path: "/api/orders?a=1",
          headers: { "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7" },
        },
        response: { status: 201, durationMillis: 7 },
        expect: {
          log: {
            timestamp: "2026-01-01T00:00:00.000Z",
            method: "POST",
            path: "/api/orders?a=1",
            status: "201",
            duration: "7",
            upstream: "127.0.0.1:8080",
            trace_id: "80f198ee56343ba864fe8b2a57d3eff7",
          },
        },
      },
    ],
  });
});

test("other EnvoyFilters stay, with a word on what would do the same", async () => {
  const patch = (name: string, type: string) => `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: ${name}, namespace: istio-system }
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      match: { context: GATEWAY }
      patch:
        operation: INSERT_BEFORE
        value: { name: ${name}, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.${type} } }
`;
  const { documents, report } = await migrated(
    [
      patch("service", "http.ratelimit.v3.RateLimit"),
      patch("lua", "http.lua.v3.Lua"),
      patch("connections", "network.local_ratelimit.v3.LocalRateLimit"),
      authentication("shop"),
    ].join("---\n"),
  );
  assert.equal(documents.length, 1);
  assert.match(
    report,
    /EnvoyFilter istio-system\/service spec; kept as it is: it asks a rate limit service: rate-limit\.global/,
  );
  assert.match(
    report,
    /EnvoyFilter istio-system\/lua spec; kept as it is: of EnvoyFilters only local_ratelimit/,
  );
  assert.match(report, /EnvoyFilter istio-system\/connections spec; kept as it is/);
});

const authentication = (namespace: string, selector = "") => `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: r, namespace: ${namespace} }
spec:
${selector}  jwtRules: [{ issuer: https://${namespace}.example.com, jwksUri: https://${namespace}.example.com/keys }]
`;

test("Flagger's A/B test: matches, session affinity, and what has no counterpart", async () => {
  const { documents, report } = await migrated(`apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: podinfo, namespace: test }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: podinfo }
  autoscalerRef: { apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: podinfo }
  service: { port: 9898, gateways: [istio-system/public-gateway], hosts: [app.example.com], retries: { attempts: 3 } }
  analysis:
    interval: 1m
    threshold: 10
    iterations: 10
    match: [{ headers: { user-agent: { regex: ".*Firefox.*" } } }]
    sessionAffinity: { cookieName: flagger-cookie, maxAge: 21600 }
    metrics:
      - { name: request-success-rate, thresholdRange: { min: 99 }, interval: 1m }
      - { name: 404s, templateRef: { name: not-found }, thresholdRange: { max: 5 } }
`);
  const [route] = documents[0].spec.canary.routes;
  assert.deepEqual(route.variants, [
    { name: "canary", match: [{ headers: { "user-agent": { regex: ".*Firefox.*" } } }] },
  ]);
  assert.deepEqual(route.sticky, { cookie: { name: "flagger-cookie", maxAge: "21600s" } });
  for (const lost of ["iterations", "metrics\\[1\\]", "interval"])
    assert.match(report, new RegExp(`spec\\.analysis\\.${lost}; not possible`), lost);
  assert.match(report, /spec\.autoscalerRef; not possible: a proxy does not scale/);
});

test("access logs of a ConfigMap in JSON, and of a Telemetry with its provider's format and a condition", async () => {
  const { documents } = await migrated(`apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |-
    accessLogFile: /dev/stdout
    accessLogEncoding: JSON
    accessLogFormat: |
      { "protocol": "%PROTOCOL%", "duration": "%DURATION%" }
    extensionProviders:
      - { name: own, envoyFileAccessLog: { path: /dev/stdout, logFormat: { labels: { code: "%RESPONSE_CODE%" } } } }
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: { name: errors, namespace: shop }
spec:
  accessLogging:
    - match: { mode: SERVER }
      providers: [{ name: own }]
      filter: { expression: "response.code >= 500" }
`);
  assert.deepEqual(documents[0].spec["access-log"].format, {
    json: { protocol: "%PROTOCOL%", duration: "%DURATION%" },
  });
  assert.deepEqual(documents[1].spec["access-log"].format, { json: { code: "%RESPONSE_CODE%" } });
  assert.deepEqual(documents[1].spec["access-log"].when, [{ status: { min: 500 } }]);
  assert.equal(documents[1].spec.placement.sidecar.direction, "inbound");
});

test("operators of a log that no Wasm filter can know are named with the reason, and the rest stays", async () => {
  const { documents, report } = await migrated(`apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: { name: a, namespace: istio-system }
spec:
  meshConfig:
    accessLogFile: /dev/stdout
    accessLogFormat: "ü %START_TIME(%s)% %CEL(request.id)% %REQ(:METHOD)% %UPSTREAM_FILTER_STATE(x)%\\n"
`);
  assert.deepEqual(documents[0].spec["access-log"].format, {
    text: "ü %START_TIME(%s)% - %REQ(:METHOD)% -",
  });
  assert.match(
    report,
    /accessLogFormat; not possible: %CEL\(request\.id\)%: .*; "-" stands in its place/,
  );
  assert.match(report, /not possible: %UPSTREAM_FILTER_STATE\(x\)%/);
});

test("Istio's default log, where a mesh only says where to write it", async () => {
  const { documents } = await migrated(`meshConfig: { accessLogFile: /dev/stdout }\n`);
  assert.match(
    documents[0].spec["access-log"].format.text,
    /^\[%START_TIME%\] "%REQ\(:METHOD\)%.*%ROUTE_NAME%$/,
  );
});

test("nothing to migrate and the reasons, broken files by name, and a report in a file", async () => {
  const service = file("service.yaml", "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n");
  const nothing = await gatehouse("migrate", service);
  assert.equal(nothing.code, 2);
  assert.match(nothing.err, /nothing to migrate among Service/);
  const stays = await gatehouse(
    "migrate",
    file(
      "stays.yaml",
      stringify({
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "shop", namespace: "shop" },
        spec: { hosts: ["shop"], http: [{ route: [{ destination: { host: "shop" } }] }] },
      }),
    ),
  );
  assert.equal(stays.code, 2);
  assert.match(
    stays.err,
    /stays\.yaml:\d+: VirtualService shop\/shop .*stays native: none of its rules splits/,
  );
  const broken = await gatehouse("migrate", service, file("broken.yaml", "a: [\n"));
  assert.equal(broken.code, 2);
  assert.match(broken.err, /broken\.yaml:\d+: not valid YAML/);
  assert.match((await gatehouse("migrate")).err, /name files, folders or -/);
  const report = file("report.txt", "");
  const { err } = await gatehouse("migrate", guide, "--report", report);
  assert.match(
    err,
    /^\d+ documents: .*\n\d+ carried over, \d+ changed, \d+ kept as they are, \d+ not possible\n\nplan:\n/,
  );
  assert.match(readFileSync(report, "utf8"), /security\.yaml:\d+: RequestAuthentication/);
});
