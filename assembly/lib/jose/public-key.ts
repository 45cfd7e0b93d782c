// Makes keys from their numbers, however those were written: every form of a key comes through
// here, and a weak or wrong key is none.
import { Bytes, at, lengthOf, owned, slice, view } from "../bytes";
import { P256, P384, P521 } from "../crypto/curves";
import { Ed25519KeyStatus, Ed25519PublicKey } from "../crypto/ed25519";
import { RsaKeyStatus, checkRsaKey, withoutLeadingZeros } from "../crypto/rsa";
import { WeierstrassGroup } from "../crypto/weierstrass";
import { Curve } from "./algorithm";
import { ecPublicKeyInfo, rsaPublicKeyInfo } from "./der";
import { JwkResult, JwkStatus } from "./jwk-status";
import { Key, KeyType } from "./key";

/** RFC 7518 section 3.2: at least as long as the hash; the shortest is 32 bytes. */
const SECRET_BYTES_LEAST = 32;
const SECRET_BYTES_MOST = 1024;

/** An RSA key of modulus and exponent, big-endian. Leading zeros do not count. */
export function rsaKey(modulusBytes: Bytes, exponentBytes: Bytes): JwkResult {
  const modulus = owned(withoutLeadingZeros(modulusBytes));
  const exponent = owned(withoutLeadingZeros(exponentBytes));
  const status = statusOfRsa(checkRsaKey(view(modulus), view(exponent)));
  if (status != JwkStatus.Ok) return JwkResult.refused(status);
  const key = new Key(KeyType.Rsa);
  key.first = modulus;
  key.second = exponent;
  key.publicKeyInfo = rsaPublicKeyInfo(view(modulus), view(exponent));
  return fitted(key);
}

function statusOfRsa(status: RsaKeyStatus): JwkStatus {
  switch (status) {
    case RsaKeyStatus.Ok:
      return JwkStatus.Ok;
    case RsaKeyStatus.ModulusTooShort:
      return JwkStatus.ModulusTooShort;
    case RsaKeyStatus.ModulusTooLong:
      return JwkStatus.ModulusTooLong;
    case RsaKeyStatus.ModulusEven:
      return JwkStatus.ModulusEven;
    case RsaKeyStatus.ModulusFactorable:
      return JwkStatus.ModulusFactorable;
    case RsaKeyStatus.ExponentTooSmall:
      return JwkStatus.ExponentTooSmall;
    case RsaKeyStatus.ExponentEven:
      return JwkStatus.ExponentEven;
    default:
      return JwkStatus.ExponentTooLong;
  }
}

/** How many bytes a coordinate has on a NIST curve. */
export function coordinateBytes(curve: Curve): i32 {
  return groupOf(curve).field.byteLength;
}

function groupOf(curve: Curve): WeierstrassGroup {
  return curve == Curve.P256 ? P256 : curve == Curve.P384 ? P384 : P521;
}

/**
 * A key on a NIST curve. Coordinates are numbers: zeros in front that are missing or too many
 * change nothing (about one key in 128 has a coordinate that begins with a zero byte, and some
 * issuers leave it out).
 */
export function ecKey(curve: Curve, xBytes: Bytes, yBytes: Bytes): JwkResult {
  const x = coordinate(curve, xBytes);
  const y = coordinate(curve, yBytes);
  if (x === null || y === null) return JwkResult.refused(JwkStatus.CoordinateLength);
  if (!groupOf(curve).has(changetype<usize>(x), changetype<usize>(y))) {
    return JwkResult.refused(JwkStatus.PointOffCurve);
  }
  const key = new Key(KeyType.Ec);
  key.curve = curve;
  key.first = x;
  key.second = y;
  key.publicKeyInfo = ecPublicKeyInfo(curve, view(x), view(y));
  return fitted(key);
}

/** The number in the curve's length, or null when it is larger. */
function coordinate(curve: Curve, bytes: Bytes): StaticArray<u8> | null {
  const width = coordinateBytes(curve);
  let number = bytes;
  while (lengthOf(number) > width && at(number, 0) == 0) number = slice(number, 1);
  if (lengthOf(number) > width || lengthOf(number) == 0) return null;
  const padded = new StaticArray<u8>(width);
  const zeros = width - lengthOf(number);
  for (let i = 0; i < lengthOf(number); i++) padded[zeros + i] = at(number, i);
  return padded;
}

/** An Ed25519 key: an encoding, not a number, so its length must be exact (RFC 8037 section 2). */
export function ed25519Key(x: Bytes): JwkResult {
  const point = new Ed25519PublicKey(x);
  const status = statusOfEd25519(point.status);
  if (status != JwkStatus.Ok) return JwkResult.refused(status);
  const key = new Key(KeyType.Okp);
  key.curve = Curve.Ed25519;
  key.first = owned(x);
  key.ed25519 = point;
  return fitted(key);
}

function statusOfEd25519(status: Ed25519KeyStatus): JwkStatus {
  switch (status) {
    case Ed25519KeyStatus.Ok:
      return JwkStatus.Ok;
    case Ed25519KeyStatus.WrongLength:
      return JwkStatus.CoordinateLength;
    case Ed25519KeyStatus.NotAPoint:
      return JwkStatus.PointOffCurve;
    default:
      return JwkStatus.PointSmallOrder;
  }
}

/** An HMAC key. */
export function secretKey(secret: Bytes): JwkResult {
  if (lengthOf(secret) < SECRET_BYTES_LEAST) return JwkResult.refused(JwkStatus.SecretTooShort);
  if (lengthOf(secret) > SECRET_BYTES_MOST) return JwkResult.refused(JwkStatus.SecretTooLong);
  const key = new Key(KeyType.Oct);
  key.first = owned(secret);
  return fitted(key);
}

/** The key for all algorithms that go with its type, curve and size. */
function fitted(key: Key): JwkResult {
  key.algorithms = key.fittingAlgorithms();
  return JwkResult.of(key);
}
