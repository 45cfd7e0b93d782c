// The signature algorithms of RFC 7518 section 3.1 and RFC 8037, one row each. A token's `alg` is
// looked up once; what is handed on from there is the row, never the name.
import { Bytes, EMPTY, equal, lengthOf, text, toText } from "../bytes";
import { Hash, SHA_256, SHA_384, SHA_512 } from "./hash";

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

/** How many there are. */
export const COST_CLASSES = 7;


@final
export class Algorithm {
  constructor(
    /** A set of algorithms is the sum of their bits. */
    readonly bit: u32,
    readonly name: string,
    readonly nameBytes: Bytes,
    /** Another `alg` value for the same; EMPTY: none. */
    readonly otherName: Bytes,
    readonly family: Family,
    readonly hash: Hash,
    readonly curve: Curve,
    /** Bytes of the signature; 0 where the key decides (RSA). */
    readonly signatureBytes: i32,
    readonly costClass: CostClass,
  ) {}

  /** There is no code for P-521 in this module: only a host can verify such a signature. */
  get needsHost(): bool {
    return this.curve == Curve.P521;
  }
}

/** All of them, in the order in which messages name them. */
export const algorithms: Algorithm[] = [];

function row(
  name: string,
  family: Family,
  hash: Hash,
  curve: Curve,
  signatureBytes: i32,
  costClass: CostClass,
  otherName: Bytes = EMPTY,
): void {
  const bit: u32 = 1 << algorithms.length;
  algorithms.push(
    new Algorithm(bit, name, text(name), otherName, family, hash, curve, signatureBytes, costClass),
  );
}

/** RFC 9864 gives each curve of EdDSA a name of its own; with EdDSA only Ed25519 was ever meant. */
const ED25519 = text("Ed25519");

row("RS256", Family.Rsa, SHA_256, Curve.None, 0, CostClass.Rsa);
row("RS384", Family.Rsa, SHA_384, Curve.None, 0, CostClass.Rsa);
row("RS512", Family.Rsa, SHA_512, Curve.None, 0, CostClass.Rsa);
row("PS256", Family.RsaPss, SHA_256, Curve.None, 0, CostClass.RsaPss);
row("PS384", Family.RsaPss, SHA_384, Curve.None, 0, CostClass.RsaPss);
row("PS512", Family.RsaPss, SHA_512, Curve.None, 0, CostClass.RsaPss);
row("ES256", Family.Ecdsa, SHA_256, Curve.P256, 64, CostClass.P256);
row("ES384", Family.Ecdsa, SHA_384, Curve.P384, 96, CostClass.P384);
row("ES512", Family.Ecdsa, SHA_512, Curve.P521, 132, CostClass.P521);
row("EdDSA", Family.EdDsa, SHA_512, Curve.Ed25519, 64, CostClass.Ed25519, ED25519);
row("HS256", Family.Hmac, SHA_256, Curve.None, 32, CostClass.Hmac);
row("HS384", Family.Hmac, SHA_384, Curve.None, 48, CostClass.Hmac);
row("HS512", Family.Hmac, SHA_512, Curve.None, 64, CostClass.Hmac);

/** A symmetric secret is not a public key: HS256 to HS512 count only where they are listed. */
export const ASYMMETRIC: u32 = asymmetricBits();

function asymmetricBits(): u32 {
  let bits: u32 = 0;
  for (let i = 0; i < algorithms.length; i++) {
    if (algorithms[i].family != Family.Hmac) bits |= algorithms[i].bit;
  }
  return bits;
}

/** The row of an `alg` value, or null. Names are case-sensitive (RFC 7515 section 4.1.1). */
export function algorithmOf(name: Bytes): Algorithm | null {
  for (let i = 0; i < algorithms.length; i++) {
    const algorithm = unchecked(algorithms[i]);
    if (equal(algorithm.nameBytes, name)) return algorithm;
    if (lengthOf(algorithm.otherName) > 0 && equal(algorithm.otherName, name)) return algorithm;
  }
  return null;
}

/** All names, for messages: "RS256, RS384, …". */
export function algorithmNames(): string {
  let names = "";
  for (let i = 0; i < algorithms.length; i++) {
    const algorithm = algorithms[i];
    names += (i > 0 ? ", " : "") + algorithm.name;
    if (lengthOf(algorithm.otherName) > 0) names += ", " + toText(algorithm.otherName);
  }
  return names;
}
