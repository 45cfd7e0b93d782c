// ECDSA verification (FIPS 186-5 section 6.4.2; RFC 7518 section 3.4 for the signature's form). Knows no private operation.
import { Bytes, compareMemory, lengthOf, pointerOf } from "../bytes";
import { EcdsaCurve } from "./curves";
import { Digest } from "./digest";
import { WORD, WORD_BITS, WORD_MASK } from "./field";

const hash = memory.data(64, 16);
const r = memory.data(80, 16);
const s = memory.data(80, 16);
const z = memory.data(80, 16);
const u1 = memory.data(48, 16);
const u2 = memory.data(48, 16);
const exponent = memory.data(48, 16);
/** Jacobian coordinates. */
const point = memory.data(168, 16);
const candidate = memory.data(80, 16);
const zSquared = memory.data(80, 16);


@final
export class EcdsaPublicKey {
  /** Whether (x, y) is a point of the curve (`WeierstrassGroup.read`); otherwise the key verifies nothing. */
  readonly isGood: bool;
  private readonly table: StaticArray<u8>;

  /** Coordinates of the curve's length, big-endian, as in a JWK (RFC 7518 section 6.2.1). */
  constructor(
    private readonly curve: EcdsaCurve,
    x: Bytes,
    y: Bytes,
  ) {
    const length = curve.group.field.byteLength;
    const isGood =
      lengthOf(x) == length && lengthOf(y) == length && curve.group.read(pointerOf(x), pointerOf(y), point);
    this.isGood = isGood;
    this.table = isGood ? curve.group.keyTable(point) : new StaticArray<u8>(0);
  }

  /** Whether `signature` is r‖s, each of the order's length, for the digest of `message`. */
  verify(digest: Digest, message: Bytes, signature: Bytes): bool {
    const order = this.curve.order;
    const length = order.byteLength;
    if (!this.isGood || lengthOf(signature) != 2 * length) return false;
    const rBytes = pointerOf(signature);
    const sBytes = rBytes + <usize>length;
    if (!this.isScalar(rBytes) || !this.isScalar(sBytes)) return false;
    digest.hash(message, hash);
    // The leftmost bits of a longer hash; both orders fill their bytes.
    order.readBigEndian(hash, min(digest.outputBytes, length), z);
    order.readBigEndian(rBytes, length, r);
    order.readBigEndian(sBytes, length, s);
    this.invert(s);
    this.writeScalar(z, u1);
    this.writeScalar(r, u2);
    this.curve.group.sum(u1, u2, this.table, point);
    return !this.curve.group.isNeutral(point) && this.xIs(rBytes);
  }

  /** From 1 to n - 1. */
  private isScalar(bigEndian: usize): bool {
    const length = <usize>this.curve.order.byteLength;
    if (compareMemory(bigEndian, this.curve.order.bigEndian, length) >= 0) return false;
    let bits: u8 = 0;
    for (let i: usize = 0; i < length; i++) bits |= load<u8>(bigEndian + i);
    return bits != 0;
  }

  /** 1/s in Montgomery form: its power n - 2 (Fermat). */
  private invert(s: usize): void {
    const order = this.curve.order;
    const length = <usize>order.byteLength;
    memory.copy(exponent, order.bigEndian, length);
    // Both orders end in 0x51 and 0x73: nothing to borrow.
    store<u8>(exponent + length - 1, load<u8>(exponent + length - 1) - 2);
    order.enter(s, s);
    order.power(s, exponent, order.byteLength, s);
  }

  /** factor / s, little-endian; a factor outside Montgomery form makes a product outside it. */
  private writeScalar(factor: usize, out: usize): void {
    const order = this.curve.order;
    order.multiply(factor, s, factor);
    order.reduce(factor);
    order.writeLittleEndian(factor, out);
  }

  /** Whether x of `point` is r modulo n: x = X / Z² is r, or r + n where that is still below p. */
  private xIs(rBytes: usize): bool {
    const field = this.curve.group.field;
    const pointZ = point + 2 * field.size;
    field.multiply(pointZ, pointZ, zSquared);
    field.readBigEndian(rBytes, this.curve.order.byteLength, candidate);
    if (this.isX(candidate)) return true;
    this.addOrder(candidate);
    return field.isReduced(candidate) && this.isX(candidate);
  }

  /** X = x · Z²; neither is changed. */
  private isX(x: usize): bool {
    const field = this.curve.group.field;
    field.enter(x, z);
    field.multiply(z, zSquared, z);
    return field.equals(z, point);
  }

  /** number + n, of integers: the field and its order have the same words. */
  private addOrder(number: usize): void {
    const modulus = this.curve.order.modulus;
    let carry: u32 = 0;
    for (let i: usize = 0; i < this.curve.order.size; i += WORD) {
      carry += load<u32>(number + i) + load<u32>(modulus + i);
      store<u32>(number + i, carry & (<u32>WORD_MASK));
      carry >>= WORD_BITS;
    }
  }
}
