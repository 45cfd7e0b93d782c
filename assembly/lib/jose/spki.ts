// SubjectPublicKeyInfo (RFC 5280 section 4.1): the form of a public key in PEM and in certificates.
import { Bytes, NONE, at, bytes, equal, lengthOf, slice } from "../bytes";
import { Curve } from "./algorithm";
import {
  ED25519_ALGORITHM,
  P256_ALGORITHM,
  P384_ALGORITHM,
  P521_ALGORITHM,
  RSA_ALGORITHM,
} from "./der";
import { DerReader, TAG_BIT_STRING, TAG_INTEGER, TAG_SEQUENCE, unsignedOf } from "./der-reader";
import { JwkResult, JwkStatus } from "./jwk-status";
import { ecKey, ed25519Key, rsaKey } from "./public-key";

/** SEC 1 section 2.3.3: a point of two coordinates follows. */
const UNCOMPRESSED: u8 = 0x04;

/** The key in `info`, the contents of a SubjectPublicKeyInfo. */
export function readPublicKeyInfo(info: Bytes): JwkResult {
  const reader = new DerReader(info);
  const algorithm = reader.element();
  const bits = reader.read(TAG_BIT_STRING);
  // A key is whole bytes: the count of unused bits is 0.
  if (algorithm == NONE || bits == NONE || lengthOf(bits) < 2 || at(bits, 0) != 0) {
    return JwkResult.refused(JwkStatus.BadDer);
  }
  return readKey(algorithm, slice(bits, 1));
}

function readKey(algorithm: Bytes, key: Bytes): JwkResult {
  if (equal(algorithm, constant(RSA_ALGORITHM))) return readRsa(key);
  if (equal(algorithm, constant(P256_ALGORITHM))) return readPoint(Curve.P256, key);
  if (equal(algorithm, constant(P384_ALGORITHM))) return readPoint(Curve.P384, key);
  if (equal(algorithm, constant(P521_ALGORITHM))) return readPoint(Curve.P521, key);
  if (equal(algorithm, constant(ED25519_ALGORITHM))) return ed25519Key(key);
  return JwkResult.refused(JwkStatus.KeyTypeUnknown);
}

/** DER of a SEQUENCE below 128 bytes. */
function constant(pointer: usize): Bytes {
  return bytes(pointer, 2 + <i32>load<u8>(pointer, 1));
}

/** RSAPublicKey (RFC 8017 appendix A.1.1). */
function readRsa(key: Bytes): JwkResult {
  const sequence = new DerReader(new DerReader(key).read(TAG_SEQUENCE));
  const modulus = sequence.read(TAG_INTEGER);
  const exponent = sequence.read(TAG_INTEGER);
  if (modulus == NONE || exponent == NONE) return JwkResult.refused(JwkStatus.BadDer);
  const n = unsignedOf(modulus);
  const e = unsignedOf(exponent);
  if (n == NONE || e == NONE || !sequence.isAtEnd) return JwkResult.refused(JwkStatus.BadDer);
  return rsaKey(n, e);
}

function readPoint(curve: Curve, key: Bytes): JwkResult {
  const half = lengthOf(key) >> 1;
  const isUncompressed = lengthOf(key) == 2 * half + 1 && at(key, 0) == UNCOMPRESSED;
  if (!isUncompressed) return JwkResult.refused(JwkStatus.BadDer);
  return ecKey(curve, slice(key, 1, 1 + half), slice(key, 1 + half));
}
