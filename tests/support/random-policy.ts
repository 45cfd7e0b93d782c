// Settings files at random, with everything that changes what is rendered: placements, image forms,
// variables, called hosts, schedules and traffic.
import type { Random } from "./random.ts";

type Fields = Record<string, unknown>;

const maybe = (random: Random, fields: Fields): Fields => (random.next() < 0.5 ? fields : {});

const hosts = [
  "idp.example.com",
  "IdP.Example.com",
  "keys.example.net:8443",
  "keys.shop.svc.cluster.local",
  "keys.svc.example.org",
  "keys",
  "10.1.2.3",
  "keys.local",
];

function placement(random: Random): Fields {
  const selector = { app: random.one(["shop", "cart"]), "istio.io/rev": "1-31" };
  const ports = maybe(random, { ports: random.one([[8080], [443, 8443]]) });
  const references = random.one([
    [{ kind: "Service", name: "shop" }],
    [
      { kind: "Gateway", name: "public" },
      { group: "gateway.networking.k8s.io", kind: "GatewayClass", name: "istio-waypoint" },
      { kind: "ServiceEntry", name: "outside" },
    ],
  ]);
  return random.one<() => Fields>([
    () => ({ gateway: { selector, ...ports } }),
    () => ({ sidecar: {} }),
    () => ({
      sidecar: {
        ...maybe(random, { selector }),
        ...maybe(random, { direction: random.one(["inbound", "outbound", "both"]) }),
        ...ports,
      },
    }),
    () => ({ waypoint: { targetRefs: references } }),
    () => ({ targetRefs: references }),
  ])();
}

function image(random: Random, isOneMode: boolean): Fields {
  const digest = `sha256:${random.bytes(32).toString("hex")}`;
  const place = random.one<Fields>([
    { repository: "registry.example.com/gatehouse" },
    { repository: "oci://registry.example.com/gatehouse/" },
    { url: "https://files.example.com/{filter}.wasm" },
    { url: "file:///var/lib/{filter}/{filter}.wasm" },
  ]);
  return {
    ...place,
    ...maybe(random, { form: random.one(["image", "artifact"]) }),
    ...maybe(random, { digests: { "jwt-auth": digest, edge: digest } }),
    ...maybe(random, { pullPolicy: "Always" }),
    ...maybe(random, { pullSecret: "login" }),
    ...(isOneMode && random.next() < 0.3 && { bundle: true }),
  };
}

function provider(random: Random, name: string): Fields {
  const host = random.one(hosts);
  const scheme = random.one(["https", "http"]);
  const keys = random.one<Fields>([
    { jwksUri: `${scheme}://${host}/keys?of=us` },
    { jwksUri: `${scheme}://${host}`, jwksCluster: "outbound|9443|v1|proxy.example.com" },
    { jwksUri: `${scheme}://${host}/`, jwksCluster: "hand-made" },
    { discovery: true },
    { algorithms: ["HS256"], secretFromEnv: random.one(["KEY_B", "KEY_A", "KEY_C"]) },
  ]);
  return { name, issuer: `${scheme}://${host}/realm`, audiences: ["api"], ...keys };
}

function sink(random: Random): Fields {
  const cluster = random.one([
    "outbound|443||logs.example.com",
    "outbound|4318||logs.example.com",
    "outbound|4318||otel.observability.svc.cluster.local",
    "logs",
  ]);
  const token = maybe(random, {
    headers: [{ name: "x-key", valueFromEnv: random.one(["LOG_KEY", "KEY_A"]) }],
  });
  return { http: { cluster, path: "/v1/logs", authority: "logs.example.com", ...token } };
}

function split(random: Random, names: string[]): Fields {
  const first = random.below(101);
  const parts = names.map((name, at) => [name, at === 0 ? first : at === 1 ? 100 - first : 0]);
  return Object.fromEntries(random.next() < 0.5 ? parts : parts.reverse()) as Fields;
}

function canary(random: Random, names: string[]): Fields {
  const isWeighted = random.next() < 0.3;
  const weights = Object.fromEntries(names.map((name) => [name, 1 + random.below(5)]));
  const parts = () => (isWeighted ? { weights } : { split: split(random, names) });
  const steps = [
    { at: "2026-02-01T00:00:00Z", ...parts() },
    { after: random.one(["10m", "1h30m", "90s", "1.5h", "500ms"]), ...parts() },
    { after: "100h", ...parts() },
  ];
  const chosen = steps.slice(random.below(3));
  return {
    name: "shop",
    ...parts(),
    ...maybe(random, { header: "X-Release" }),
    ...maybe(random, { base: random.one(names) }),
    ...maybe(random, { schedule: chosen }),
    ...maybe(random, { variants: [{ name: names[1], match: [{ method: { exact: "GET" } }] }] }),
  };
}

function variant(random: Random, name: string): Fields {
  const labels = {
    labels: { version: name },
    ...maybe(random, { trafficPolicy: { tls: { mode: "DISABLE" } } }),
  };
  return {
    ...random.one<Fields>([labels, { subset: `set-${name}` }, { ...labels, subset: "own" }, {}]),
    ...maybe(random, { host: random.one(["shop-b", "shop-c.example.com"]) }),
    ...maybe(random, { port: 8080 }),
    ...maybe(random, { http: { timeout: "3s" } }),
    ...maybe(random, { headers: { request: { set: { "x-to": name } } } }),
  };
}

function traffic(random: Random, names: string[]): Fields {
  const rules = [
    { match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/new" } },
    {
      variants: random.next() < 0.5 ? names : [...names].reverse(),
      retries: { attempts: 2 },
      ...maybe(random, { name: "main" }),
      ...maybe(random, {
        match: [{ uri: { prefix: "/" }, headers: { "x-a": { exact: "1" } } }, { port: 80 }],
      }),
    },
    { route: [{ destination: { host: "rest" } }] },
  ];
  return {
    route: "shop",
    hosts: ["shop", "shop.example.com"],
    variants: Object.fromEntries(names.map((name) => [name, variant(random, name)])),
    ...random.one<Fields>([
      { rules },
      { first: rules.slice(0, 1), http: { timeout: "10s", retries: { attempts: 3 } } },
      {},
    ]),
    ...maybe(random, { name: "shop-routes", namespace: "elsewhere" }),
    ...maybe(random, { gateways: ["mesh", "istio-system/main"] }),
    ...maybe(random, { exportTo: ["."] }),
    ...maybe(random, { host: "shop.shop.svc.cluster.local" }),
    ...maybe(random, { port: 9090, trafficPolicy: { loadBalancer: { simple: "RANDOM" } } }),
    ...maybe(random, { tcp: [{ route: [{ destination: { host: "db" } }] }] }),
    ...maybe(random, {
      tls: [{ match: [{ sniHosts: ["shop"] }], route: [{ destination: { host: "t" } }] }],
    }),
  };
}

/** A settings file that the tool accepts. */
export function randomPolicy(random: Random, name: string): Fields {
  const names = random.one([
    ["stable", "canary"],
    ["a", "b", "c"],
  ]);
  const where = placement(random);
  // Only where all filters run on the same listeners can one module hold them.
  const isOneMode = !("sidecar" in where);
  const limiter = random.one([
    "outbound|8081||limits.example.com",
    "outbound|443||idp.example.com",
  ]);
  const filters: Fields = {
    "access-log": { format: { text: "%RESPONSE_CODE%\n" }, sinks: [sink(random), sink(random)] },
    "jwt-auth": { providers: [provider(random, "one"), provider(random, "two")] },
    "rate-limit": {
      limits: [
        { name: "all", tokenBucket: { maxTokens: 1000000, tokensPerFill: 1, fillInterval: "1s" } },
      ],
      ...maybe(random, { global: { cluster: limiter, domain: "edge" } }),
      ...maybe(random, { instance: "shared" }),
    },
    canary: { routes: [canary(random, names)] },
  };
  const chosen = Object.entries(filters).filter(() => random.next() < 0.7);
  const hasCanary = chosen.some(([filter]) => filter === "canary");
  return {
    apiVersion: "gatehouse.dev/v1",
    kind: "Policy",
    metadata: {
      name,
      ...maybe(random, { namespace: "shop" }),
      ...maybe(random, { labels: { team: "edge", "app.kubernetes.io/managed-by": "somebody" } }),
    },
    spec: {
      placement: where,
      image: image(random, isOneMode),
      env: [
        { name: "KEY_A", value: "a" },
        { name: "KEY_B", valueFrom: "HOST" },
        ...(random.next() < 0.5 ? [{ name: "LOG_KEY", value: "b", valueFrom: "INLINE" }] : []),
      ],
      ...(chosen.length > 0 ? Object.fromEntries(chosen) : { "jwt-auth": filters["jwt-auth"] }),
      ...(hasCanary && random.next() < 0.7 && { traffic: [traffic(random, names)] }),
    },
  };
}
