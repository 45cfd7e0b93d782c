// A share of all requests, the same for all services of a trace: the decision hangs on the
// trace's id alone. A service with a smaller share keeps a part of what one with a larger share
// keeps.
import { Bytes, NONE, at as byteAt, bytes, lengthOf, lower, slice, text } from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { mix, siphash } from "../../../lib/hash";
import { Condition, anyHolds, readConditions } from "./condition";
import { RecordView } from "../record";
import { TraceContext } from "./trace-context";

const ALL = 10_000;
const REQUEST_ID = text("x-request-id");
/**
 * B3 ids of 64 bits and their form of 128 with zeros before are one trace: the lower half counts.
 */
const HALF_DIGITS = 16;
/** Not secret: every proxy must come to the same decision. */
const KEY_0: u64 = 0x6174656866757365;
const KEY_1: u64 = 0x616c6f67;

const enum Key {
  /** W3C's, else B3's, else the request's id. */
  Trace,
  W3c,
  B3,
  RequestId,
}


@final
export class Sampling {
  private hundredths: i32 = ALL;
  private key: Key = Key.Trace;
  private alwaysWhen: Condition[] = [];
  private trace: TraceContext = new TraceContext(true);
  private folded: StaticArray<u8> = new StaticArray<u8>(64);
  private drawn: u64 = 0;

  static read(parent: Cursor): Sampling {
    const at = parent.object("sample");
    const sampling = new Sampling();
    if (at.has("percent")) sampling.hundredths = at.hundredths("percent", 0, ALL, ALL);
    else if (at.node >= 0) at.refuse("percent", "missing; expected a number");
    sampling.key = <Key>at.choice("key", ["trace", "w3c", "b3", "requestId"], Key.Trace);
    sampling.alwaysWhen = readConditions(at, "alwaysWhen");
    at.done();
    return sampling;
  }

  keeps(record: RecordView): bool {
    if (this.hundredths == ALL || (this.hundredths > 0 && this.draws(record))) return true;
    return this.alwaysWhen.length > 0 && anyHolds(this.alwaysWhen, record);
  }

  private draws(record: RecordView): bool {
    const id = this.idOf(record);
    const hash = id == NONE ? mix(<u64>record.nowNanos() + ++this.drawn) : this.hashOf(id);
    // The upper 32 bits as a fraction of one.
    return (hash >> 32) * ALL < (<u64>this.hundredths) << 32;
  }

  private idOf(record: RecordView): Bytes {
    const headers = record.request();
    const trace = this.trace;
    if (this.key == Key.RequestId) return headers.header(REQUEST_ID);
    if (this.key == Key.W3c) trace.readW3c(headers);
    else if (this.key == Key.B3) trace.readB3(headers);
    else trace.read(headers);
    if (trace.traceId == NONE) return this.key == Key.Trace ? headers.header(REQUEST_ID) : NONE;
    return slice(trace.traceId, lengthOf(trace.traceId) - HALF_DIGITS);
  }

  /** Without regard to the case of letters. */
  private hashOf(id: Bytes): u64 {
    const length = min(lengthOf(id), this.folded.length);
    for (let i = 0; i < length; i++) unchecked((this.folded[i] = lower(byteAt(id, i))));
    return siphash(bytes(changetype<usize>(this.folded), length), KEY_0, KEY_1);
  }
}
