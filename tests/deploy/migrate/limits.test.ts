// Local rate limits: what migrate makes of them, run by the real module, against the model of the
// native filter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { compareOne } from "../../../deploy/compare/compare.ts";
import { parse } from "../../../deploy/core/source.ts";
import { Context } from "../../../deploy/migrate/context.ts";
import { proveLimits } from "../../../deploy/migrate/traffic-proof.ts";
import { Random } from "../../../deploy/compare/random.ts";
import { backendTrafficModel } from "../../../deploy/native/rate-limit/backend-traffic.ts";
import { rateLimitModels } from "../../../deploy/native/rate-limit/model.ts";
import type { NativeRequest } from "../../../deploy/native/types.ts";
import { beforeAndAfter } from "../../support/migrated.ts";
import type { BeforeAndAfter } from "../../support/migrated.ts";
import { plainRequest, randomForm, randomRequests } from "../../support/rate-limit-forms.ts";
import type { Plain } from "../../support/rate-limit-forms.ts";

const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
const slow = (max_tokens: number) => ({ max_tokens, fill_interval: "3600s" });

/** The EnvoyFilter that people paste, around these settings. */
function envoyFilter(config: object, more: { context?: string; selector?: object } = {}): string {
  return stringify({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: "rl", namespace: "istio-system" },
    spec: {
      workloadSelector: { labels: more.selector ?? { istio: "ingressgateway" } },
      configPatches: [
        {
          applyTo: "HTTP_FILTER",
          match: { context: more.context ?? "GATEWAY" },
          patch: {
            operation: "INSERT_BEFORE",
            value: {
              name: "envoy.filters.http.local_ratelimit",
              typed_config: {
                "@type":
                  "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                stat_prefix: "rl",
                filter_enabled: all,
                filter_enforced: all,
                ...config,
              },
            },
          },
        },
      ],
    },
  });
}

interface Run {
  /** Statuses of the native filter and of the migrated one, in the order of the requests. */
  native: number[];
  migrated: number[];
  pair: BeforeAndAfter;
}

function run(text: string, requests: readonly NativeRequest[]): Run {
  const pair = beforeAndAfter(text, rateLimitModels);
  try {
    const status = (decider: BeforeAndAfter["old"]) => (request: NativeRequest) =>
      decider.decide(request).refusal?.status ?? 200;
    return {
      native: requests.map(status(pair.old)),
      migrated: requests.map(status(pair.next)),
      pair,
    };
  } finally {
    pair.close();
  }
}

const get = (plain: Plain = {}) => plainRequest(plain);
const times = (count: number, request: NativeRequest) => Array<NativeRequest>(count).fill(request);
const isMigrated = ({ pair }: Run) => pair.documents.some(({ kind }) => kind === "Policy");

/** An entry for clients outside a network. */
const outside = (address_prefix: string, prefix_len: number, value: string) => ({
  remote_address_match: {
    descriptor_key: "outside",
    descriptor_value: value,
    address_matcher: { ranges: [{ address_prefix, prefix_len }], invert_match: true },
  },
});

interface Fault {
  what: string;
  config: object;
  requests: NativeRequest[];
  native: number[];
  /** Stays native, for a reason like this. */
  stays?: RegExp;
  /** Migrated, and stricter in this way, with these answers. */
  stricter?: { note: RegExp; migrated: number[] };
}

const header = (name: string, value: string): readonly [string, string] => [name, value];
const match = (matcher: object, more: object = {}) => ({
  token_bucket: slow(100),
  descriptors: [{ entries: [{ key: "header_match", value: "v" }], token_bucket: slow(1) }],
  rate_limits: [
    {
      actions: [{ header_value_match: { descriptor_value: "v", headers: [matcher], ...more } }],
    },
  ],
});
const byHeader = (name: string, more: object = {}) => ({
  request_headers: { header_name: name, descriptor_key: "k", ...more },
});
const a = get({ headers: [header("x-a", "a")] });
const b = get({ headers: [header("x-a", "b")] });
const none = get();
const limited = (first: NativeRequest, others: NativeRequest[]) => ({
  requests: [...times(2, first), ...others.flatMap((one) => times(2, one))],
  native: [200, 429, ...others.flatMap(() => [200, 200])],
});

const faults: Fault[] = [
  {
    what: "expect_match: false limits the requests that do not match",
    config: match({ name: "x-a", string_match: { exact: "a" } }, { expect_match: false }),
    requests: [none, none, b, a, a],
    native: [200, 429, 429, 200, 200],
  },
  {
    what: "invert_match limits other values, and not their absence",
    config: match({ name: "x-a", string_match: { exact: "a" }, invert_match: true }),
    ...limited(b, [a, none]),
  },
  {
    what: "present_match: false limits the absence",
    config: match({ name: "x-a", present_match: false }),
    ...limited(none, [a, b]),
  },
  {
    what: "a header whose absence counts as empty is always there",
    config: match({ name: "x-a", treat_missing_header_as_empty: true, invert_match: true }),
    requests: [none, none, a, a],
    native: [200, 200, 200, 200],
  },
  {
    what: "a prefix limits what begins so",
    config: match({ name: "x-a", prefix_match: "a" }),
    ...limited(get({ headers: [header("x-a", "ab")] }), [b, none]),
  },
  {
    what: "a suffix limits what ends so",
    config: match({ name: "x-a", string_match: { suffix: "b" } }),
    ...limited(get({ headers: [header("x-a", "ab")] }), [a, none]),
  },
  {
    what: "contains limits what it is in",
    config: match({ name: "x-a", contains_match: "b" }),
    ...limited(get({ headers: [header("x-a", "abc")] }), [a, none]),
  },
  {
    what: "a regular expression limits whole values",
    config: match({ name: "x-a", safe_regex_match: { google_re2: {}, regex: "a[0-9]+" } }),
    ...limited(get({ headers: [header("x-a", "a12")] }), [
      a,
      get({ headers: [header("x-a", "a1x")] }),
    ]),
  },
  {
    what: "a range of numbers stays native",
    config: match({ name: "x-a", range_match: { start: 3, end: 8 } }),
    ...limited(get({ headers: [header("x-a", "7")] }), [get({ headers: [header("x-a", "8")] }), a]),
    stays: /range of numbers \(header x-a\)/,
  },
  {
    what: "a prefix of :path",
    config: match({ name: ":path", string_match: { prefix: "/api" } }),
    ...limited(get({ path: "/api/x?y" }), [get({ path: "/ap" })]),
  },
  {
    what: "a :path with ignore_case, as in Istio's sample",
    config: match({ name: ":path", string_match: { prefix: "/productpage", ignore_case: true } }),
    ...limited(get({ path: "/ProductPage" }), [get({ path: "/product" })]),
  },
  {
    what: "a whole :path, which has its query in Envoy",
    config: match({ name: ":path", string_match: { exact: "/login" } }),
    requests: [get({ path: "/login" }), get({ path: "/login?a" }), get({ path: "/logins" })],
    native: [200, 200, 200],
    stricter: { note: /:path "\/login" with any query/, migrated: [200, 429, 200] },
  },
  {
    what: "a suffix of :path stays native",
    config: match({ name: ":path", string_match: { suffix: ".jpg" } }),
    ...limited(get({ path: "/a.jpg" }), [get({ path: "/a.jpg?x" })]),
    stays: /suffix of :path looks at the query/,
  },
  {
    what: ":method",
    config: match({ name: ":method", exact_match: "POST" }),
    ...limited(get({ method: "POST" }), [get()]),
  },
  {
    what: "always_consume_default_token_bucket: false charges the default to all others alone",
    config: {
      token_bucket: slow(1),
      always_consume_default_token_bucket: false,
      descriptors: [{ entries: [{ key: "k", value: "a" }], token_bucket: slow(3) }],
      rate_limits: [{ actions: [byHeader("x-a")] }],
    },
    requests: [a, a, a, a, b, none],
    native: [200, 200, 200, 429, 200, 429],
  },
  {
    what: "two rate_limits entries for one descriptor charge twice, and stay native",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "k", value: "a" }], token_bucket: slow(3) }],
      rate_limits: [{ actions: [byHeader("x-a")] }, { actions: [byHeader("x-a")] }],
    },
    requests: [a, a, none],
    native: [200, 429, 200],
    stays: /charged twice/,
  },
  {
    what: "a one-key descriptor is not met by an entry with two actions",
    config: {
      token_bucket: slow(100),
      descriptors: [
        { entries: [{ key: "k", value: "a" }], token_bucket: slow(1) },
        { entries: [{ key: "generic_key", value: "g" }], token_bucket: slow(1) },
      ],
      rate_limits: [{ actions: [byHeader("x-a"), { generic_key: { descriptor_value: "g" } }] }],
    },
    requests: [a, a, b, b],
    native: [200, 200, 200, 200],
  },
  {
    what: "skip_if_absent makes a shorter descriptor without the header",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "generic_key", value: "g" }], token_bucket: slow(1) }],
      rate_limits: [
        {
          actions: [
            byHeader("x-a", { skip_if_absent: true }),
            { generic_key: { descriptor_value: "g" } },
          ],
        },
      ],
    },
    ...limited(none, [a]),
  },
  {
    what: "a fixed value beside a wildcard has its bucket alone",
    config: {
      token_bucket: slow(100),
      descriptors: [
        { entries: [{ key: "k" }], token_bucket: slow(1) },
        { entries: [{ key: "k", value: "a" }], token_bucket: slow(3) },
      ],
      rate_limits: [{ actions: [byHeader("x-a")] }],
    },
    requests: [a, a, a, a, b, b, none, none],
    native: [200, 200, 200, 429, 200, 429, 200, 200],
  },
  {
    what: "a repeated header: a client cannot choose a new bucket by its second value",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "k" }], token_bucket: slow(1) }],
      rate_limits: [{ actions: [byHeader("x-a")] }],
    },
    requests: ["1", "2", "3"].map((value) =>
      get({ headers: [header("x-a", "a"), header("x-a", value)] }),
    ),
    native: [200, 429, 429],
  },
  {
    what: "the host header as a key is the authority",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "k" }], token_bucket: slow(1) }],
      rate_limits: [{ actions: [byHeader("Host")] }],
    },
    requests: [none, none, get({ host: "two.example" }), get({ host: "two.example" })],
    native: [200, 429, 200, 429],
  },
  {
    what: "a condition on the host means its spelling, with case and port",
    config: match(
      { name: ":authority", string_match: { exact: "one.example" } },
      { expect_match: false },
    ),
    requests: [
      ...times(2, get({ host: "one.example" })),
      ...times(2, get({ host: "ONE.example" })),
      get({ host: "one.example:80" }),
    ],
    native: [200, 200, 200, 429, 429],
  },
  {
    what: "each IPv6 address has its bucket",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "remote_address" }], token_bucket: slow(1) }],
      rate_limits: [{ actions: [{ remote_address: {} }] }],
    },
    requests: ["2001:db8::1", "2001:db8::2", "2001:db8::1"].map((address) => get({ address })),
    native: [200, 200, 429],
  },
  {
    what: "of a repeated query parameter the first value counts",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "q" }], token_bucket: slow(1) }],
      rate_limits: [
        { actions: [{ query_parameters: { query_parameter_name: "u", descriptor_key: "q" } }] },
      ],
    },
    requests: ["/?u=1&u=2", "/?u=1", "/?u=2&u=1"].map((path) => get({ path })),
    native: [200, 429, 200],
  },
  {
    what: "a refusal by the default bucket keeps what the descriptor's bucket took",
    config: {
      token_bucket: { max_tokens: 1, fill_interval: "1s" },
      descriptors: [{ entries: [{ key: "k", value: "a" }], token_bucket: slow(3) }],
      rate_limits: [{ actions: [byHeader("x-a")] }],
    },
    requests: [a, a, a, { ...a, timeMillis: 5000 }],
    native: [200, 429, 429, 429],
  },
  {
    what: "a bucket that refills",
    config: { token_bucket: { max_tokens: 2, tokens_per_fill: 2, fill_interval: "10s" } },
    requests: [0, 0, 0, 4900, 5100, 5100].map((timeMillis) => get({ timeMillis })),
    native: [200, 200, 429, 429, 200, 429],
  },
  {
    what: "a cost",
    config: {
      descriptors: [{ entries: [{ key: "k", value: "a" }], token_bucket: slow(5) }],
      rate_limits: [{ hits_addend: { number: 2 }, actions: [byHeader("x-a")] }],
    },
    requests: [a, a, a, b],
    native: [200, 200, 429, 200],
  },
  {
    what: "shadow_mode watches, and the other buckets count on",
    config: {
      token_bucket: slow(3),
      descriptors: [
        { entries: [{ key: "k", value: "a" }], token_bucket: slow(1), shadow_mode: true },
      ],
      rate_limits: [{ actions: [byHeader("x-a")] }],
    },
    requests: times(5, a),
    native: [200, 200, 200, 429, 429],
  },
  {
    what: "a status of the settings' own",
    config: { token_bucket: slow(1), status: { code: "ServiceUnavailable" } },
    requests: times(2, none),
    native: [200, 503],
  },
  {
    what: "client addresses and networks",
    config: {
      token_bucket: slow(100),
      descriptors: [
        { entries: [{ key: "masked_remote_address" }], token_bucket: slow(1) },
        { entries: [{ key: "remote_address", value: "10.2.0.1" }], token_bucket: slow(1) },
      ],
      rate_limits: [
        { actions: [{ masked_remote_address: { v4_prefix_mask_len: 16 } }] },
        { actions: [{ remote_address: {} }] },
      ],
    },
    requests: ["10.1.0.1", "10.1.9.9", "10.2.0.1", "10.2.0.1", "10.3.0.1"].map((address) =>
      get({ address }),
    ),
    native: [200, 429, 200, 429, 200],
  },
  {
    what: "everyone outside two networks",
    config: {
      token_bucket: slow(100),
      descriptors: [
        { entries: [{ key: "outside", value: "10" }], token_bucket: slow(1) },
        {
          entries: [
            { key: "outside", value: "10" },
            { key: "outside", value: "192" },
          ],
          token_bucket: slow(2),
        },
      ],
      rate_limits: [
        { actions: [outside("10.0.0.0", 8, "10")] },
        { actions: [outside("10.0.0.0", 8, "10"), outside("192.0.0.0", 8, "192")] },
      ],
    },
    requests: ["10.1.0.1", "10.1.0.1", "192.0.2.1", "203.0.113.1", "203.0.113.1"].map((address) =>
      get({ address }),
    ),
    native: [200, 200, 200, 429, 429],
  },
  {
    what: "query parameters",
    config: {
      token_bucket: slow(100),
      descriptors: [{ entries: [{ key: "q" }], token_bucket: slow(1) }],
      rate_limits: [
        { actions: [{ query_parameters: { query_parameter_name: "u", descriptor_key: "q" } }] },
      ],
    },
    requests: ["/?u=1", "/?u=%31", "/?u=2", "/?v=1", "/?v=1"].map((path) => get({ path })),
    native: [200, 429, 200, 200, 200],
  },
  {
    what: "a bucket for each connection stays native",
    config: { token_bucket: slow(1), local_rate_limit_per_downstream_connection: true },
    requests: [none],
    native: [200],
    stays: /a bucket for each connection/,
  },
];

for (const fault of faults) {
  test(`local_ratelimit: ${fault.what}`, () => {
    const got = run(envoyFilter(fault.config), fault.requests);
    assert.deepEqual(got.native, fault.native);
    assert.equal(isMigrated(got), fault.stays === undefined, got.pair.notes.join("\n"));
    assert.deepEqual(got.migrated, fault.stricter?.migrated ?? fault.native);
    const notes = got.pair.notes.join("\n");
    if (fault.stays) assert.match(notes, fault.stays);
    if (fault.stricter) assert.match(notes, fault.stricter.note);
  });
}

const limitType =
  "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const typed = (value: object) => ({
  "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
  type_url: limitType,
  value: { stat_prefix: "rl", ...value },
});
const on = { filter_enabled: all, filter_enforced: all };

const oneBucket = { ...on, token_bucket: slow(1) };

/** An EnvoyFilter of these patches for these proxies. */
function patched(proxies: object, ...configPatches: object[]): string {
  return stringify({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: `f${configPatches.length}`, namespace: "istio-system" },
    spec: { ...proxies, configPatches },
  });
}

const gatewayProxies = { workloadSelector: { labels: { istio: "ingressgateway" } } };
const insert = (value: object, match: object = { context: "GATEWAY" }) => ({
  applyTo: "HTTP_FILTER",
  match,
  patch: {
    operation: "INSERT_BEFORE",
    value: { name: "envoy.filters.http.local_ratelimit", typed_config: typed(value) },
  },
});
const onHost = (host: string, value: object) => ({
  applyTo: "VIRTUAL_HOST",
  match: {
    context: "GATEWAY",
    ...(host && { routeConfiguration: { vhost: { name: host } } }),
  },
  patch: { operation: "MERGE", value },
});
const override = (value: object) => ({
  typed_per_filter_config: { "envoy.filters.http.local_ratelimit": typed({ ...on, ...value }) },
});
const one = get({ host: "one.example" });
const two = get({ host: "two.example:8080" });
const inbound = (port: number) => ({
  ...get(),
  destination: { address: "10.9.9.9", port },
  workload: { namespace: "shop", labels: { app: "productpage" }, kind: "sidecar" as const },
});

test("local_ratelimit: the bucket of all routes replaces the filter's, and is no second one", () => {
  const text = patched(
    gatewayProxies,
    insert({ ...on, token_bucket: slow(1) }),
    onHost("", override({ token_bucket: slow(3) })),
  );
  const got = run(text, times(4, one));
  assert.deepEqual(got.native, [200, 200, 200, 429]);
  assert.deepEqual(got.migrated, got.native);
  assert.ok(isMigrated(got));
});

test("local_ratelimit: the bucket of one host, where the filter has none of its own", () => {
  const text = patched(
    gatewayProxies,
    insert({}),
    onHost("two.example:80", override({ token_bucket: slow(1) })),
  );
  const got = run(text, [one, two, one, two, get({ host: "TWO.example" })]);
  assert.deepEqual(got.native, [200, 200, 200, 429, 429]);
  assert.deepEqual(got.migrated, got.native);
  assert.ok(isMigrated(got));
});

test("local_ratelimit: the bucket of one host beside the filter's own stays native", () => {
  const text = patched(
    gatewayProxies,
    insert({ ...on, token_bucket: slow(2) }),
    onHost("two.example:80", override({ token_bucket: slow(1) })),
  );
  const got = run(text, [two, two, one, one, one]);
  assert.deepEqual(got.native, [200, 429, 200, 200, 429]);
  assert.deepEqual(got.migrated, got.native);
  assert.match(
    got.pair.notes.join("\n"),
    /stays native, because it replaces the filter's own limit/,
  );
});

test("local_ratelimit: actions of the routes, in an EnvoyFilter of their own, count by stage", () => {
  const limits = (stage: number) => ({
    rate_limits: [{ stage, actions: [{ remote_address: {} }] }],
  });
  const config = {
    ...on,
    stage: 1,
    descriptors: [{ entries: [{ key: "remote_address" }], token_bucket: slow(1) }],
  };
  for (const [stage, native] of [
    [1, [200, 429, 200]],
    [2, [200, 200, 200]],
  ] as const) {
    const actions = patched(gatewayProxies, onHost("", limits(stage)));
    const filter = patched(gatewayProxies, insert(config), {
      applyTo: "HTTP_FILTER",
      match: { context: "GATEWAY" },
      patch: { operation: "INSERT_BEFORE", value: { name: "other", typed_config: {} } },
    });
    const got = run(`${actions}---\n${filter}`, [one, one, get({ address: "10.7.7.7" })]);
    assert.deepEqual(got.native, native);
    assert.deepEqual(got.migrated, native);
    assert.match(
      got.pair.notes.join("\n"),
      /configPatches\.1: of EnvoyFilters only local_ratelimit/,
    );
  }
});

/** Istio's sample: the filter everywhere, its limit on the routes of one port. */
const sample = () =>
  stringify({
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name: "productpage", namespace: "shop" },
    spec: {
      workloadSelector: { labels: { app: "productpage" } },
      configPatches: [
        insert({}, { context: "SIDECAR_INBOUND" }),
        {
          applyTo: "HTTP_ROUTE",
          match: {
            context: "SIDECAR_INBOUND",
            routeConfiguration: { vhost: { name: "inbound|http|80", route: { action: "ANY" } } },
          },
          patch: { operation: "MERGE", value: override({ token_bucket: slow(1) }) },
        },
      ],
    },
  });

test("local_ratelimit: a limit on a port of the Service runs on the port that the workload binds", () => {
  const service = stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "productpage", namespace: "shop" },
    spec: { selector: { app: "productpage" }, ports: [{ port: 80, targetPort: 9080 }] },
  });
  const got = run(`${sample()}---\n${service}`, [9080, 9080, 9090, 9090].map(inbound));
  assert.deepEqual(got.native, [200, 429, 200, 200]);
  assert.deepEqual(got.migrated, got.native);
  assert.deepEqual(got.pair.documents[0].spec.placement.sidecar, {
    selector: { app: "productpage" },
    direction: "inbound",
    ports: [9080],
  });
});

test("local_ratelimit: without the Service, a limit on its port is for every port of the workload", () => {
  const got = run(sample(), [80, 80, 9090].map(inbound));
  assert.deepEqual(got.native, [200, 429, 200]);
  assert.deepEqual(got.migrated, [200, 429, 429]);
  assert.match(
    got.pair.notes.join("\n"),
    /stricter: for every port .* 80 is a port of its Service/,
  );
});

test("local_ratelimit: targetRefs name a Gateway, and it is that Gateway's limit", () => {
  const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }];
  const edge: NativeRequest = {
    ...get(),
    workload: { namespace: "istio-system", labels: {}, kind: "gateway", gateway: "edge" },
  };
  const text = patched({ targetRefs }, insert({ ...on, token_bucket: slow(1) }));
  const got = run(text, [edge, edge, one, one]);
  assert.deepEqual(got.native, [200, 429, 200, 200]);
  assert.deepEqual(got.migrated, got.native);
  assert.deepEqual(got.pair.documents[0].spec.placement, { targetRefs });
});

for (const [what, text, reason] of [
  [
    "no selector with GATEWAY, which is every gateway,",
    patched({}, insert({ ...on, token_bucket: slow(1) })),
    /for every gateway/,
  ],
  [
    "a filter chain of one server name",
    patched(
      gatewayProxies,
      insert(
        { ...on, token_bucket: slow(1) },
        { context: "GATEWAY", listener: { filterChain: { sni: "api.example.com" } } },
      ),
    ),
    /sni/,
  ],
  [
    "a limit on a route's name",
    patched(gatewayProxies, insert({}), {
      applyTo: "HTTP_ROUTE",
      match: {
        context: "GATEWAY",
        routeConfiguration: { vhost: { name: "one.example:80", route: { name: "checkout" } } },
      },
      patch: { operation: "MERGE", value: override({ token_bucket: slow(1) }) },
    }),
    /route's condition is not in this file/,
  ],
  [
    "local_cluster_rate_limit",
    envoyFilter({ token_bucket: slow(1), local_cluster_rate_limit: {} }),
    /number of replicas/,
  ],
  [
    "a filter after the router",
    patched(gatewayProxies, {
      ...insert(oneBucket),
      patch: { ...insert(oneBucket).patch, operation: "ADD" },
    }),
    /ADD puts it after the router/,
  ],
  [
    "a filter next to one that not every chain has",
    patched(
      gatewayProxies,
      insert(oneBucket, {
        context: "GATEWAY",
        listener: { filterChain: { filter: { subFilter: { name: "envoy.filters.http.rbac" } } } },
      }),
    ),
    /next to envoy.filters.http.rbac, which not every chain has/,
  ],
  [
    "a field that nobody knows",
    envoyFilter({ token_bucket: slow(1), brand_new_field: true }),
    /is not modelled \(.*brand_new_field\)/,
  ],
  [
    "a bucket of more than a year",
    envoyFilter({ token_bucket: { max_tokens: 1000, fill_interval: "86400s" } }),
    /more than a year/,
  ],
] as const) {
  test(`local_ratelimit: ${what} stays native`, () => {
    const got = run(text, [...times(3, one), ...times(2, two), a, b, inbound(8080)]);
    assert.deepEqual(got.migrated, got.native);
    assert.equal(isMigrated(got), false);
    assert.match(got.pair.notes.join("\n"), reason);
  });
}

const besideRouter = {
  context: "GATEWAY",
  listener: {
    filterChain: {
      filter: {
        name: "envoy.filters.network.http_connection_manager",
        subFilter: { name: "envoy.filters.http.router" },
      },
    },
  },
};
const authentication = (labels: object) =>
  stringify({
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: "tokens", namespace: "istio-system" },
    spec: {
      selector: { matchLabels: labels },
      jwtRules: [{ issuer: "https://a.example.com", jwksUri: "https://a.example.com/keys" }],
    },
  });
test("local_ratelimit: a limit that counts what authentication refuses stays native", () => {
  const first = patched(gatewayProxies, insert(oneBucket));
  const here = run(`${first}---\n${authentication({ istio: "ingressgateway" })}`, []);
  assert.match(
    here.pair.notes.join("\n"),
    /stays native, because it counts requests that RequestAuthentication istio-system\/tokens refuses/,
  );
  const elsewhere = run(`${first}---\n${authentication({ istio: "egressgateway" })}`, []);
  assert.ok(elsewhere.pair.documents.some(({ spec }) => spec["rate-limit"]));
});

test("local_ratelimit: a limit before the router is migrated, and the report names what it counts more", () => {
  const last = patched(gatewayProxies, insert(oneBucket, besideRouter));
  const got = run(`${last}---\n${authentication({ istio: "ingressgateway" })}`, []);
  assert.ok(got.pair.documents.some(({ spec }) => spec["rate-limit"]));
  assert.match(
    got.pair.notes.join("\n"),
    /stricter: requests that an AuthorizationPolicy refuses are counted too/,
  );
});

test("the proof of a limit finds a larger bucket, and shows the request that passes", () => {
  const text = patched(gatewayProxies, insert({ ...on, token_bucket: slow(70) }));
  const { manifests } = parse(text, "in.yaml");
  const proofWith = (limits: object) =>
    proveLimits(
      new Context(manifests),
      manifests,
      [
        {
          namespace: "istio-system",
          placement: { gateway: { selector: { istio: "ingressgateway" }, ports: [8080] } },
          filters: { "rate-limit": { limits: [limits] } },
        },
      ],
      1,
    );
  const bucket = (maxTokens: number) => ({
    name: "a",
    tokenBucket: { maxTokens, fillInterval: "1h" },
  });
  assert.match(proofWith(bucket(71)).failed ?? "", /weaker: GET .*passes; was 429/);
  assert.match(
    proofWith({ ...bucket(70), match: [{ method: { exact: "GET" } }] }).failed ?? "",
    /its proof failed: weaker/,
  );
  const smaller = proofWith(bucket(69));
  // The other port has a limit natively too.
  assert.match(smaller.failed ?? "", /weaker: GET .*port 8081/);
  assert.equal(smaller.examples.length > 0, true);
});

const backendTraffic = (spec: object) =>
  stringify({
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "BackendTrafficPolicy",
    metadata: { name: "limits", namespace: "shop" },
    spec: {
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }],
      ...spec,
    },
  });
const atEdge = (plain: Plain = {}): NativeRequest => ({
  ...get(plain),
  workload: { namespace: "shop", labels: {}, kind: "gateway", gateway: "edge" },
});
const local = (...rules: object[]) => ({ rateLimit: { type: "Local", local: { rules } } });
const perHour = (requests: number) => ({ limit: { requests, unit: "Hour" } });

test("BackendTrafficPolicy: selectors, distinct clients and the rule for everyone else", () => {
  const text = backendTraffic(
    local(
      { clientSelectors: [{ headers: [{ name: "x-user", type: "Distinct" }] }], ...perHour(1) },
      { clientSelectors: [{ headers: [{ name: "x-plan", value: "free" }] }], ...perHour(2) },
      {
        clientSelectors: [
          { path: { type: "PathPrefix", value: "/admin" }, methods: [{ value: "POST" }] },
        ],
        ...perHour(1),
      },
      perHour(3),
    ),
  );
  const user = (name: string) => atEdge({ headers: [header("x-user", name)] });
  const free = atEdge({ headers: [header("x-plan", "free")] });
  const admin = atEdge({ path: "/admin/x", method: "POST" });
  const requests = [
    ...[user("a"), user("a"), user("b")],
    ...times(3, free),
    ...times(2, admin),
    ...times(4, atEdge({ path: "/admin" })),
  ];
  const pair = beforeAndAfter(text, [backendTrafficModel]);
  const answers = (decider: BeforeAndAfter["old"]) =>
    requests.map((request) => decider.decide(request).refusal?.status ?? 200);
  const wanted = [200, 429, 200, 200, 200, 429, 200, 429, 200, 200, 200, 429];
  assert.deepEqual(answers(pair.old), wanted);
  assert.deepEqual(answers(pair.next), wanted);
  assert.equal(pair.documents.length, 1);
  pair.close();
});

for (const [what, spec, reason] of [
  [
    "a route",
    {
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "r" }],
      ...local(perHour(1)),
    },
    /HTTPRoute has conditions of its own/,
  ],
  ["a service", { rateLimit: { type: "Global", global: { rules: [] } } }, /rate limit service/],
  ["more than limits", { ...local(perHour(1)), retry: {} }, /is not modelled \(spec.retry\)/],
  [
    "several selectors",
    local({ clientSelectors: [{ headers: [] }, { headers: [] }], ...perHour(1) }),
    /several of them/,
  ],
] as const) {
  test(`BackendTrafficPolicy: ${what} stays native`, () => {
    const pair = beforeAndAfter(backendTraffic(spec), [backendTrafficModel]);
    assert.deepEqual(pair.documents, []);
    assert.match(pair.notes.join("\n"), reason);
    pair.close();
  });
}

test("240 random forms of local_ratelimit: none is weaker, and none is stricter without a word", () => {
  const counts = { migrated: 0, same: 0, stricter: 0 };
  for (let seed = 1; seed <= 240; seed++) {
    const { config } = randomForm(seed);
    const pair = beforeAndAfter(envoyFilter(config), rateLimitModels);
    if (pair.documents.length > 0) counts.migrated++;
    for (const [step, request] of randomRequests(new Random(seed), 60).entries()) {
      const row = compareOne(request, pair.old.decide(request), pair.next.decide(request));
      const what = `seed ${seed}, request ${step}: ${row.what}\n${JSON.stringify(request)}\n${pair.notes.join("\n")}`;
      assert.ok(row.outcome === "same" || row.outcome === "stricter", what);
      if (row.outcome === "stricter") {
        // An example of the proof names nothing: what differs must be said in words.
        assert.match(pair.notes.join("\n"), /stricter: (?!one bucket for all|[A-Z]+ )/, what);
        counts.stricter++;
        // The buckets differ from here on.
        break;
      }
      counts.same++;
    }
    pair.close();
  }
  assert.ok(counts.migrated > 120, JSON.stringify(counts));
  assert.ok(counts.same > 6400, JSON.stringify(counts));
});
