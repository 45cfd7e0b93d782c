// Ranges of code points as sequences of byte ranges of their UTF-8 forms (Thompson's and RE2's
// way): U+0000–U+10FFFF is [00-7F] | [C2-DF][80-BF] | [E0][A0-BF][80-BF] | … What is not
// well-formed UTF-8 is in no sequence, so nothing matches it.
import { CodeRanges } from "./code-ranges";

const SURROGATES_LOW: u32 = 0xd800;
const SURROGATES_HIGH: u32 = 0xdfff;

/**
 * The sequences in ascending order; each holds its length and per position the low and high byte,
 * first byte on top.
 */
@final
export class Utf8Sequences {
  lengths: Array<u32> = [];
  private lows: Array<u32> = [];
  private highs: Array<u32> = [];

  constructor(ranges: CodeRanges) {
    for (let i = 0; i < ranges.length; i++) this.split(ranges.low(i), ranges.high(i));
  }

  get length(): i32 {
    return this.lengths.length;
  }

  low(index: i32, position: i32): u8 {
    return <u8>(this.lows[index] >> (24 - 8 * position));
  }

  high(index: i32, position: i32): u8 {
    return <u8>(this.highs[index] >> (24 - 8 * position));
  }

  /**
   * Cuts until both ends have the same length and only the trailing bytes range freely. Depth: at
   * most a dozen.
   */
  private split(low: u32, high: u32): void {
    if (low > high) return;
    if (low <= SURROGATES_HIGH && high >= SURROGATES_LOW) {
      if (low < SURROGATES_LOW) this.split(low, SURROGATES_LOW - 1);
      if (high > SURROGATES_HIGH) this.split(SURROGATES_HIGH + 1, high);
      return;
    }
    const last = lastOfLength(low);
    if (high > last) {
      this.split(low, last);
      this.split(last + 1, high);
      return;
    }
    for (let shift = 6; shift <= 18 && last > 0x7f; shift += 6) {
      const rest: u32 = (1 << shift) - 1;
      if ((low & ~rest) == (high & ~rest)) break;
      if ((low & rest) != 0) {
        this.split(low, low | rest);
        this.split((low | rest) + 1, high);
        return;
      }
      if ((high & rest) != rest) {
        this.split(low, (high & ~rest) - 1);
        this.split(high & ~rest, high);
        return;
      }
    }
    this.lengths.push(last <= 0x7f ? 1 : last <= 0x7ff ? 2 : last <= 0xffff ? 3 : 4);
    this.lows.push(encoded(low));
    this.highs.push(encoded(high));
  }
}

/** The last code point whose UTF-8 form is as long as that of `character`. */
function lastOfLength(character: u32): u32 {
  return character <= 0x7f
    ? 0x7f
    : character <= 0x7ff
      ? 0x7ff
      : character <= 0xffff
        ? 0xffff
        : 0x10ffff;
}

/** The UTF-8 form, first byte on top. */
function encoded(c: u32): u32 {
  if (c <= 0x7f) return c << 24;
  const last = 0x80 | (c & 0x3f);
  if (c <= 0x7ff) return ((0xc0 | (c >> 6)) << 24) | (last << 16);
  const middle = 0x80 | ((c >> 6) & 0x3f);
  if (c <= 0xffff) return ((0xe0 | (c >> 12)) << 24) | (middle << 16) | (last << 8);
  return ((0xf0 | (c >> 18)) << 24) | ((0x80 | ((c >> 12) & 0x3f)) << 16) | (middle << 8) | last;
}
