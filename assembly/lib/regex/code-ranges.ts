// A set of code points as ranges, for configuration time. Knows nothing of patterns.
import { sort } from "../sort";

export const LAST_CODE_POINT: u32 = 0x10ffff;


@final
export class CodeRanges {
  /** Low bound in the upper half, high bound in the lower: their order is that of the numbers. */
  private ranges: Array<u64> = [];

  static of(low: u32, high: u32): CodeRanges {
    return new CodeRanges().add(low, high);
  }

  get length(): i32 {
    return this.ranges.length;
  }

  low(index: i32): u32 {
    return <u32>(this.ranges[index] >> 32);
  }

  high(index: i32): u32 {
    return <u32>this.ranges[index];
  }

  add(low: u32, high: u32): this {
    this.ranges.push(range(low, high));
    return this;
  }

  addAll(other: CodeRanges): this {
    for (let i = 0; i < other.length; i++) this.ranges.push(other.ranges[i]);
    return this;
  }

  /** Sorts, and joins ranges that touch. */
  normalize(): this {
    const ranges = sort(this.ranges, (a, b) => <i32>(a > b));
    let kept = 0;
    for (let i = 0; i < ranges.length; i++) {
      if (kept > 0 && this.low(i) <= this.high(kept - 1) + 1) {
        ranges[kept - 1] = range(this.low(kept - 1), max(this.high(kept - 1), this.high(i)));
      } else {
        ranges[kept++] = ranges[i];
      }
    }
    ranges.length = kept;
    return this;
  }

  /** Everything that was not in the set. */
  negate(): this {
    this.normalize();
    const rest = new CodeRanges();
    let next: u32 = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.low(i) > next) rest.add(next, this.low(i) - 1);
      next = this.high(i) + 1;
    }
    if (next <= LAST_CODE_POINT) rest.add(next, LAST_CODE_POINT);
    this.ranges = rest.ranges;
    return this;
  }
}

function range(low: u32, high: u32): u64 {
  return ((<u64>low) << 32) | (<u64>high);
}
