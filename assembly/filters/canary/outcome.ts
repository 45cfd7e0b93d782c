// What one exchange says about the variant that it went to. Only what the variant's upstream did
// counts: a refusal by another filter and a client that leaves say nothing.
import {
  Bytes,
  NONE,
  at,
  equal,
  equalIgnoreCase,
  isPresent,
  lengthOf,
  slice,
  startsWith,
  text,
} from "../../lib/bytes";

export const enum Outcome {
  /** It says nothing. */
  Nothing,
  Good,
  Failed,
}

/** A gRPC response that has not told its status. */
export const NO_STATUS: i32 = -1;

/**
 * Envoy's response flags (lib/http/response-flags.ts) of an upstream that could not be reached, did
 * not answer, or broke off: UH, UT, LR, UR, UF, UC, UMSDR, UPE, NC, DF. Not UO: a circuit breaker
 * opens by the number of requests.
 */
const UPSTREAM_FAILED: i64 =
  0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80000 | 0x800000 | 0x1000000 | 0x4000000;
/** SI: nothing moved for the idle timeout. */
const IDLE: i64 = 0x10000;
/** DI: another filter held the request back. */
const DELAY_INJECTED: i64 = 0x200;
/** DC and DR: the client left. */
const CLIENT_LEFT: i64 = 0x4000 | 0x10000000;

const SWITCHING_PROTOCOLS: i64 = 101;
const FROM_UPSTREAM = text("via_upstream");
const EVENT_STREAM = text("text/event-stream");
const GRPC = text("application/grpc");
const GRPC_WEB = text("application/grpc-web");

/** What the media type of a response makes of its end. */
export const enum Media {
  Other,
  /** Its status is in `grpc-status`. */
  Grpc,
  /** Its status is in its body. */
  GrpcWeb,
  /** It has no end: whoever breaks it off, the client connects again. */
  EventStream,
}

/** The facts of one exchange of a guarded variant. */
@final
export class Exchange {
  /** Whether the client asked for a tunnel (CONNECT). */
  asksForTunnel: bool = false;
  /** The request was received to its end. */
  isRequestComplete: bool = false;
  /** When that was, in monotonic nanoseconds; 0: it was not, or nobody asks. */
  requestEndNanos: i64 = 0;
  /** From then to the first byte of the response, or to the end when none came. */
  waitNanos: i64 = 0;
  hasResponse: bool = false;
  /** Whether the upstream's proxy header was in the response, which no other filter sets. */
  hasUpstreamTime: bool = false;
  media: Media = Media.Other;
  grpcStatus: i32 = NO_STATUS;
  /** The HTTP status; 0: there was none. */
  code: i64 = 0;
  flags: i64 = 0;

  reset(): void {
    this.asksForTunnel = false;
    this.isRequestComplete = false;
    this.requestEndNanos = 0;
    this.waitNanos = 0;
    this.hasResponse = false;
    this.hasUpstreamTime = false;
    this.media = Media.Other;
    this.grpcStatus = NO_STATUS;
  }

  /** Notes that the request is complete, at `nanos` where somebody asks for the time. */
  endRequest(nanos: i64): void {
    this.isRequestComplete = true;
    this.requestEndNanos = nanos;
  }

  /**
   * Notes how long the client waits at `nanos`. A response to an unfinished request was not late.
   */
  endWait(nanos: i64): void {
    this.waitNanos = this.requestEndNanos == 0 ? 0 : nanos - this.requestEndNanos;
  }

  /**
   * Notes what kind of response it is. gRPC-Web has its status in its body; only a response without
   * one says it in its headers.
   */
  setMedia(contentType: Bytes, grpcStatus: Bytes): void {
    this.media = mediaOf(contentType);
    const isGrpcWeb = this.media == Media.GrpcWeb && isPresent(grpcStatus);
    if (isGrpcWeb) this.media = Media.Grpc;
    if (this.media == Media.Grpc) this.grpcStatus = parseGrpcStatus(grpcStatus);
  }

  /**
   * Whether the proxy has to be asked who answered: `details` of `outcome` is not looked at else.
   */
  get asksForDetails(): bool {
    return this.hasResponse && !this.hasUpstreamTime && (this.flags & UPSTREAM_FAILED) == 0;
  }

  /**
   * The outcome. `details` are Envoy's response code details, NONE on hosts that have none;
   * `slowerThanNanos` is 0 where slow responses do not count.
   */
  outcome(details: Bytes, slowerThanNanos: i64): Outcome {
    const isHeldHere = (this.flags & DELAY_INJECTED) != 0;
    const isSlow = slowerThanNanos > 0 && this.waitNanos > slowerThanNanos && !isHeldHere;
    const inTime = isSlow ? Outcome.Failed : Outcome.Good;
    if (this.isTunnel) return inTime;
    if (this.hasResponse && this.media == Media.EventStream && this.code < 500) return inTime;
    const hasLeft = (this.flags & CLIENT_LEFT) != 0;
    if (this.code == 0) {
      // The client gave up, or the upstream broke off before its status.
      if (hasLeft || (this.flags & UPSTREAM_FAILED) == 0) {
        return isSlow ? Outcome.Failed : Outcome.Nothing;
      }
      return Outcome.Failed;
    }
    if ((this.flags & UPSTREAM_FAILED) != 0) return Outcome.Failed;
    if ((this.flags & IDLE) != 0 && this.isRequestComplete && !this.hasUpstreamTime) {
      return Outcome.Failed;
    }
    if (this.asksForDetails && details != NONE && !equal(details, FROM_UPSTREAM)) {
      return Outcome.Nothing;
    }
    if (this.code >= 500) return Outcome.Failed;
    if (hasLeft) return inTime;
    return this.media == Media.Grpc && isServerFault(this.grpcStatus) ? Outcome.Failed : inTime;
  }

  /** A WebSocket or a CONNECT tunnel: how it ends is nobody's failure. */
  private get isTunnel(): bool {
    const isOpened = this.code >= 200 && this.code < 300;
    return this.code == SWITCHING_PROTOCOLS || (this.asksForTunnel && isOpened);
  }
}

/** UNKNOWN (also for want of a status), DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
function isServerFault(status: i32): bool {
  return (
    status == NO_STATUS ||
    status == 2 ||
    status == 4 ||
    status == 13 ||
    status == 14 ||
    status == 15
  );
}

/** What a `content-type` says. */
export function mediaOf(contentType: Bytes): Media {
  if (!isPresent(contentType)) return Media.Other;
  if (isMediaType(contentType, EVENT_STREAM, false)) return Media.EventStream;
  if (isMediaType(contentType, GRPC, true)) return Media.Grpc;
  return startsWith(contentType, GRPC_WEB) ? Media.GrpcWeb : Media.Other;
}

/** Whether the type is `wanted`, with parameters or, where that is allowed, with a `+suffix`. */
function isMediaType(contentType: Bytes, wanted: Bytes, allowsSuffix: bool): bool {
  const width = lengthOf(wanted);
  if (!equalIgnoreCase(slice(contentType, 0, width), wanted)) return false;
  if (lengthOf(contentType) == width) return true;
  const next = at(contentType, width);
  return next == 0x3b || next == 0x20 || next == 0x09 || (allowsSuffix && next == 0x2b);
}

/** The value of `grpc-status`: a small decimal number; NO_STATUS for anything else. */
export function parseGrpcStatus(value: Bytes): i32 {
  if (!isPresent(value) || lengthOf(value) == 0 || lengthOf(value) > 3) return NO_STATUS;
  let status = 0;
  for (let i = 0; i < lengthOf(value); i++) {
    const digit = at(value, i) - 0x30;
    if (digit > 9) return NO_STATUS;
    status = status * 10 + <i32>digit;
  }
  return status;
}
