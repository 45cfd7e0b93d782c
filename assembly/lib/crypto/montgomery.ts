// Powers modulo an odd number of 2048 to 8192 bits (P. Montgomery, "Modular multiplication
// without trial division", Math. Comp. 44, 1985). For public values alone: its time depends on
// them.
//
// A number is `limbs` words of 27 bits, least significant first, one in each u32. wasm multiplies
// 64 × 64 bits to 64, so a word holds less than 32 bits in order that a whole column of products
// fits into one u64 and is carried once: 2 · 304 products below 2^54, and a carry below 2^37,
// stay below 2^64.
//
// R = 2^(27 · limbs) is at least 4n. Then factors below 2n give a product below (2n · 2n + R · n)
// / R <= 2n, so that nothing between the first and the last product of a power is compared or
// subtracted.
import { Bytes, at, compare, lengthOf, owned, view } from "../bytes";
import { negativeInverse } from "./field";

const WORD_BITS = 27;
const WORD_MASK: u64 = (1 << WORD_BITS) - 1;
/** Bytes of a word in memory. */
const WORD: usize = 4;

export const MODULUS_BITS_MAX = 8192;
/** Words of the longest modulus and the two bits above it that R >= 4n needs. */
const LIMBS_MAX: usize = (MODULUS_BITS_MAX + 2 + WORD_BITS - 1) / WORD_BITS;

/** The columns of a product, two for each word, u64 each. */
const columns = memory.data(2 * 8 * 304, 16);
/** How often `reduce` adds the modulus, word by word. */
const multiples = memory.data(4 * 304, 16);
/** The numbers that `power` works on. */
const base = memory.data(4 * 304, 16);
const baseTimesR = memory.data(4 * 304, 16);
const result = memory.data(4 * 304, 16);


@final
export class MontgomeryModulus {
  readonly bits: i32;
  readonly byteLength: i32;
  private readonly bigEndian: StaticArray<u8>;
  private readonly limbs: usize;
  private readonly modulus: StaticArray<u8>;
  /** R² mod n: the factor that brings a number into Montgomery form. */
  private readonly rSquared: StaticArray<u8>;
  /** -1/n mod 2^27. */
  private readonly inverse: u64;

  /**
   * `modulus`: big-endian, odd, without leading zeros, of 2 to MODULUS_BITS_MAX bits: the caller
   * has made sure.
   */
  constructor(modulus: Bytes) {
    const bits = bitLength(modulus);
    const limbs = (bits + 2 + WORD_BITS - 1) / WORD_BITS;
    this.bits = bits;
    this.byteLength = lengthOf(modulus);
    this.bigEndian = owned(modulus);
    this.limbs = <usize>limbs;
    this.modulus = new StaticArray<u8>(limbs * <i32>WORD);
    this.rSquared = new StaticArray<u8>(limbs * <i32>WORD);
    this.read(modulus, changetype<usize>(this.modulus));
    this.inverse = negativeInverse(load<u32>(changetype<usize>(this.modulus))) & WORD_MASK;
    this.computeRSquared(changetype<usize>(this.rSquared));
  }

  /**
   * Writes `number` to the power of the odd `exponent` >= 3 as `byteLength` big-endian bytes to
   * `out`. False, and nothing written, when `number` has another length or is not below the
   * modulus.
   */
  power(number: Bytes, exponent: u64, out: usize): bool {
    if (lengthOf(number) != this.byteLength || compare(number, view(this.bigEndian)) >= 0)
      return false;
    this.read(number, base);
    this.multiply(base, changetype<usize>(this.rSquared), baseTimesR);
    memory.copy(result, baseTimesR, this.limbs * WORD);
    for (let bit = 62 - <i32>clz<u64>(exponent); bit > 0; bit--) {
      this.square(result, result);
      if (((exponent >> bit) & 1) != 0) this.multiply(result, baseTimesR, result);
    }
    this.square(result, result);
    // The last factor is the plain number: the product leaves Montgomery form by itself.
    this.multiply(result, base, result);
    this.subtractModulus(result);
    this.write(result, out);
    return true;
  }

  /** a · b / R mod n, below 2n for factors below 2n; `out` may be a factor. */
  private multiply(a: usize, b: usize, out: usize): void {
    this.fillColumns(a, b, 0);
    this.reduce(out);
  }

  /** a² / R mod n: as `multiply`, with each pair of unequal words multiplied once and doubled. */
  private square(a: usize, out: usize): void {
    this.fillColumns(a, a, 1);
    for (let i: usize = 0; i < this.limbs; i++) {
      const word = <u64>load<u32>(a + i * WORD);
      store<u64>(columns + i * 16, load<u64>(columns + i * 16) + word * word);
    }
    this.reduce(out);
  }

  /**
   * The columns of a · b; with `halved` 1 twice the first half of each, without what is in its
   * middle.
   */
  private fillColumns(a: usize, b: usize, halved: usize): void {
    const last = this.limbs - 1;
    for (let i: usize = 0; i <= 2 * last; i++) {
      const from = i > last ? i - last : 0;
      const to = min(i, last);
      store<u64>(
        columns + i * 8,
        dot(a + from * WORD, b + to * WORD, (to - from + 1) >> halved) << halved,
      );
    }
  }

  /**
   * The number in `columns`, divided by R mod n: adds the multiple of n that makes the lower half
   * zero, and drops it.
   */
  private reduce(out: usize): void {
    const last = this.limbs - 1;
    const modulus = changetype<usize>(this.modulus);
    const inverse = this.inverse;
    const lowest = <u64>load<u32>(modulus);
    let column: u64 = 0;
    for (let i: usize = 0; i <= 2 * last; i++) {
      const from = i > last ? i - last : 0;
      const to = min(i, last);
      // Up to the last word the multiple of this column is yet to be found.
      const count = i > last ? to - from + 1 : i;
      column +=
        load<u64>(columns + i * 8) + dot(multiples + from * WORD, modulus + to * WORD, count);
      if (i > last) {
        store<u32>(out + (from - 1) * WORD, <u32>(column & WORD_MASK));
      } else {
        const multiple = (column * inverse) & WORD_MASK;
        store<u32>(multiples + i * WORD, <u32>multiple);
        column += multiple * lowest;
      }
      column >>= WORD_BITS;
    }
    store<u32>(out + last * WORD, <u32>column);
  }

  /**
   * R² mod n, by doubling 2^(bits - 1) up to R, then by squaring and doubling up to 2^(27 ·
   * limbs) in Montgomery form.
   */
  private computeRSquared(out: usize): void {
    const rBits = <i32>this.limbs * WORD_BITS;
    const top = this.bits - 1;
    memory.fill(out, 0, this.limbs * WORD);
    store<u32>(out + <usize>(top / WORD_BITS) * WORD, 1 << (top % WORD_BITS));
    for (let i = top; i < rBits; i++) this.double(out);
    for (let bit = 31 - clz<i32>(rBits); bit >= 0; bit--) {
      this.square(out, out);
      this.subtractModulus(out);
      if (((rBits >> bit) & 1) != 0) this.double(out);
    }
  }

  /** 2a mod n, in place, for a below n. */
  private double(a: usize): void {
    let carry: u32 = 0;
    for (let p = a; p < a + this.limbs * WORD; p += WORD) {
      const word = (load<u32>(p) << 1) | carry;
      store<u32>(p, word & (<u32>WORD_MASK));
      carry = word >> WORD_BITS;
    }
    this.subtractModulus(a);
  }

  /** Takes a from below 2n to below n. */
  private subtractModulus(a: usize): void {
    const modulus = changetype<usize>(this.modulus);
    const bytes = this.limbs * WORD;
    let top = bytes - WORD;
    while (top > 0 && load<u32>(a + top) == load<u32>(modulus + top)) top -= WORD;
    if (load<u32>(a + top) < load<u32>(modulus + top)) return;
    let borrow: u32 = 0;
    for (let p: usize = 0; p < bytes; p += WORD) {
      const difference = load<u32>(a + p) - load<u32>(modulus + p) - borrow;
      store<u32>(a + p, difference & (<u32>WORD_MASK));
      borrow = difference >> 31;
    }
  }

  /** Big-endian bytes, of not more bits than the limbs hold, to words. */
  private read(bigEndian: Bytes, out: usize): void {
    let window: u64 = 0;
    let held = 0;
    let next = lengthOf(bigEndian) - 1;
    for (let p = out; p < out + this.limbs * WORD; p += WORD) {
      for (; held < WORD_BITS && next >= 0; held += 8)
        window |= (<u64>at(bigEndian, next--)) << held;
      store<u32>(p, <u32>(window & WORD_MASK));
      window >>= WORD_BITS;
      held -= WORD_BITS;
    }
  }

  /** Words to `byteLength` big-endian bytes, of which the first may reach beyond the words. */
  private write(number: usize, out: usize): void {
    let window: u64 = 0;
    let held = 0;
    let from = number;
    const end = number + this.limbs * WORD;
    for (let p = out + <usize>this.byteLength - 1; p >= out; p--) {
      if (held < 8 && from < end) {
        window |= (<u64>load<u32>(from)) << held;
        held += WORD_BITS;
        from += WORD;
      }
      store<u8>(p, <u8>window);
      window >>= 8;
      held -= 8;
    }
  }
}

/**
 * Σ p[j] · q[-j] for j below `count`: one column of a product. Four at a time: twice as fast as
 * one by one.
 */
// @ts-ignore: decorator
@inline
function dot(p: usize, q: usize, count: usize): u64 {
  let sum: u64 = 0;
  for (; count >= 4; count -= 4) {
    q -= 4 * WORD;
    sum += <u64>load<u32>(p) * <u64>load<u32>(q, 4 * WORD);
    sum += <u64>load<u32>(p, WORD) * <u64>load<u32>(q, 3 * WORD);
    sum += <u64>load<u32>(p, 2 * WORD) * <u64>load<u32>(q, 2 * WORD);
    sum += <u64>load<u32>(p, 3 * WORD) * <u64>load<u32>(q, WORD);
    p += 4 * WORD;
  }
  for (; count > 0; count--) {
    sum += <u64>load<u32>(p) * <u64>load<u32>(q);
    p += WORD;
    q -= WORD;
  }
  return sum;
}

/** Bits of a big-endian number without leading zeros. */
export function bitLength(bigEndian: Bytes): i32 {
  return lengthOf(bigEndian) == 0
    ? 0
    : lengthOf(bigEndian) * 8 - (<i32>clz<u32>(at(bigEndian, 0)) - 24);
}
