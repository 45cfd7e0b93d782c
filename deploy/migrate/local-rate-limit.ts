// EnvoyFilter around Envoy's local_ratelimit → rate-limit settings. Takes both spellings of TypedStruct, typed_config
// without one, snake_case and camelCase.
import { STATUS_CODES } from "node:http";
import type { Manifest, Path } from "../source.ts";
import { isGateway, listOf } from "./context.ts";
import type { Context } from "./context.ts";
import { descriptorLimits } from "./descriptors.ts";
import { authorityOf } from "./matchers.ts";
import { Fields } from "./fields.ts";

const filterName = "envoy.filters.http.local_ratelimit";

/** Placement by the patch's context. */
const directions: Record<string, string> = { SIDECAR_INBOUND: "inbound", SIDECAR_OUTBOUND: "outbound", ANY: "both" };

/** True if some patch of it is about local rate limits. */
export function hasLocalRateLimit(manifest: Manifest): boolean {
  return listOf(manifest.value.spec?.configPatches).some((patch) => limiterIn(patch, []).length > 0);
}

export function migrateLocalRateLimit(context: Context, manifest: Manifest): void {
  const { report } = context;
  const patches = listOf(manifest.value.spec?.configPatches);
  const actions = patches.flatMap((patch, at) => patchActions(context, manifest, patch, ["spec", "configPatches", at]));
  patches.forEach((patch, at) => {
    const path = ["spec", "configPatches", at];
    const found = limiterIn(patch, path);
    if (found.length > 0) migratePatch(context, manifest, patch, path, found, actions);
    else if (actionsIn(patch, path)) report.carried(manifest, path, "match and key of the limits");
    else report.kept(manifest, path, otherPatchNote(patch));
  });
  if (manifest.value.spec?.workloadSelector) report.carried(manifest, ["spec", "workloadSelector"], "placement");
  if (manifest.value.spec?.priority !== undefined)
    report.changed(manifest, ["spec", "priority"], "the catalog's phase and priority");
  report.close(manifest);
}

function migratePatch(
  context: Context,
  manifest: Manifest,
  patch: any,
  path: Path,
  found: Located[],
  actions: any[],
): void {
  const { report } = context;
  const labels = manifest.value.spec?.workloadSelector?.labels;
  const settings = context.drafts
    .at(manifest.namespace, placementOf(context, patch?.match, labels), manifest.name)
    .settings("rate-limit", manifest, () => ({ limits: [], headers: "none", retryAfter: false }));
  reportPlace(context, manifest, patch, path);
  const value = patch.patch.value;
  for (const key of ["name", "typed_config", "typedConfig", "typed_per_filter_config", "typedPerFilterConfig"]) {
    const at = [...path, "patch", "value", key];
    if (key === "name" && value.name) report.carried(manifest, at, "the filter itself");
    for (const type of typeKeys) {
      if (value[key]?.[type]) report.carried(manifest, [...at, type], "the filter itself");
      if (value[key]?.[filterName]?.[type]) report.carried(manifest, [...at, filterName, type], "the filter itself");
    }
  }
  const match = routeMatch(context, manifest, patch, path);
  for (const { config, path: at } of found)
    addLimits(context, manifest, settings, new Fields(config, at), match, actions);
}

const typeKeys = ["@type", "type_url", "typeUrl"];

/** `inbound|http|9080`: how a sidecar names the virtual host of a port. */
const inboundPattern = /^inbound\|[^|]*\|(\d+)/;

/** The port that a patch is for; undefined is all. */
function portOf(match: any): number | undefined {
  const vhost = inboundPattern.exec(String(match?.routeConfiguration?.vhost?.name ?? ""))?.[1];
  const port = Number(match?.listener?.portNumber ?? match?.routeConfiguration?.portNumber ?? vhost);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/** What of `match` says where the filter runs is the placement; what chooses among proxies or connections is not ours. */
function reportPlace(context: Context, manifest: Manifest, patch: any, path: Path): void {
  const { report } = context;
  const carried = ["applyTo", "match/context", "match/listener/portNumber", "match/routeConfiguration/portNumber"];
  const position = ["match/listener/filterChain/filter", "patch/operation", "patch/filterClass"];
  const lost: [string, string][] = [
    ["match/proxy", "a plugin is for every version of the proxy: give other proxies another selector"],
    ["match/listener/name", "a plugin is for all listeners of its direction, or for ports: placement.ports"],
    ["match/listener/filterChain/name", "a plugin is for all filter chains of a listener"],
    ["match/listener/filterChain/sni", "a plugin is for all server names: add match: [{authority: …}] to the limits"],
    ["match/listener/filterChain/transportProtocol", "a plugin is for all filter chains of a listener"],
    ["match/listener/filterChain/applicationProtocols", "a plugin is for all filter chains of a listener"],
    ["match/listener/filterChain/destinationPort", "write it as placement.ports"],
    ["match/routeConfiguration/gateway", "write a policy for that gateway's workload"],
    ["match/routeConfiguration/name", "a plugin is for all routes: add a match to the limits"],
    ["match/routeConfiguration/portName", "write it as placement.ports"],
  ];
  const at = (names: string): Path | undefined => {
    const steps = names.split("/");
    const value = steps.reduce((node: any, step) => node?.[step], patch);
    return value === undefined ? undefined : [...path, ...steps];
  };
  for (const names of carried) if (at(names)) report.carried(manifest, at(names)!, "placement");
  for (const names of position)
    if (at(names))
      report.changed(manifest, at(names)!, "its place in the chain is the catalog's: phase AUTHZ, priority 500");
  for (const [names, why] of lost) if (at(names)) report.lost(manifest, at(names)!, why);
}

function placementOf(context: Context, match: any, labels: Record<string, string> | undefined): any {
  const where = match?.context;
  const port = portOf(match);
  const ports = port === undefined ? {} : { ports: [port] };
  if (where === "GATEWAY" || (where === undefined && labels && isGateway(context, labels)))
    return { gateway: { selector: labels ?? { istio: "ingressgateway" }, ...ports } };
  const direction = directions[String(where ?? "ANY")] ?? "both";
  return { sidecar: { ...(labels && { selector: labels }), direction, ...ports } };
}

/** Actions (`rate_limits`) that a patch of a virtual host or route adds. */
function actionsIn(patch: any, path: Path): Located | undefined {
  const value = patch?.patch?.value;
  for (const [holder, more] of [
    [value, []],
    [value?.route, ["route"]],
  ] as [any, string[]][]) {
    const key = ["rate_limits", "rateLimits"].find((name) => Array.isArray(holder?.[name]));
    if (key) return { config: holder[key], path: [...path, "patch", "value", ...more, key] };
  }
  return undefined;
}

function patchActions(context: Context, manifest: Manifest, patch: any, path: Path): any[] {
  const found = actionsIn(patch, path);
  if (!found) return [];
  const vhost = patch.match?.routeConfiguration?.vhost;
  if (vhost?.name || vhost?.route?.name) {
    const where = [...path, "match", "routeConfiguration", "vhost"];
    context.report.changed(
      manifest,
      where,
      "the limits count on every host and route: add a match where that is too much",
    );
  }
  return found.config.flatMap((limit: any) => listOf(new Fields(limit, []).get("actions")));
}

interface Located {
  config: any;
  path: Path;
}

/** The limiter's own configuration inside a patch, wherever it hides, with its path. */
function limiterIn(patch: any, path: Path): Located[] {
  const value = patch?.patch?.value;
  const at = [...path, "patch", "value"];
  const candidates: Located[] = [];
  const key = ["typed_config", "typedConfig"].find((name) => value?.[name]);
  if (key && (value.name === filterName || isLimiter(value[key])))
    candidates.push({ config: value[key], path: [...at, key] });
  for (const name of ["typed_per_filter_config", "typedPerFilterConfig"]) {
    const config = value?.[name]?.[filterName];
    if (config) candidates.push({ config, path: [...at, name, filterName] });
  }
  return candidates.map(({ config, path: where }) =>
    config.value && /TypedStruct/.test(String(config["@type"]))
      ? { config: config.value, path: [...where, "value"] }
      : { config, path: where },
  );
}

/** The HTTP filter's message; the network filter of the same name counts connections. */
function isLimiter(config: any): boolean {
  return ["@type", "type_url", "typeUrl"].some((key) =>
    /filters\.http\.local_ratelimit\.v\d+\.LocalRateLimit$/.test(String(config?.[key])),
  );
}

/** Why an EnvoyFilter, or a patch of it, is not migrated. */
export function otherPatchNote(value: any): string {
  const text = JSON.stringify(value ?? {});
  if (/filters\.http\.ratelimit\b/.test(text))
    return "it asks a rate limit service: rate-limit.global does so, write its cluster and domain by hand";
  if (/filters\.http\.jwt_authn\b/.test(text))
    return "jwt_authn by an EnvoyFilter is not read: write its providers as jwt-auth's";
  return "of EnvoyFilters only local_ratelimit of HTTP is read, so this stays";
}

/** A patch of a virtual host is for its hosts alone; one of a route has a condition that we cannot see. */
function routeMatch(context: Context, manifest: Manifest, patch: any, path: Path): any[] {
  const vhost = patch?.match?.routeConfiguration?.vhost;
  const route = [...path, "match", "routeConfiguration", "vhost", "route"];
  if (vhost?.route?.name)
    context.report.lost(manifest, route, "a route's condition is not in this file: add it to the limit's match");
  else if (vhost?.route) context.report.carried(manifest, route, "every route");
  if (typeof vhost?.name !== "string") return [];
  const where = [...path, "match", "routeConfiguration", "vhost", "name"];
  if (inboundPattern.test(vhost.name)) {
    context.report.carried(manifest, where, "placement.ports");
    return [];
  }
  const host = vhost.name.replace(/:\d+$/, "");
  context.report.changed(manifest, where, "match on the authority");
  return [{ authority: authorityOf([host], manifest.namespace) }];
}

function addLimits(
  context: Context,
  manifest: Manifest,
  settings: any,
  fields: Fields,
  match: any[],
  actions: any[],
): void {
  const { report } = context;
  const tell = {
    carried: (names: string, note: string) => report.carried(manifest, fields.path(names), note),
    changed: (names: string, note: string) => report.changed(manifest, fields.path(names), note),
    lost: (names: string, note: string) => report.lost(manifest, fields.path(names), note),
  };
  if (!fields.get("token_bucket") && listOf(fields.get("descriptors")).length === 0) {
    tell.carried("", "the filter itself: it has no limit of its own, those are in other patches");
    return;
  }
  const name = limitName(settings, String(fields.get("stat_prefix") ?? manifest.name));
  if (fields.get("stat_prefix"))
    tell.changed("stat_prefix", `the limit's name: its metrics are gatehouse.rate-limit.${name}.*`);
  const percents = percentsOf(fields, tell);
  const common = { ...(match.length > 0 && { match }), ...percents };
  const bucket = fields.get("token_bucket");
  if (bucket) {
    settings.limits.push({ name, ...common, tokenBucket: tokenBucketOf(bucket) });
    tell.carried("token_bucket", `rate-limit.limits "${name}" tokenBucket`);
  }
  settings.limits.push(...descriptorLimits(fields, name, common, actions, tell));
  addReply(settings, fields, tell);
  addRest(fields, tell);
}

export type Tell = Record<"carried" | "changed" | "lost", (names: string, note: string) => void>;

function limitName(settings: any, wanted: string): string {
  const base = wanted.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 60) || "limit";
  const taken = new Set(settings.limits.map((limit: any) => limit.name));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}

/** Envoy's token bucket; a fill of one token is the default on both sides. */
export function tokenBucketOf(bucket: any): any {
  const fields = new Fields(bucket, []);
  const fill = fields.get("tokens_per_fill");
  return {
    maxTokens: Number(fields.get("max_tokens")),
    ...(fill !== undefined && { tokensPerFill: Number(fill) }),
    fillInterval: durationOf(fields.get("fill_interval")),
  };
}

/** A protobuf Duration: `1s`, `0.5s`, or seconds and nanos. */
export function durationOf(value: any): string {
  if (typeof value === "string") return value;
  const nanos = Number(value?.nanos ?? 0);
  const seconds = Number(value?.seconds ?? 0);
  return nanos > 0 ? `${(seconds * 1e9 + nanos) / 1e6}ms` : `${seconds}s`;
}

/** Both default to 0 % in Envoy: a limiter without them does nothing. */
function percentsOf(fields: Fields, tell: Tell): any {
  const percents: any = {};
  const pairs: [string, string][] = [
    ["filter_enabled", "enabled"],
    ["filter_enforced", "enforced"],
  ];
  for (const [native, own] of pairs) {
    const value = fields.get(native);
    if (value === undefined) {
      percents[own] = 0;
      tell.changed("", `${native} is absent, which means 0 % in Envoy: ${own} is 0, set 100 to make it work`);
      continue;
    }
    const inner = new Fields(new Fields(value, []).get("default_value") ?? {}, []);
    const per: Record<string, number> = { HUNDRED: 1, TEN_THOUSAND: 100, MILLION: 10_000 };
    percents[own] = Number(inner.get("numerator") ?? 0) / (per[String(inner.get("denominator") ?? "HUNDRED")] ?? 1);
    tell.carried(native, `${own}: ${percents[own]}`);
    if (new Fields(value, []).get("runtime_key"))
      tell.changed(`${native}/runtime_key`, "there is no runtime to change it in: apply other settings instead");
  }
  return percents;
}

function addReply(settings: any, fields: Fields, tell: Tell): void {
  const code = new Fields(fields.get("status") ?? {}, []).get("code");
  if (code !== undefined) {
    const status = statusOf(code);
    settings.status = status >= 400 ? status : 429;
    if (status >= 400) tell.carried("status", "status");
    else tell.changed("status", "Envoy answers 429 where a status below 400 is written, and so do we");
  }
  const headers = listOf(fields.get("response_headers_to_add"));
  if (headers.length > 0) {
    settings.responseHeaders = [...(settings.responseHeaders ?? []), ...headers.map(headerOf)];
    tell.carried("response_headers_to_add", "responseHeaders");
  }
  const unenforced = listOf(fields.get("request_headers_to_add_when_not_enforced"));
  if (unenforced.length > 0) {
    settings.requestHeadersWhenNotEnforced = [
      ...(settings.requestHeadersWhenNotEnforced ?? []),
      ...unenforced.map(headerOf),
    ];
    tell.carried("request_headers_to_add_when_not_enforced", "requestHeadersWhenNotEnforced");
  }
  if (fields.get("enable_x_ratelimit_headers") === "DRAFT_VERSION_03") {
    settings.headers = "draft03";
    tell.carried("enable_x_ratelimit_headers", "headers: draft03");
  } else if (fields.get("enable_x_ratelimit_headers") !== undefined)
    tell.carried("enable_x_ratelimit_headers", "headers: none");
  if (fields.get("enable_retry_after_header") !== undefined) {
    settings.retryAfter = Boolean(fields.get("enable_retry_after_header"));
    tell.carried("enable_retry_after_header", "retryAfter");
  }
  if (fields.get("rate_limited_as_resource_exhausted") !== undefined) {
    settings.grpcResourceExhausted = Boolean(fields.get("rate_limited_as_resource_exhausted"));
    tell.carried("rate_limited_as_resource_exhausted", "grpcResourceExhausted");
  }
}

/** A number, or a name of Envoy's StatusCode, which are the reason phrases without their blanks. */
function statusOf(code: unknown): number {
  const named = Object.entries(STATUS_CODES).find(([, phrase]) => phrase?.replaceAll(/[^A-Za-z]/g, "") === code);
  return Number(named?.[0] ?? code) || 0;
}

function headerOf(option: any): any {
  return { name: String(option?.header?.key ?? "").toLowerCase(), value: String(option?.header?.value ?? "") };
}

function addRest(fields: Fields, tell: Tell): void {
  const notes: [string, keyof Tell, string][] = [
    [
      "local_rate_limit_per_downstream_connection",
      "lost",
      "a bucket for each connection: the nearest is key: [{sourceAddress: {}}]",
    ],
    [
      "local_cluster_rate_limit",
      "lost",
      "the number of replicas is not known to a Wasm filter: use global with a rate limit service",
    ],
    ["always_consume_default_token_bucket", "changed", "every limit that matches must admit, and all are charged"],
    ["max_dynamic_descriptors", "changed", "maxKeys (10,000): a full table never hands out a fresh bucket"],
    ["vh_rate_limits", "changed", "each limit says in match where it applies"],
    ["stage", "changed", "limits have no stages"],
  ];
  for (const [name, fate, note] of notes) if (fields.get(name) !== undefined) tell[fate](name, note);
  if (fields.get("@type") !== undefined) tell.carried("@type", "the filter itself");
}
