// General categories and simple case folding, decoded from the generated tables while a pattern
// is compiled.
//
//   category runs:  one byte, category | length << 5; length 0: a varint follows, length - 8
//   folds:          varints (low - previous high, high - low, way + 1)
//                   way 0: even to the next odd and back; -1: odd to the next even and back;
//                   else the zigzag-coded distance to the orbit's next character
import { CodeRanges, LAST_CODE_POINT } from "./code-ranges";
import {
  CATEGORY_NAMES,
  CATEGORY_RUNS,
  CATEGORY_RUNS_LENGTH,
  FOLDS,
  FOLDS_LENGTH,
} from "./unicode-tables";

/** Reads a table from its begin to its end. */
@final
class TableReader {
  private readonly end: usize;

  constructor(
    private place: usize,
    length: i32,
  ) {
    this.end = place + <usize>length;
  }

  get isDone(): bool {
    return this.place >= this.end;
  }

  byte(): u32 {
    return load<u8>(this.place++);
  }

  varint(): u32 {
    let value: u32 = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  }
}

/** The leaf categories that `name` ("L", "Lu", "Any") means, as bits by their number; 0: none. */
function categoryBits(name: string): u32 {
  if (name == "Any") return 0xffffffff;
  let bits: u32 = 0;
  // Unassigned (Cn, number 0) is no category of RE2, and not part of its C.
  for (let number = 1; number < CATEGORY_NAMES.length; number++) {
    const leaf = CATEGORY_NAMES[number];
    if (leaf == name || leaf.charAt(0) == name) bits |= 1 << number;
  }
  return bits;
}

/** Adds the characters of a general category. False when `name` is none. */
export function addCategory(ranges: CodeRanges, name: string): bool {
  const bits = categoryBits(name);
  if (bits == 0) return false;
  const table = new TableReader(CATEGORY_RUNS, CATEGORY_RUNS_LENGTH);
  for (let low: u32 = 0; !table.isDone && low <= LAST_CODE_POINT;) {
    const run = table.byte();
    const length = run >> 5 == 0 ? table.varint() + 8 : run >> 5;
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
  const table = new TableReader(FOLDS, FOLDS_LENGTH);
  let first = 0;
  for (let position: u32 = 0; !table.isDone;) {
    const low = position + table.varint();
    const high = low + table.varint();
    const way = <i32>table.varint() - 1;
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
