// Arithmetic modulo a prime p (a curve's field, or the order of its group) in Montgomery form
// (see montgomery.ts). For public values alone: its time depends on them.
//
// A number is `limbs` words of 29 bits, least significant first, one in each u32; only the last
// word may hold more. In memory it is any of x, x + p and x + 2p: below 3p, and made unique by
// `reduce` alone. R = 2^(29 · limbs) is at least 32p, so the product of two such numbers, (3p ·
// 3p + R · p) / R, is below 1.3p and needs no comparison at its end. (P-521, of which only points
// are checked: below 64p, with R above 2^29 · p.)
//
// A column of a product holds at most 2 · 19 products below 2^58, and a carry: below 2^64.
import { compareMemory } from "../bytes";

export const WORD_BITS = 29;
export const WORD_MASK: u64 = (1 << WORD_BITS) - 1;
/** Bytes of a word in memory. */
export const WORD: usize = 4;
/** Bits that R has more than p, at least. */
const SLACK_BITS = 5;
/** Powers of the base at hand: what four bits of an exponent select. */
const WINDOW: usize = 16;

/** Room for a number of any field: the largest, of P-521, has 19 words. */
export const NUMBER_BYTES_MAX = 80;

const columns = memory.data(160, 16);
const scratch = memory.data(80, 16);
const powers = memory.data(1280, 16);
const exponent = memory.data(80, 16);

/**
 * The one word of this class that subclasses replace is `multiply`: by the same with its words in
 * locals.
 */
export class Field {
  readonly limbs: usize;
  /** Bytes of a number in memory. */
  readonly size: usize;
  readonly modulus: usize;
  /** -1/p mod 2^29. */
  readonly inverse: u64;
  /** R mod p: the number 1. */
  readonly one: usize;
  /** 1 as it stands: the factor that leaves Montgomery form. */
  private readonly plainOne: usize;
  /** R² mod p: the factor that enters Montgomery form. */
  private readonly rSquared: usize;
  /** Shifts twice the last word so that 2^bits counts 1. */
  private readonly topShift: i64;
  /** How often p stays in what `combine` gives, lest it be negative. */
  private readonly bias: i64;

  /**
   * `bigEndian`: `byteLength` bytes of an odd p that differs from 2^bits by less than 2^(bits -
   * 24), as those of all curves here do. Kept for ever.
   */
  constructor(
    readonly bigEndian: usize,
    readonly byteLength: i32,
    bits: i32,
  ) {
    const limbs = <usize>((bits + SLACK_BITS + WORD_BITS - 1) / WORD_BITS);
    const size = limbs * WORD;
    this.limbs = limbs;
    this.size = size;
    this.modulus = heap.alloc(size);
    this.one = heap.alloc(size);
    this.plainOne = heap.alloc(size);
    this.rSquared = heap.alloc(size);
    const lastWordBits = <i64>bits - <i64>(limbs - 1) * WORD_BITS;
    this.topShift = lastWordBits + 1;
    // The last word of P-521 lies above p, so that the other words count as well.
    this.bias = lastWordBits > 0 ? 1 : 32;
    this.readBigEndian(bigEndian, byteLength, this.modulus);
    this.inverse = negativeInverse(load<u32>(this.modulus)) & WORD_MASK;
    memory.fill(this.plainOne, 0, size);
    store<u32>(this.plainOne, 1);
    this.timesPowerOfTwo(this.plainOne, <i32>limbs * WORD_BITS, this.one);
    this.timesPowerOfTwo(this.one, <i32>limbs * WORD_BITS, this.rSquared);
  }

  /** a · 2^times. */
  timesPowerOfTwo(a: usize, times: i32, out: usize): void {
    memory.copy(out, a, this.size);
    for (let i = 0; i < times; i++) this.combine(out, 2, out, 0, out);
  }

  /** a · b / R; `out` may be a factor. */
  multiply(a: usize, b: usize, out: usize): void {
    const size = this.size;
    const modulus = this.modulus;
    memory.fill(columns, 0, 2 * size);
    for (let i: usize = 0; i < size; i += WORD) {
      const word = <u64>load<u32>(a + i);
      const lowest = load<u64>(columns) + word * load<u32>(b);
      const multiple = (lowest * this.inverse) & WORD_MASK;
      for (let j: usize = WORD; j < size; j += WORD) {
        const column =
          load<u64>(columns + 2 * j) + word * load<u32>(b + j) + multiple * load<u32>(modulus + j);
        store<u64>(columns + 2 * j - 2 * WORD, column);
      }
      store<u64>(
        columns,
        load<u64>(columns) + ((lowest + multiple * load<u32>(modulus)) >> WORD_BITS),
      );
    }
    let carry: u64 = 0;
    for (let i: usize = 0; i < size; i += WORD) {
      carry += load<u64>(columns + 2 * i);
      store<u32>(out + i, <u32>(carry & WORD_MASK));
      carry >>= WORD_BITS;
    }
  }

  /**
   * ka · a + kb · b, for factors from -8 to 8; `out` may be a or b. The last words tell how often
   * p fits; one time less leaves between p and 2p, give or take what the other words add.
   */
  combine(a: usize, ka: i64, b: usize, kb: i64, out: usize): void {
    const last = this.size - WORD;
    const modulus = this.modulus;
    const top = ka * <i64>load<u32>(a + last) + kb * <i64>load<u32>(b + last);
    const excess = ((top << 1) >> this.topShift) - this.bias;
    let carry: i64 = 0;
    for (let i: usize = 0; i < last; i += WORD) {
      carry +=
        ka * <i64>load<u32>(a + i) +
        kb * <i64>load<u32>(b + i) -
        excess * <i64>load<u32>(modulus + i);
      store<u32>(out + i, <u32>(carry & WORD_MASK));
      carry >>= WORD_BITS;
    }
    store<u32>(out + last, <u32>(top - excess * <i64>load<u32>(modulus + last) + carry));
  }

  add(a: usize, b: usize, out: usize): void {
    this.combine(a, 1, b, 1, out);
  }

  subtract(a: usize, b: usize, out: usize): void {
    this.combine(a, 1, b, -1, out);
  }

  copy(a: usize, out: usize): void {
    memory.copy(out, a, this.size);
  }

  setZero(out: usize): void {
    memory.fill(out, 0, this.size);
  }

  /** `a` to the power of `length` big-endian bytes, four bits at a time; `out` may be a. */
  power(a: usize, exponent: usize, length: i32, out: usize): void {
    const size = this.size;
    this.copy(this.one, powers);
    this.copy(a, powers + size);
    for (let i: usize = 2; i < WINDOW; i++) {
      this.multiply(powers + (i - 1) * size, powers + size, powers + i * size);
    }
    this.copy(this.one, out);
    for (let i: usize = 0; i < <usize>length; i++) {
      this.powerStep(load<u8>(exponent + i) >> 4, out);
      this.powerStep(load<u8>(exponent + i) & 15, out);
    }
  }

  /**
   * 1 / a: its power p - 2 (Fermat); `out` may be a. Every p here ends in a byte above 2: nothing
   * to borrow.
   */
  invert(a: usize, out: usize): void {
    const length = this.byteLength;
    memory.copy(exponent, this.bigEndian, <usize>length);
    const last = exponent + <usize>length - 1;
    store<u8>(last, load<u8>(last) - 2);
    this.power(a, exponent, length, out);
  }

  private powerStep(digit: u8, out: usize): void {
    for (let i = 0; i < 4; i++) this.multiply(out, out, out);
    if (digit != 0) this.multiply(out, powers + <usize>digit * this.size, out);
  }

  /** Makes the number the one below p. */
  reduce(a: usize): void {
    const modulus = this.modulus;
    for (;;) {
      let top = this.size - WORD;
      while (top > 0 && load<u32>(a + top) == load<u32>(modulus + top)) top -= WORD;
      if (load<u32>(a + top) < load<u32>(modulus + top)) return;
      let carry: i64 = 0;
      for (let i: usize = 0; i < this.size; i += WORD) {
        carry += <i64>load<u32>(a + i) - <i64>load<u32>(modulus + i);
        store<u32>(a + i, <u32>(carry & WORD_MASK));
        carry >>= WORD_BITS;
      }
    }
  }

  /** Whether a number that was just read is below p. */
  isReduced(a: usize): bool {
    this.copy(a, scratch);
    this.reduce(scratch);
    return compareMemory(a, scratch, this.size) == 0;
  }

  isZero(a: usize): bool {
    this.copy(a, scratch);
    this.reduce(scratch);
    let bits: u32 = 0;
    for (let i: usize = 0; i < this.size; i += WORD) bits |= load<u32>(scratch + i);
    return bits == 0;
  }

  equals(a: usize, b: usize): bool {
    this.subtract(a, b, scratch);
    return this.isZero(scratch);
  }

  /** Into Montgomery form; `out` may be a. */
  enter(a: usize, out: usize): void {
    this.multiply(a, this.rSquared, out);
  }

  /** Out of it, and below p. */
  leave(a: usize, out: usize): void {
    this.multiply(a, this.plainOne, out);
    this.reduce(out);
  }

  /** Words of `length` little-endian bytes, of not more bits than the words hold. */
  readLittleEndian(from: usize, length: i32, out: usize): void {
    let window: u64 = 0;
    let held = 0;
    let next = from;
    const end = from + <usize>length;
    for (let p = out; p < out + this.size; p += WORD) {
      for (; held < WORD_BITS && next < end; held += 8) window |= (<u64>load<u8>(next++)) << held;
      store<u32>(p, <u32>(window & WORD_MASK));
      window >>= WORD_BITS;
      held -= WORD_BITS;
    }
  }

  readBigEndian(from: usize, length: i32, out: usize): void {
    reverse(from, length, scratch);
    this.readLittleEndian(scratch, length, out);
  }

  /** `byteLength` little-endian bytes of a number that `leave` or `reduce` made. */
  writeLittleEndian(a: usize, out: usize): void {
    let window: u64 = 0;
    let held = 0;
    let next = a;
    for (let p = out; p < out + <usize>this.byteLength; p++) {
      if (held < 8) {
        window |= (<u64>load<u32>(next)) << held;
        held += WORD_BITS;
        next += WORD;
      }
      store<u8>(p, <u8>window);
      window >>= 8;
      held -= 8;
    }
  }
}

/** Copies `length` bytes in the opposite order. */
function reverse(from: usize, length: i32, to: usize): void {
  const last = to + <usize>length - 1;
  for (let i: usize = 0; i < <usize>length; i++) store<u8>(last - i, load<u8>(from + i));
}

/**
 * -1/n mod 2^32 for odd n: Newton's step doubles the right bits, and n is its own inverse to 3
 * bits.
 */
export function negativeInverse(n: u32): u32 {
  let inverse = n;
  for (let bits = 3; bits < 32; bits *= 2) inverse *= 2 - n * inverse;
  return 0 - inverse;
}
