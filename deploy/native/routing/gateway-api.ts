// Where a Gateway API gateway sends a request, as istiod configures it from HTTPRoutes and
// GRPCRoutes (istio/istio pilot/pkg/config/kube/gateway/conversion.go): the most special match
// decides, not the first.
import type { Manifest } from "../../core/source.ts";
import { canonicalText } from "../canonical.ts";
import { lookupIn } from "../envoy/headers.ts";
import { Message, Unmodelled } from "../envoy/message.ts";
import { queryOf } from "../envoy/query.ts";
import { escapedRegex, wholeMatch } from "../envoy/regex.ts";
import type { StringMatcher } from "../envoy/string-matcher.ts";
import type { Exchange, Gap, NativeModel, NativeRequest, Refusal } from "../types.ts";
import { fitOf } from "./hosts.ts";
import { meetsRequest } from "./match.ts";
import type { RequestMatch } from "./match.ts";
import { applyRule } from "./apply.ts";
import type { Rule } from "./virtual-service.ts";

const gatewayApi = "gateway.networking.k8s.io";

/**
 * One match of a rule, with what sorts it. The larger in the first figure that differs comes first.
 */
interface Row {
  match: RequestMatch;
  rule: Rule;
  order: readonly number[];
}

/** One HTTPRoute or GRPCRoute. */
interface GatewayRoute {
  manifest: Manifest;
  parents: { name: string; namespace: string }[];
  /** `*` for a route that names no host. */
  hosts: string[];
  rows: Row[];
}

export const gatewayRouteModel: NativeModel = {
  name: "gateway routes",
  order: 1000,
  compile(resources) {
    const routes = routesIn(resources).flatMap((manifest) => {
      const read = readOrGap(manifest);
      return read instanceof Unmodelled ? [] : [read];
    });
    return (exchange) => decide(exchange, routes);
  },
  gaps(resources) {
    return routesIn(resources).flatMap((manifest): Gap[] => {
      const read = readOrGap(manifest);
      return read instanceof Unmodelled ? [{ manifest, path: read.path, why: read.message }] : [];
    });
  },
};

function routesIn(resources: readonly Manifest[]): Manifest[] {
  return resources.filter(
    ({ kind, group }) => group === gatewayApi && (kind === "HTTPRoute" || kind === "GRPCRoute"),
  );
}

function readOrGap(manifest: Manifest): GatewayRoute | Unmodelled {
  try {
    return readRoute(manifest);
  } catch (cause) {
    if (cause instanceof Unmodelled) return cause;
    throw cause;
  }
}

function decide(exchange: Exchange, routes: readonly GatewayRoute[]): Refusal | undefined {
  const { request } = exchange;
  const here = routes.filter((route) => isAt(route, request));
  const host = bestHost(here, request);
  if (host === undefined) return undefined;
  const rows = here
    .filter(({ hosts }) => hosts.includes(host))
    .flatMap((route) => route.rows)
    .sort((a, b) => compared(a.order, b.order));
  const facts = { header: lookupIn(exchange), query: queryOf(exchange.path), path: exchange.path };
  const found = rows.find(({ match }) => meetsRequest(match, facts));
  if (!found) return { status: 404, reason: `no route of ${host} matches` };
  applyRule(exchange, found.rule);
  return undefined;
}

function isAt({ parents }: GatewayRoute, { workload }: NativeRequest): boolean {
  return (
    workload.kind === "gateway" &&
    parents.some(
      ({ name, namespace }) => name === workload.gateway && namespace === workload.namespace,
    )
  );
}

function bestHost(routes: readonly GatewayRoute[], request: NativeRequest): string | undefined {
  let [best, fit] = [undefined as string | undefined, 0];
  for (const { hosts, manifest } of routes)
    for (const host of hosts) {
      const found = fitOf(host, manifest.namespace, request);
      if (found > fit) [best, fit] = [host, found];
    }
  return best;
}

function compared(a: readonly number[], b: readonly number[]): number {
  for (const [at, figure] of a.entries()) if (figure !== b[at]) return b[at]! - figure;
  return 0;
}

function readRoute(manifest: Manifest): GatewayRoute {
  const spec = new Message(manifest.at("spec") ?? {}, ["spec"]);
  const hostnames = spec.get("hostnames");
  const rules = spec.list("rules");
  const isGrpc = manifest.kind === "GRPCRoute";
  return {
    manifest,
    parents: spec.list("parentRefs").map((parent) => readParent(parent, manifest)),
    hosts: Array.isArray(hostnames) && hostnames.length > 0 ? hostnames.map(String) : ["*"],
    rows: rules.flatMap((rule, at) => readRule(rule, at, manifest, isGrpc)),
  };
}

function readParent(parent: Message, { namespace }: Manifest): GatewayRoute["parents"][number] {
  if (parent.text("kind", "Gateway") !== "Gateway")
    throw parent.refuse("kind", "routes of the mesh itself are not modelled");
  return { name: parent.text("name"), namespace: parent.text("namespace", namespace) };
}

/** What a rule does besides, as it is written. */
const optionFields = ["filters", "timeouts", "retry", "sessionPersistence"];

function readRule(message: Message, at: number, manifest: Manifest, isGrpc: boolean): Row[] {
  message.get("name");
  const refs = message.list("backendRefs");
  const options = Object.fromEntries(
    optionFields.flatMap((name) => (message.has(name) ? [[name, message.get(name)]] : [])),
  );
  const destinations = refs.map((ref) => {
    ref.get("group");
    if (ref.text("kind", "Service") !== "Service") throw ref.refuse("kind", "is no Service");
    const port = ref.whole("port");
    const read = {
      host: `${ref.text("name")}.${ref.text("namespace", manifest.namespace)}`,
      ...(port !== undefined && { port }),
      weight: ref.whole("weight") ?? 1,
      // Two destinations with other filters are two answers.
      ...(ref.has("filters") && { filters: canonicalText(ref.get("filters")) }),
    };
    ref.done();
    return read;
  });
  const serving = destinations.filter(({ weight }) => weight > 0);
  const rule: Rule = {
    at,
    matches: [],
    destinations: serving,
    // Without a backend that gets requests: a redirect, or 500.
    ...(serving.length === 0 && { answer: canonicalText(options) }),
    options: canonicalText(options),
  };
  const matches = message.list("matches");
  message.done();
  const read = matches.map((match) => (isGrpc ? readGrpcMatch(match) : readHttpMatch(match)));
  const everything = { match: { headers: [], query: [] }, order: [-1, 0, 0, 0, 0] };
  return (read.length > 0 ? read : [everything]).map((one) => ({ ...one, rule }));
}

type Match = Pick<Row, "match" | "order">;

function readHttpMatch(message: Message): Match {
  const path = message.message("path");
  const { matcher, order } = path ? readPath(path) : prefixMatcher("/");
  const method = message.text("method");
  const headers = pairsOf(message, "headers");
  const query = pairsOf(message, "queryParams");
  message.done();
  return matchOf(matcher, order, method, headers, query);
}

function readPath(path: Message): { matcher?: StringMatcher; order: number[] } {
  const type = path.text("type", "PathPrefix");
  const value = path.text("value", "/");
  path.done();
  if (type === "PathPrefix") return prefixMatcher(value);
  if (type === "Exact") return { matcher: text("exact", value), order: [3, value.length] };
  if (type !== "RegularExpression") throw path.refuse("type", `${type} is not modelled`);
  return { matcher: readRegex(path, value), order: [1, value.length] };
}

/** Whole segments: `/a` takes `/a` and `/a/b`, and not `/ab`. */
function prefixMatcher(value: string): { matcher?: StringMatcher; order: number[] } {
  if (value === "/") return { order: [2, 1] };
  const bare = value.replace(/\/$/, "");
  return {
    matcher: text("regex", `${escapedRegex(bare)}(/.*)?`),
    order: [2, bare.length],
  };
}

function readGrpcMatch(message: Message): Match {
  const method = message.message("method");
  const { matcher, order } = method ? readMethod(method) : { matcher: undefined, order: [-1, 0] };
  const headers = pairsOf(message, "headers");
  message.done();
  return matchOf(matcher, order, "", headers, []);
}

function readMethod(method: Message): { matcher?: StringMatcher; order: number[] } {
  const type = method.text("type", "Exact");
  const [service, name] = [method.text("service"), method.text("method")];
  method.done();
  if (type !== "Exact") throw method.refuse("type", `${type} is not modelled`);
  if (name === "") return prefixMatcher(`/${service}`);
  if (service !== "") {
    const path = `/${service}/${name}`;
    return { matcher: text("exact", path), order: [3, path.length] };
  }
  const regex = `/[^/]+/${name}`;
  return { matcher: text("regex", regex), order: [1, regex.length] };
}

interface Pair {
  name: string;
  matcher: StringMatcher;
}

function pairsOf(message: Message, field: string): Pair[] {
  const pairs = message.list(field).map((pair): Pair => {
    const type = pair.text("type", "Exact");
    const [name, value] = [pair.text("name"), pair.text("value")];
    pair.done();
    if (type === "Exact") return { name, matcher: text("exact", value) };
    if (type !== "RegularExpression") throw pair.refuse("type", `${type} is not modelled`);
    return { name, matcher: readRegex(pair, value) };
  });
  const names = pairs.map(({ name }) => name.toLowerCase());
  if (new Set(names).size < names.length) throw message.refuse(field, "names one of them twice");
  return pairs;
}

function readRegex(message: Message, value: string): StringMatcher {
  if (!wholeMatch(value))
    throw message.refuse("value", "is not an expression that can be modelled");
  return text("regex", value);
}

function text(kind: StringMatcher["kind"], value: string): StringMatcher {
  return { kind, text: value, ignoreCase: false };
}

function matchOf(
  path: StringMatcher | undefined,
  order: readonly number[],
  method: string,
  headers: readonly Pair[],
  query: readonly Pair[],
): Match {
  const tested = [
    ...headers,
    ...(method === "" ? [] : [{ name: ":method", matcher: text("exact", method) }]),
  ];
  return {
    match: {
      ...(path && { path }),
      headers: tested.map(({ name, matcher }) => ({
        name: name.toLowerCase(),
        test: { kind: "text", text: matcher },
        invert: false,
        missingIsEmpty: false,
      })),
      query: query.map(({ name, matcher }) => ({ name, text: matcher, absent: false })),
    },
    order: [...order, method === "" ? 0 : 1, headers.length, query.length],
  };
}
