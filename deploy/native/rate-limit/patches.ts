// What EnvoyFilters say about local rate limits: the filter itself, what routes put in its place,
// and the actions of routes. Knows where each applies (istio/istio
// pilot/pkg/networking/core/envoyfilter).
import type { Manifest, Path } from "../../core/source.ts";
import { at, mapsOf, textAt } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";
import { Message } from "../envoy/message.ts";

export const filterName = "envoy.filters.http.local_ratelimit";

export type PatchContext = "ANY" | "GATEWAY" | "SIDECAR_INBOUND" | "SIDECAR_OUTBOUND";

/** Where a patch applies, beyond the proxies that its EnvoyFilter selects. */
export interface PatchPlace {
  context: PatchContext;
  /** The listener's port; inbound it is the port that the workload binds. */
  listenerPort?: number;
  /** Of `inbound|http|9080`: the port of the Service. */
  servicePort?: number;
  /** The host of a virtual host `host:port`. */
  host?: string;
  /** `proxyVersion`: only some proxies, of which a file cannot tell. */
  proxyVersion?: Path;
}

/** `first`: before authentication and authorization. `last`: after both, before the router. */
export type Position = "first" | "last";

export type LimiterPatch = {
  manifest: Manifest;
  /** `spec.configPatches[n]`. */
  path: Path;
  place: PatchPlace;
} & (
  | { kind: "filter"; name: string; config: Message; position: Position }
  | { kind: "override"; name: string; config: Message; level: "route" | "host" | "table" }
  | { kind: "actions"; limits: Message[]; level: "route" | "host" }
);

const applyLevels: Record<string, "route" | "host" | "table"> = {
  HTTP_ROUTE: "route",
  VIRTUAL_HOST: "host",
  ROUTE_CONFIGURATION: "table",
};

/** True for an EnvoyFilter that says anything about local rate limits. */
export function concernsLimits({ value }: { value?: unknown }): boolean {
  return mapsOf(at(value, "spec", "configPatches")).some(isAboutLimits);
}

/** True for one patch of them. */
export function isAboutLimits(patch: Fields): boolean {
  const text = JSON.stringify(at(patch, "patch", "value") ?? {});
  const isRouteLevel = patch.applyTo === "HTTP_ROUTE" || patch.applyTo === "VIRTUAL_HOST";
  return (
    /filters\.http\.local_ratelimit/.test(text) || (isRouteLevel && /"rate_?[lL]imits":/.test(text))
  );
}

/**
 * Every patch that is about local rate limits. Throws Unmodelled where one cannot be understood.
 */
export function patchesOf(manifest: Manifest): LimiterPatch[] {
  return mapsOf(at(manifest.value, "spec", "configPatches")).flatMap((value, index) => {
    const path: Path = ["spec", "configPatches", index];
    return !isAboutLimits(value) ? [] : patchOf(manifest, new Message(value, path), path);
  });
}

function patchOf(manifest: Manifest, message: Message, path: Path): LimiterPatch[] {
  const applyTo = message.text("applyTo");
  const patch = message.message("patch");
  const value = patch?.message("value");
  const operation = patch?.text("operation", "MERGE") ?? "MERGE";
  if (!patch || !value) return [];
  const place = placeOf(message.message("match"));
  const common = { manifest, path, place };
  if (applyTo === "HTTP_FILTER") {
    if (!/^(ADD|INSERT_BEFORE|INSERT_AFTER|INSERT_FIRST)$/.test(operation))
      throw patch.refuse("operation", `${operation} of a filter that another one inserts`);
    const config = configIn(value, "typed_config");
    if (!config) return [];
    const position = positionOf(patch, operation, anchorOf(manifest, path));
    return [{ ...common, kind: "filter", name: value.text("name"), config, position }];
  }
  const level = applyLevels[applyTo];
  if (level === undefined) throw message.refuse("applyTo", `${applyTo} is not modelled`);
  if (operation !== "MERGE")
    throw patch.refuse("operation", `${operation} makes routes of its own`);
  const found: LimiterPatch[] = [];
  const perFilter = value.message("typed_per_filter_config");
  for (const name of perFilter?.unread ?? []) {
    const config = configIn(perFilter!, name);
    if (config && isLimiter(perFilter!, name))
      found.push({ ...common, kind: "override", name, config, level });
  }
  const holder = level === "route" ? value.message("route") : value;
  const limits = holder?.list("rate_limits") ?? [];
  if (limits.length > 0 && level !== "table")
    found.push({ ...common, kind: "actions", limits, level });
  value.get("name");
  value.done();
  if (level === "route") holder?.done();
  return found;
}

/** The HTTP filter that a patch is next to. */
function anchorOf(manifest: Manifest, path: Path): string | undefined {
  const steps = ["match", "listener", "filterChain", "filter", "subFilter", "name"];
  return textAt(manifest.at(...path, ...steps.slice(0, -1)), "name");
}

/** Filters that every chain has after authorization (istio/istio pilot/pkg/networking/core). */
const lateAnchors = new Set([
  "envoy.filters.http.cors",
  "envoy.filters.http.fault",
  "envoy.filters.http.grpc_stats",
  "envoy.filters.http.router",
  "istio.stats",
]);

/** Without an anchor, INSERT_BEFORE is INSERT_FIRST, and INSERT_AFTER is ADD: after the router. */
function positionOf(patch: Message, operation: string, anchor: string | undefined): Position {
  if (operation === "INSERT_FIRST") return "first";
  if (operation === "INSERT_BEFORE" && anchor === undefined) return "first";
  const isAfterRouter = anchor === undefined || anchor === "envoy.filters.http.router";
  if (operation === "ADD" || (operation === "INSERT_AFTER" && isAfterRouter))
    throw patch.refuse(
      "operation",
      `${operation} puts it after the router, where Envoy refuses it`,
    );
  if (anchor !== undefined && lateAnchors.has(anchor)) return "last";
  throw patch.refuse("operation", `its place is next to ${anchor}, which not every chain has`);
}

/** The message, out of a TypedStruct where it is in one. */
function configIn(holder: Message, name: string): Message | undefined {
  const config = holder.message(name);
  if (!config) return undefined;
  return /TypedStruct/.test(config.text("@type")) ? config.message("value") : config;
}

function isLimiter(holder: Message, name: string): boolean {
  const config = holder.message(name);
  const type = `${config?.text("@type")} ${config?.text("type_url")}`;
  return name === filterName || /local_ratelimit\.v3\.LocalRateLimit/.test(type);
}

function placeOf(match: Message | undefined): PatchPlace {
  const context = (match?.text("context", "ANY") ?? "ANY") as PatchContext;
  const place: PatchPlace = { context };
  if (!match) return place;
  const proxy = match.message("proxy");
  if (proxy) {
    if (proxy.has("proxyVersion")) place.proxyVersion = proxy.at("proxyVersion");
    proxy.done();
  }
  readListener(place, match.message("listener"));
  readRoutes(place, match.message("routeConfiguration"));
  match.done();
  return place;
}

function readListener(place: PatchPlace, listener: Message | undefined): void {
  if (!listener) return;
  place.listenerPort = listener.whole("portNumber");
  const chain = listener.message("filterChain");
  const filter = chain?.message("filter");
  // Where in the chain: the position, not the requests.
  filter?.get("name");
  filter?.message("subFilter")?.get("name");
  filter?.done();
  chain?.done();
  listener.done();
}

function readRoutes(place: PatchPlace, routes: Message | undefined): void {
  if (!routes) return;
  const vhost = routes.message("vhost");
  const name = vhost?.text("name") ?? "";
  const inbound = /^inbound\|http\|(\d+)$/.exec(name);
  const table = routes.text("name");
  const portOfTable = /^inbound\|(\d+)\|\|/.exec(table);
  if (table !== "" && !portOfTable)
    throw routes.refuse("name", "names a table of routes, which only the proxy knows");
  if (routes.has("gateway"))
    throw routes.refuse("gateway", "is one Gateway of a proxy that may have several");
  if (routes.has("portName")) throw routes.refuse("portName", "names a port of a Gateway");
  const port = routes.whole("portNumber");
  if (inbound || portOfTable) place.servicePort = Number((inbound ?? portOfTable)![1]);
  else if (port !== undefined && place.context === "SIDECAR_INBOUND") place.servicePort = port;
  else if (port !== undefined) place.listenerPort = port;
  if (name !== "" && !inbound) place.host = hostOf(routes, name);
  const route = vhost?.message("route");
  if (route?.has("name")) throw route.refuse("name", "a route's condition is not in this file");
  const action = route?.text("action", "ANY") ?? "ANY";
  // Inbound there is no other kind of route; elsewhere the others would be limited too.
  if (action !== "ANY" && action !== "ROUTE")
    throw route!.refuse("action", `only routes of the kind ${action}`);
  route?.done();
  vhost?.done();
  routes.done();
}

function hostOf(routes: Message, name: string): string {
  const [, host] = /^(.+):(?:\d+|\*)$/.exec(name) ?? [];
  // A wildcard's virtual host has what no other one takes, and those are not in this file.
  if (host === undefined || host.includes("*"))
    throw routes.refuse("vhost", `${name} is no virtual host of one host`);
  return host;
}
