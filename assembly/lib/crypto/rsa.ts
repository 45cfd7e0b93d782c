// RSA public keys (RFC 8017): verification with PKCS#1 v1.5 and PSS. Knows no private operation.
import { Bytes, at, bytes, lengthOf, slice } from "../bytes";
import { Digest } from "./digest";
import { MODULUS_BITS_MAX, MontgomeryModulus, bitLength } from "./montgomery";
import { isPkcs1Encoding } from "./pkcs1";
import { isPssEncoding } from "./pss";
import { isRoca } from "./roca";

/** RFC 7518 sections 3.3 and 3.5; so does NIST SP 800-131A. */
const MODULUS_BITS_MIN = 2048;
/** Every library makes 3 or 65537; a larger one only makes each verification slower. */
const EXPONENT_BITS_MAX = 32;

export const enum RsaKeyStatus {
  Ok = 0,
  /** Below MODULUS_BITS_MIN. */
  ModulusTooShort = 1,
  /** Above MODULUS_BITS_MAX: one verification would take milliseconds. */
  ModulusTooLong = 2,
  /** A product of two odd primes is odd. */
  ModulusEven = 3,
  /** Made by a generator whose keys can be factored (roca.ts). */
  ModulusFactorable = 4,
  /** 0, or 1, with which every signature is its own message (RFC 8017 section 3.1: at least 3). */
  ExponentTooSmall = 5,
  /** Shares the factor 2 with λ(n), so nothing can have been signed. */
  ExponentEven = 6,
  /** Above EXPONENT_BITS_MAX, and so also every exponent that is not below the modulus. */
  ExponentTooLong = 7,
}

/** The encoded message that the signature at hand holds. */
const encoded = memory.data(1024, 16);


@final
export class RsaPublicKey {
  readonly status: RsaKeyStatus;
  private readonly modulus: MontgomeryModulus | null;
  private readonly exponent: u64;

  /**
   * Big-endian numbers, as in a JWK (RFC 7518 section 6.3.1); leading zeros, which some issuers
   * write, are skipped. Computes what all verifications share. A key whose `status` is not Ok
   * verifies nothing.
   */
  constructor(modulus: Bytes, exponent: Bytes) {
    const n = withoutLeadingZeros(modulus);
    const e = withoutLeadingZeros(exponent);
    const status = checkRsaKey(n, e);
    this.status = status;
    this.modulus = status == RsaKeyStatus.Ok ? new MontgomeryModulus(n) : null;
    this.exponent = status == RsaKeyStatus.Ok ? toInteger(e) : 0;
  }

  /** RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): RS256, RS384, RS512 by the digest. */
  verifyPkcs1(digest: Digest, message: Bytes, signature: Bytes): bool {
    return this.verify(false, digest, message, signature);
  }

  /**
   * RSASSA-PSS (RFC 8017 section 8.1.2) with MGF1 and a salt as RFC 7518 section 3.5 has them:
   * PS256, PS384, PS512.
   */
  verifyPss(digest: Digest, message: Bytes, signature: Bytes): bool {
    return this.verify(true, digest, message, signature);
  }

  verify(isPss: bool, digest: Digest, message: Bytes, signature: Bytes): bool {
    const modulus = this.modulus;
    if (modulus === null || !modulus.power(signature, this.exponent, encoded)) return false;
    const opened = bytes(encoded, modulus.byteLength);
    if (isPss) return isPssEncoding(opened, modulus.bits - 1, digest, message);
    return isPkcs1Encoding(opened, digest, message);
  }
}

/** What is wrong with a key, if anything; `n` and `e` without leading zeros. */
export function checkRsaKey(n: Bytes, e: Bytes): RsaKeyStatus {
  const bits = bitLength(n);
  if (bits < MODULUS_BITS_MIN) return RsaKeyStatus.ModulusTooShort;
  if (bits > MODULUS_BITS_MAX) return RsaKeyStatus.ModulusTooLong;
  if ((at(n, lengthOf(n) - 1) & 1) == 0) return RsaKeyStatus.ModulusEven;
  if (bitLength(e) > EXPONENT_BITS_MAX) return RsaKeyStatus.ExponentTooLong;
  if (bitLength(e) < 2) return RsaKeyStatus.ExponentTooSmall;
  if ((at(e, lengthOf(e) - 1) & 1) == 0) return RsaKeyStatus.ExponentEven;
  return isRoca(n) ? RsaKeyStatus.ModulusFactorable : RsaKeyStatus.Ok;
}

/** At most eight big-endian bytes. */
function toInteger(bigEndian: Bytes): u64 {
  let value: u64 = 0;
  for (let i = 0; i < lengthOf(bigEndian); i++) value = (value << 8) | at(bigEndian, i);
  return value;
}

export function withoutLeadingZeros(bigEndian: Bytes): Bytes {
  let zeros = 0;
  while (zeros < lengthOf(bigEndian) && at(bigEndian, zeros) == 0) zeros++;
  return slice(bigEndian, zeros);
}
