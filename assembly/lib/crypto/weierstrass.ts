// Curves y² = x³ - 3x + b over a prime field, of prime order, in Jacobian coordinates: (X, Y, Z)
// is the point (X / Z², Y / Z³), and the neutral one has Z = 0. Formulas of the Explicit-Formulas
// Database (hyperelliptic.org/EFD): dbl-2001-b and add-1998-cmo-2. For public values alone:
// equal, opposite and neutral points take other ways.
import { Field } from "./field";
import { Group } from "./group";

const t0 = memory.data(80, 16);
const t1 = memory.data(80, 16);
const t2 = memory.data(80, 16);
const t3 = memory.data(80, 16);
const t4 = memory.data(80, 16);
const t5 = memory.data(80, 16);
const t6 = memory.data(80, 16);
const candidate = memory.data(240, 16);

/** Numbers of a curve are big-endian bytes of the field's length, kept for ever. */
@final
export class WeierstrassGroup extends Group {
  /** b in Montgomery form. */
  private readonly b: usize;

  constructor(
    field: Field,
    /** The integers modulo the group's order. */
    readonly order: Field,
    scalarBits: i32,
    b: usize,
    private readonly generatorX: usize,
    private readonly generatorY: usize,
  ) {
    super(field, 3, scalarBits);
    this.b = heap.alloc(field.size);
    this.readCoordinate(b, this.b);
  }

  setNeutral(point: usize): void {
    const size = this.field.size;
    this.field.copy(this.field.one, point);
    this.field.copy(this.field.one, point + size);
    this.field.setZero(point + 2 * size);
  }

  protected generator(out: usize): void {
    this.read(this.generatorX, this.generatorY, out);
  }

  /**
   * The point (x, y) to `out`, both big-endian of the field's length. False when a coordinate is
   * not below p or the point is not on the curve: then it is no point at all. Every other one
   * generates the whole group.
   */
  read(x: usize, y: usize, out: usize): bool {
    const field = this.field;
    if (!this.readCoordinate(x, out) || !this.readCoordinate(y, out + field.size)) return false;
    field.copy(field.one, out + 2 * field.size);
    return this.isOnCurve(out, out + field.size);
  }

  /** Whether `read` would take it. */
  has(x: usize, y: usize): bool {
    return this.read(x, y, candidate);
  }

  /** False when it is not below p. */
  private readCoordinate(from: usize, out: usize): bool {
    const field = this.field;
    field.readBigEndian(from, field.byteLength, out);
    const isReduced = field.isReduced(out);
    field.enter(out, out);
    return isReduced;
  }

  /** y² = (x² - 3)x + b. */
  private isOnCurve(x: usize, y: usize): bool {
    const field = this.field;
    field.multiply(x, x, t0);
    field.combine(t0, 1, field.one, -3, t0);
    field.multiply(t0, x, t0);
    field.add(t0, this.b, t0);
    field.multiply(y, y, t1);
    return field.equals(t0, t1);
  }

  double(p: usize): void {
    const field = this.field;
    const x = p;
    const y = p + field.size;
    const z = y + field.size;
    const alpha = t0;
    const beta = t1;
    const gamma = t2;
    field.multiply(z, z, t3);
    field.add(x, t3, t4);
    field.subtract(x, t3, t3);
    field.multiply(t3, t4, alpha);
    field.combine(alpha, 3, alpha, 0, alpha);
    field.multiply(y, y, gamma);
    field.multiply(x, gamma, beta);
    field.multiply(y, z, z);
    field.combine(z, 2, z, 0, z);
    field.multiply(alpha, alpha, x);
    field.combine(x, 1, beta, -8, x);
    field.combine(beta, 4, x, -1, beta);
    field.multiply(alpha, beta, alpha);
    field.multiply(gamma, gamma, gamma);
    field.combine(alpha, 1, gamma, -8, y);
  }

  add(p: usize, q: usize): void {
    const field = this.field;
    const size = field.size;
    const x = p;
    const y = p + size;
    const z = y + size;
    const otherY = q + size;
    const otherZ = otherY + size;
    if (field.isZero(otherZ)) return;
    if (field.isZero(z)) {
      memory.copy(p, q, 3 * size);
      return;
    }
    const u = t0;
    const h = t1;
    const s = t2;
    const r = t3;
    field.multiply(otherZ, otherZ, t4);
    field.multiply(z, z, t5);
    field.multiply(x, t4, u);
    field.multiply(q, t5, h);
    field.subtract(h, u, h);
    field.multiply(otherZ, t4, t4);
    field.multiply(z, t5, t5);
    field.multiply(y, t4, s);
    field.multiply(otherY, t5, r);
    field.subtract(r, s, r);
    if (field.isZero(h)) {
      if (field.isZero(r)) this.double(p);
      else this.setNeutral(p);
      return;
    }
    field.multiply(h, h, t4);
    field.multiply(h, t4, t5);
    field.multiply(u, t4, u);
    field.multiply(r, r, t6);
    field.subtract(t6, t5, t6);
    field.combine(t6, 1, u, -2, x);
    field.subtract(u, x, u);
    field.multiply(r, u, r);
    field.multiply(s, t5, s);
    field.subtract(r, s, y);
    field.multiply(z, otherZ, z);
    field.multiply(z, h, z);
  }

  negate(p: usize): void {
    const y = p + this.field.size;
    this.field.combine(y, -1, y, 0, y);
  }

  isNeutral(p: usize): bool {
    return this.field.isZero(p + 2 * this.field.size);
  }
}
