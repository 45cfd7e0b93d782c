// The two DER forms that the host's verification takes and JOSE does not have:
// SubjectPublicKeyInfo for a JWK, and Ecdsa-Sig-Value for r‖s. ITU-T X.690 section 8 (only
// definite lengths, as few bytes as possible).
import { Bytes, at, bytes, lengthOf, owned, slice } from "../bytes";
import { Writer } from "../writer";
import { Curve } from "./algorithm";

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
/** SEC 1 section 2.3.3: a point of two coordinates follows. */
const UNCOMPRESSED: u8 = 0x04;

/**
 * AlgorithmIdentifier of rsaEncryption, 1.2.840.113549.1.1.1 with NULL parameters (RFC 3279
 * section 2.3.1).
 */
export const RSA_ALGORITHM = memory.data<u8>([
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
]);
/**
 * id-ecPublicKey, 1.2.840.10045.2.1, with the named curve (RFC 5480 section 2.1.1): secp256r1,
 * 1.2.840.10045.3.1.7.
 */
export const P256_ALGORITHM = memory.data<u8>([
  0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
  0xce, 0x3d, 0x03, 0x01, 0x07,
]);
/** secp384r1, 1.3.132.0.34. */
export const P384_ALGORITHM = memory.data<u8>([
  0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
  0x00, 0x22,
]);
/** secp521r1, 1.3.132.0.35. */
export const P521_ALGORITHM = memory.data<u8>([
  0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
  0x00, 0x23,
]);

/** id-Ed25519, 1.3.101.112 (RFC 8410 section 3). */
export const ED25519_ALGORITHM = memory.data<u8>([0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70]);

const inner = new Writer();
const outer = new Writer();

/** The SubjectPublicKeyInfo of an RSA key; both numbers big-endian without leading zeros. */
export function rsaPublicKeyInfo(modulus: Bytes, exponent: Bytes): StaticArray<u8> {
  inner.reset();
  putInteger(inner, modulus);
  putInteger(inner, exponent);
  outer.reset();
  outer.byte(0);
  putTagged(outer, SEQUENCE, inner.view());
  return publicKeyInfo(RSA_ALGORITHM, outer.view());
}

/** The SubjectPublicKeyInfo of a point; both coordinates of the curve's length. */
export function ecPublicKeyInfo(curve: Curve, x: Bytes, y: Bytes): StaticArray<u8> {
  outer.reset();
  outer.byte(0);
  outer.byte(UNCOMPRESSED);
  outer.bytes(x);
  outer.bytes(y);
  const algorithm =
    curve == Curve.P256 ? P256_ALGORITHM : curve == Curve.P384 ? P384_ALGORITHM : P521_ALGORITHM;
  return publicKeyInfo(algorithm, outer.view());
}

/**
 * `algorithm` is DER of a SEQUENCE below 128 bytes, `key` the BIT STRING's content, its count of
 * unused bits in front.
 */
function publicKeyInfo(algorithm: usize, key: Bytes): StaticArray<u8> {
  inner.reset();
  inner.bytes(bytes(algorithm, 2 + <i32>load<u8>(algorithm, 1)));
  putTagged(inner, BIT_STRING, key);
  outer.reset();
  putTagged(outer, SEQUENCE, inner.view());
  return owned(outer.view());
}

/**
 * r‖s (RFC 7518 section 3.4) as Ecdsa-Sig-Value (RFC 3279 section 2.2.3); valid until the next
 * call.
 */
export function ecdsaSignature(concatenated: Bytes): Bytes {
  const half = lengthOf(concatenated) >> 1;
  inner.reset();
  putInteger(inner, slice(concatenated, 0, half));
  putInteger(inner, slice(concatenated, half));
  outer.reset();
  putTagged(outer, SEQUENCE, inner.view());
  return outer.view();
}

/**
 * An INTEGER is signed and minimal: leading zeros go, and one comes back where the top bit is
 * set.
 */
function putInteger(to: Writer, unsigned: Bytes): void {
  const length = lengthOf(unsigned);
  let start = 0;
  while (start < length - 1 && at(unsigned, start) == 0) start++;
  const number = slice(unsigned, start);
  const isHigh = lengthOf(number) > 0 && at(number, 0) >= 0x80;
  to.byte(INTEGER);
  putLength(to, lengthOf(number) + (isHigh ? 1 : 0));
  if (isHigh) to.byte(0);
  to.bytes(number);
}

function putTagged(to: Writer, tag: u8, content: Bytes): void {
  to.byte(tag);
  putLength(to, lengthOf(content));
  to.bytes(content);
}

function putLength(to: Writer, length: i32): void {
  if (length >= 0x100) {
    to.byte(0x82);
    to.byte(<u8>(length >> 8));
  } else if (length >= 0x80) {
    to.byte(0x81);
  }
  to.byte(<u8>length);
}
