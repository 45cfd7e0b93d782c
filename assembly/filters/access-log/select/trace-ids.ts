// The ids of a trace and a span as readers of headers leave them.
import { Bytes, NONE, lengthOf } from "../../../lib/bytes";
import { isId } from "./hex-id";

const TRACE_DIGITS = 32;
/** The older ids of 64 bits, and those of spans. */
const HALF_DIGITS = 16;

export class TraceIds {
  /** Hexadecimal digits, or NONE. Valid until the next trace is read. */
  traceId: Bytes = NONE;
  spanId: Bytes = NONE;
  /** Whoever began the trace records it. */
  isSampled: bool = false;

  /** `idOnly`: only the trace's id is wanted, also of requests that leave no line. */
  constructor(readonly idOnly: bool = false) {}

  clear(): void {
    this.traceId = NONE;
    this.spanId = NONE;
    this.isSampled = false;
  }

  /** Takes what is an id: digits, not all of them zero. */
  take(traceId: Bytes, spanId: Bytes, isSampled: bool): void {
    const length = lengthOf(traceId);
    if ((length == TRACE_DIGITS || length == HALF_DIGITS) && isId(traceId)) {
      this.traceId = traceId;
      const isSpan = spanId != NONE && lengthOf(spanId) == HALF_DIGITS && isId(spanId);
      if (isSpan && !this.idOnly) this.spanId = spanId;
    }
    this.isSampled = isSampled;
  }
}
