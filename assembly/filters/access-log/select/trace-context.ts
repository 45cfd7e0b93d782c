// The trace that a request belongs to, from its headers: W3C's traceparent, B3 in several headers
// or in one, and those of X-Ray, Datadog, Google Cloud and Jaeger (trace-headers.ts).
import { Bytes, NONE, at, bytes, indexOf, lengthOf, slice, text } from "../../../lib/bytes";
import { HeaderList } from "../../../lib/http/headers";
import { hexDigit } from "./hex-id";
import { readDatadog, readGoogle, readJaeger, readXRay } from "./trace-headers";
import { TraceIds } from "./trace-ids";

const TRACEPARENT = text("traceparent");
const B3 = text("b3");
const B3_TRACE = text("x-b3-traceid");
const B3_SPAN = text("x-b3-spanid");
const B3_SAMPLED = text("x-b3-sampled");
const DASH: u8 = 0x2d;
/** `00-<32>-<16>-<2>`, W3C Trace Context section 3.2.2; later versions may be longer. */
const TRACEPARENT_BYTES = 55;

/** Whose headers the ids are read from. */
export const enum TraceFormat {
  /** The first of the others that is there. */
  Any,
  W3c,
  B3,
  XRay,
  Datadog,
  Google,
  Jaeger,
}

/** The ids of a request, read again by each `read`. */
@final
export class TraceContext extends TraceIds {
  read(headers: HeaderList, format: TraceFormat = TraceFormat.Any): void {
    this.clear();
    if (format != TraceFormat.Any) return this.readOne(headers, format);
    for (let each = <i32>TraceFormat.W3c; each <= <i32>TraceFormat.Jaeger; each++) {
      this.readOne(headers, <TraceFormat>each);
      if (this.traceId != NONE) return;
    }
  }

  private readOne(headers: HeaderList, format: TraceFormat): void {
    switch (format) {
      case TraceFormat.W3c:
        return this.readW3c(headers);
      case TraceFormat.B3:
        return this.readB3(headers);
      case TraceFormat.XRay:
        return readXRay(headers, this);
      case TraceFormat.Datadog:
        return readDatadog(headers, this);
      case TraceFormat.Google:
        return readGoogle(headers, this);
      default:
        return readJaeger(headers, this);
    }
  }

  private readW3c(headers: HeaderList): void {
    const value = headers.header(TRACEPARENT);
    if (value == NONE || lengthOf(value) < TRACEPARENT_BYTES) return;
    if (at(value, 2) != DASH || at(value, 35) != DASH || at(value, 52) != DASH) return;
    const isSampled = (hexDigit(at(value, 54)) & 1) == 1;
    this.take(slice(value, 3, 35), slice(value, 36, 52), isSampled);
  }

  private readB3(headers: HeaderList): void {
    const traceId = headers.header(B3_TRACE);
    if (traceId != NONE) {
      if (this.idOnly) return this.take(traceId, NONE, false);
      const isSampled = isSampledWord(headers.header(B3_SAMPLED));
      return this.take(traceId, headers.header(B3_SPAN), isSampled);
    }
    const single = headers.header(B3);
    const dash = single == NONE ? -1 : indexOf(single, DASH);
    if (dash <= 0) return;
    const isSampled = isSampledWord(slice(single, dash + 18, dash + 19));
    this.take(slice(single, 0, dash), slice(single, dash + 1, dash + 17), isSampled);
  }
}

/** `1`, `d` for debug in one header, and `true` of old clients (openzipkin/b3-propagation). */
function isSampledWord(word: Bytes): bool {
  if (word == NONE || lengthOf(word) == 0) return false;
  const first = at(word, 0);
  return first == 0x31 || first == 0x64 || first == 0x74;
}

/** The id as `size` bytes at `target`, a shorter one with zeros before it; NONE stays NONE. */
export function binaryId(hex: Bytes, target: usize, size: i32): Bytes {
  if (hex == NONE || lengthOf(hex) > 2 * size) return NONE;
  memory.fill(target, 0, <usize>size);
  const first = 2 * size - lengthOf(hex);
  for (let i = 0; i < lengthOf(hex); i++) {
    const digit = max(hexDigit(at(hex, i)), 0);
    const place = first + i;
    const byte = target + <usize>(place >> 1);
    store<u8>(byte, load<u8>(byte) | (<u8>((place & 1) == 0 ? digit << 4 : digit)));
  }
  return bytes(target, size);
}
