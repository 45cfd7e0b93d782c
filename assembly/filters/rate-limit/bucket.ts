// Token bucket arithmetic without a timer. A bucket's whole state is one number: the time at
// which it will be full again. What it holds now follows from that, and so does when it may be
// forgotten (a full bucket and a new one are the same), which is what makes the table's eviction
// safe. Refill is continuous, as in Envoy's AtomicTokenBucketImpl.
//
//   full at ──►  now          now + deficit
//                 |── deficit ──|            tokens = (capacity − deficit) / ticksPerToken
//
// Times are in ticks of 1/16 ns of the monotonic clock: at 1,000,000 tokens a second rounding
// costs less than 0.01 %. Only differences of times are compared, so that it does not matter
// where a host's clock begins, or that it wraps.

/** Ticks in a nanosecond. */
export const TICKS_PER_NANO: i64 = 16;

/**
 * A bucket may take a year to fill: beyond that the arithmetic, not the policy, would set the
 * limit.
 */
export const CAPACITY_NANOS_MAX: i64 = 366 * 24 * 3600 * 1_000_000_000;


@final
export class TokenBucket {
  /** Ticks that one token takes to come back, rounded up: a limit is never exceeded by rounding. */
  readonly ticksPerToken: i64;
  /** Ticks from empty to full. */
  readonly capacity: i64;

  /** All three at least 1, and `isPossible` holds for them. */
  constructor(
    readonly maxTokens: i64,
    readonly tokensPerFill: i64,
    readonly fillIntervalNanos: i64,
  ) {
    this.ticksPerToken = ticksPerToken(tokensPerFill, fillIntervalNanos);
    this.capacity = this.ticksPerToken * maxTokens;
  }

  /** Whether the figures fit the arithmetic: the bucket fills within CAPACITY_NANOS_MAX. */
  static isPossible(maxTokens: i64, tokensPerFill: i64, fillIntervalNanos: i64): bool {
    if (maxTokens < 1 || tokensPerFill < 1 || fillIntervalNanos < 1) return false;
    if (fillIntervalNanos > CAPACITY_NANOS_MAX) return false;
    return (
      maxTokens <=
      (CAPACITY_NANOS_MAX * TICKS_PER_NANO) / ticksPerToken(tokensPerFill, fillIntervalNanos)
    );
  }

  /**
   * Whether `cost` tokens are there at `now`. A `now` before that of the last charge makes it
   * emptier, never fuller.
   */
  admits(fullAt: i64, now: i64, cost: i64): bool {
    return cost <= this.maxTokens && this.charged(fullAt, now, cost) - now <= this.capacity;
  }

  /** The state after taking `cost` tokens (at most maxTokens). */
  charged(fullAt: i64, now: i64, cost: i64): i64 {
    return now + max(fullAt - now, 0) + cost * this.ticksPerToken;
  }

  /** Whole tokens left at `now`. */
  remaining(fullAt: i64, now: i64): i64 {
    const deficit = fullAt - now;
    if (deficit <= 0) return this.maxTokens;
    return deficit >= this.capacity ? 0 : (this.capacity - deficit) / this.ticksPerToken;
  }

  /**
   * Nanoseconds until `cost` tokens are there; 0 when they are. More than the bucket can hold:
   * until it is full.
   */
  waitNanos(fullAt: i64, now: i64, cost: i64): i64 {
    const wanted = min(cost, this.maxTokens);
    const ticks = this.charged(fullAt, now, wanted) - now - this.capacity;
    return ticks <= 0 ? 0 : (ticks + TICKS_PER_NANO - 1) / TICKS_PER_NANO;
  }

  /** Nanoseconds until the bucket is full. */
  fullInNanos(fullAt: i64, now: i64): i64 {
    return fullAt - now <= 0 ? 0 : (fullAt - now + TICKS_PER_NANO - 1) / TICKS_PER_NANO;
  }
}

function ticksPerToken(tokensPerFill: i64, fillIntervalNanos: i64): i64 {
  return (fillIntervalNanos * TICKS_PER_NANO + tokensPerFill - 1) / tokensPerFill;
}
