// EnvoyFilters around Envoy's local_ratelimit → rate-limit settings. What belongs together (the
// filter, what routes put in its place, their actions) is migrated together, or stays together with
// the reason.
import type { Manifest, Path } from "../core/source.ts";
import { at, fieldsOf, mapsOf, textsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { Unmodelled } from "../native/envoy/message.ts";
import type { Message } from "../native/envoy/message.ts";
import { concernsLimits, isAboutLimits, patchesOf } from "../native/rate-limit/patches.ts";
import type { LimiterPatch, PatchPlace } from "../native/rate-limit/patches.ts";
import { readRateLimit, readSettings } from "../native/rate-limit/settings.ts";
import type { LimiterSettings, RateLimit } from "../native/rate-limit/settings.ts";
import { refusalOf } from "../validate/module-check.ts";
import type { Context } from "./context.ts";
import { compileLimits } from "./limits/compile.ts";
import type { Compiled } from "./limits/compile.ts";
import type { Match } from "./limits/condition.ts";
import { refusesEarlier } from "./limits/order.ts";
import { limitPlacement } from "./limits/place.ts";
import { addReply } from "./limits/reply.ts";
import { authorityOf } from "./matchers.ts";
import { settingsOf as limitSettings } from "./limits/settings.ts";
import type { Placement } from "./resource.ts";
import { proveLimits } from "./traffic-proof.ts";

/** True if some patch of it is about local rate limits. */
export function hasLocalRateLimit(manifest: Manifest): boolean {
  return concernsLimits(manifest);
}

export function migrateLocalRateLimits(context: Context): void {
  const all = context.ofKind("networking.istio.io", "EnvoyFilter").filter(hasLocalRateLimit);
  const groups = Map.groupBy(all, placeKey);
  for (const group of groups.values()) migrateGroup(context, group, groups.size);
}

/** EnvoyFilters for the same proxies: people write the actions into one of their own. */
function placeKey(manifest: Manifest): string {
  const labels = textsOf(manifest.at("spec", "workloadSelector", "labels"));
  return JSON.stringify([manifest.namespace, labels, manifest.at("spec", "targetRefs")]);
}

/** One filter at one place, with all that routes say to it. */
interface Unit {
  place: PatchPlace;
  filter?: Extract<LimiterPatch, { kind: "filter" }>;
  override?: Extract<LimiterPatch, { kind: "override" }>;
  actions: Extract<LimiterPatch, { kind: "actions" }>[];
}

/** The limits of one unit, ready to be written. */
interface Result extends Compiled {
  unit: Unit;
  settings: LimiterSettings;
  config: Message;
  placement: Placement;
  /** What is not quite the same, and refuses nothing more. */
  notes: string[];
}

function migrateGroup(context: Context, group: readonly Manifest[], groups: number): void {
  const others = group.flatMap(otherPatches);
  try {
    const patches = group.flatMap(patchesOf);
    refuseUncounted(context, patches);
    const results = unitsOf(patches).flatMap((unit) => compiled(context, group[0]!, unit));
    const settings = results.map((result) => settingsOf(context, result));
    const examples = proved(context, group, results, settings, groups);
    results.forEach((result, at) => write(context, result, settings[at]!));
    for (const patch of patches) report(context, patch, results);
    for (const text of examples) context.report.changed(group[0]!, ["spec"], text);
  } catch (cause) {
    if (!(cause instanceof Unmodelled)) throw cause;
    stay(context, group, cause);
    return;
  }
  for (const [manifest, path, value] of others)
    context.report.kept(manifest, path, otherPatchNote(value));
  for (const manifest of group) closeReport(context, manifest, others.length > 0);
}

/** Refused requests count natively where the limit is before what refuses them. */
function refuseUncounted(context: Context, patches: readonly LimiterPatch[]): void {
  const first = patches.find((patch) => patch.kind === "filter" && patch.position === "first");
  const earlier = first && refusesEarlier(context, first.manifest);
  if (earlier)
    throw new Unmodelled(
      [...first.path, "patch", "operation"],
      `it counts requests that ${earlier.title} refuses after it, and rate-limit, which runs after that, would not count them`,
    );
}

/** Examples of what is stricter. Throws where a request would pass that does not pass today. */
function proved(
  context: Context,
  group: readonly Manifest[],
  results: readonly Result[],
  settings: readonly Fields[],
  groups: number,
): string[] {
  if (results.length === 0) return [];
  const planned = results.map(({ placement }, at) => ({
    namespace: group[0]!.namespace,
    placement,
    filters: { "rate-limit": settings[at]! },
  }));
  const { result, failed, examples } = proveLimits(context, group, planned, groups);
  if (failed) throw new Unmodelled(["spec"], failed);
  context.proofs.push({ title: group[0]!.title, result });
  return examples;
}

/** Everything of the group stays: half of a limit would be another one. */
function stay(context: Context, group: readonly Manifest[], { path, message }: Unmodelled): void {
  const where = path.length > 0 ? ` (${path.join(".")})` : "";
  for (const manifest of group)
    context.report.kept(
      manifest,
      ["spec"],
      `stays native, because ${message}${where}; rate-limit would not decide the same`,
    );
}

function otherPatches(manifest: Manifest): [Manifest, Path, unknown][] {
  return mapsOf(at(manifest.value, "spec", "configPatches")).flatMap((patch, index) =>
    isAboutLimits(patch)
      ? []
      : [[manifest, ["spec", "configPatches", index], patch] as [Manifest, Path, unknown]],
  );
}

/** Puts filters, overrides and actions together. Throws where more than one reading is possible. */
function unitsOf(patches: readonly LimiterPatch[]): Unit[] {
  const filters = patches.filter((patch) => patch.kind === "filter");
  const overrides = patches.filter((patch) => patch.kind === "override");
  const actions = patches.filter((patch) => patch.kind === "actions");
  for (const [at, one] of filters.entries())
    for (const other of filters.slice(at + 1))
      if (mayMeet(one.place, other.place))
        throw new Unmodelled(other.path, "two local rate limits are in one chain");
  const heads = filters.length > 0 ? filters : overrides.length > 0 ? [undefined] : [];
  if (heads.length === 0)
    throw new Unmodelled(patches[0]?.path ?? [], "the filter that uses these actions is not here");
  return heads.flatMap((filter): Unit[] => {
    const own = overrides.filter((override) => !filter || mayMeet(filter.place, override.place));
    const used = actions.filter((action) => !filter || mayMeet(filter.place, action.place));
    const misnamed = own.find((override) => filter && override.name !== filter.name);
    if (misnamed) throw new Unmodelled(misnamed.path, `no filter here is named ${misnamed.name}`);
    if (own.length === 0)
      return [{ place: filter!.place, filter, actions: allIn(used, filter!.place) }];
    return own.map((override) => {
      refuseOverlap(own, override);
      if (filter && !isIdle(filter) && !covers(override.place, filter.place))
        throw new Unmodelled(
          override.path,
          "it replaces the filter's own limit for some requests, and a plugin has no such exception",
        );
      const place = narrowed(filter?.place, override.place);
      return { place, filter, override, actions: allIn(used, place) };
    });
  });
}

function refuseOverlap(all: readonly LimiterPatch[], one: LimiterPatch): void {
  const other = all.find((patch) => patch !== one && mayMeet(patch.place, one.place));
  if (other) throw new Unmodelled(other.path, "two patches replace the same limit");
}

/**
 * Actions that hold for every request of a place; such that hold for some of them are no condition
 * of ours.
 */
function allIn<T extends LimiterPatch>(actions: readonly T[], place: PatchPlace): T[] {
  return actions.filter((action) => {
    if (covers(action.place, place)) return true;
    if (!mayMeet(action.place, place)) return false;
    throw new Unmodelled(action.path, "its actions are for some of the limit's requests only");
  });
}

/**
 * A filter without a bucket and without descriptors lets everything pass where no route has a
 * limit.
 */
function isIdle({ config }: { config: Message }): boolean {
  const { bucket, descriptors, enabled } = readSettings(config);
  return enabled === 0 || (!bucket && descriptors.length === 0);
}

function mayMeet(a: PatchPlace, b: PatchPlace): boolean {
  const differ = <T>(x: T | undefined, y: T | undefined) =>
    x !== undefined && y !== undefined && x !== y;
  const contexts = a.context !== "ANY" && b.context !== "ANY" && a.context !== b.context;
  return !(
    contexts ||
    differ(a.listenerPort, b.listenerPort) ||
    differ(a.servicePort, b.servicePort) ||
    differ(a.host, b.host)
  );
}

/** Whether `outer` holds for every request of `inner`. */
function covers(outer: PatchPlace, inner: PatchPlace): boolean {
  const holds = <T>(x: T | undefined, y: T | undefined) => x === undefined || x === y;
  return (
    (outer.context === "ANY" || outer.context === inner.context) &&
    holds(outer.listenerPort, inner.listenerPort) &&
    holds(outer.servicePort, inner.servicePort) &&
    holds(outer.host, inner.host)
  );
}

function narrowed(outer: PatchPlace | undefined, inner: PatchPlace): PatchPlace {
  if (!outer) return inner;
  const context = inner.context === "ANY" ? outer.context : inner.context;
  return {
    context,
    listenerPort: inner.listenerPort ?? outer.listenerPort,
    servicePort: inner.servicePort ?? outer.servicePort,
    host: inner.host ?? outer.host,
    proxyVersion: inner.proxyVersion ?? outer.proxyVersion,
  };
}

function compiled(context: Context, manifest: Manifest, unit: Unit): Result[] {
  const config = (unit.override ?? unit.filter)!.config;
  const settings = readSettings(config);
  if (unit.override && !settings.bucket)
    throw config.refuse("", "Envoy refuses a route's rate limit without a token_bucket");
  const limits = compileLimits(settings, limitsFor(unit, settings));
  if (typeof limits === "string") throw config.refuse("", limits);
  if (limits.limits.length === 0) return [];
  const placement = limitPlacement(context, manifest, unit.place);
  if (typeof placement === "string")
    throw new Unmodelled([...(unit.override ?? unit.filter)!.path, "match"], placement);
  return [{ ...limits, unit, settings, config, placement, notes: [] }];
}

function limitsFor({ actions }: Unit, settings: LimiterSettings): RateLimit[] {
  if (settings.rateLimits.length > 0) return settings.rateLimits;
  const read = (level: "route" | "host") =>
    actions
      .filter((patch) => patch.level === level)
      .flatMap(({ limits }) => limits.map(readRateLimit));
  const [route, host] = [read("route"), read("host")];
  const usesHost =
    settings.virtualHostLimits === "INCLUDE" ||
    (settings.virtualHostLimits === "OVERRIDE" && route.length === 0);
  return [...route, ...(usesHost ? host : [])].filter(
    ({ stage, disabled }) => stage === settings.stage && !disabled,
  );
}

/**
 * The filter's settings; throws if the filter itself would refuse them, or another limiter has this
 * place.
 */
function settingsOf(context: Context, result: Result): Fields {
  const { unit, config, settings } = result;
  const { manifest, path } = (unit.override ?? unit.filter)!;
  const base = nameOf(config.text("stat_prefix") || manifest.name);
  const host: Match | undefined =
    unit.place.host === undefined
      ? undefined
      : { authority: authorityOf([unit.place.host], manifest.namespace) };
  const made: Fields = {
    ...limitSettings(result, base, (match) => ({
      ...withHost(match, host, path),
      ...percents(settings),
    })),
    headers: "none",
    retryAfter: false,
  };
  result.notes.push(...addReply(made, config, settings, base));
  const refusal = refusalOf("rate-limit", made, {});
  if (refusal)
    throw new Unmodelled(
      path,
      `rate-limit refuses it (/${refusal.path.join("/")}: ${refusal.what})`,
    );
  if (context.drafts.find(manifest.namespace, result.placement)?.filters["rate-limit"])
    throw new Unmodelled(path, "another local rate limit is at the same place already");
  return made;
}

function withHost(
  match: readonly Match[] | undefined,
  host: Match | undefined,
  path: Path,
): { match?: Match[] } {
  if (!host) return match ? { match: [...match] } : {};
  return {
    match: (match ?? [{}]).map((one) => {
      if (one.authority) throw new Unmodelled(path, "both the host and :authority are conditions");
      return { ...host, ...one };
    }),
  };
}

function nameOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 60) || "limit";
}

/** Ours are to a hundredth; what Envoy has finer is rounded up, to the stricter side. */
function percents({ enabled, enforced }: LimiterSettings): Fields {
  const up = (percent: number) => Math.ceil(percent * 100 - 1e-9) / 100;
  return {
    ...(enabled !== 100 && { enabled: up(enabled) }),
    ...(enforced !== 100 && { enforced: up(enforced) }),
  };
}

function write(context: Context, { unit, placement }: Result, settings: Fields): void {
  const { manifest } = (unit.override ?? unit.filter)!;
  const draft = context.drafts.at(manifest.namespace, placement, manifest.name);
  draft.settings("rate-limit", manifest, () => settings);
}

function report(context: Context, patch: LimiterPatch, results: readonly Result[]): void {
  const { manifest, path } = patch;
  const say = context.report;
  const own = results.filter(
    ({ unit }) =>
      unit.filter === patch || unit.override === patch || unit.actions.some((one) => one === patch),
  );
  const names = own.flatMap(({ limits }) => limits.map(({ of }) => of));
  const what =
    names.length === 0
      ? "it has no limit of its own, those are in other patches"
      : `rate-limit.limits, charged in Envoy's order (charging: inOrder)`;
  say.carried(manifest, [...path, "patch", "value"], what);
  say.carried(manifest, [...path, "applyTo"], "placement");
  say.carried(manifest, [...path, "match"], "placement");
  say.changed(manifest, [...path, "patch", "operation"], positionNote(patch));
  if (patch.place.proxyVersion)
    say.changed(manifest, patch.place.proxyVersion, "a plugin is for every version of the proxy");
  if (patch.kind === "actions") return;
  for (const { stricter, notes, unit } of own) {
    if ((unit.override ?? unit.filter) !== patch) continue;
    for (const text of notes) say.changed(manifest, [...path, "patch", "value"], text);
    for (const text of stricter)
      say.changed(manifest, [...path, "patch", "value"], `stricter: ${text}`);
    say.changed(
      manifest,
      [...path, "patch", "value"],
      "stricter: one bucket for all listeners and routes of a proxy, where Envoy has one for each",
    );
    if (unit.place.servicePort !== undefined && !placedPorts(own))
      say.changed(
        manifest,
        [...path, "match"],
        `stricter: for every port of the workload, because ${unit.place.servicePort} is a port of its Service: add the Service to the input, or write placement.ports`,
      );
  }
}

function placedPorts(results: readonly Result[]): boolean {
  return results.some(({ placement }) => (placement.sidecar ?? placement.gateway)?.ports);
}

function positionNote(patch: LimiterPatch): string {
  if (patch.kind !== "filter") return "each limit says where it applies";
  const place = "its place in the chain is the catalog's: phase AUTHZ, priority 500";
  return patch.position === "first"
    ? `${place}, after authentication; nothing that was read refuses a request before it`
    : `${place}; stricter: requests that an AuthorizationPolicy refuses are counted too`;
}

function closeReport({ report: say }: Context, manifest: Manifest, hasMore: boolean): void {
  const { workloadSelector, targetRefs, priority } = fieldsOf(manifest.at("spec"));
  if (workloadSelector) say.carried(manifest, ["spec", "workloadSelector"], "placement");
  if (targetRefs) say.carried(manifest, ["spec", "targetRefs"], "placement");
  if (priority !== undefined)
    say.changed(manifest, ["spec", "priority"], "the catalog's phase and priority");
  if (hasMore)
    say.changed(manifest, ["spec"], "delete the migrated patches alone: the others stay");
  say.close(manifest);
}

/** Why an EnvoyFilter, or a patch of it, is not migrated. */
export function otherPatchNote(value: unknown): string {
  const text = JSON.stringify(value ?? {});
  if (/filters\.http\.ratelimit\b/.test(text))
    return "it asks a rate limit service: rate-limit.global does so, write its cluster and domain by hand";
  if (/filters\.http\.jwt_authn\b/.test(text))
    return "jwt_authn by an EnvoyFilter is not read: write its providers as jwt-auth's";
  return "of EnvoyFilters only local_ratelimit of HTTP is read, so this stays";
}
