// The metrics of one route: requests by variant and by who decided, and the state of its guard.
import { Counter, Gauge } from "../../host/metrics";
import { toText, view } from "../../lib/bytes";
import { GuardMode } from "./guard";
import { Route } from "./route";
import { Reason, Verdict } from "./verdict";

/** Who may decide on a variant, in the order of `Reason` behind None. */
const OUTCOMES = ["by_trust", "by_force", "by_rule", "by_split", "by_guard"];


@final
export class RouteCounters {
  /**
   * Of each variant in turn those of OUTCOMES; null where the route's settings leave nothing to
   * count.
   */
  private readonly requests: StaticArray<Counter | null>;
  private readonly guardMode: Gauge | null;
  private readonly ejections: Counter | null;

  /**
   * All that can ever count is there from the start: of a counter that comes with its first
   * event, a scrape misses that event.
   */
  constructor(route: Route) {
    this.requests = new StaticArray<Counter | null>(route.variants.length * OUTCOMES.length);
    const prefix = "gatehouse.canary." + toText(view(route.name)) + ".";
    for (let variant = 0; variant < route.variants.length; variant++) {
      const name = prefix + toText(view(route.variants[variant])) + ".";
      for (let i = 0; i < OUTCOMES.length; i++) {
        if (!isPossible(route, variant, <Reason>(i + 1))) continue;
        this.requests[variant * OUTCOMES.length + i] = new Counter(name + OUTCOMES[i]);
      }
    }
    const isGuarded = route.guard !== null;
    this.guardMode = isGuarded ? new Gauge(prefix + "guard_mode") : null;
    this.ejections = isGuarded ? new Counter(prefix + "guard_ejections") : null;
  }

  count(verdict: Verdict): void {
    if (verdict.variant < 0 || verdict.reason == Reason.None) return;
    const counter = unchecked(
      this.requests[verdict.variant * OUTCOMES.length + <i32>verdict.reason - 1],
    );
    if (counter !== null) counter.add();
  }

  /** The guard's mode as it is now. */
  show(mode: GuardMode): void {
    const gauge = this.guardMode;
    if (gauge !== null) gauge.set(<u64>mode);
  }

  ejected(): void {
    const counter = this.ejections;
    if (counter !== null) counter.add();
  }
}

/** Whether the settings of a route leave a way for `reason` to choose `variant`. */
function isPossible(route: Route, variant: i32, reason: Reason): bool {
  const guard = route.guard;
  switch (reason) {
    case Reason.Trusted:
      return !route.trust.isEmpty;
    case Reason.Forced:
      return route.forceHeader.length > 0;
    case Reason.Rule:
      return route.rules.names(variant);
    case Reason.Split:
      return variant == route.base || route.members.includes(variant);
    default:
      return guard !== null && guard.fallback == variant;
  }
}
