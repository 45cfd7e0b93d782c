// The read-only view of one finished request that conditions and operators ask. Everything is
// fetched when it is first asked for and at most once: a format without response headers costs no
// call for them. filter.ts puts the host behind it, units a made-up request.
import {
  Bytes,
  NONE,
  at,
  lengthOf,
  parseUnsigned,
  path,
  pointerOf,
  slice,
  text,
} from "../../lib/bytes";
import { isGrpc } from "../../lib/http/grpc";
import { HeaderList } from "../../lib/http/headers";
import { RequestView } from "../../lib/http/request";
import { SteadyClock } from "./steady-clock";

const CODE = path("response.code");
const STATUS = text(":status");
const FLAGS = path("response.flags");
const DURATION = path("request.duration");
const TIME = path("request.time");
const GRPC_STATUS = path("response.grpc_status");
const GRPC_STATUS_HEADER = text("grpc-status");
const CONTENT_TYPE = text("content-type");
const PLUS: u8 = 0x2b;

/**
 * Not asked for yet. No integer property has this value: codes, times and durations are not
 * negative.
 */
const UNREAD: i64 = i64.MIN_VALUE;
/** Asked for, and the proxy has none. */
export const MISSING: i64 = -1;
/** A gRPC status that is no number: Envoy writes -1, and clients take it for UNKNOWN. */
export const WRONG_STATUS: i64 = -2;

export abstract class RecordView {
  private codeRead: i64 = UNREAD;
  private flagsRead: i64 = UNREAD;
  private durationRead: i64 = UNREAD;
  private startRead: i64 = UNREAD;
  private clock: SteadyClock = new SteadyClock();

  /** The request with its headers as they are at the end: later filters may have changed them. */
  abstract request(): RequestView;

  /** Whether conditions cost more than they may: that none is met means nothing then. */
  abstract isOverscanned(): bool;

  abstract responseHeaders(): HeaderList;

  abstract responseTrailers(): HeaderList;

  /** One header of the response, without the whole map unless it has been fetched already. */
  abstract responseHeader(name: Bytes): Bytes;

  /** The bytes of a property (`path`), or NONE. */
  abstract property(path: Bytes): Bytes;

  /** Unix time in nanoseconds. */
  abstract nowNanos(): i64;

  /** Nanoseconds of a clock that never steps. */
  abstract monotonicNanos(): i64;

  /** 64 bits that no other machine has. */
  abstract randomBits(): u64;

  /** A variable of the virtual machine, or NONE. */
  abstract variable(name: Bytes): Bytes;

  /** Forgets the request. */
  clear(): void {
    this.codeRead = UNREAD;
    this.flagsRead = UNREAD;
    this.durationRead = UNREAD;
    this.startRead = UNREAD;
  }

  /** An integer property (eight bytes, little-endian); MISSING when absent or of another type. */
  integer(path: Bytes): i64 {
    const value = this.property(path);
    return value != NONE && lengthOf(value) == 8 ? load<i64>(pointerOf(value)) : MISSING;
  }

  /** The response's status; 0 when the client got none, as Envoy's %RESPONSE_CODE% has it. */
  code(): i64 {
    if (this.codeRead != UNREAD) return this.codeRead;
    // The header costs less than the property. Without headers there may still be a code: a reply
    // that was not sent.
    const status = this.responseHeader(STATUS);
    const code = status == NONE ? this.integer(CODE) : parseUnsigned(status);
    this.codeRead = max<i64>(code, 0);
    return this.codeRead;
  }

  /** Envoy's response flags as bits (`StreamInfo::legacyResponseFlags`). */
  flags(): i64 {
    if (this.flagsRead == UNREAD) this.flagsRead = max<i64>(this.integer(FLAGS), 0);
    return this.flagsRead;
  }

  /** From the first byte of the request to the end of the response, or MISSING. */
  durationNanos(): i64 {
    if (this.durationRead == UNREAD) this.durationRead = this.readDuration();
    return this.durationRead;
  }

  /**
   * By the clock when it is known when the request began, else the proxy's own figure: that costs
   * more.
   */
  private readDuration(): i64 {
    if (this.startRead >= 0) {
      this.readClocks();
      const passed = this.clock.passedSince(this.startRead);
      if (passed >= 0) return passed;
    }
    return this.integer(DURATION);
  }

  /**
   * To be called before the first request, too, so that a clock that is set during it does not go
   * unnoticed.
   */
  readClocks(): void {
    this.clock.observe(this.nowNanos(), this.monotonicNanos());
  }

  /** When the request began, in Unix nanoseconds, or MISSING. */
  startNanos(): i64 {
    if (this.startRead == UNREAD) this.startRead = this.integer(TIME);
    return this.startRead;
  }

  /**
   * The status of a gRPC answer as Envoy's %GRPC_STATUS% has it: from the trailers, else the
   * headers, else from the HTTP status; MISSING unless the request was gRPC, WRONG_STATUS when it
   * is no number.
   */
  grpcStatus(): i64 {
    if (!this.isGrpc()) return MISSING;
    const code = this.integer(GRPC_STATUS);
    // For a number that gRPC has no name for the host says -1.
    return code == MISSING ? this.grpcStatusText() : code;
  }

  private grpcStatusText(): i64 {
    const inTrailers = this.responseTrailers().header(GRPC_STATUS_HEADER);
    const isInTrailers = inTrailers != NONE && lengthOf(inTrailers) > 0;
    const text = isInTrailers ? inTrailers : this.responseHeaders().header(GRPC_STATUS_HEADER);
    if (text == NONE || lengthOf(text) == 0) return MISSING;
    const code = parseUnsigned(at(text, 0) == PLUS ? slice(text, 1) : text);
    return code < 0 ? WRONG_STATUS : code;
  }

  isGrpc(): bool {
    return isGrpc(this.request().header(CONTENT_TYPE));
  }
}
