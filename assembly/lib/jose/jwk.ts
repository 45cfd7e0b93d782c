// Reads one JWK (RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2). Strict where a lax reader would verify
// with a key that was not made for it: `use`, `key_ops`, `alg`, `kty` and `crv` all have to fit, members have their one
// length, weak keys are none. Private members are not looked at.
import { Bytes, equal, lengthOf, owned, slice, text, view } from "../bytes";
import { decodeBase64url, decodedLength } from "../base64url";
import { JsonDocument, JsonKind } from "../json/document";
import { Algorithm, Curve, Family, algorithmOf, algorithms } from "./algorithm";
import { ecPublicKeyInfo, rsaPublicKeyInfo } from "./der";
import { Key, KeyType } from "./key";

/** NIST SP 800-131A: RSA below 2048 bits is over. Above 8192 one verification would take a worker for milliseconds. */
const RSA_BITS_LEAST = 2048;
const RSA_BITS_MOST = 8192;
/** Every library makes 3 or 65537; larger ones only make verification slow. */
const EXPONENT_BYTES_MAX = 4;
/** RFC 7518 section 3.2: at least as long as the hash; the shortest is 32 bytes. */
const SECRET_BYTES_LEAST = 32;
const SECRET_BYTES_MOST = 1024;

const KTY = text("kty");
const USE = text("use");
const KEY_OPS = text("key_ops");
const ALG = text("alg");
const KID = text("kid");
const CRV = text("crv");
const SIG = text("sig");
const VERIFY = text("verify");
const RSA = text("RSA");
const EC = text("EC");
const OKP = text("OKP");
const OCT = text("oct");
const N = text("n");
const E = text("e");
const X = text("x");
const Y = text("y");
const K = text("k");
const P_256 = text("P-256");
const P_384 = text("P-384");
const P_521 = text("P-521");
const ED25519 = text("Ed25519");

/** Why a JWK is of no use. */
export const enum JwkStatus {
  Ok = 0,
  NotObject,
  /** `kty` is absent, no string, or a type that nobody here knows. */
  KeyTypeUnknown,
  /** `kid` is no string. */
  KeyIdNotString,
  /** `use` is there and is not `sig`. */
  UseNotSignature,
  /** `key_ops` is there and has no `verify` in it. */
  OperationsWithoutVerify,
  /** `alg` is no string, unknown, or not of this key type, curve or size. */
  AlgorithmMismatch,
  /** `crv` is absent or one that nobody here knows. */
  CurveUnknown,
  /** A member that the type must have is absent or no string. */
  MemberMissing,
  /** A member is no base64url. */
  BadBase64,
  /** Fewer than 2048 bits. */
  ModulusTooShort,
  /** More than 8192 bits. */
  ModulusTooLong,
  /** Even: no product of two odd primes. */
  ModulusEven,
  /** 1, even, or longer than four bytes. */
  ExponentUnfit,
  /** A coordinate does not have the curve's length (RFC 7518 section 6.2.1.2). */
  CoordinateLength,
  /** The point is not on its curve, or of small order. */
  PointUnfit,
  /** A secret of fewer than 32 bytes. */
  SecretTooShort,
  /** A secret of more than 1,024 bytes. */
  SecretTooLong,
}

/** Why the last `readJwk` gave null. */
export let jwkStatus: JwkStatus = JwkStatus.Ok;

function refuse(status: JwkStatus): Key | null {
  jwkStatus = status;
  return null;
}

/** The key in row `node`, or null, with `jwkStatus` saying why. */
export function readJwk(document: JsonDocument, node: i32): Key | null {
  jwkStatus = JwkStatus.Ok;
  if (!document.is(node, JsonKind.Object)) return refuse(JwkStatus.NotObject);
  const kid = document.find(node, KID);
  if (kid >= 0 && !document.is(kid, JsonKind.String)) return refuse(JwkStatus.KeyIdNotString);
  const use = document.find(node, USE);
  if (use >= 0 && !isText(document, use, SIG)) return refuse(JwkStatus.UseNotSignature);
  if (!mayVerify(document, document.find(node, KEY_OPS))) return refuse(JwkStatus.OperationsWithoutVerify);
  const key = readByType(document, node);
  if (key === null) return null;
  if (!restrict(key, document, document.find(node, ALG))) return refuse(JwkStatus.AlgorithmMismatch);
  if (kid >= 0) key.keyId = owned(document.text(kid));
  return key;
}

function isText(document: JsonDocument, node: i32, wanted: Bytes): bool {
  return document.is(node, JsonKind.String) && equal(document.text(node), wanted);
}

function mayVerify(document: JsonDocument, operations: i32): bool {
  if (operations < 0) return true;
  if (!document.is(operations, JsonKind.Array)) return false;
  for (let child = document.first(operations); child >= 0; child = document.after(child, operations)) {
    if (isText(document, child, VERIFY)) return true;
  }
  return false;
}

function readByType(document: JsonDocument, node: i32): Key | null {
  const kty = document.find(node, KTY);
  if (isText(document, kty, RSA)) return readRsa(document, node);
  if (isText(document, kty, EC)) return readEc(document, node);
  if (isText(document, kty, OKP)) return readOkp(document, node);
  if (isText(document, kty, OCT)) return readOct(document, node);
  return refuse(JwkStatus.KeyTypeUnknown);
}

/** Leaves only what `alg` says, where it is there. False when that is nothing. */
function restrict(key: Key, document: JsonDocument, alg: i32): bool {
  key.algorithms = fitting(key);
  if (alg < 0) return key.algorithms != 0;
  const algorithm = document.is(alg, JsonKind.String) ? algorithmOf(document.text(alg)) : null;
  key.algorithms &= algorithm === null ? 0 : algorithm.bit;
  return key.algorithms != 0;
}

/** The algorithms that go with the key's type, curve and size. */
function fitting(key: Key): u32 {
  let bits: u32 = 0;
  for (let i = 0; i < algorithms.length; i++) {
    if (goesWith(key, unchecked(algorithms[i]))) bits |= unchecked(algorithms[i]).bit;
  }
  return bits;
}

function goesWith(key: Key, algorithm: Algorithm): bool {
  switch (key.type) {
    case KeyType.Rsa:
      return algorithm.family == Family.Rsa || algorithm.family == Family.RsaPss;
    case KeyType.Ec:
      return algorithm.family == Family.Ecdsa && algorithm.curve == key.curve;
    case KeyType.Okp:
      return algorithm.family == Family.EdDsa;
    default:
      return algorithm.family == Family.Hmac && key.first.length * 8 >= algorithm.hashBits;
  }
}

/** A member's bytes, or null with `jwkStatus` set. */
function member(document: JsonDocument, node: i32, name: Bytes): StaticArray<u8> | null {
  const found = document.find(node, name);
  if (!document.is(found, JsonKind.String) || lengthOf(document.text(found)) == 0) {
    jwkStatus = JwkStatus.MemberMissing;
    return null;
  }
  const encoded = document.text(found);
  const decoded = new StaticArray<u8>(decodedLength(lengthOf(encoded)));
  if (decodeBase64url(encoded, changetype<usize>(decoded), decoded.length) >= 0) return decoded;
  jwkStatus = JwkStatus.BadBase64;
  return null;
}

/** A number without leading zeros: some issuers send one, although RFC 7518 section 2 (Base64urlUInt) forbids it. */
function stripped(number: StaticArray<u8>): StaticArray<u8> {
  let zeros = 0;
  while (zeros < number.length && number[zeros] == 0) zeros++;
  return zeros == 0 ? number : owned(slice(view(number), zeros));
}

function readRsa(document: JsonDocument, node: i32): Key | null {
  const n = member(document, node, N);
  if (n === null) return null;
  const e = member(document, node, E);
  if (e === null) return null;
  const modulus = stripped(n);
  const exponent = stripped(e);
  const bits = modulus.length == 0 ? 0 : 8 * modulus.length - <i32>clz<u32>(modulus[0]) + 24;
  if (bits < RSA_BITS_LEAST) return refuse(JwkStatus.ModulusTooShort);
  if (bits > RSA_BITS_MOST) return refuse(JwkStatus.ModulusTooLong);
  if ((modulus[modulus.length - 1] & 1) == 0) return refuse(JwkStatus.ModulusEven);
  if (!isExponent(exponent)) return refuse(JwkStatus.ExponentUnfit);
  const key = new Key(KeyType.Rsa);
  key.first = modulus;
  key.second = exponent;
  key.publicKeyInfo = rsaPublicKeyInfo(view(modulus), view(exponent));
  return key;
}

function isExponent(exponent: StaticArray<u8>): bool {
  const length = exponent.length;
  if (length == 0 || length > EXPONENT_BYTES_MAX || (exponent[length - 1] & 1) == 0) return false;
  return length > 1 || exponent[0] > 1;
}

function curveOf(document: JsonDocument, node: i32): Curve {
  const crv = document.find(node, CRV);
  if (isText(document, crv, P_256)) return Curve.P256;
  if (isText(document, crv, P_384)) return Curve.P384;
  if (isText(document, crv, P_521)) return Curve.P521;
  return isText(document, crv, ED25519) ? Curve.Ed25519 : Curve.None;
}

function coordinateBytes(curve: Curve): i32 {
  return curve == Curve.P384 ? 48 : curve == Curve.P521 ? 66 : 32;
}

function readEc(document: JsonDocument, node: i32): Key | null {
  const curve = curveOf(document, node);
  if (curve == Curve.None || curve == Curve.Ed25519) return refuse(JwkStatus.CurveUnknown);
  const x = member(document, node, X);
  if (x === null) return null;
  const y = member(document, node, Y);
  if (y === null) return null;
  const width = coordinateBytes(curve);
  if (x.length != width || y.length != width) return refuse(JwkStatus.CoordinateLength);
  const key = new Key(KeyType.Ec);
  key.curve = curve;
  key.first = x;
  key.second = y;
  key.publicKeyInfo = ecPublicKeyInfo(curve, view(x), view(y));
  return key;
}

function readOkp(document: JsonDocument, node: i32): Key | null {
  if (curveOf(document, node) != Curve.Ed25519) return refuse(JwkStatus.CurveUnknown);
  const x = member(document, node, X);
  if (x === null) return null;
  if (x.length != coordinateBytes(Curve.Ed25519)) return refuse(JwkStatus.CoordinateLength);
  const key = new Key(KeyType.Okp);
  key.curve = Curve.Ed25519;
  key.first = x;
  return key;
}

function readOct(document: JsonDocument, node: i32): Key | null {
  const secret = member(document, node, K);
  return secret === null ? null : secretKey(secret);
}

/** An HMAC key, or null, with `jwkStatus` saying why. */
export function secretKey(secret: StaticArray<u8>): Key | null {
  if (secret.length < SECRET_BYTES_LEAST) return refuse(JwkStatus.SecretTooShort);
  if (secret.length > SECRET_BYTES_MOST) return refuse(JwkStatus.SecretTooLong);
  const key = new Key(KeyType.Oct);
  key.first = secret;
  key.algorithms = fitting(key);
  return key;
}

/** For people, in the words of RFC 7517. */
export function describeJwk(status: JwkStatus): string {
  switch (status) {
    case JwkStatus.NotObject:
      return "not an object";
    case JwkStatus.KeyTypeUnknown:
      return "kty is none of RSA, EC, OKP, oct";
    case JwkStatus.KeyIdNotString:
      return "kid is not a string";
    case JwkStatus.UseNotSignature:
      return "use is not sig";
    case JwkStatus.OperationsWithoutVerify:
      return "key_ops has no verify";
    case JwkStatus.AlgorithmMismatch:
      return "alg does not go with the key";
    case JwkStatus.CurveUnknown:
      return "crv is not supported";
    case JwkStatus.MemberMissing:
      return "a member of the key is missing";
    case JwkStatus.BadBase64:
      return "a member is no base64url";
    case JwkStatus.ModulusTooShort:
      return "RSA modulus has fewer than 2048 bits";
    case JwkStatus.ModulusTooLong:
      return "RSA modulus has more than 8192 bits";
    case JwkStatus.ModulusEven:
      return "RSA modulus is even";
    case JwkStatus.ExponentUnfit:
      return "RSA exponent is 1, even or longer than 4 bytes";
    case JwkStatus.CoordinateLength:
      return "a coordinate does not have the curve's length";
    case JwkStatus.PointUnfit:
      return "the point is not on the curve, or of small order";
    case JwkStatus.SecretTooShort:
      return "the secret has fewer than 32 bytes";
    default:
      return "the secret has more than 1024 bytes";
  }
}
