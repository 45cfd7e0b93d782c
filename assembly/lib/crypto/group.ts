// Sums of multiples of points, aP + bQ, for public a, P, b, Q: Straus's method over signed
// windows (D. Hankerson, A. Menezes, S. Vanstone, "Guide to Elliptic Curve Cryptography",
// algorithms 3.35 and 3.51). Knows no curve.
import { Field } from "./field";

/**
 * Bits of a window: its digits are odd and below 2^(bits - 1), so a table has a quarter of 2^bits
 * entries. A key's table is made for the key, the generator's once.
 */
const KEY_WINDOW = 5;
const GENERATOR_WINDOW = 7;
const KEY_ENTRIES = 1 << (KEY_WINDOW - 2);
const GENERATOR_ENTRIES = 1 << (GENERATOR_WINDOW - 2);

/** The scalar at hand with zeros behind it, so that a window may reach over its end. */
const padded = memory.data(56, 16);
/** Signed digits, one for each bit of a scalar and for the carry out of it. */
const keyDigits = memory.data(400, 16);
const generatorDigits = memory.data(400, 16);
/** A point to add or to double: four coordinates of the longest field that has a group. */
const operand = memory.data(224, 16);

export abstract class Group {
  private generatorTable: usize = 0;

  constructor(
    readonly field: Field,
    /** Coordinates of a point in memory. */
    protected readonly coordinates: usize,
    /** Bits of the group's order. */
    private readonly scalarBits: i32,
  ) {}

  // @ts-ignore: decorator
  @inline
  get pointBytes(): usize {
    return this.coordinates * this.field.size;
  }

  abstract setNeutral(point: usize): void;
  /** p becomes 2p. */
  abstract double(p: usize): void;
  /** p becomes p + q, whatever the two are. */
  abstract add(p: usize, q: usize): void;
  /** p becomes -p. */
  abstract negate(p: usize): void;
  /** The generator of the standard, to `out`. */
  protected abstract generator(out: usize): void;

  /** The multiples of a point that `sum` wants of a key: kept by the caller. */
  keyTable(point: usize): StaticArray<u8> {
    const table = new StaticArray<u8>(KEY_ENTRIES * <i32>this.pointBytes);
    this.oddMultiples(point, KEY_ENTRIES, changetype<usize>(table));
    return table;
  }

  /**
   * aG + bQ to `out`; Q is the point that `keyTable` was made for, and the scalars are
   * little-endian and below the order.
   */
  sum(a: usize, b: usize, table: StaticArray<u8>, out: usize): void {
    const generatorTable = this.ownTable();
    const bits = this.scalarBits;
    recode(a, bits, GENERATOR_WINDOW, generatorDigits);
    recode(b, bits, KEY_WINDOW, keyDigits);
    this.setNeutral(out);
    let i = <usize>bits;
    while (i > 0 && (load<i8>(generatorDigits + i) | load<i8>(keyDigits + i)) == 0) i--;
    for (; ; i--) {
      this.addMultiple(out, load<i8>(generatorDigits + i), generatorTable);
      this.addMultiple(out, load<i8>(keyDigits + i), changetype<usize>(table));
      if (i == 0) return;
      this.double(out);
    }
  }

  private addMultiple(to: usize, digit: i32, table: usize): void {
    if (digit == 0) return;
    const bytes = this.pointBytes;
    memory.copy(operand, table + <usize>(abs(digit) >> 1) * bytes, bytes);
    if (digit < 0) this.negate(operand);
    this.add(to, operand);
  }

  /** The generator's multiples, made by the first caller. */
  private ownTable(): usize {
    if (this.generatorTable == 0) {
      this.generatorTable = heap.alloc(<usize>GENERATOR_ENTRIES * this.pointBytes);
      this.generator(this.generatorTable);
      this.oddMultiples(this.generatorTable, GENERATOR_ENTRIES, this.generatorTable);
    }
    return this.generatorTable;
  }

  /** 1, 3, 5… times the point. */
  private oddMultiples(point: usize, count: i32, table: usize): void {
    const bytes = this.pointBytes;
    memory.copy(table, point, bytes);
    memory.copy(operand, point, bytes);
    this.double(operand);
    for (let entry = table + bytes; entry < table + <usize>count * bytes; entry += bytes) {
      memory.copy(entry, entry - bytes, bytes);
      this.add(entry, operand);
    }
  }
}

/**
 * Digits of which no two within `window` positions are other than zero, with the scalar as their
 * sum over 2^i.
 */
function recode(scalar: usize, bits: i32, window: i32, digits: usize): void {
  memory.fill(digits, 0, <usize>bits + 1);
  memory.fill(padded, 0, 56);
  memory.copy(padded, scalar, <usize>((bits + 7) >> 3));
  const mask: i32 = (1 << window) - 1;
  let carry = 0;
  for (let i = 0; i <= bits;) {
    // A window is at most seven bits, so two bytes hold it.
    const next = ((<i32>load<u16>(padded + <usize>(i >> 3))) >> (i & 7)) & mask;
    if ((next & 1) == carry) {
      i++;
      continue;
    }
    let digit = next + carry;
    carry = digit >> (window - 1);
    digit -= carry << window;
    store<i8>(digits + <usize>i, <i8>digit);
    i += window;
  }
}
