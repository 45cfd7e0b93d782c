// EnvoyFilters' local rate limits as a stage of the chain: which settings a request meets, and what
// their buckets say.
import type { Manifest } from "../../core/source.ts";
import { at, fieldsOf, mapsOf } from "../../core/value.ts";
import { Unmodelled } from "../envoy/message.ts";
import type { Message } from "../envoy/message.ts";
import type { Exchange, Gap, Mesh, NativeModel, NativeRequest, Refusal, Stage } from "../types.ts";
import { factsOf } from "./action.ts";
import { Limiter } from "./limiter.ts";
import { concernsLimits, patchesOf } from "./patches.ts";
import type { LimiterPatch, PatchPlace, Position } from "./patches.ts";
import { targetPortOf } from "./ports.ts";
import { readRateLimit, readSettings } from "./settings.ts";
import type { Adapt, RateLimit } from "./settings.ts";

/** Before CUSTOM authorization, and after RBAC. */
const orders: Record<Position, number> = { first: 50, last: 700 };

/** One model for each position in the chain; `adapt` changes settings before they run. */
export function rateLimitModelsWith(adapt: Adapt): readonly NativeModel[] {
  return [modelAt("first", adapt), { ...modelAt("last", adapt), gaps }];
}

export const rateLimitModels = rateLimitModelsWith((settings) => settings);

function modelAt(position: Position, adapt: Adapt): NativeModel {
  return {
    name: "local_ratelimit",
    order: orders[position],
    compile(resources: readonly Manifest[], mesh: Mesh): Stage {
      const patches = limitFilters(resources).flatMap((manifest) => understood(manifest) ?? []);
      const limiters = new Limiters(adapt);
      return (exchange) => decide(exchange, patches, position, limiters, resources, mesh);
    },
  };
}

function gaps(resources: readonly Manifest[]): Gap[] {
  return limitFilters(resources).flatMap((manifest): Gap[] => {
    const gap = gapOf(manifest);
    return gap ? [{ manifest, path: gap.path, why: gap.message }] : [];
  });
}

function limitFilters(resources: readonly Manifest[]): Manifest[] {
  return resources.filter(
    (manifest) => manifest.kind === "EnvoyFilter" && concernsLimits(manifest),
  );
}

function understood(manifest: Manifest): LimiterPatch[] | undefined {
  return gapOf(manifest) ? undefined : patchesOf(manifest);
}

/** The first thing in it that is not modelled. */
function gapOf(manifest: Manifest): Unmodelled | undefined {
  try {
    for (const patch of patchesOf(manifest)) {
      if (patch.kind === "actions") patch.limits.forEach(readRateLimit);
      else readSettings(patch.config);
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof Unmodelled) return cause;
    throw cause;
  }
}

function decide(
  exchange: Exchange,
  patches: readonly LimiterPatch[],
  position: Position,
  limiters: Limiters,
  resources: readonly Manifest[],
  mesh: Mesh,
): Refusal | undefined {
  const { request } = exchange;
  const here = patches.filter(
    ({ manifest, place }) =>
      selects(manifest, request, mesh) && isAt(manifest, place, request, resources),
  );
  for (const filter of here) {
    if (filter.kind !== "filter" || filter.position !== position) continue;
    const used = here.findLast(isOverrideOf(filter.name, "route")) ??
      here.findLast(isOverrideOf(filter.name, "host")) ??
      here.findLast(isOverrideOf(filter.name, "table")) ?? { config: filter.config };
    const limiter = limiters.of((used as { config: Message }).config, request);
    const own = limiter.settings.rateLimits;
    const limits = own.length > 0 ? own : routeLimits(here, limiter, limiters);
    const decision = limiter.decide(limits, factsOf(exchange), request.timeMillis / 1000);
    if (!decision.admitted)
      return {
        status: limiter.settings.status,
        reason: `local_ratelimit: ${filter.manifest.title}, ${decision.by}`,
      };
  }
  return undefined;
}

function isOverrideOf(name: string, level: "route" | "host" | "table") {
  return (patch: LimiterPatch) =>
    patch.kind === "override" && patch.level === level && patch.name === name;
}

/** The actions of the route, and of its virtual host as the filter's settings say. */
function routeLimits(
  here: readonly LimiterPatch[],
  { settings }: Limiter,
  limiters: Limiters,
): RateLimit[] {
  const at = (level: "route" | "host") =>
    here.flatMap((patch) =>
      patch.kind === "actions" && patch.level === level ? limiters.limitsOf(patch.limits) : [],
    );
  const [route, host] = [at("route"), at("host")];
  const usesHost =
    settings.virtualHostLimits === "INCLUDE" ||
    (settings.virtualHostLimits === "OVERRIDE" && route.length === 0);
  return [...route, ...(usesHost ? host : [])].filter(
    ({ stage, disabled }) => stage === settings.stage && !disabled,
  );
}

/** Each message is read once; its buckets are those of one listener port. */
class Limiters {
  private readonly adapt: Adapt;
  private readonly known = new Map<Message, Map<number, Limiter>>();
  private readonly limits = new Map<readonly Message[], RateLimit[]>();

  constructor(adapt: Adapt) {
    this.adapt = adapt;
  }

  of(config: Message, { destination }: NativeRequest): Limiter {
    const ports = this.known.get(config) ?? new Map<number, Limiter>();
    this.known.set(config, ports);
    const limiter = ports.get(destination.port) ?? new Limiter(this.adapt(readSettings(config)));
    ports.set(destination.port, limiter);
    return limiter;
  }

  limitsOf(messages: readonly Message[]): RateLimit[] {
    const read = this.limits.get(messages) ?? messages.map(readRateLimit);
    this.limits.set(messages, read);
    return read;
  }
}

function selects({ namespace, value }: Manifest, { workload }: NativeRequest, mesh: Mesh): boolean {
  const refs = mapsOf(at(value, "spec", "targetRefs"));
  if (refs.length > 0)
    return refs.some(
      ({ kind, name }) =>
        kind === "Gateway" && name === workload.gateway && namespace === workload.namespace,
    );
  if (namespace !== mesh.rootNamespace && namespace !== workload.namespace) return false;
  const labels = fieldsOf(at(value, "spec", "workloadSelector", "labels"));
  return Object.entries(labels).every(([name, label]) => workload.labels[name] === label);
}

function isAt(
  manifest: Manifest,
  place: PatchPlace,
  { workload, direction, destination, host }: NativeRequest,
  resources: readonly Manifest[],
): boolean {
  const { context, listenerPort, servicePort } = place;
  const own = workload.kind === "gateway" ? "GATEWAY" : `SIDECAR_${direction.toUpperCase()}`;
  if (context !== "ANY" && context !== own) return false;
  if (listenerPort !== undefined && listenerPort !== destination.port) return false;
  if (servicePort !== undefined) {
    const port = targetPortOf(resources, manifest, servicePort) ?? servicePort;
    if (context === "GATEWAY" || direction !== "inbound" || port !== destination.port) return false;
  }
  return place.host === undefined || place.host.toLowerCase() === bareHost(host);
}

function bareHost(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}
