// What the mesh must know about each filter: its place in the chain and its failure policy. The
// only list of the filters in the tool.

/** The filters in the order in which a request meets them. */
export const filterNames = ["access-log", "jwt-auth", "rate-limit", "canary"] as const;
export type FilterName = (typeof filterNames)[number];

export type Phase = "AUTHN" | "AUTHZ" | "STATS";
export type Mode = "CLIENT" | "SERVER";

export interface Entry {
  /** What it decides, in a few words. */
  role: string;
  /** What to look at while it only watches, beside what Envoy counts for a native resource. */
  figures: string;
  phase: Phase;
  /**
   * Higher runs first within a phase. Always written: Istio sorts an unset priority below every
   * number.
   */
  priority: number;
  /**
   * Never FAIL_OPEN: after one trap Envoy bypasses such a filter until the proxy restarts.
   * FAIL_CLOSE, the default, answers 503 until the restart; FAIL_RELOAD serves the next request
   * with a new VM.
   */
  failStrategy: "FAIL_RELOAD";
  /** The oldest Istio (minor version) that knows all of the above. */
  oldestIstio: string;
  /** The only mode of it that makes sense at a sidecar; absent: the placement's direction says. */
  sidecarMode?: Mode;
}

const common = { failStrategy: "FAIL_RELOAD", oldestIstio: "1.27" } as const;

export const catalog: Record<FilterName, Entry> = {
  // First, so that it also sees the requests that the others refuse.
  "access-log": {
    role: "writes the log line",
    figures: "the lines in the proxy's log",
    phase: "AUTHN",
    priority: 1000,
    ...common,
  },
  "jwt-auth": {
    role: "who may pass",
    figures:
      "gatehouse.jwt-auth.<provider>.<reason>: refusals; compare them with http.<prefix>.jwt_authn.denied of Envoy's own filter",
    phase: "AUTHN",
    priority: 500,
    ...common,
  },
  // After RBAC's inputs are known, so that claims can be its keys, and before anything is routed.
  "rate-limit": {
    role: "how much may pass",
    figures:
      "gatehouse.rate-limit.<limit>.limited; compare it with <stat_prefix>.http_local_rate_limit.enforced",
    phase: "AUTHZ",
    priority: 500,
    ...common,
  },
  // Last: only admitted requests take part in a rollout. Inbound there is nothing left to route: it
  // decides where the request leaves the caller.
  canary: {
    role: "where it goes",
    figures: "gatehouse.canary.<route>.<variant>.by_split: the parts of the split",
    phase: "STATS",
    priority: 500,
    sidecarMode: "CLIENT",
    ...common,
  },
};

/** A module that a proxy loads: one filter, or `edge`, which composes them. */
export type ModuleName = FilterName | "edge";
export const moduleNames: readonly ModuleName[] = [...filterNames, "edge"];

/** Where a module runs. `edge` takes the place of the first filter: it does the work of all. */
export function entryOf(module: ModuleName): Entry {
  if (module !== "edge") return catalog[module];
  return { ...catalog["access-log"], role: "the filters in one module" };
}

/** Where a policy's filters run. */
export type PlacementKind = "gateway" | "sidecar" | "waypoint" | "targetRefs";

/**
 * The `match.mode` that keeps a filter on the traffic it is for; undefined means every listener
 * of the workload. A sidecar without a mode would run each filter twice, inbound and outbound. A
 * waypoint counts as SERVER on port 0.
 */
export function modeOf(
  filter: FilterName,
  placement: PlacementKind,
  direction: Direction = "inbound",
): Mode | undefined {
  if (placement === "gateway") return "CLIENT";
  if (placement === "waypoint") return "SERVER";
  // A Gateway API reference may be an ingress (CLIENT) or a waypoint (SERVER); neither has a
  // second direction.
  if (placement === "targetRefs") return undefined;
  const { sidecarMode } = catalog[filter];
  if (sidecarMode) return sidecarMode;
  return direction === "both" ? undefined : direction === "outbound" ? "CLIENT" : "SERVER";
}

export type Direction = "inbound" | "outbound" | "both";

/** The Istio whose schemas are held in `crds/`, and the default. */
export const currentIstio = "1.31";
/** TrafficExtension came with this one. */
export const oldestTrafficExtension = "1.30";

/** True if minor version `a` (`1.27`) is older than `b`; patch numbers are ignored. */
export function olderThan(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA !== majorB ? majorA < majorB : minorA < minorB;
}

/** True for a module's name. */
export function isModule(name: string): name is ModuleName {
  return (moduleNames as readonly string[]).includes(name);
}

/** True for a filter's name. */
export function isFilter(name: string): name is FilterName {
  return (filterNames as readonly string[]).includes(name);
}
