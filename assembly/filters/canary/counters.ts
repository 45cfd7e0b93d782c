// The metrics: requests by route, variant and who decided, and the state of the guards.
import { Counter, CounterTable, Gauge } from "../../host/metrics";
import { lengthOf, toText } from "../../lib/bytes";
import { Decision, Reason } from "./decision";
import { GuardMode } from "./guard";
import { Route } from "./route";
import { namesVariant } from "./rules";

const REASONS: i32 = 6;

/** Requests of all routes by variant and reason. What the settings never lead to has no counter. */
@final
export class RequestCounters extends CounterTable {
  /** Numbers from the counters of one route to those of the next. */
  private readonly routeStep: i32;

  /** Defines all counters at once: a scrape misses the first event of one that comes later. */
  constructor(routes: Route[]) {
    let variantsMax = 0;
    for (let i = 0; i < routes.length; i++)
      variantsMax = max(variantsMax, routes[i].variants.length);
    super(routes.length * variantsMax * REASONS);
    this.routeStep = variantsMax * REASONS;
    for (let i = 0; i < routes.length; i++) this.defineRoute(routes[i], i);
  }

  private defineRoute(route: Route, index: i32): void {
    for (let variant = 0; variant < route.variants.length; variant++) {
      const name = prefixOf(route) + toText(route.variants[variant]) + ".";
      for (let reason = 1; reason < REASONS; reason++) {
        if (!isPossible(route, variant, <Reason>reason)) continue;
        this.define(this.numberOf(index, variant, <Reason>reason), name + metricOf(<Reason>reason));
      }
    }
  }

  private numberOf(route: i32, variant: i32, reason: Reason): i32 {
    return route * this.routeStep + variant * REASONS + <i32>reason;
  }

  count(decision: Decision): void {
    if (decision.variant < 0 || decision.reason == Reason.None) return;
    this.add(this.numberOf(decision.routeIndex, decision.variant, decision.reason));
  }
}

/** The metrics of one route's guard. */
@final
export class GuardMetrics {
  private readonly mode: Gauge;
  private readonly ejections: Counter;

  constructor(route: Route) {
    this.mode = new Gauge(prefixOf(route) + "guard_mode");
    this.ejections = new Counter(prefixOf(route) + "guard_ejections");
  }

  /** The guard's mode as it is now. */
  setMode(mode: GuardMode): void {
    this.mode.set(<u64>mode);
  }

  countEjection(): void {
    this.ejections.add();
  }
}

function prefixOf(route: Route): string {
  return "gatehouse.canary." + toText(route.name) + ".";
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
