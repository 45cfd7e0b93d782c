// RateLimitResponse of envoy.service.ratelimit.v3, read from a gRPC frame. Bytes that are no
// response are a failure.
import { Bytes, EMPTY, at, lengthOf, pointerOf, slice } from "../../../lib/bytes";
import { ProtobufReader, ProtobufStatus, WireType } from "../../../lib/protobuf";
import { FRAME_BYTES } from "./request";

/** RateLimitResponse.Code. */
const CODE_OK = 1;
const CODE_OVER_LIMIT = 2;
/** A year: what a broken answer says beyond it is no time to tell a client. */
const RESET_SECONDS_MAX: i64 = 366 * 86_400;

const reader = new ProtobufReader();
const status = new ProtobufReader();
const nested = new ProtobufReader();

/** What the service said. */
export const enum ServiceDecision {
  Ok,
  OverLimit,
  /** No answer, a gRPC error, or bytes that are no answer. */
  Failure,
}

/** The decision, and what the service said about the limit that it refused. */
@final
export class RateLimitResponse {
  decision: ServiceDecision = ServiceDecision.Failure;
  /** Which descriptor of the question is over its limit; -1: it did not say. */
  descriptor: i32 = -1;
  requestsPerUnit: i64 = 0;
  unitSeconds: i64 = 0;
  remaining: i64 = 0;
  /** Seconds until the limit is reset, rounded up; 0: not known. */
  resetSeconds: i64 = 0;

  /** Forgets the response before: no response is a failure. */
  clear(): this {
    this.decision = ServiceDecision.Failure;
    this.descriptor = -1;
    this.requestsPerUnit = 0;
    this.unitSeconds = 0;
    this.remaining = 0;
    this.resetSeconds = 0;
    return this;
  }

  /**
   * Reads RateLimitResponse from a framed body: `overall_code` (1) is 1 for OK and 2 for over the
   * limit, and of `statuses` (2), one a descriptor, the one over its limit that is reset last.
   */
  read(body: Bytes): void {
    this.clear();
    if (lengthOf(body) < FRAME_BYTES || at(body, 0) != 0) return;
    const length = bswap<u32>(load<u32>(pointerOf(body) + 1));
    if (length > <u32>(lengthOf(body) - FRAME_BYTES)) return;
    reader.start(slice(body, FRAME_BYTES, FRAME_BYTES + <i32>length));
    let code: u64 = 0;
    let descriptor = 0;
    while (reader.next()) {
      if (reader.field == 1) code = reader.value;
      if (reader.field == 2) this.readStatus(reader.content, descriptor++);
    }
    if (reader.status != ProtobufStatus.Ok) return;
    if (code == CODE_OK) this.decision = ServiceDecision.Ok;
    if (code == CODE_OVER_LIMIT) this.decision = ServiceDecision.OverLimit;
  }

  /**
   * DescriptorStatus: `code` (1), `current_limit` (2), `limit_remaining` (3),
   * `duration_until_reset` (4).
   */
  private readStatus(message: Bytes, descriptor: i32): void {
    let code: u64 = 0;
    let limit: Bytes = EMPTY;
    let remaining: i64 = 0;
    let reset: Bytes = EMPTY;
    status.start(message);
    while (status.next()) {
      if (status.field == 1) code = status.value;
      else if (status.field == 2) limit = status.content;
      else if (status.field == 3) remaining = <i64>(status.value & 0xffffffff);
      else if (status.field == 4) reset = status.content;
    }
    // Duration: seconds (1), nanos (2).
    const seconds = <i64>fieldOf(reset, 1) + (fieldOf(reset, 2) > 0 ? 1 : 0);
    if (code != CODE_OVER_LIMIT || (this.descriptor >= 0 && seconds <= this.resetSeconds)) return;
    this.descriptor = descriptor;
    this.remaining = remaining;
    this.resetSeconds = max(0, min(seconds, RESET_SECONDS_MAX));
    // RateLimit: requests_per_unit (1), unit (2).
    this.requestsPerUnit = <i64>(fieldOf(limit, 1) & 0xffffffff);
    const unit = fieldOf(limit, 2);
    this.unitSeconds = secondsOf(unit);
  }
}

/** RateLimitResponse.RateLimit.Unit in seconds; 0 for a unit that is not known. */
function secondsOf(unit: u64): i64 {
  if (unit == 1) return 1;
  if (unit == 2) return 60;
  if (unit == 3) return 3600;
  if (unit == 4) return 86_400;
  if (unit == 5) return 30 * 86_400;
  if (unit == 6) return 365 * 86_400;
  return unit == 7 ? 7 * 86_400 : 0;
}

/** A number of a flat message; 0 when it is not there. */
function fieldOf(message: Bytes, field: u32): u64 {
  let value: u64 = 0;
  nested.start(message);
  while (nested.next()) {
    if (nested.field == field && nested.type == WireType.Varint) value = nested.value;
  }
  return value;
}
