// A set of code points as ranges, for configuration time. Knows nothing of patterns.
import { foldOnce } from "./unicode";

export const LAST_CODE_POINT: u32 = 0x10ffff;

/** Steps from one character of a folding orbit to the next until all are reached: the longest orbit has four. */
const ORBIT_STEPS = 3;


@final
export class CodeRanges {
  /** low, high, low, high, … */
  bounds: Array<u32> = [];

  static of(low: u32, high: u32): CodeRanges {
    return new CodeRanges().add(low, high);
  }

  get length(): i32 {
    return this.bounds.length >> 1;
  }

  low(index: i32): u32 {
    return this.bounds[index << 1];
  }

  high(index: i32): u32 {
    return this.bounds[(index << 1) + 1];
  }

  add(low: u32, high: u32): this {
    this.bounds.push(low);
    this.bounds.push(high);
    return this;
  }

  addAll(other: CodeRanges): this {
    for (let i = 0; i < other.length; i++) this.add(other.low(i), other.high(i));
    return this;
  }

  /** Adds pairs of inclusive bounds written as text, "azAZ". */
  addPairs(pairs: string): this {
    for (let i = 0; i + 1 < pairs.length; i += 2) this.add(<u32>pairs.charCodeAt(i), <u32>pairs.charCodeAt(i + 1));
    return this;
  }

  /** Sorts, and joins ranges that touch. */
  normalize(): this {
    this.sort();
    const bounds = this.bounds;
    let kept = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      if (kept > 0 && bounds[i] <= bounds[kept - 1] + 1) {
        bounds[kept - 1] = max(bounds[kept - 1], bounds[i + 1]);
        continue;
      }
      bounds[kept] = bounds[i];
      bounds[kept + 1] = bounds[i + 1];
      kept += 2;
    }
    bounds.length = kept;
    return this;
  }

  /** Everything that was not in the set. */
  negate(): this {
    this.normalize();
    const bounds = this.bounds;
    const rest = new CodeRanges();
    let next: u32 = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      if (bounds[i] > next) rest.add(next, bounds[i] - 1);
      next = bounds[i + 1] + 1;
    }
    if (next <= LAST_CODE_POINT) rest.add(next, LAST_CODE_POINT);
    this.bounds = rest.bounds;
    return this;
  }

  /** Adds every character that differs from one in the set only in case (Unicode simple case folding). */
  fold(): this {
    for (let step = 0; step < ORBIT_STEPS; step++) foldOnce(this.normalize());
    return this.normalize();
  }

  /** Sorts by low bound; insertion, since ranges are mostly written and stored in order, else by halves. */
  private sort(): void {
    const count = this.length;
    let ordered = true;
    for (let i = 1; i < count && ordered; i++) ordered = this.low(i - 1) <= this.low(i);
    if (ordered) return;
    const keys = new Array<u64>(count);
    for (let i = 0; i < count; i++) keys[i] = ((<u64>this.low(i)) << 32) | (<u64>this.high(i));
    keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    for (let i = 0; i < count; i++) {
      this.bounds[i << 1] = <u32>(keys[i] >> 32);
      this.bounds[(i << 1) + 1] = <u32>keys[i];
    }
  }
}
