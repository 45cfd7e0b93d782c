// The members of a JWK that are the key itself, by `kty` (RFC 7518 section 6; RFC 8037 section
// 2): each has its one length and encoding, and weak keys are none.
import { Bytes, NONE, equal, lengthOf, owned, text, view } from "../bytes";
import { decodeBase64url, decodedLength } from "../base64url";
import { P256, P384, P521 } from "../crypto/curves";
import { Ed25519KeyStatus, Ed25519PublicKey } from "../crypto/ed25519";
import { RsaKeyStatus, judgeRsaKey, withoutLeadingZeros } from "../crypto/rsa";
import { WeierstrassGroup } from "../crypto/weierstrass";
import { JsonDocument, JsonKind } from "../json/document";
import { Curve } from "./algorithm";
import { ecPublicKeyInfo, rsaPublicKeyInfo } from "./der";
import { JwkResult, JwkStatus } from "./jwk-status";
import { Key, KeyType } from "./key";

/** RFC 7518 section 3.2: at least as long as the hash; the shortest is 32 bytes. */
const SECRET_BYTES_LEAST = 32;
const SECRET_BYTES_MOST = 1024;

const KTY = text("kty");
const CRV = text("crv");
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

/** Whether row `node` is that text. */
export function isText(document: JsonDocument, node: i32, wanted: Bytes): bool {
  return document.is(node, JsonKind.String) && equal(document.text(node), wanted);
}

/** Reads the key that the members of row `node` make. */
export function readKeyMembers(document: JsonDocument, node: i32): JwkResult {
  const kty = document.find(node, KTY);
  if (isText(document, kty, RSA)) return readRsa(document, node);
  if (isText(document, kty, EC)) return readEc(document, node);
  if (isText(document, kty, OKP)) return readOkp(document, node);
  if (isText(document, kty, OCT)) return readOct(document, node);
  return JwkResult.refused(JwkStatus.KeyTypeUnknown);
}

/** A member's bytes; null with the reason in `status`. */
@final
class Member {
  readonly bytes: StaticArray<u8> | null;
  readonly status: JwkStatus;

  constructor(document: JsonDocument, node: i32, name: Bytes) {
    const encoded = document.text(document.find(node, name));
    const isThere = encoded != NONE && lengthOf(encoded) > 0;
    const decoded = isThere ? decode(encoded) : null;
    this.bytes = decoded;
    this.status = decoded !== null ? JwkStatus.Ok : statusOfMissing(isThere);
  }
}

function statusOfMissing(isThere: bool): JwkStatus {
  return isThere ? JwkStatus.BadBase64 : JwkStatus.MemberMissing;
}

function decode(encoded: Bytes): StaticArray<u8> | null {
  const decoded = new StaticArray<u8>(decodedLength(lengthOf(encoded)));
  const length = decodeBase64url(encoded, changetype<usize>(decoded), decoded.length);
  return length < 0 ? null : decoded;
}

function readRsa(document: JsonDocument, node: i32): JwkResult {
  const n = new Member(document, node, N);
  const modulusBytes = n.bytes;
  if (modulusBytes === null) return JwkResult.refused(n.status);
  const e = new Member(document, node, E);
  const exponentBytes = e.bytes;
  if (exponentBytes === null) return JwkResult.refused(e.status);
  // Some issuers send leading zeros, although RFC 7518 section 2 (Base64urlUInt) forbids them.
  const modulus = owned(withoutLeadingZeros(view(modulusBytes)));
  const exponent = owned(withoutLeadingZeros(view(exponentBytes)));
  const status = statusOfRsa(judgeRsaKey(view(modulus), view(exponent)));
  if (status != JwkStatus.Ok) return JwkResult.refused(status);
  const key = new Key(KeyType.Rsa);
  key.first = modulus;
  key.second = exponent;
  key.publicKeyInfo = rsaPublicKeyInfo(view(modulus), view(exponent));
  return JwkResult.of(key);
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

function curveOf(document: JsonDocument, node: i32): Curve {
  const crv = document.find(node, CRV);
  if (isText(document, crv, P_256)) return Curve.P256;
  if (isText(document, crv, P_384)) return Curve.P384;
  if (isText(document, crv, P_521)) return Curve.P521;
  return isText(document, crv, ED25519) ? Curve.Ed25519 : Curve.None;
}

function groupOf(curve: Curve): WeierstrassGroup {
  return curve == Curve.P256 ? P256 : curve == Curve.P384 ? P384 : P521;
}

function readEc(document: JsonDocument, node: i32): JwkResult {
  const curve = curveOf(document, node);
  if (curve == Curve.None || curve == Curve.Ed25519) {
    return JwkResult.refused(JwkStatus.CurveUnknown);
  }
  const xMember = new Member(document, node, X);
  const x = xMember.bytes;
  if (x === null) return JwkResult.refused(xMember.status);
  const yMember = new Member(document, node, Y);
  const y = yMember.bytes;
  if (y === null) return JwkResult.refused(yMember.status);
  const group = groupOf(curve);
  const width = group.field.byteLength;
  if (x.length != width || y.length != width) return JwkResult.refused(JwkStatus.CoordinateLength);
  if (!group.has(changetype<usize>(x), changetype<usize>(y))) {
    return JwkResult.refused(JwkStatus.PointOffCurve);
  }
  const key = new Key(KeyType.Ec);
  key.curve = curve;
  key.first = x;
  key.second = y;
  key.publicKeyInfo = ecPublicKeyInfo(curve, view(x), view(y));
  return JwkResult.of(key);
}

function readOkp(document: JsonDocument, node: i32): JwkResult {
  if (curveOf(document, node) != Curve.Ed25519) return JwkResult.refused(JwkStatus.CurveUnknown);
  const member = new Member(document, node, X);
  const x = member.bytes;
  if (x === null) return JwkResult.refused(member.status);
  const point = new Ed25519PublicKey(view(x));
  const status = statusOfEd25519(point.status);
  if (status != JwkStatus.Ok) return JwkResult.refused(status);
  const key = new Key(KeyType.Okp);
  key.curve = Curve.Ed25519;
  key.first = x;
  key.ed25519 = point;
  return JwkResult.of(key);
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

function readOct(document: JsonDocument, node: i32): JwkResult {
  const member = new Member(document, node, K);
  const secret = member.bytes;
  return secret === null ? JwkResult.refused(member.status) : secretKey(secret);
}

/** An HMAC key. */
export function secretKey(secret: StaticArray<u8>): JwkResult {
  if (secret.length < SECRET_BYTES_LEAST) return JwkResult.refused(JwkStatus.SecretTooShort);
  if (secret.length > SECRET_BYTES_MOST) return JwkResult.refused(JwkStatus.SecretTooLong);
  const key = new Key(KeyType.Oct);
  key.first = secret;
  key.algorithms = key.fittingAlgorithms();
  return JwkResult.of(key);
}
