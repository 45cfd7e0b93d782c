// The metrics of one route: requests by variant and by who decided, and the state of its guard.
import { Counter, Gauge } from "../../host/metrics";
import { lengthOf, toText } from "../../lib/bytes";
import { Decision, Reason } from "./decision";
import { GuardMode } from "./guard";
import { Route } from "./route";
import { namesVariant } from "./rules";

const REASONS: i32 = 6;


@final
export class RouteCounters {
  /** By variant and reason; null where the route's settings never lead to that. */
  private readonly requests: StaticArray<Counter | null>;
  private readonly guardMode: Gauge | null;
  private readonly ejections: Counter | null;

  /** Defines all counters at once: a scrape misses the first event of one that comes later. */
  constructor(route: Route) {
    this.requests = new StaticArray<Counter | null>(route.variants.length * REASONS);
    const prefix = "gatehouse.canary." + toText(route.name) + ".";
    for (let variant = 0; variant < route.variants.length; variant++) {
      const name = prefix + toText(route.variants[variant]) + ".";
      for (let reason = 1; reason < REASONS; reason++) {
        if (!isPossible(route, variant, <Reason>reason)) continue;
        this.requests[variant * REASONS + reason] = new Counter(name + metricOf(<Reason>reason));
      }
    }
    const isGuarded = route.guard !== null;
    this.guardMode = isGuarded ? new Gauge(prefix + "guard_mode") : null;
    this.ejections = isGuarded ? new Counter(prefix + "guard_ejections") : null;
  }

  count(decision: Decision): void {
    if (decision.variant < 0 || decision.reason == Reason.None) return;
    const counter = unchecked(this.requests[decision.variant * REASONS + <i32>decision.reason]);
    if (counter !== null) counter.add();
  }

  /** The guard's mode as it is now. */
  setGuardMode(mode: GuardMode): void {
    const gauge = this.guardMode;
    if (gauge !== null) gauge.set(<u64>mode);
  }

  countEjection(): void {
    const counter = this.ejections;
    if (counter !== null) counter.add();
  }
}

/** The metric's last part. */
function metricOf(reason: Reason): string {
  switch (reason) {
    case Reason.Trusted:
      return "by_trust";
    case Reason.Forced:
      return "by_force";
    case Reason.Rule:
      return "by_rule";
    case Reason.Split:
      return "by_split";
    default:
      return "by_guard";
  }
}

/** Whether the settings of a route leave a way for `reason` to choose `variant`. */
function isPossible(route: Route, variant: i32, reason: Reason): bool {
  const guard = route.guard;
  switch (reason) {
    case Reason.Trusted:
      return !route.trust.isEmpty;
    case Reason.Forced:
      return lengthOf(route.forceHeader) > 0;
    case Reason.Rule:
      return namesVariant(route.rules, variant);
    case Reason.Split:
      return variant == route.base || route.members.includes(variant);
    default:
      return guard !== null && guard.fallback == variant;
  }
}
