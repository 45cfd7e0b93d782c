// The trace that a request belongs to, from its headers: W3C's traceparent, B3 in several headers
// or in one.
import { Bytes, NONE, at, bytes, indexOf, lengthOf, lower, slice, text } from "../../../lib/bytes";
import { HeaderList } from "../../../lib/http/headers";

const TRACEPARENT = text("traceparent");
const B3 = text("b3");
const B3_TRACE = text("x-b3-traceid");
const B3_SPAN = text("x-b3-spanid");
const B3_SAMPLED = text("x-b3-sampled");
const DASH: u8 = 0x2d;
/** `00-<32>-<16>-<2>`, W3C Trace Context section 3.2.2; later versions may be longer. */
const TRACEPARENT_BYTES = 55;

/** Hexadecimal digits as they stand in the headers, or NONE. */
@final
export class TraceContext {
  traceId: Bytes = NONE;
  spanId: Bytes = NONE;
  /** Whoever began the trace records it. */
  isSampled: bool = false;

  /** `idOnly`: only the trace's id is wanted, by whoever asks of requests that leave no line. */
  constructor(private idOnly: bool = false) {}

  clear(): void {
    this.traceId = NONE;
    this.spanId = NONE;
    this.isSampled = false;
  }

  read(headers: HeaderList): void {
    this.readW3c(headers);
    if (this.traceId == NONE) this.readB3(headers);
  }

  readW3c(headers: HeaderList): void {
    this.clear();
    const value = headers.header(TRACEPARENT);
    if (value == NONE || lengthOf(value) < TRACEPARENT_BYTES) return;
    if (at(value, 2) != DASH || at(value, 35) != DASH || at(value, 52) != DASH) return;
    this.take(slice(value, 3, 35), slice(value, 36, 52));
    this.isSampled = (digitOf(at(value, 54)) & 1) == 1;
  }

  readB3(headers: HeaderList): void {
    this.clear();
    const traceId = headers.header(B3_TRACE);
    if (traceId != NONE) {
      if (this.idOnly) return this.take(traceId, NONE);
      this.take(traceId, headers.header(B3_SPAN));
      this.isSampled = isSampledWord(headers.header(B3_SAMPLED));
      return;
    }
    const single = headers.header(B3);
    const dash = single == NONE ? -1 : indexOf(single, DASH);
    if (dash <= 0) return;
    this.take(slice(single, 0, dash), slice(single, dash + 1, dash + 17));
    this.isSampled = isSampledWord(slice(single, dash + 18, dash + 19));
  }

  /** Only what is an id: digits, not all of them zero. */
  private take(traceId: Bytes, spanId: Bytes): void {
    const length = lengthOf(traceId);
    if ((length != 32 && length != 16) || !isId(traceId)) return;
    this.traceId = traceId;
    if (!this.idOnly && spanId != NONE && lengthOf(spanId) == 16 && isId(spanId))
      this.spanId = spanId;
  }
}

/** `1`, `d` for debug in one header, and `true` of old clients (openzipkin/b3-propagation). */
function isSampledWord(word: Bytes): bool {
  if (word == NONE || lengthOf(word) == 0) return false;
  const first = at(word, 0);
  return first == 0x31 || first == 0x64 || first == 0x74;
}

function isId(hex: Bytes): bool {
  let hasDigit = false;
  for (let i = 0; i < lengthOf(hex); i++) {
    const digit = digitOf(at(hex, i));
    if (digit < 0) return false;
    if (digit > 0) hasDigit = true;
  }
  return hasDigit;
}

function digitOf(byte: u8): i32 {
  const letter = lower(byte);
  return byte - 0x30 < 10 ? <i32>byte - 0x30 : letter - 0x61 < 6 ? <i32>letter - 0x57 : -1;
}

/** The id as `size` bytes at `target`, a shorter one with zeros before it; NONE stays NONE. */
export function binaryId(hex: Bytes, target: usize, size: i32): Bytes {
  if (hex == NONE || lengthOf(hex) > 2 * size) return NONE;
  memory.fill(target, 0, <usize>size);
  const first = 2 * size - lengthOf(hex);
  for (let i = 0; i < lengthOf(hex); i++) {
    const digit = max(digitOf(at(hex, i)), 0);
    const place = first + i;
    const byte = target + <usize>(place >> 1);
    store<u8>(byte, load<u8>(byte) | (<u8>((place & 1) == 0 ? digit << 4 : digit)));
  }
  return bytes(target, size);
}
