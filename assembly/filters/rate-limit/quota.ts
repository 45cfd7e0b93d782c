// What a response tells its client about quotas, in the two dialects there are, and Retry-After.
import { Bytes, NONE, text } from "../../lib/bytes";
import { Writer } from "../../lib/writer";
import { TICKS_PER_NANO } from "./bucket";
import { BucketKind, Charge, Outcome } from "./charge";
import { QuotaHeaders } from "./config";
import { LimitBuckets } from "./limit-buckets";
import { RateLimitResponse } from "./service/response";

const SECOND: i64 = 1_000_000_000;
/** No time to come back at. */
const NEVER: i64 = -1;
/** Of one response: a line of 64 limits would not fit into a header of many clients. */
const LIMITS_MAX = 16;

export const X_RATELIMIT_LIMIT = text("x-ratelimit-limit");
export const X_RATELIMIT_REMAINING = text("x-ratelimit-remaining");
export const X_RATELIMIT_RESET = text("x-ratelimit-reset");
export const RATELIMIT = text("ratelimit");
export const RATELIMIT_POLICY = text("ratelimit-policy");
export const RETRY_AFTER = text("retry-after");

const COMMA = text(", ");
const QUOTE: u8 = 0x22;
const WINDOW = text(";w=");
const NAME = text(';name="');
const QUOTA = text('";q=');
const REMAINING = text('";r=');
const RESET = text(";t=");

/** Takes one header for a local reply or for a response. */
export abstract class HeaderSink {
  abstract header(name: Bytes, value: Bytes): void;
}

/** What one limit tells. */
@final
class Figures {
  name: Bytes = NONE;
  maxTokens: i64 = 0;
  /** A quota policy tells a window: the time in which an empty bucket fills. */
  windowSeconds: i64 = 0;
  remaining: i64 = 0;
  resetSeconds: i64 = 0;

  ofCharge(charge: Charge): this {
    this.name = charge.name;
    this.maxTokens = charge.bucket.maxTokens;
    this.windowSeconds = inSeconds(charge.bucket.capacity / TICKS_PER_NANO);
    this.remaining = charge.remaining;
    this.resetSeconds = inSeconds(charge.fullInNanos);
    return this;
  }

  ofService(charge: Charge, response: RateLimitResponse): this {
    this.name = charge.name;
    this.maxTokens = response.requestsPerUnit;
    this.windowSeconds = response.unitSeconds;
    this.remaining = response.remaining;
    this.resetSeconds = response.resetSeconds;
    return this;
  }
}

const figures = new Figures();
const number = new Writer(32);

/** The quotas of one request, written at its decision and kept until its response. */
@final
export class Quota {
  private dialect: QuotaHeaders = QuotaHeaders.None;
  /** `x-ratelimit-limit` or `RateLimit-Policy`, and `RateLimit`. */
  private readonly policies: Writer = new Writer();
  private readonly states: Writer = new Writer();
  /** Of the limit that refused, or has least left. */
  private remaining: i64 = 0;
  private resetSeconds: i64 = 0;
  private retrySeconds: i64 = NEVER;

  clear(): void {
    this.dialect = QuotaHeaders.None;
    this.retrySeconds = NEVER;
  }

  /** Tells about `main`, and then about the other limits that apply to the request. */
  set(dialect: QuotaHeaders, main: Charge, limits: StaticArray<LimitBuckets>): void {
    const waitNanos = main.waitNanos;
    this.begin(dialect, figures.ofCharge(main));
    this.retrySeconds = waitNanos == i64.MAX_VALUE ? NEVER : inSeconds(waitNanos);
    if (dialect == QuotaHeaders.None) return;
    let others = 0;
    for (let i = 0; i < limits.length && others < LIMITS_MAX; i++) {
      const charge = unchecked(limits[i]).charge;
      if (charge === main || !isTold(charge)) continue;
      // With one limit alone, Envoy's field has no name in it.
      if (others++ == 0 && dialect == QuotaHeaders.Draft03) this.name(main.name);
      this.add(figures.ofCharge(charge));
      if (dialect == QuotaHeaders.Draft03) this.name(charge.name);
    }
  }

  /** Tells what the rate limit service said of the limit that it refused. */
  setService(dialect: QuotaHeaders, charge: Charge, response: RateLimitResponse): void {
    this.begin(dialect, figures.ofService(charge, response));
    this.retrySeconds = response.resetSeconds > 0 ? response.resetSeconds : NEVER;
  }

  private begin(dialect: QuotaHeaders, main: Figures): void {
    this.dialect = dialect;
    this.remaining = main.remaining;
    this.resetSeconds = main.resetSeconds;
    this.policies.reset();
    this.states.reset();
    if (dialect == QuotaHeaders.Draft03) this.policies.decimal(main.maxTokens);
    if (dialect != QuotaHeaders.None) this.add(main);
  }

  /** `, 1000;w=10`, or `"name";q=1000;w=10` and `"name";r=999;t=1`. */
  private add(limit: Figures): void {
    const policies = this.policies;
    const states = this.states;
    if (policies.length > 0) policies.bytes(COMMA);
    if (this.dialect == QuotaHeaders.Ietf) {
      policies.byte(QUOTE);
      policies.bytes(limit.name);
      policies.bytes(QUOTA);
      if (states.length > 0) states.bytes(COMMA);
      states.byte(QUOTE);
      states.bytes(limit.name);
      states.bytes(REMAINING);
      states.decimal(limit.remaining);
      states.bytes(RESET);
      states.decimal(limit.resetSeconds);
    }
    policies.decimal(limit.maxTokens);
    policies.bytes(WINDOW);
    policies.decimal(limit.windowSeconds);
  }

  private name(name: Bytes): void {
    this.policies.bytes(NAME);
    this.policies.bytes(name);
    this.policies.byte(QUOTE);
  }

  /** The quota fields of the dialect. */
  write(to: HeaderSink): void {
    if (this.dialect == QuotaHeaders.None) return;
    if (this.dialect == QuotaHeaders.Ietf) {
      to.header(RATELIMIT_POLICY, this.policies.view());
      to.header(RATELIMIT, this.states.view());
      return;
    }
    to.header(X_RATELIMIT_LIMIT, this.policies.view());
    to.header(X_RATELIMIT_REMAINING, decimal(this.remaining));
    to.header(X_RATELIMIT_RESET, decimal(this.resetSeconds));
  }

  /**
   * Seconds until the request could pass, at least 1 (RFC 9110 section 10.2.3: whole seconds).
   * Nothing if it never can.
   */
  writeRetryAfter(to: HeaderSink): void {
    if (this.retrySeconds != NEVER) to.header(RETRY_AFTER, decimal(max(1, this.retrySeconds)));
  }
}

function isTold(charge: Charge): bool {
  const applies = charge.outcome != Outcome.None && charge.kind != BucketKind.None;
  return applies && !charge.limit.shadow;
}

function decimal(value: i64): Bytes {
  number.reset();
  number.decimal(value);
  return number.view();
}

/** Rounded up: a client that comes back at that second finds what it was told. */
function inSeconds(nanos: i64): i64 {
  return (nanos + SECOND - 1) / SECOND;
}
