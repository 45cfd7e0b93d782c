// VirtualServices as Envoy's own routes: as much of istiod's translation as the manifests of a
// demo need. Throws at what it does not know, so that nothing is shown that the mesh would do
// otherwise.
import type { Json } from "../../envoy/bootstrap.ts";
import { ToolError } from "../core/problem.ts";
import { at, fieldsOf, listOf, mapsOf, textAt } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import type { Routing } from "../try/route.ts";

/** A place that requests go to, and the name of its cluster, which is Istio's. */
export interface Destination {
  cluster: string;
  host: string;
  subset?: string;
}

const known = ["name", "match", "route", "timeout", "retries"];

/** One virtual host for each VirtualService, and every destination that they name. */
export function envoyRoutes(routing: Routing): {
  virtualHosts: Json[];
  destinations: Destination[];
} {
  const destinations = new Map<string, Destination>();
  if (routing.length === 0) return anywhere();
  const virtualHosts = routing.map(({ title, spec }) => ({
    name: title,
    domains: listOf(spec.hosts)
      .map(String)
      .flatMap((host) => (host === "*" ? ["*"] : [host, `${host}:*`])),
    routes: mapsOf(spec.http).flatMap((rule) => routesOf(title, rule, destinations)),
  }));
  return { virtualHosts, destinations: [...destinations.values()] };
}

/** Without a VirtualService there is one service, and everything goes to it. */
function anywhere(): { virtualHosts: Json[]; destinations: Destination[] } {
  const destination = { cluster: "outbound|80||service", host: "service" };
  const route = { match: { prefix: "/" }, route: { cluster: destination.cluster } };
  return {
    virtualHosts: [{ name: "all", domains: ["*"], routes: [route] }],
    destinations: [destination],
  };
}

/** A list of matches is an "or": a route for each. */
function routesOf(title: string, rule: Fields, destinations: Map<string, Destination>): Json[] {
  const unknown = Object.keys(rule).find((key) => !known.includes(key));
  if (unknown)
    throw new ToolError(
      "invalid",
      `${title}: the demo does not know "${unknown}" of a route; try answers it without a proxy`,
    );
  const weighted = mapsOf(rule.route).map(({ destination, weight }) => {
    const host = textAt(destination, "host") ?? "";
    const subset = textAt(destination, "subset") ?? "";
    const port = Number(at(destination, "port", "number") ?? 80);
    const cluster = `outbound|${port}|${subset}|${host}`;
    destinations.set(cluster, { cluster, host, ...(subset && { subset }) });
    return { name: cluster, weight: Number(weight ?? 100) };
  });
  const action: Json =
    weighted.length === 1
      ? { cluster: weighted[0]!.name }
      : { weighted_clusters: { clusters: weighted } };
  if (rule.timeout) action.timeout = rule.timeout;
  if (rule.retries) action.retry_policy = retryPolicy(fieldsOf(rule.retries));
  const matches = mapsOf(rule.match);
  return (matches.length > 0 ? matches : [{}]).map((match) => ({
    match: routeMatch(title, match),
    route: action,
  }));
}

function retryPolicy({ attempts, perTryTimeout, retryOn }: Fields): Json {
  return {
    num_retries: attempts ?? 2,
    ...(perTryTimeout !== undefined && { per_try_timeout: perTryTimeout }),
    ...(retryOn !== undefined && { retry_on: retryOn }),
  };
}

const pseudoHeaders: Record<string, string> = {
  method: ":method",
  authority: ":authority",
  scheme: ":scheme",
};

function routeMatch(title: string, match: Fields): Json {
  const headers: Json[] = [];
  const made: Json = { prefix: "/" };
  for (const [key, value] of Object.entries(match)) {
    if (key === "uri") Object.assign(made, pathMatch(fieldsOf(value)));
    else if (key in pseudoHeaders)
      headers.push({ name: pseudoHeaders[key], string_match: stringMatch(fieldsOf(value)) });
    else if (key === "headers" || key === "withoutHeaders")
      for (const [name, one] of Object.entries(fieldsOf(value)))
        headers.push({
          ...headerMatch(name, fieldsOf(one)),
          ...(key === "withoutHeaders" && { invert_match: true }),
        });
    else if (key !== "name")
      throw new ToolError(
        "invalid",
        `${title}: the demo does not know "${key}" of a match; try answers it without a proxy`,
      );
  }
  if ("path" in made || "safe_regex" in made) delete made.prefix;
  return { ...made, ...(headers.length > 0 && { headers }) };
}

function pathMatch({ exact, prefix, regex }: Fields): Json {
  if (exact !== undefined) return { path: exact };
  return prefix !== undefined ? { prefix } : { safe_regex: { regex } };
}

function headerMatch(name: string, match: Fields): Json {
  return Object.keys(match).length === 0
    ? { name, present_match: true }
    : { name, string_match: stringMatch(match) };
}

function stringMatch({ exact, prefix, regex }: Fields): Json {
  if (exact !== undefined) return { exact };
  return prefix !== undefined ? { prefix } : { safe_regex: { regex } };
}
