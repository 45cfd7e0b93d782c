// The flag and the width that glibc's strftime takes before a letter: `%-d` has no padding, `%_H`
// blanks, `%^a` upper case, `%3S` three digits.
import { Bytes, at, bytes, indexOf, lengthOf, lower, text } from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { Conversion, Pad } from "./conversions";

const FLAGS = text("-_0^#");
const NO_PADDING: u8 = 0x2d;
const BLANKS: u8 = 0x5f;
const ZEROS: u8 = 0x30;
const UPPER: u8 = 0x5e;
const OTHER_CASE: u8 = 0x23;
const BLANK: u8 = 0x20;
/** What has a lower case as its other case; all else has upper case. */
const OTHER_CASE_IS_LOWER = text("pZ");

const WIDTH_MAX = 99;
/** More than any conversion that takes a modifier writes. */
const WRITTEN_BYTES_MAX = 32;
const written = memory.data(WRITTEN_BYTES_MAX);


@final
export class Modifier {
  private constructor(
    /** 0: none. */
    private flag: u8,
    private width: i32,
    /** How many bytes of the format it takes. */
    readonly length: i32,
  ) {}

  /** What `rest` begins with, or null. */
  static read(rest: Bytes): Modifier | null {
    let i = 0;
    let flag: u8 = 0;
    if (lengthOf(rest) > 0 && indexOf(FLAGS, at(rest, 0)) >= 0) flag = at(rest, i++);
    let width = 0;
    for (; i < lengthOf(rest) && at(rest, i) - 0x30 < 10; i++) {
      width = min(10 * width + (<i32>at(rest, i) - 0x30), WIDTH_MAX + 1);
    }
    return i == 0 || width > WIDTH_MAX ? null : new Modifier(flag, width, i);
  }

  fits(conversion: Conversion): bool {
    const isCase = this.flag == UPPER || this.flag == OTHER_CASE;
    if (conversion.pad == Pad.None) return false;
    return conversion.pad == Pad.Text || !isCase;
  }

  /** Changes what `conversion` has written to `to` since its length was `from`. */
  apply(conversion: Conversion, to: Writer, from: i32): void {
    const source = to.viewFrom(from);
    const length = min(lengthOf(source), WRITTEN_BYTES_MAX);
    for (let i = 0; i < length; i++) {
      store<u8>(written + <usize>i, this.cased(conversion, at(source, i)));
    }
    const first = conversion.pad == Pad.Text ? 0 : paddingOf(length);
    const bare = bytes(written + <usize>first, length - first);
    const least = this.flag == NO_PADDING ? 0 : length;
    const pad = this.padOf(conversion);
    to.truncate(from);
    for (let i = max(least, this.width) - lengthOf(bare); i > 0; i--) to.byte(pad);
    to.bytes(bare);
  }

  private padOf(conversion: Conversion): u8 {
    if (this.flag == ZEROS) return ZEROS;
    const isBlank = this.flag == BLANKS || this.flag == NO_PADDING;
    return isBlank || conversion.pad != Pad.Zero ? BLANK : ZEROS;
  }

  private cased(conversion: Conversion, byte: u8): u8 {
    if (this.flag != UPPER && this.flag != OTHER_CASE) return byte;
    const name = at(conversion.name, 0);
    const toLower = this.flag == OTHER_CASE && indexOf(OTHER_CASE_IS_LOWER, name) >= 0;
    if (toLower) return lower(byte);
    return byte - 0x61 < 26 ? byte & 0xdf : byte;
  }
}

/** How many of the bytes in `written` are padding: zeros and blanks before the last one. */
function paddingOf(length: i32): i32 {
  let first = 0;
  while (first < length - 1) {
    const byte = load<u8>(written + <usize>first);
    if (byte != ZEROS && byte != BLANK) break;
    first++;
  }
  return first;
}
