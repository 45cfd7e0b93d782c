// A share of all requests, the same for all services of a trace: the decision hangs on the trace's
// id and on nothing else. A service with a smaller share keeps a part of what one with a larger
// share keeps.
import {
  Bytes,
  NONE,
  at as byteAt,
  bytes,
  lengthOf,
  lower,
  slice,
  text,
  view,
} from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { sha256 } from "../../../lib/crypto/sha256";
import { mix, siphash } from "../../../lib/hash";
import { MatchSettings } from "../../../lib/match/match-settings";
import { decimal } from "../../../lib/writer";
import { isVariable } from "../../../lib/config/call-header";
import { RecordView } from "../record";
import { Condition, anyHolds, readConditions } from "./condition";
import { TraceContext, TraceFormat } from "./trace-context";

const ALL = 10_000;
const REQUEST_ID = text("x-request-id");
/** Ids of 64 bits and their form of 128 with zeros before are one trace: the lower half counts. */
const HALF_DIGITS = 16;
/** Public: without a secret every proxy of any mesh comes to the same decision. */
const PUBLIC_KEY_0: u64 = 0x6174656866757365;
const PUBLIC_KEY_1: u64 = 0x616c6f67;
/** Of SipHash's key. */
export const SECRET_BYTES_MIN = 16;
const digest = memory.data(32, 8);

/** What of a request decides. */
@final
class SampleKey {
  constructor(
    readonly name: string,
    /** Whether a trace's id is looked for first, and in whose headers. */
    readonly usesTrace: bool,
    readonly format: TraceFormat,
    /** Whether `x-request-id` is looked at then. */
    readonly usesRequestId: bool,
  ) {}
}

const KEYS: SampleKey[] = [
  new SampleKey("trace", true, TraceFormat.Any, true),
  new SampleKey("w3c", true, TraceFormat.W3c, false),
  new SampleKey("b3", true, TraceFormat.B3, false),
  new SampleKey("xray", true, TraceFormat.XRay, false),
  new SampleKey("datadog", true, TraceFormat.Datadog, false),
  new SampleKey("google", true, TraceFormat.Google, false),
  new SampleKey("jaeger", true, TraceFormat.Jaeger, false),
  new SampleKey("requestId", false, TraceFormat.Any, true),
];


@final
export class Sampling {
  /** The variable of the virtual machine that holds the secret; empty when none is named. */
  secretVariable: StaticArray<u8> = new StaticArray<u8>(0);
  private hundredths: i32 = ALL;
  private key: SampleKey = KEYS[0];
  private alwaysWhen: Condition[] = [];
  private trace: TraceContext = new TraceContext(true);
  private folded: StaticArray<u8> = new StaticArray<u8>(64);
  private drawn: u64 = 0;
  private hashKey0: u64 = PUBLIC_KEY_0;
  private hashKey1: u64 = PUBLIC_KEY_1;

  static read(parent: Cursor, settings: MatchSettings): Sampling {
    const at = parent.object("sample");
    const sampling = new Sampling();
    if (at.has("percent")) sampling.hundredths = at.hundredths("percent", 0, ALL, ALL);
    else if (at.node >= 0) at.refuse("percent", "missing; expected a number");
    const names = KEYS.map<string>((key) => key.name);
    sampling.key = KEYS[at.choice("key", names, 0)];
    sampling.readSecret(at);
    sampling.alwaysWhen = readConditions(at, "alwaysWhen", settings);
    at.done();
    return sampling;
  }

  private readSecret(at: Cursor): void {
    const secret = at.optionalBytes("secret", new StaticArray<u8>(0));
    this.secretVariable = at.optionalBytes("secretFromEnv", this.secretVariable);
    if (at.has("secretFromEnv")) {
      const isName = isVariable(view(this.secretVariable));
      if (!isName) at.refuse("secretFromEnv", "expected the name of a variable");
      if (at.has("secret")) at.refuse("secretFromEnv", "expected only one of the two secrets");
    } else if (at.has("secret")) {
      const isLong = this.useSecret(view(secret));
      const wanted = "expected at least " + decimal(SECRET_BYTES_MIN) + " characters";
      if (!isLong) at.refuse("secret", wanted);
    }
  }

  /** Takes the secret; false when it is too short. */
  useSecret(secret: Bytes): bool {
    if (secret == NONE || lengthOf(secret) < SECRET_BYTES_MIN) return false;
    sha256(secret, digest);
    this.hashKey0 = load<u64>(digest);
    this.hashKey1 = load<u64>(digest, 8);
    return true;
  }

  /** Whether every request is kept. */
  get keepsAll(): bool {
    return this.hundredths == ALL;
  }

  keeps(record: RecordView): bool {
    if (this.keepsAll || (this.hundredths > 0 && this.isDrawn(record))) return true;
    return this.alwaysWhen.length > 0 && anyHolds(this.alwaysWhen, record);
  }

  private isDrawn(record: RecordView): bool {
    const id = this.idOf(record);
    const hash = id == NONE ? mix(<u64>record.nowNanos() + ++this.drawn) : this.hashOf(id);
    // The upper 32 bits as a fraction of one.
    return (hash >> 32) * ALL < (<u64>this.hundredths) << 32;
  }

  private idOf(record: RecordView): Bytes {
    const headers = record.request();
    const key = this.key;
    if (key.usesTrace) {
      const trace = this.trace;
      trace.read(headers, key.format);
      const digits = lengthOf(trace.traceId);
      if (trace.traceId != NONE) return slice(trace.traceId, digits - HALF_DIGITS);
    }
    return key.usesRequestId ? headers.header(REQUEST_ID) : NONE;
  }

  /** Without regard to the case of letters. */
  private hashOf(id: Bytes): u64 {
    const length = min(lengthOf(id), this.folded.length);
    for (let i = 0; i < length; i++) unchecked((this.folded[i] = lower(byteAt(id, i))));
    const folded = bytes(changetype<usize>(this.folded), length);
    return siphash(folded, this.hashKey0, this.hashKey1);
  }
}
