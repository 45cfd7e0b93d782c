// The signature algorithms of RFC 7518 section 3.1 and RFC 8037, one row each. A token's `alg` is
// looked up once; what is handed on from there is the row, never the name.
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

/** What `alg` says, row by row. */
// prettier-ignore
export const ALGORITHM_NAMES = [
  "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
];

/** All rows; the position is the row's `index`. */
export const algorithms: Algorithm[] = [];

function add(
  family: Family,
  hashBits: i32,
  curve: Curve,
  signatureBytes: i32,
  costClass: CostClass,
): void {
  const index = algorithms.length;
  algorithms.push(
    new Algorithm(
      index,
      text(ALGORITHM_NAMES[index]),
      family,
      hashBits,
      curve,
      signatureBytes,
      costClass,
    ),
  );
}

for (let bits = 256; bits <= 512; bits += 128) add(Family.Rsa, bits, Curve.None, 0, CostClass.Rsa);
for (let bits = 256; bits <= 512; bits += 128)
  add(Family.RsaPss, bits, Curve.None, 0, CostClass.RsaPss);
add(Family.Ecdsa, 256, Curve.P256, 64, CostClass.P256);
add(Family.Ecdsa, 384, Curve.P384, 96, CostClass.P384);
add(Family.Ecdsa, 512, Curve.P521, 132, CostClass.P521);
add(Family.EdDsa, 512, Curve.Ed25519, 64, CostClass.Ed25519);
for (let bits = 256; bits <= 512; bits += 128)
  add(Family.Hmac, bits, Curve.None, bits >> 3, CostClass.Hmac);

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
