// How many signatures this worker may check within a second, by what one costs, so that a flood
// of expensive bad tokens cannot take the worker from everybody else. Knows counts and time.
import { COST_CLASSES, CostClass } from "../../../lib/jose/algorithm";

const SECOND_NANOS: i64 = 1_000_000_000;

/** How many failed checks of one cost class a worker makes within a second. */
@final
class Budget {
  constructor(
    /** Checked by our own code. */
    readonly own: i32,
    /** Checked by the host. */
    readonly host: i32,
  ) {}
}

const budgets = new StaticArray<Budget>(COST_CLASSES);

function row(costClass: CostClass, own: i32, host: i32): void {
  budgets[costClass] = new Budget(own, host);
}

// By default failures of a class may take about a quarter of a worker: a second over four times
// the measured cost of one check. RSA costs 20 µs in the host and 70 here, PSS and Ed25519 0.1 ms
// here, P-256 50 µs in the host and 0.16 ms here, P-384 0.45 ms in either, P-521 1.4 ms in the host.
row(CostClass.Rsa, 3_500, 12_500);
row(CostClass.RsaPss, 2_500, 2_500);
row(CostClass.P256, 1_600, 5_000);
row(CostClass.P384, 500, 500);
row(CostClass.P521, 180, 180);
row(CostClass.Ed25519, 2_500, 2_500);
row(CostClass.Hmac, 50_000, 50_000);

function defaultFor(costClass: CostClass, isHosts: bool): i32 {
  const budget = unchecked(budgets[costClass]);
  return isHosts ? budget.host : budget.own;
}


@final
export class VerificationLimiter {
  private taken: StaticArray<i32> = new StaticArray<i32>(COST_CLASSES);
  private startedAtNanos: StaticArray<i64> = new StaticArray<i64>(COST_CLASSES);

  /**
   * `perSecond` 0: every class has its own default. A number that was asked for counts every
   * check; the defaults count those that fail, for good tokens are no flood.
   */
  constructor(private perSecond: i32) {}

  /**
   * Whether one more signature may be checked at `nowNanos`, in the host or here. A clock set
   * back opens a new second.
   */
  admits(costClass: CostClass, isHosts: bool, nowNanos: i64): bool {
    const passed = nowNanos - unchecked(this.startedAtNanos[costClass]);
    if (passed >= SECOND_NANOS || passed < 0) {
      unchecked((this.startedAtNanos[costClass] = nowNanos));
      unchecked((this.taken[costClass] = 0));
    }
    const limit = this.perSecond > 0 ? this.perSecond : defaultFor(costClass, isHosts);
    return unchecked(this.taken[costClass]) < limit;
  }

  /** Counts a check that was made. */
  count(costClass: CostClass, failed: bool): void {
    if (failed || this.perSecond > 0) unchecked(this.taken[costClass]++);
  }
}
