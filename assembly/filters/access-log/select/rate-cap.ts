// How many lines a second one worker writes at most: a bucket that holds one second's worth.

const SECOND: i64 = 1_000_000_000;


@final
export class RateCap {
  private left: i64;
  private filledAtNanos: i64 = i64.MIN_VALUE;

  /** `perSecond` 0: no limit. */
  constructor(private perSecond: i64) {
    this.left = perSecond;
  }

  get isSet(): bool {
    return this.perSecond > 0;
  }

  /**
   * Takes one line at `nowNanos`; false when the second's lines are used up. The clock may step
   * back: then nothing fills.
   */
  admits(nowNanos: i64): bool {
    if (this.filledAtNanos == i64.MIN_VALUE || nowNanos < this.filledAtNanos)
      this.filledAtNanos = nowNanos;
    const passed = min<i64>(nowNanos - this.filledAtNanos, SECOND);
    const filled = (passed * this.perSecond) / SECOND;
    if (filled > 0) {
      this.left = min<i64>(this.left + filled, this.perSecond);
      // What is left of a token stays in the time.
      this.filledAtNanos =
        passed == SECOND ? nowNanos : this.filledAtNanos + (filled * SECOND) / this.perSecond;
    }
    if (this.left == 0) return false;
    this.left--;
    return true;
  }
}
