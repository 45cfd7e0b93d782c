// Tells when the time of day will do for a clock that never steps. A duration is then the
// difference of two instants that are known anyhow; asking the proxy for it would be one more
// call that fetches data. Decides without the host.

/**
 * What may lie between the readings of two clocks one after the other, the worker's being put
 * aside included.
 */
const TOLERANCE_NANOS: i64 = 1_000_000;


@final
export class SteadyClock {
  /**
   * Unix time less monotonic time when last read. It changes when the time of day is set, and at
   * no other time.
   */
  private offset: i64 = 0;
  /**
   * The first instant, in Unix nanoseconds, that surely is told by the time of day as it is now.
   */
  private since: i64 = 0;
  private unixNanos: i64 = 0;

  /** Takes both clocks, in nanoseconds, read one after the other. */
  observe(unixNanos: i64, monotonicNanos: i64): void {
    const step = unixNanos - monotonicNanos - this.offset;
    if (step > TOLERANCE_NANOS || step < -TOLERANCE_NANOS) {
      // Until now the old time of day may have been ahead of the new one.
      this.since = unixNanos + max<i64>(-step, 0);
      this.offset += step;
    }
    this.unixNanos = unixNanos;
  }

  /**
   * Nanoseconds from `start`, in Unix nanoseconds, to the reading; -1 when the time of day was
   * set in between.
   */
  passedSince(start: i64): i64 {
    return start >= this.since && start <= this.unixNanos ? this.unixNanos - start : -1;
  }
}
