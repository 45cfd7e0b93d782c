// What redaction may still cost in one line. A client chooses what its headers are made of, and a
// format may show one header many times: 100 operators on a header of 55 KB took 100 ms.
import { Bytes, at, lengthOf } from "../../../lib/bytes";
import { SearchWork } from "../../../lib/regex/work";
import { isMark } from "./url-places";

/** What all values of a line may cost together, in nanoseconds as estimated here. */
const LINE_NANOS_MAX: i64 = 500_000;
/** What each value may cost, also when those before it used up the line's. */
const VALUE_NANOS_MIN: i64 = 4_000;
/** Shorter values are not counted unless there are patterns: they cost less than 2 µs. */
const COUNTED_BYTES_MIN = 64;

/**
 * Costs in nanoseconds: of a byte, and what is added to each byte of a value that may hold a URL.
 */
const BYTE_NANOS = 2;
const URL_BYTE_NANOS = 4;
/** Of each byte of a value that is percent-encoded, perhaps several times. */
const ENCODED_BYTE_NANOS = 12;
/** Of a byte that is hashed. */
export const HASH_BYTE_NANOS = 8;
/** Of a cookie or a parameter there are two: what ends its name, and what ends its value. */
const SEPARATOR_NANOS = 60;

const AMPERSAND: u8 = 0x26;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUESTION: u8 = 0x3f;
const HASH_SIGN: u8 = 0x23;
const PERCENT: u8 = 0x25;


@final
export class LineWork {
  private isBegun: bool = false;

  constructor(
    /** The searches for patterns take from it too. */
    private searches: SearchWork,
    private hasPatterns: bool,
  ) {}

  beginLine(): void {
    this.isBegun = false;
  }

  /**
   * Counts what it costs to look into `value`, with `byteNanos` for each byte besides; false when
   * that is too much for this line.
   */
  admits(value: Bytes, byteNanos: i32 = 0): bool {
    const isCounted = lengthOf(value) >= COUNTED_BYTES_MIN;
    if (!isCounted && !this.hasPatterns) return true;
    const searches = this.searches;
    if (this.isBegun) searches.allowAtLeast(VALUE_NANOS_MIN);
    else searches.allow(LINE_NANOS_MAX);
    this.isBegun = true;
    if (isCounted) this.count(value, byteNanos);
    return !searches.isSpent;
  }

  /** Rather too much than too little; ends when nothing is left. */
  private count(value: Bytes, byteNanos: i32): void {
    const searches = this.searches;
    const length = lengthOf(value);
    searches.spend(<i64>length * (BYTE_NANOS + byteNanos));
    let isUrl = false;
    let isEncoded = false;
    for (let i = 0; i < length && !searches.isSpent; i++) {
      const byte = at(value, i);
      if (!isUrl && isMark(byte)) {
        isUrl = true;
        searches.spend(<i64>length * URL_BYTE_NANOS);
      }
      if (isSeparator(byte)) {
        searches.spend(SEPARATOR_NANOS);
      } else if (byte == PERCENT && !isEncoded) {
        isEncoded = true;
        searches.spend(<i64>length * ENCODED_BYTE_NANOS);
      }
    }
  }
}

function isSeparator(byte: u8): bool {
  return (
    byte == AMPERSAND ||
    byte == SEMICOLON ||
    byte == EQUALS ||
    byte == QUESTION ||
    byte == HASH_SIGN
  );
}
