// JSON numbers (RFC 8259 section 6). Whole ones that fit 64 bits stay exact, however they are
// written: identifiers above 2^53 must not change, and Istio hands whole numbers over as `1e3` or
// `1.0`.
import { toDouble } from "./double";

/** Digits that a significand of 64 bits surely holds. */
const SIGNIFICAND_MAX: u64 = 999_999_999_999_999_999;
/** Far beyond what any text's digits could make up for. */
const EXPONENT_MAX = 100_000_000;

// The number read last.
/** Its end, or the byte that cannot stand there. */
export let numberEnd: usize = 0;
export let isInteger: bool = false;
export let integerValue: i64 = 0;
export let doubleValue: f64 = 0;

// Digits gathered so far: significand × 10^scale, with `isCut` when digits other than zero were
// left out.
let significand: u64 = 0;
let scale: i32 = 0;
let isCut: bool = false;

/** Reads the number at `start`; false when it is none. */
export function readNumber(start: usize, end: usize): bool {
  significand = 0;
  scale = 0;
  isCut = false;
  const isNegative = load<u8>(start) == 0x2d;
  const first = isNegative ? start + 1 : start;
  numberEnd = gather(first, end, 0);
  if (numberEnd == first || (load<u8>(first) == 0x30 && numberEnd > first + 1)) return false;
  if (numberEnd < end && load<u8>(numberEnd) == 0x2e) {
    const fraction = numberEnd + 1;
    numberEnd = gather(fraction, end, 1);
    if (numberEnd == fraction) return false;
  }
  if (numberEnd < end && (load<u8>(numberEnd) | 0x20) == 0x65 && !readExponent(end)) return false;
  conclude(isNegative);
  return true;
}

/** Takes digits into the significand; `places` is 1 behind the point. Gives where they end. */
function gather(pointer: usize, end: usize, places: i32): usize {
  for (; pointer < end; pointer++) {
    const digit = <u32>load<u8>(pointer) - 0x30;
    if (digit > 9) break;
    if (significand <= SIGNIFICAND_MAX) {
      significand = significand * 10 + <u64>digit;
      scale -= places;
    } else {
      scale += 1 - places;
      if (digit != 0) isCut = true;
    }
  }
  return pointer;
}

function readExponent(end: usize): bool {
  numberEnd++;
  const sign = numberEnd < end ? load<u8>(numberEnd) : 0;
  if (sign == 0x2b || sign == 0x2d) numberEnd++;
  const first = numberEnd;
  let exponent = 0;
  for (; numberEnd < end; numberEnd++) {
    const digit = <i32>load<u8>(numberEnd) - 0x30;
    if (<u32>digit > 9) break;
    if (exponent < EXPONENT_MAX) exponent = exponent * 10 + digit;
  }
  scale += sign == 0x2d ? -exponent : exponent;
  return numberEnd > first;
}

function conclude(isNegative: bool): void {
  let whole = significand;
  let power = whole == 0 ? 0 : scale;
  for (; power < 0 && whole % 10 == 0; power++) whole /= 10;
  for (; power > 0 && whole <= SIGNIFICAND_MAX; power--) whole *= 10;
  const limit = <u64>i64.MAX_VALUE + (isNegative ? 1 : 0);
  isInteger = power == 0 && !isCut && whole <= limit;
  if (isInteger) {
    integerValue = <i64>(isNegative ? 0 - whole : whole);
    return;
  }
  const double = toDouble(significand, scale);
  doubleValue = isNegative ? -double : double;
}
