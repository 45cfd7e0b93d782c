// EnvoyFilter: how a patch, its match and what it applies to go together. Whether the value is a
// configuration of Envoy is not checked here: that takes all of Envoy's types.
import { syntaxProblem } from "./expression.ts";
import type { Field } from "./field.ts";
import { checkWorkloadSelector } from "./selector.ts";

const connectionManagers = [
  "envoy.filters.network.http_connection_manager",
  "envoy.http_connection_manager",
];
const versionCharactersMax = 1024;
const listenerParts = ["LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"];
const routeParts = ["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"];

export function checkEnvoyFilter(spec: Field): void {
  checkWorkloadSelector(spec);
  for (const patch of spec.items("configPatches")) checkPatch(patch);
}

function checkPatch(entry: Field): void {
  const match = entry.at("match");
  if (match.at("context").text === "WAYPOINT") return;
  const applyTo = entry.at("applyTo");
  const patch = entry.at("patch");
  const operation = patch.at("operation").text;
  if (["", "INVALID"].includes(applyTo.text)) return entry.refuse("applyTo is missing");
  if (!patch.isSet) return entry.refuse("patch is missing");
  if (["", "INVALID"].includes(operation)) return patch.refuse("operation is missing");
  if (operation !== "REMOVE" && !patch.has("value"))
    return patch.refuse("value is missing", "set value, or write operation: REMOVE");
  if (!isVersionGood(match.at("proxy", "proxyVersion"))) return;
  const kind = match.firstSet("listener", "routeConfiguration", "cluster", "waypoint");
  if (!kind) return;
  const wanted = wantedMatch(applyTo.text);
  if (wanted && !match.has(wanted))
    return kind.refuse(`${applyTo.text} is not found by this match`, `write ${wanted}`);
  if (wanted === "listener") checkFilter(match.at("listener", "filterChain", "filter"), applyTo);
}

function wantedMatch(applyTo: string): string | undefined {
  if (listenerParts.includes(applyTo)) return "listener";
  if (routeParts.includes(applyTo)) return "routeConfiguration";
  return applyTo === "CLUSTER" ? "cluster" : undefined;
}

/** Istio ignores a version that is longer. */
function isVersionGood(version: Field): boolean {
  const isIgnored = version.text === "" || version.text.length > versionCharactersMax;
  const problem = isIgnored ? undefined : syntaxProblem(version.text);
  version.check(problem);
  return problem === undefined;
}

function checkFilter(filter: Field, applyTo: Field): void {
  if (!filter.isSet) return;
  const name = filter.at("name");
  const inner = filter.at("subFilter");
  if (name.text === "") return filter.refuse("the match has no name of a filter", "set name");
  if (!inner.isSet) return;
  if (applyTo.text !== "HTTP_FILTER")
    return inner.refuse("a subFilter is for HTTP_FILTER only", "remove subFilter");
  if (!connectionManagers.includes(name.text))
    return name.refuse(
      "a subFilter lies in the connection manager",
      `write ${connectionManagers[0]}`,
    );
  if (inner.at("name").text === "") inner.refuse("the match has no name of a filter", "set name");
}
