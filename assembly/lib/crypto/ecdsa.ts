// ECDSA verification (FIPS 186-5 section 6.4.2; RFC 7518 section 3.4 for the signature's form).
// Knows no private operation.
import { Bytes, lengthOf, pointerOf } from "../bytes";
import { Digest } from "./digest";
import { Field, WORD, WORD_BITS, WORD_MASK } from "./field";
import { WeierstrassGroup } from "./weierstrass";

const hash = memory.data(64, 16);
const r = memory.data(80, 16);
const s = memory.data(80, 16);
const z = memory.data(80, 16);
const u1 = memory.data(48, 16);
const u2 = memory.data(48, 16);
/** Jacobian coordinates. */
const point = memory.data(168, 16);
const candidate = memory.data(80, 16);
const zSquared = memory.data(80, 16);


@final
export class EcdsaPublicKey {
  /**
   * Whether (x, y) is a point of the curve (`WeierstrassGroup.read`); otherwise the key verifies
   * nothing.
   */
  readonly isGood: bool;
  private readonly table: StaticArray<u8>;

  /** Coordinates of the curve's length, big-endian, as in a JWK (RFC 7518 section 6.2.1). */
  constructor(
    private readonly curve: WeierstrassGroup,
    x: Bytes,
    y: Bytes,
  ) {
    const length = curve.field.byteLength;
    const isGood =
      lengthOf(x) == length &&
      lengthOf(y) == length &&
      curve.read(pointerOf(x), pointerOf(y), point);
    this.isGood = isGood;
    this.table = isGood ? curve.keyTable(point) : new StaticArray<u8>(0);
  }

  /** Whether `signature` is r‖s, each of the order's length, for the digest of `message`. */
  verify(digest: Digest, message: Bytes, signature: Bytes): bool {
    const order = this.curve.order;
    const length = order.byteLength;
    if (!this.isGood || lengthOf(signature) != 2 * length) return false;
    const rBytes = pointerOf(signature);
    const sBytes = rBytes + <usize>length;
    order.readBigEndian(rBytes, length, r);
    order.readBigEndian(sBytes, length, s);
    if (!isScalar(order, r) || !isScalar(order, s)) return false;
    digest.hash(message, hash);
    // The leftmost bits of a longer hash; both orders fill their bytes.
    order.readBigEndian(hash, min(digest.outputBytes, length), z);
    order.enter(s, s);
    order.invert(s, s);
    this.writeScalar(z, u1);
    this.writeScalar(r, u2);
    this.curve.sum(u1, u2, this.table, point);
    return !this.curve.isNeutral(point) && this.xIs(rBytes);
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
    const field = this.curve.field;
    const pointZ = point + 2 * field.size;
    field.multiply(pointZ, pointZ, zSquared);
    field.readBigEndian(rBytes, this.curve.order.byteLength, candidate);
    if (this.isX(candidate)) return true;
    this.addOrder(candidate);
    return field.isReduced(candidate) && this.isX(candidate);
  }

  /** X = x · Z²; neither is changed. */
  private isX(x: usize): bool {
    const field = this.curve.field;
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

/** Whether a number that was just read is one from 1 to n - 1. */
function isScalar(order: Field, number: usize): bool {
  return order.isReduced(number) && !order.isZero(number);
}
