// General categories and simple case folding, decoded from the generated tables while a pattern
// is compiled.
//
//   category runs:  one byte, category | length << 5; a length of 0 means that a varint follows, length - 8
//   folds:          varints (low - previous high, high - low, way + 1); way 0: even to the next odd and back,
//                   -1: odd to the next even and back, else the zigzag-coded distance to the
//                   orbit's next character
import { Bytes, at, lengthOf, text } from "../bytes";
import { CodeRanges, LAST_CODE_POINT } from "./code-ranges";
import { CATEGORY_RUNS, CATEGORY_RUNS_LENGTH, FOLDS, FOLDS_LENGTH } from "./unicode-tables";

/** Leaf categories by their number in the table, two letters each. */
const NAMES = text("CnLuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCoCs");

let cursor: usize = 0;

function varint(): u32 {
  let value: u32 = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = load<u8>(cursor++);
    value |= (<u32>(byte & 127)) << shift;
    if (byte < 128) break;
  }
  return value;
}

/**
 * Which leaf categories `name` ("L", "Lu", "Any") means, as bits; 0 when there is no such
 * category.
 */
function categoryBits(name: Bytes): u32 {
  const length = lengthOf(name);
  if (length == 3 && at(name, 0) == 0x41 && at(name, 1) == 0x6e && at(name, 2) == 0x79)
    return 0xffffffff;
  if (length < 1 || length > 2) return 0;
  let bits: u32 = 0;
  // Unassigned (Cn, number 0) is no category of RE2, and not part of its C.
  for (let i = 1; i < lengthOf(NAMES) >> 1; i++) {
    if (at(NAMES, i * 2) != at(name, 0)) continue;
    if (length == 1 || at(NAMES, i * 2 + 1) == at(name, 1)) bits |= 1 << i;
  }
  return bits;
}

/** Adds the characters of a general category. False when `name` is none. */
export function addCategory(ranges: CodeRanges, name: Bytes): bool {
  const bits = categoryBits(name);
  if (bits == 0) return false;
  const end = CATEGORY_RUNS + CATEGORY_RUNS_LENGTH;
  cursor = CATEGORY_RUNS;
  for (let low: u32 = 0; cursor < end && low <= LAST_CODE_POINT;) {
    const run = load<u8>(cursor++);
    const length = run >> 5 == 0 ? varint() + 8 : <u32>(run >> 5);
    if ((bits >> (run & 31)) & 1) ranges.add(low, low + length - 1);
    low += length;
  }
  return true;
}

/**
 * Steps from one character of a folding orbit to the next until all are reached: the longest
 * orbit has four.
 */
const ORBIT_STEPS = 3;

/**
 * Adds every character that differs from one in the set only in case (Unicode simple case
 * folding).
 */
export function fold(ranges: CodeRanges): CodeRanges {
  for (let step = 0; step < ORBIT_STEPS; step++) foldOnce(ranges.normalize());
  return ranges.normalize();
}

/**
 * Adds to the normalized `ranges` the next character in the folding orbit of each of its
 * characters.
 */
function foldOnce(ranges: CodeRanges): void {
  const count = ranges.length;
  const end = FOLDS + FOLDS_LENGTH;
  cursor = FOLDS;
  let first = 0;
  for (let position: u32 = 0; cursor < end;) {
    const low = position + varint();
    const high = low + varint();
    const way = <i32>varint() - 1;
    position = high;
    while (first < count && ranges.high(first) < low) first++;
    for (let i = first; i < count && ranges.low(i) <= high; i++) {
      addMapped(ranges, max(low, ranges.low(i)), min(high, ranges.high(i)), way);
    }
  }
}

function addMapped(ranges: CodeRanges, low: u32, high: u32, way: i32): void {
  if (way > 0) {
    const distance = (way >>> 1) ^ -(way & 1);
    ranges.add(low + distance, high + distance);
    return;
  }
  // Pairs begin at even characters (way 0) or odd ones (way -1): complete the pairs at both ends.
  const odd: u32 = way == 0 ? 0 : 1;
  ranges.add((low & 1) == odd ? low : low - 1, (high & 1) == odd ? high + 1 : high);
}
