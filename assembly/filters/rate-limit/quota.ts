// What an answer tells its client about the quota, in the two dialects there are, and Retry-After.
import { Bytes, NONE, text } from "../../lib/bytes";
import { Writer } from "../../lib/writer";
import { TICKS_PER_NANO } from "./bucket";
import { Charge } from "./charge";
import { QuotaHeaders } from "./config";
import { RateLimitResponse } from "./service/response";

const SECOND: i64 = 1_000_000_000;
/** No time to come back at. */
const NEVER: i64 = -1;
const COMMA = text(", ");
const WINDOW = text(";w=");
const QUOTE: u8 = 0x22;
const POLICY_QUOTA = text('";q=');
const REMAINING = text('";r=');
const RESET = text(";t=");

export const X_RATELIMIT_LIMIT = text("x-ratelimit-limit");
export const X_RATELIMIT_REMAINING = text("x-ratelimit-remaining");
export const X_RATELIMIT_RESET = text("x-ratelimit-reset");
export const RATELIMIT = text("ratelimit");
export const RATELIMIT_POLICY = text("ratelimit-policy");
export const RETRY_AFTER = text("retry-after");

/** Takes one header; filter.ts puts it on a local reply or on a response. */
export abstract class HeaderSink {
  abstract header(name: Bytes, value: Bytes): void;
}

/** The quota of one request, kept from its decision to its response. */
@final
export class Quota {
  private limitName: Bytes = NONE;
  private maxTokens: i64 = 0;
  private windowSeconds: i64 = 0;
  private remaining: i64 = 0;
  private resetSeconds: i64 = 0;
  private retrySeconds: i64 = 0;
  private readonly value: Writer = new Writer();

  get isKnown(): bool {
    return this.limitName != NONE;
  }

  clear(): void {
    this.limitName = NONE;
  }

  /** Takes the figures of a charge. */
  set(charge: Charge): void {
    const bucket = charge.bucket;
    this.limitName = charge.name;
    this.maxTokens = bucket.maxTokens;
    // A quota policy speaks of a window: the time in which an empty bucket fills.
    this.windowSeconds = inSeconds(bucket.capacity / TICKS_PER_NANO);
    this.remaining = charge.remaining;
    this.resetSeconds = inSeconds(charge.fullInNanos);
    const waitNanos = charge.waitNanos;
    this.retrySeconds = waitNanos == i64.MAX_VALUE ? NEVER : inSeconds(waitNanos);
  }

  /** Takes what the rate limit service said of the limit that it refused. */
  setService(charge: Charge, response: RateLimitResponse): void {
    this.limitName = charge.name;
    this.maxTokens = response.requestsPerUnit;
    this.windowSeconds = response.unitSeconds;
    this.remaining = response.remaining;
    this.resetSeconds = response.resetSeconds;
    this.retrySeconds = response.resetSeconds > 0 ? response.resetSeconds : NEVER;
  }

  /** The quota fields of `dialect`. */
  write(dialect: QuotaHeaders, to: HeaderSink): void {
    if (dialect == QuotaHeaders.Draft03) this.writeDraft03(to);
    else if (dialect == QuotaHeaders.Ietf) this.writeIetf(to);
  }

  /** `x-ratelimit-limit: 1000, 1000;w=10` and the two others. */
  private writeDraft03(to: HeaderSink): void {
    const value = this.value;
    value.reset();
    value.decimal(this.maxTokens);
    value.bytes(COMMA);
    value.decimal(this.maxTokens);
    value.bytes(WINDOW);
    value.decimal(this.windowSeconds);
    to.header(X_RATELIMIT_LIMIT, value.view());
    to.header(X_RATELIMIT_REMAINING, this.decimal(this.remaining));
    to.header(X_RATELIMIT_RESET, this.decimal(this.resetSeconds));
  }

  /** `RateLimit-Policy: "name";q=1000;w=10` and `RateLimit: "name";r=999;t=1`. */
  private writeIetf(to: HeaderSink): void {
    const value = this.value;
    this.name();
    value.bytes(POLICY_QUOTA);
    value.decimal(this.maxTokens);
    value.bytes(WINDOW);
    value.decimal(this.windowSeconds);
    to.header(RATELIMIT_POLICY, value.view());
    this.name();
    value.bytes(REMAINING);
    value.decimal(this.remaining);
    value.bytes(RESET);
    value.decimal(this.resetSeconds);
    to.header(RATELIMIT, value.view());
  }

  /**
   * Seconds until the request could pass, at least 1 (RFC 9110 section 10.2.3: whole seconds);
   * nothing if it never can.
   */
  writeRetryAfter(to: HeaderSink): void {
    if (this.isKnown && this.retrySeconds != NEVER)
      to.header(RETRY_AFTER, this.decimal(max(1, this.retrySeconds)));
  }

  private name(): void {
    this.value.reset();
    this.value.byte(QUOTE);
    this.value.bytes(this.limitName);
  }

  private decimal(number: i64): Bytes {
    this.value.reset();
    this.value.decimal(number);
    return this.value.view();
  }
}

/** Rounded up: a client that comes back at that second finds what it was told. */
function inSeconds(nanos: i64): i64 {
  return (nanos + SECOND - 1) / SECOND;
}
