// Envoy's AtomicTokenBucketImpl (source/common/common/token_bucket_impl.cc): starts full, refills
// evenly.
import type { Message } from "../envoy/message.ts";

export interface BucketFigures {
  maxTokens: number;
  tokensPerFill: number;
  fillIntervalNanos: number;
}

/** Envoy refuses shorter ones. */
const fillIntervalNanosMin = 50_000_000;

export function readTokenBucket(message: Message): BucketFigures {
  const maxTokens = message.whole("max_tokens");
  if (maxTokens === undefined) throw message.refuse("max_tokens", "is missing");
  // 0 is an error up to Envoy 1.39, and refuses everything from 1.40 on.
  if (maxTokens < 1) throw message.refuse("max_tokens", "is below 1");
  const tokensPerFill = message.whole("tokens_per_fill") ?? 1;
  if (tokensPerFill < 1) throw message.refuse("tokens_per_fill", "is below 1");
  const fillIntervalNanos = message.durationNanos("fill_interval");
  if (fillIntervalNanos === undefined) throw message.refuse("fill_interval", "is missing");
  // Envoy reads it in milliseconds.
  const interval = Math.floor(fillIntervalNanos / 1e6) * 1e6;
  if (interval < fillIntervalNanosMin) throw message.refuse("fill_interval", "is below 50ms");
  message.done();
  return { maxTokens, tokensPerFill, fillIntervalNanos: interval };
}

/** Tokens per second: what Envoy sorts buckets by. */
export function fillRate({ tokensPerFill, fillIntervalNanos }: BucketFigures): number {
  return tokensPerFill / (fillIntervalNanos / 1e9);
}

/** Envoy counts in floating point, from a start that nobody knows: what is that near is there. */
const rounding = 1e-6;

export class TokenBucket {
  readonly figures: BucketFigures;
  readonly fillRate: number;
  /** The instant at which the bucket was, or would have been, empty. */
  private emptyAtSeconds = -Infinity;

  constructor(figures: BucketFigures) {
    this.figures = figures;
    this.fillRate = fillRate(figures);
  }

  tokensAt(seconds: number): number {
    return Math.min(this.figures.maxTokens, (seconds - this.emptyAtSeconds) * this.fillRate);
  }

  /** Takes `count` tokens if they are there. */
  consume(count: number, seconds: number): boolean {
    const tokens = this.tokensAt(seconds);
    // Envoy takes a count of nothing for a failure to take any.
    if (count === 0 || tokens < count - rounding) return false;
    this.emptyAtSeconds = seconds - (tokens - count) / this.fillRate;
    return true;
  }
}
