// How many signatures this worker may check within a second, by what one costs, so that a flood
// of expensive bad tokens cannot take the worker from everybody else. Knows counts and time.
import { COST_CLASSES, CostClass } from "../../../lib/jose/algorithm";

const SECOND_NANOS: i64 = 1_000_000_000;

/**
 * By default failures of a class may take about a quarter of a worker: a second over four times
 * the measured cost of one. RSA 20 µs in the host and 70 here, PSS and Ed25519 0.1 ms here, P-256
 * 50 µs in the host and 0.16 ms here, P-384 0.45 ms in either, P-521 1.4 ms in the host. Two for
 * each cost class: here and in the host.
 */
// prettier-ignore
const DEFAULTS = memory.data<u16>([
  3_500, 12_500, // RSA
  2_500, 2_500,
  1_600, 5_000, // P-256
  500, 500,
  180, 180, // P-521
  2_500, 2_500,
  50_000, 50_000, // HMAC
]);

function defaultFor(costClass: CostClass, isHosts: bool): i32 {
  return load<u16>(DEFAULTS + ((<usize>costClass) << 2) + ((<usize>isHosts) << 1));
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
