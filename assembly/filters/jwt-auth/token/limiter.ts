// `maxVerificationsPerSecond`: how many signatures of one cost class this worker checks within a
// second. Without the setting there is no such number; failure-budget.ts is what bounds a flood.
import { COST_CLASSES, CostClass } from "../../../lib/jose/algorithm";

const SECOND_NANOS: i64 = 1_000_000_000;


@final
export class VerificationLimiter {
  private taken: StaticArray<i32> = new StaticArray<i32>(COST_CLASSES);
  private startedAtNanos: StaticArray<i64> = new StaticArray<i64>(COST_CLASSES);

  constructor(
    /** 0: not bounded. */
    private perSecond: i32,
  ) {}

  get isSet(): bool {
    return this.perSecond > 0;
  }

  /** Whether one more may be checked at `nowNanos`; a clock set back opens a new second. */
  admits(costClass: CostClass, nowNanos: i64): bool {
    if (!this.isSet) return true;
    const passed = nowNanos - unchecked(this.startedAtNanos[costClass]);
    if (passed >= SECOND_NANOS || passed < 0) {
      unchecked((this.startedAtNanos[costClass] = nowNanos));
      unchecked((this.taken[costClass] = 0));
    }
    return unchecked(this.taken[costClass]) < this.perSecond;
  }

  /** Counts a check that was made, whatever it found. */
  count(costClass: CostClass): void {
    unchecked(this.taken[costClass]++);
  }
}
