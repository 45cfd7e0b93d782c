// JSON numbers (RFC 8259 section 6). Whole ones that fit 64 bits stay exact, however they are
// written: identifiers above 2^53 must not change, and Istio hands whole numbers over as `1e3` or
// `1.0`.
import { toDouble } from "./double";

/** Digits that a significand of 64 bits surely holds. */
const SIGNIFICAND_MAX: u64 = 999_999_999_999_999_999;
/** Far beyond what any text's digits could make up for. */
const EXPONENT_MAX = 100_000_000;

/** Reads numbers; its fields say what the last one is. One object serves a whole document. */
@final
export class NumberReader {
  /** Behind the number, or the byte that cannot stand there. */
  end: usize = 0;
  /** The value is `integer`; otherwise it is `double`. */
  isInteger: bool = false;
  integer: i64 = 0;
  double: f64 = 0;

  // Digits gathered so far: significand × 10^scale, with `isCut` when digits other than zero were
  // left out.
  private significand: u64 = 0;
  private scale: i32 = 0;
  private isCut: bool = false;

  /** Reads the number at `start`, before `end`; false when it is none. */
  read(start: usize, end: usize): bool {
    this.significand = 0;
    this.scale = 0;
    this.isCut = false;
    const isNegative = load<u8>(start) == 0x2d;
    const first = isNegative ? start + 1 : start;
    this.end = this.gather(first, end, 0);
    if (this.end == first || (load<u8>(first) == 0x30 && this.end > first + 1)) return false;
    if (this.end < end && load<u8>(this.end) == 0x2e) {
      const fraction = this.end + 1;
      this.end = this.gather(fraction, end, 1);
      if (this.end == fraction) return false;
    }
    if (this.end < end && (load<u8>(this.end) | 0x20) == 0x65 && !this.readExponent(end)) {
      return false;
    }
    this.conclude(isNegative);
    return true;
  }

  /** Takes digits into the significand; `places` is 1 behind the point. Gives where they end. */
  private gather(pointer: usize, end: usize, places: i32): usize {
    for (; pointer < end; pointer++) {
      const digit = <u32>load<u8>(pointer) - 0x30;
      if (digit > 9) break;
      if (this.significand <= SIGNIFICAND_MAX) {
        this.significand = this.significand * 10 + <u64>digit;
        this.scale -= places;
      } else {
        this.scale += 1 - places;
        if (digit != 0) this.isCut = true;
      }
    }
    return pointer;
  }

  private readExponent(end: usize): bool {
    let at = this.end + 1;
    const sign = at < end ? load<u8>(at) : 0;
    if (sign == 0x2b || sign == 0x2d) at++;
    const first = at;
    let exponent = 0;
    for (; at < end; at++) {
      const digit = <i32>load<u8>(at) - 0x30;
      if (<u32>digit > 9) break;
      if (exponent < EXPONENT_MAX) exponent = exponent * 10 + digit;
    }
    this.end = at;
    this.scale += sign == 0x2d ? -exponent : exponent;
    return at > first;
  }

  private conclude(isNegative: bool): void {
    let whole = this.significand;
    let power = whole == 0 ? 0 : this.scale;
    for (; power < 0 && whole % 10 == 0; power++) whole /= 10;
    for (; power > 0 && whole <= SIGNIFICAND_MAX; power--) whole *= 10;
    const limit = <u64>i64.MAX_VALUE + (isNegative ? 1 : 0);
    this.isInteger = power == 0 && !this.isCut && whole <= limit;
    if (this.isInteger) {
      this.integer = <i64>(isNegative ? 0 - whole : whole);
      return;
    }
    const double = toDouble(this.significand, this.scale);
    this.double = isNegative ? -double : double;
  }
}
