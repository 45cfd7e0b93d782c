// What one limit says about one request: the bucket as it was read, what the request costs, and
// whether the bucket has it. Only LimitBuckets makes and takes charges; everyone else reads them.
import { Bytes, view } from "../../lib/bytes";
import { SharedValue } from "../../lib/shared-store";
import { TokenBucket } from "./bucket";
import { BucketSet } from "./bucket-set";
import { Limit } from "./limit";

/** How a limit answered. Also the names of its counters. */
export const enum Outcome {
  /** It did not apply. */
  None,
  Admitted,
  /** Refused, or would be in report mode. */
  Limited,
  /** Would have refused, but only watches (`shadow`) or was not enforced on this request. */
  Shadowed,
}

/** Which of a limit's buckets a charge is about. */
export const enum BucketKind {
  /** None: the request lacks a part of the key, and is refused for that. */
  None,
  /** The limit's only bucket, or the one for all requests without the key. */
  Own,
  /** The bucket of the request's key. */
  Client,
  /** One that clients without a slot of their own share. */
  Overflow,
}

/** One object for each limit, used again for its next request. */
@final
export class Charge {
  outcome: Outcome = Outcome.None;
  kind: BucketKind = BucketKind.None;
  bucket: TokenBucket;
  cost: i64 = 1;
  /** The limit itself (0), or the number of one of its overrides. */
  tier: i32 = 0;
  /** Names the bucket among the slots of its set. */
  fingerprint: u64 = 0;
  /** Of an overflow bucket. */
  index: i32 = 0;
  now: i64 = 0;
  /** When the bucket is full, as last read or written. */
  fullAt: i64 = 0;
  readonly set: BucketSet = new BucketSet();
  /** The set as it lies in shared data. */
  readonly stored: SharedValue = new SharedValue();

  constructor(readonly limit: Limit) {
    this.bucket = limit.bucket;
  }

  get name(): Bytes {
    return view(this.limit.name);
  }

  /** Whether the request has a key, and the charge is for it. */
  get hasKey(): bool {
    return this.kind == BucketKind.Client || this.kind == BucketKind.Overflow;
  }

  /** Whether the bucket, as last read, has what the request costs. */
  get admits(): bool {
    return this.bucket.admits(this.fullAt, this.now, this.cost);
  }

  get remaining(): i64 {
    return this.bucket.remaining(this.fullAt, this.now);
  }

  /**
   * Nanoseconds until the request could pass; the longest there is when it never can: the key is
   * missing, or it costs more than the bucket holds.
   */
  get waitNanos(): i64 {
    if (this.kind == BucketKind.None || this.cost > this.bucket.maxTokens) return i64.MAX_VALUE;
    return this.bucket.waitNanos(this.fullAt, this.now, this.cost);
  }

  get fullInNanos(): i64 {
    return this.bucket.fullInNanos(this.fullAt, this.now);
  }
}
