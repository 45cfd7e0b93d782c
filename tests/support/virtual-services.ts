// Random VirtualServices, and requests that tell their rules apart: at a gateway, and from callers
// in the mesh.
import { Random } from "../../deploy/compare/random.ts";
import type { Header, NativeRequest } from "../../deploy/native/types.ts";

const hosts = ["shop.example.com", "*.example.com", "reviews", "reviews.shop.svc.cluster.local"];
const paths = ["/", "/api", "/api/v2", "/cart", "/API"];
const texts: Record<string, string[]> = {
  "x-canary": ["true", "false", "truex"],
  "user-agent": ["Mobile", "a Mobile b", "curl"],
  cookie: ["user=dev", "a=b; user=dev", "user=prod"],
};
const agents = Object.keys(texts);

/** One VirtualService in namespace `shop`, as plain data. */
export function randomVirtualService(random: Random, name = "reviews"): any {
  const isGateway = random.chance(0.5);
  const gateways = isGateway
    ? random.pick([
        ["istio-system/public"],
        ["istio-system/public", "mesh"],
        ["mesh", "istio-system/public"],
      ])
    : undefined;
  const rules = Array.from({ length: 1 + random.below(5) }, (_, at) => rule(random, at));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "shop" },
    spec: {
      hosts: random.some(hosts, 1, 2),
      ...(gateways && { gateways }),
      ...(random.chance(0.2) && { exportTo: random.pick([["."], ["*"], ["shop", "other"]]) }),
      http: rules,
    },
  };
}

function rule(random: Random, at: number): any {
  const made: any = {};
  if (random.chance(0.4)) made.name = `rule-${at}`;
  if (random.chance(0.65))
    made.match = Array.from({ length: random.pick([1, 1, 1, 2]) }, () => match(random));
  if (random.chance(0.07)) return { ...made, redirect: { uri: "/moved" } };
  if (random.chance(0.07)) return { ...made, directResponse: { status: 503 } };
  const count = random.pick([1, 1, 2, 2, 3]);
  const weights = random.pick([
    [90, 10, 0],
    [1, 1, 1],
    [100, 0, 0],
    [50, 25, 25],
    [2, 5, 1],
  ]);
  made.route = Array.from({ length: count }, (_, place) => ({
    destination: destination(random, place),
    ...(count > 1 && { weight: weights[place] }),
    ...(random.chance(0.1) && { headers: { request: { set: { "x-to": String(place) } } } }),
  }));
  if (random.chance(0.25)) made.timeout = random.pick(["1s", "5s"]);
  if (random.chance(0.15)) made.retries = { attempts: 1 + random.below(3) };
  if (random.chance(0.15)) made.rewrite = { uri: random.pick(["/", "/v1"]) };
  return made;
}

function destination(random: Random, place: number): any {
  const subset = random.chance(0.8) ? { subset: `v${1 + place}` } : {};
  return {
    host: random.pick(["reviews", "reviews", "ratings"]),
    ...subset,
    ...(random.chance(0.2) && { port: { number: 9080 } }),
  };
}

function match(random: Random): any {
  const made: any = {};
  if (random.chance(0.45)) made.uri = text(random, paths);
  if (made.uri && random.chance(0.2)) made.ignoreUriCase = true;
  if (random.chance(0.4)) made.headers = { [random.pick(agents)]: {} };
  for (const name of Object.keys(made.headers ?? {}))
    made.headers[name] = text(random, texts[name]!);
  if (random.chance(0.12)) {
    const name = random.pick(agents);
    made.withoutHeaders = { [name]: random.chance(0.3) ? {} : text(random, texts[name]!) };
  }
  if (random.chance(0.1)) made.method = { exact: random.pick(["GET", "POST"]) };
  if (random.chance(0.1))
    made.queryParams = { beta: random.pick([{ exact: "1" }, { regex: "[0-9]+" }, {}]) };
  if (random.chance(0.08)) made.port = random.pick([80, 9080]);
  if (random.chance(0.08)) made.sourceLabels = { app: random.pick(["web", "batch"]) };
  if (random.chance(0.06)) made.sourceNamespace = random.pick(["shop", "other"]);
  if (random.chance(0.08)) made.gateways = random.pick([["mesh"], ["istio-system/public"]]);
  return Object.keys(made).length > 0 ? made : { uri: { prefix: "/" } };
}

function text(random: Random, from: readonly string[]): any {
  const value = random.pick(from);
  return random.pick([
    { exact: value },
    { exact: value },
    { prefix: value.slice(0, 4) },
    { regex: `.*${value.replace(/[/.;=]/g, "\\$&")}.*` },
  ]);
}

export function randomRouteRequest(random: Random): NativeRequest {
  const isGateway = random.chance(0.5);
  const headers: Header[] = agents
    .filter(() => random.chance(0.5))
    .map((name) => [name, random.pick(texts[name]!)]);
  // What the filter would answer: nobody may choose it.
  if (random.chance(0.1)) headers.push(["x-variant", random.pick(["v1", "v2", "v3"])]);
  const query = random.pick(["", "", "?beta=1", "?beta=x"]);
  return {
    method: random.chance(0.8) ? "GET" : "POST",
    scheme: "http",
    host: random.pick([
      "shop.example.com",
      "www.example.com",
      "reviews",
      "reviews.shop",
      "else.org",
    ]),
    path: `${random.pick(paths)}${query}`,
    headers,
    source: { direct: "10.1.0.1", remote: "10.1.0.1" },
    destination: { address: "10.9.9.9", port: random.pick([80, 80, 9080]) },
    direction: "outbound",
    workload: isGateway
      ? {
          namespace: "istio-system",
          labels: { istio: "ingressgateway" },
          kind: "gateway",
          gateways: ["istio-system/public"],
        }
      : {
          namespace: random.pick(["shop", "other"]),
          labels: { app: random.pick(["web", "batch"]) },
          kind: "sidecar",
        },
    timeMillis: 0,
    tokens: [],
  };
}

/**
 * The same rules where other hosts, gateways and destinations are: every text is looked up in
 * `names`.
 */
export function renamed(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return names[value] ?? value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, renamed(inner, names)]),
  );
}

/** The Gateway that the VirtualServices name. */
export const publicGateway = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: "public", namespace: "istio-system" },
  spec: {
    selector: { istio: "ingressgateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
  },
};
