// The metrics of one route: requests by variant and by reason, and the state of its guard.
import { Counter, Gauge } from "../../host/metrics";
import { toText, view } from "../../lib/bytes";
import { OUTCOMES } from "./config";
import { GuardMode } from "./guard";
import { Route } from "./route";
import { Reason, Verdict } from "./verdict";

/** OUTCOMES begins with the reasons, in the order of `Reason` behind None. */
const REASONS = 5;


@final
export class RouteCounters {
  private readonly variants: Counter[] = [];
  private readonly reasons: Counter[] = [];
  private readonly guardMode: Gauge | null;
  private readonly ejections: Counter | null;

  constructor(route: Route) {
    const prefix = "gatehouse.canary." + toText(view(route.name)) + ".";
    for (let i = 0; i < REASONS; i++) this.reasons.push(new Counter(prefix + OUTCOMES[i]));
    for (let i = 0; i < route.variants.length; i++) {
      this.variants.push(new Counter(prefix + toText(view(route.variants[i]))));
    }
    const isGuarded = route.guard !== null;
    this.guardMode = isGuarded ? new Gauge(prefix + OUTCOMES[REASONS]) : null;
    this.ejections = isGuarded ? new Counter(prefix + OUTCOMES[REASONS + 1]) : null;
  }

  count(verdict: Verdict): void {
    if (verdict.variant < 0 || verdict.reason == Reason.None) return;
    unchecked(this.variants[verdict.variant]).add();
    unchecked(this.reasons[<i32>verdict.reason - 1]).add();
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
