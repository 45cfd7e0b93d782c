// What a request costs: a number of the settings, or what a header says within bounds.
import {
  Bytes,
  at as byteAt,
  equal,
  isPresent,
  lengthOf,
  parseUnsigned,
  text,
  view,
} from "../../lib/bytes";
import { readHeaderName } from "../../lib/config/field-name";
import { Cursor } from "../../lib/config/reader";
import { RequestView } from "../../lib/http/request";
import { TokenBucket } from "./bucket";

const CONTENT_LENGTH = text("content-length");
export const TOKENS_MAX: i64 = 4_294_967_295;


@final
export class Cost {
  private constructor(
    /** The cost, or, with a header, that of a request whose header is missing or no number. */
    readonly fixed: i64,
    /** Empty: the cost is `fixed`. */
    private readonly header: StaticArray<u8>,
    private readonly least: i64,
    private readonly most: i64,
  ) {}

  static one(): Cost {
    return new Cost(1, new StaticArray<u8>(0), 0, 0);
  }

  /** Reads the member `cost`: a number, or {header, min, max, default}. */
  static read(parent: Cursor, bucket: TokenBucket): Cost {
    const at = parent.value("cost");
    if (at.isObject) return Cost.readHeader(at);
    const cost = parent.integer("cost", 0, TOKENS_MAX, 1);
    if (cost > bucket.maxTokens) {
      parent.refuse("cost", "expected at most maxTokens: no request would pass");
    }
    return new Cost(cost, new StaticArray<u8>(0), 0, 0);
  }

  private static readHeader(at: Cursor): Cost {
    const header = readHeaderName(at.value("header"));
    const most = at.requiredInteger("max", 1, TOKENS_MAX);
    const least = at.integer("min", 0, TOKENS_MAX, 1);
    const missing = at.integer("default", 0, TOKENS_MAX, 1);
    if (least > most) at.refuse("min", "expected at most max");
    if (missing > most) at.refuse("default", "expected at most max");
    at.done();
    return new Cost(missing, header, least, most);
  }

  /** Whether the cost depends on the request. */
  get isFromHeader(): bool {
    return this.header.length > 0;
  }

  of(request: RequestView): i64 {
    if (!this.isFromHeader) return this.fixed;
    const value = request.header(view(this.header));
    // A body of unknown length (chunked, a stream, an upgrade) may be the longest there is.
    if (!isPresent(value) && request.hasBody && equal(view(this.header), CONTENT_LENGTH)) {
      return this.most;
    }
    if (!isPresent(value) || !isNumber(value)) return this.fixed;
    const cost = parseUnsigned(value);
    // A number beyond 63 bits is still a number, and more than any bound.
    return cost < 0 ? this.most : max(min(cost, this.most), this.least);
  }
}

/** Digits of the largest number; what follows them does not make a value smaller. */
const DIGITS_MAX = 20;

/** Whether a value begins with more digits than any number has, or is all digits. */
function isNumber(value: Bytes): bool {
  for (let i = 0; i < min(lengthOf(value), DIGITS_MAX); i++) {
    if (byteAt(value, i) - 0x30 > 9) return false;
  }
  return lengthOf(value) > 0;
}
