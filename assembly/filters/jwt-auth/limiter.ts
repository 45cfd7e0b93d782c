// How many signatures this worker may check within a second, by what one costs, so that a flood of expensive bad tokens
// cannot take the worker from everybody else. Knows counts and time.
import { COST_CLASSES, CostClass } from "../../lib/jose/algorithm";

const SECOND_NANOS: i64 = 1_000_000_000;

/**
 * By default a class may take about a quarter of a worker: a second over four times the measured cost of one (RSA 20 µs
 * in the host, PSS and Ed25519 0.1 ms here, P-256 50 µs, P-384 0.45 ms and P-521 1.4 ms in the host).
 */
function defaultFor(costClass: i32, isInHost: bool): i32 {
  switch (costClass) {
    case CostClass.Rsa:
      // Our own code takes 70 µs.
      return isInHost ? 12_500 : 3_500;
    case CostClass.RsaPss:
      return 2_500;
    case CostClass.P256:
      // Our own code takes 0.16 ms.
      return isInHost ? 5_000 : 1_600;
    case CostClass.P384:
      return 500;
    case CostClass.P521:
      return 180;
    case CostClass.Ed25519:
      return 2_500;
    default:
      return 50_000;
  }
}


@final
export class VerificationLimiter {
  private limits: StaticArray<i32> = new StaticArray<i32>(COST_CLASSES);
  private taken: StaticArray<i32> = new StaticArray<i32>(COST_CLASSES);
  private startedAtNanos: StaticArray<i64> = new StaticArray<i64>(COST_CLASSES);

  /** `perSecond` 0: every class has its own default, by where the host or our own code verifies it. */
  constructor(perSecond: i32, isInHost: bool = true) {
    for (let i = 0; i < COST_CLASSES; i++) this.limits[i] = perSecond > 0 ? perSecond : defaultFor(i, isInHost);
  }

  /** Whether one more verification may be made at `nowNanos`; if so it is counted. A clock set back opens a window. */
  take(costClass: CostClass, nowNanos: i64): bool {
    const passed = nowNanos - unchecked(this.startedAtNanos[costClass]);
    if (passed >= SECOND_NANOS || passed < 0) {
      unchecked((this.startedAtNanos[costClass] = nowNanos));
      unchecked((this.taken[costClass] = 0));
    }
    if (unchecked(this.taken[costClass]) >= unchecked(this.limits[costClass])) return false;
    unchecked(this.taken[costClass]++);
    return true;
  }
}
