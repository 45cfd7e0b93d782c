// The signature algorithms of RFC 7518 section 3.1 and RFC 8037, one row each. A token's `alg` is looked up once; what
// is handed on from there is the row, never the name.
import { Bytes, equal, text } from "../bytes";

/** The mathematics, and with it the key type that fits (`kty`, RFC 7518 section 6.1). */
export const enum Family {
  /** RSASSA-PKCS1-v1_5. */
  Rsa = 0,
  RsaPss = 1,
  Ecdsa = 2,
  /** Ed25519 alone. */
  EdDsa = 3,
  Hmac = 4,
}

/** Elliptic curves of JWKs. */
export const enum Curve {
  None = 0,
  P256 = 1,
  P384 = 2,
  P521 = 3,
  Ed25519 = 4,
}

/** Rows that cost about the same to verify share a budget (see the filter's limiter). */
export const enum CostClass {
  Rsa = 0,
  RsaPss = 1,
  P256 = 2,
  P384 = 3,
  P521 = 4,
  Ed25519 = 5,
  Hmac = 6,
}

export const COST_CLASSES = 7;


@final
export class Algorithm {
  constructor(
    /** Position in `algorithms`, for sets of algorithms kept as bits. */
    readonly index: i32,
    readonly name: Bytes,
    readonly family: Family,
    /** Bits of the SHA-2 function. */
    readonly hashBits: i32,
    readonly curve: Curve,
    /** Bytes of the signature; 0 where the key decides (RSA). */
    readonly signatureBytes: i32,
    readonly costClass: CostClass,
  ) {}

  /** This row as a set of one. */
  // @ts-ignore: decorator
  @inline
  get bit(): u32 {
    return 1 << this.index;
  }
}

/** All rows; the position is the row's `index`. */
export const algorithms: StaticArray<Algorithm> = [
  new Algorithm(0, text("RS256"), Family.Rsa, 256, Curve.None, 0, CostClass.Rsa),
  new Algorithm(1, text("RS384"), Family.Rsa, 384, Curve.None, 0, CostClass.Rsa),
  new Algorithm(2, text("RS512"), Family.Rsa, 512, Curve.None, 0, CostClass.Rsa),
  new Algorithm(3, text("PS256"), Family.RsaPss, 256, Curve.None, 0, CostClass.RsaPss),
  new Algorithm(4, text("PS384"), Family.RsaPss, 384, Curve.None, 0, CostClass.RsaPss),
  new Algorithm(5, text("PS512"), Family.RsaPss, 512, Curve.None, 0, CostClass.RsaPss),
  new Algorithm(6, text("ES256"), Family.Ecdsa, 256, Curve.P256, 64, CostClass.P256),
  new Algorithm(7, text("ES384"), Family.Ecdsa, 384, Curve.P384, 96, CostClass.P384),
  new Algorithm(8, text("ES512"), Family.Ecdsa, 512, Curve.P521, 132, CostClass.P521),
  new Algorithm(9, text("EdDSA"), Family.EdDsa, 512, Curve.Ed25519, 64, CostClass.Ed25519),
  new Algorithm(10, text("HS256"), Family.Hmac, 256, Curve.None, 32, CostClass.Hmac),
  new Algorithm(11, text("HS384"), Family.Hmac, 384, Curve.None, 48, CostClass.Hmac),
  new Algorithm(12, text("HS512"), Family.Hmac, 512, Curve.None, 64, CostClass.Hmac),
];

/** A symmetric secret is not a public key: HS rows count only where they are listed. */
export const ASYMMETRIC: u32 = 0x3ff;

/** ES512, for hosts that cannot verify it: there is no own code for P-521. */
export const ES512: u32 = 1 << 8;

/** The row of an `alg` value, or null. Names are case-sensitive (RFC 7515 section 4.1.1). */
export function algorithmOf(name: Bytes): Algorithm | null {
  for (let i = 0; i < algorithms.length; i++) {
    const algorithm = unchecked(algorithms[i]);
    if (equal(algorithm.name, name)) return algorithm;
  }
  return null;
}
