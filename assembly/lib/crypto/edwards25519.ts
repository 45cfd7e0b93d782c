// edwards25519, the curve -x² + y² = 1 + dx²y² (RFC 8032 section 5.1), in extended coordinates:
// (X, Y, Z, T) is the point (X / Z, Y / Z) with T = XY / Z. The formulas of section 5.1.4, which
// hold for every pair of points. For public values alone.
import { Field } from "./field";
import { Field25519, NineWordField } from "./field-rows";
import { Group } from "./group";

export const POINT_BYTES = 32;

/** Big-endian, in one piece. */
// prettier-ignore
const NUMBERS = memory.data<u8>([
  // p = 2^255 - 19 (section 5.1)
  0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xed,
  // d = -121665 / 121666
  0x52, 0x03, 0x6c, 0xee, 0x2b, 0x6f, 0xfe, 0x73, 0x8c, 0xc7, 0x40, 0x79, 0x77, 0x79, 0xe8, 0x98,
  0x00, 0x70, 0x0a, 0x4d, 0x41, 0x41, 0xd8, 0xab, 0x75, 0xeb, 0x4d, 0xca, 0x13, 0x59, 0x78, 0xa3,
  // the generator B: y = 4 / 5, and x even
  0x21, 0x69, 0x36, 0xd3, 0xcd, 0x6e, 0x53, 0xfe, 0xc0, 0xa4, 0xe2, 0x31, 0xfd, 0xd6, 0xdc, 0x5c,
  0x69, 0x2c, 0xc7, 0x60, 0x95, 0x25, 0xa7, 0xb2, 0xc9, 0x56, 0x2d, 0x60, 0x8f, 0x25, 0xd5, 0x1a,
  0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
  0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x58,
  // 2^((p - 1) / 4), a square root of -1
  0x2b, 0x83, 0x24, 0x80, 0x4f, 0xc1, 0xdf, 0x0b, 0x2b, 0x4d, 0x00, 0x99, 0x3d, 0xfb, 0xd7, 0xa7,
  0x2f, 0x43, 0x18, 0x06, 0xad, 0x2f, 0xe4, 0x78, 0xc4, 0xee, 0x1b, 0x27, 0x4a, 0x0e, 0xa0, 0xb0,
  // (p - 5) / 8 = 2^252 - 3
  0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd,
  // the order L of B: 2^252 + 27742317777372353535851937790883648493
  0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
]);
const P = NUMBERS;
const D = NUMBERS + POINT_BYTES;
const BX = NUMBERS + 2 * POINT_BYTES;
const BY = NUMBERS + 3 * POINT_BYTES;
const ROOT_OF_MINUS_ONE = NUMBERS + 4 * POINT_BYTES;
const ROOT_EXPONENT = NUMBERS + 5 * POINT_BYTES;
const L = NUMBERS + 6 * POINT_BYTES;

const SIGN_BIT: u8 = 0x80;

const field = new Field25519(P, 32, 255);
/** The integers modulo L. */
export const scalars: Field = new NineWordField(L, 32, 252);

const t0 = memory.data(80, 16);
const t1 = memory.data(80, 16);
const t2 = memory.data(80, 16);
const t3 = memory.data(80, 16);
const t4 = memory.data(80, 16);
const t5 = memory.data(80, 16);
const t6 = memory.data(80, 16);
const point = memory.data(160, 16);
const encoding = memory.data(32, 16);


@final
class Edwards25519 extends Group {
  private readonly d: usize = constant(D);
  private readonly doubleD: usize = constant(D);
  private readonly rootOfMinusOne: usize = constant(ROOT_OF_MINUS_ONE);

  constructor() {
    super(field, 4, 253);
    field.add(this.d, this.d, this.doubleD);
  }

  setNeutral(p: usize): void {
    const size = field.size;
    field.setZero(p);
    field.copy(field.one, p + size);
    field.copy(field.one, p + 2 * size);
    field.setZero(p + 3 * size);
  }

  protected generator(out: usize): void {
    const size = field.size;
    field.copy(constant(BX), out);
    field.copy(constant(BY), out + size);
    this.complete(out);
  }

  /** Z = 1 and T = XY, for a point of which X and Y are there. */
  private complete(p: usize): void {
    const size = field.size;
    field.copy(field.one, p + 2 * size);
    field.multiply(p, p + size, p + 3 * size);
  }

  double(p: usize): void {
    const y = p + field.size;
    const z = y + field.size;
    field.multiply(p, p, t0);
    field.multiply(y, y, t1);
    field.multiply(z, z, t2);
    field.add(t0, t1, t3);
    field.add(p, y, t4);
    field.multiply(t4, t4, t4);
    field.subtract(t3, t4, t4);
    field.subtract(t0, t1, t5);
    field.combine(t2, 2, t5, 1, t6);
    this.assemble(p, t4, t6, t5, t3);
  }

  add(p: usize, q: usize): void {
    const size = field.size;
    const y = p + size;
    const z = y + size;
    const t = z + size;
    const otherY = q + size;
    const otherZ = otherY + size;
    const otherT = otherZ + size;
    field.subtract(y, p, t0);
    field.subtract(otherY, q, t1);
    field.multiply(t0, t1, t0);
    field.add(y, p, t1);
    field.add(otherY, q, t2);
    field.multiply(t1, t2, t1);
    field.multiply(t, this.doubleD, t2);
    field.multiply(t2, otherT, t2);
    field.multiply(z, otherZ, t3);
    field.subtract(t1, t0, t4);
    field.combine(t3, 2, t2, -1, t5);
    field.combine(t3, 2, t2, 1, t6);
    field.add(t1, t0, t3);
    this.assemble(p, t4, t5, t6, t3);
  }

  /** The end of both formulas: X = EF, Y = GH, T = EH, Z = FG. */
  private assemble(p: usize, e: usize, f: usize, g: usize, h: usize): void {
    const size = field.size;
    field.multiply(e, f, p);
    field.multiply(g, h, p + size);
    field.multiply(f, g, p + 2 * size);
    field.multiply(e, h, p + 3 * size);
  }

  negate(p: usize): void {
    const t = p + 3 * field.size;
    field.combine(p, -1, p, 0, p);
    field.combine(t, -1, t, 0, t);
  }

  /**
   * Section 5.1.3: the point of 32 bytes to `out`. False when they are not the one encoding of a
   * point: y is not below p, no x goes with it, or x is zero and the sign says odd.
   */
  decode(from: usize, out: usize): bool {
    const size = field.size;
    const isOdd = (load<u8>(from + POINT_BYTES - 1) & SIGN_BIT) != 0;
    memory.copy(encoding, from, POINT_BYTES);
    store<u8>(encoding + POINT_BYTES - 1, load<u8>(encoding + POINT_BYTES - 1) & ~SIGN_BIT);
    field.readLittleEndian(encoding, POINT_BYTES, out + size);
    if (!field.isReduced(out + size)) return false;
    field.enter(out + size, out + size);
    if (!this.recoverX(out + size, out)) return false;
    field.leave(out, t0);
    if ((load<u32>(t0) & 1) != <u32>isOdd) {
      if (field.isZero(t0)) return false;
      field.combine(out, -1, out, 0, out);
    }
    this.complete(out);
    return true;
  }

  /** A square root of (y² - 1) / (dy² + 1), if it has one. */
  private recoverX(y: usize, out: usize): bool {
    const u = t0;
    const v = t1;
    field.multiply(y, y, u);
    field.multiply(u, this.d, v);
    field.subtract(u, field.one, u);
    field.add(v, field.one, v);
    // u · v³ · (u · v⁷)^((p - 5) / 8)
    field.multiply(v, v, t2);
    field.multiply(t2, v, t2);
    field.multiply(t2, t2, t3);
    field.multiply(t3, v, t3);
    field.multiply(t3, u, t3);
    field.power(t3, ROOT_EXPONENT, 32, t3);
    field.multiply(t3, t2, t3);
    field.multiply(t3, u, out);
    field.multiply(out, out, t2);
    field.multiply(t2, v, t2);
    if (field.equals(t2, u)) return true;
    field.multiply(out, this.rootOfMinusOne, out);
    field.combine(u, -1, u, 0, u);
    return field.equals(t2, u);
  }

  /** Section 5.1.2: the 32 bytes of a point. */
  encode(p: usize, out: usize): void {
    const size = field.size;
    field.invert(p + 2 * size, t0);
    field.multiply(p, t0, t1);
    field.multiply(p + size, t0, t0);
    field.leave(t1, t1);
    field.leave(t0, t0);
    field.writeLittleEndian(t0, out);
    const sign = (<u8>(load<u32>(t1) & 1)) << 7;
    store<u8>(out + POINT_BYTES - 1, load<u8>(out + POINT_BYTES - 1) | sign);
  }

  /**
   * Whether 8P is neutral: one of the eight points that say nothing about who signed (section
   * 8.5).
   */
  isSmallOrder(p: usize): bool {
    memory.copy(point, p, this.pointBytes);
    for (let i = 0; i < 3; i++) this.double(point);
    return field.isZero(point);
  }
}

/** A number of the field in Montgomery form, kept for ever. */
function constant(bigEndian: usize): usize {
  const number = heap.alloc(field.size);
  field.readBigEndian(bigEndian, POINT_BYTES, number);
  field.enter(number, number);
  return number;
}

export const edwards25519: Edwards25519 = new Edwards25519();
