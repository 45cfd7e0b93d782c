// Ed25519 verification (RFC 8032 section 5.1.7), strictly: one encoding of every number and
// point, no key and no R of small order, and the equation without the cofactor. Others call it
// `verify_strict`. Knows no private operation.
import { Bytes, bytes, compareMemory, lengthOf, owned, pointerOf, view } from "../bytes";
import { POINT_BYTES, edwards25519, scalars } from "./edwards25519";
import { SHA512 } from "./sha512";

export const ED25519_SIGNATURE_BYTES = 64;

export const enum Ed25519KeyStatus {
  Ok = 0,
  /** Not 32 bytes. */
  WrongLength = 1,
  /** Not the one encoding of a point of the curve (section 5.1.3). */
  NotAPoint = 2,
  /** Anyone can sign for it. */
  SmallOrder = 3,
}

/** 2^256 in the Montgomery form of the scalars. */
const UPPER_HALF: usize = upperHalf();

const point = memory.data(160, 16);
const hash = memory.data(64, 16);
/** S and k. */
const signatureScalar = memory.data(32, 16);
const hashScalar = memory.data(32, 16);
const low = memory.data(80, 16);
const high = memory.data(80, 16);
const encoded = memory.data(32, 16);


@final
export class Ed25519PublicKey {
  readonly status: Ed25519KeyStatus;
  private readonly encoding: StaticArray<u8>;
  /** Of -A. */
  private readonly table: StaticArray<u8>;

  /**
   * `key`: the `x` of an OKP key (RFC 8037 section 2). A key whose `status` is not Ok verifies
   * nothing.
   */
  constructor(key: Bytes) {
    const status = statusOf(key);
    const isGood = status == Ed25519KeyStatus.Ok;
    this.status = status;
    this.encoding = isGood ? owned(key) : new StaticArray<u8>(0);
    if (isGood) edwards25519.negate(point);
    this.table = isGood ? edwards25519.keyTable(point) : new StaticArray<u8>(0);
  }

  /** Whether `signature` is R‖S with R = SB - kA. */
  verify(message: Bytes, signature: Bytes): bool {
    if (this.status != Ed25519KeyStatus.Ok || lengthOf(signature) != ED25519_SIGNATURE_BYTES)
      return false;
    const r = pointerOf(signature);
    const s = r + POINT_BYTES;
    if (!isBelowOrder(s)) return false;
    memory.copy(signatureScalar, s, POINT_BYTES);
    SHA512.reset();
    SHA512.update(bytes(r, POINT_BYTES));
    SHA512.update(view(this.encoding));
    SHA512.update(message);
    SHA512.finish(hash);
    reduceHash();
    edwards25519.sum(signatureScalar, hashScalar, this.table, point);
    // No signer's r is zero.
    if (edwards25519.isSmallOrder(point)) return false;
    edwards25519.encode(point, encoded);
    return compareMemory(encoded, r, POINT_BYTES) == 0;
  }
}

/** Leaves A in `point`. */
function statusOf(key: Bytes): Ed25519KeyStatus {
  if (lengthOf(key) != POINT_BYTES) return Ed25519KeyStatus.WrongLength;
  if (!edwards25519.decode(pointerOf(key), point)) return Ed25519KeyStatus.NotAPoint;
  return edwards25519.isSmallOrder(point) ? Ed25519KeyStatus.SmallOrder : Ed25519KeyStatus.Ok;
}

/** S < L: else S + L would be a second signature. */
function isBelowOrder(s: usize): bool {
  scalars.readLittleEndian(s, POINT_BYTES, low);
  return scalars.isReduced(low);
}

/**
 * The 64 bytes of `hash` modulo L, to `hashScalar`: the upper half comes with a factor of 2^256.
 */
function reduceHash(): void {
  scalars.readLittleEndian(hash, POINT_BYTES, low);
  scalars.readLittleEndian(hash + POINT_BYTES, POINT_BYTES, high);
  scalars.multiply(low, scalars.one, low);
  scalars.multiply(high, UPPER_HALF, high);
  scalars.add(low, high, low);
  scalars.reduce(low);
  scalars.writeLittleEndian(low, hashScalar);
}

function upperHalf(): usize {
  const number = heap.alloc(scalars.size);
  scalars.timesPowerOfTwo(scalars.one, 8 * POINT_BYTES, number);
  return number;
}
