// Reads one JWK (RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2). Strict where a lax reader would verify
// with a key that was not made for it: `use`, `key_ops`, `alg`, `kty` and `crv` all have to fit, members have their one
// length, weak keys are none. Private members are not looked at.
import { Bytes, equal, lengthOf, owned, slice, text, view } from "../bytes";
import { decodeBase64url, decodedLength } from "../base64url";
import { JsonDocument, JsonKind } from "../json/document";
import { P256, P384, P521 } from "../crypto/curves";
import { Ed25519KeyStatus, Ed25519PublicKey } from "../crypto/ed25519";
import { RsaKeyStatus, judgeRsaKey } from "../crypto/rsa";
import { WeierstrassGroup } from "../crypto/weierstrass";
import { Algorithm, Curve, Family, algorithmOf, algorithms } from "./algorithm";
import { ecPublicKeyInfo, rsaPublicKeyInfo } from "./der";
import { Key, KeyType } from "./key";

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
  /** 0, or 1, with which every signature is its own message. */
  ExponentTooSmall,
  ExponentEven,
  /** More than 32 bits. */
  ExponentTooLong,
  /** A coordinate does not have the curve's length (RFC 7518 section 6.2.1.2; RFC 8037 section 2). */
  CoordinateLength,
  /** A coordinate is not below p, or the point not on its curve; of Ed25519 also a second encoding of a point. */
  PointOffCurve,
  /** Anyone can sign for it. */
  PointSmallOrder,
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
  const status = judgeRsaKey(view(modulus), view(exponent));
  if (status != RsaKeyStatus.Ok) return refuse(ofRsa(status));
  const key = new Key(KeyType.Rsa);
  key.first = modulus;
  key.second = exponent;
  key.publicKeyInfo = rsaPublicKeyInfo(view(modulus), view(exponent));
  return key;
}

function ofRsa(status: RsaKeyStatus): JwkStatus {
  switch (status) {
    case RsaKeyStatus.ModulusTooShort:
      return JwkStatus.ModulusTooShort;
    case RsaKeyStatus.ModulusTooLong:
      return JwkStatus.ModulusTooLong;
    case RsaKeyStatus.ModulusEven:
      return JwkStatus.ModulusEven;
    case RsaKeyStatus.ExponentTooSmall:
      return JwkStatus.ExponentTooSmall;
    case RsaKeyStatus.ExponentEven:
      return JwkStatus.ExponentEven;
    default:
      return JwkStatus.ExponentTooLong;
  }
}

function curveOf(document: JsonDocument, node: i32): Curve {
  const crv = document.find(node, CRV);
  if (isText(document, crv, P_256)) return Curve.P256;
  if (isText(document, crv, P_384)) return Curve.P384;
  if (isText(document, crv, P_521)) return Curve.P521;
  return isText(document, crv, ED25519) ? Curve.Ed25519 : Curve.None;
}

function groupOf(curve: Curve): WeierstrassGroup {
  return curve == Curve.P256 ? P256.group : curve == Curve.P384 ? P384.group : P521;
}

function readEc(document: JsonDocument, node: i32): Key | null {
  const curve = curveOf(document, node);
  if (curve == Curve.None || curve == Curve.Ed25519) return refuse(JwkStatus.CurveUnknown);
  const x = member(document, node, X);
  if (x === null) return null;
  const y = member(document, node, Y);
  if (y === null) return null;
  const group = groupOf(curve);
  const width = group.field.byteLength;
  if (x.length != width || y.length != width) return refuse(JwkStatus.CoordinateLength);
  if (!group.has(changetype<usize>(x), changetype<usize>(y))) return refuse(JwkStatus.PointOffCurve);
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
  const point = new Ed25519PublicKey(view(x));
  if (point.status == Ed25519KeyStatus.WrongLength) return refuse(JwkStatus.CoordinateLength);
  if (point.status == Ed25519KeyStatus.NotAPoint) return refuse(JwkStatus.PointOffCurve);
  if (point.status == Ed25519KeyStatus.SmallOrder) return refuse(JwkStatus.PointSmallOrder);
  const key = new Key(KeyType.Okp);
  key.curve = Curve.Ed25519;
  key.first = x;
  key.ed25519 = point;
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
    case JwkStatus.ExponentTooSmall:
      return "RSA exponent is below 3";
    case JwkStatus.ExponentEven:
      return "RSA exponent is even";
    case JwkStatus.ExponentTooLong:
      return "RSA exponent has more than 32 bits";
    case JwkStatus.CoordinateLength:
      return "a coordinate does not have the curve's length";
    case JwkStatus.PointOffCurve:
      return "the point is not on the curve";
    case JwkStatus.PointSmallOrder:
      return "the point is of small order";
    case JwkStatus.SecretTooShort:
      return "the secret has fewer than 32 bytes";
    default:
      return "the secret has more than 1024 bytes";
  }
}
