// The members of a JWK that are the key itself, by `kty` (RFC 7518 section 6; RFC 8037 section
// 2): each has its one length and encoding, and weak keys are none.
import { Bytes, equal, lengthOf, owned, text, view } from "../bytes";
import { decodeBase64url, decodedLength } from "../base64url";
import { P256, P384, P521 } from "../crypto/curves";
import { Ed25519KeyStatus, Ed25519PublicKey } from "../crypto/ed25519";
import { RsaKeyStatus, judgeRsaKey, withoutLeadingZeros } from "../crypto/rsa";
import { WeierstrassGroup } from "../crypto/weierstrass";
import { JsonDocument, JsonKind } from "../json/document";
import { Curve } from "./algorithm";
import { ecPublicKeyInfo, rsaPublicKeyInfo } from "./der";
import { JwkStatus, refuse } from "./jwk-status";
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

/** The key that the members of row `node` make, or null with the reason noted. */
export function readKeyMembers(document: JsonDocument, node: i32): Key | null {
  const kty = document.find(node, KTY);
  if (isText(document, kty, RSA)) return readRsa(document, node);
  if (isText(document, kty, EC)) return readEc(document, node);
  if (isText(document, kty, OKP)) return readOkp(document, node);
  if (isText(document, kty, OCT)) return readOct(document, node);
  return refuse(JwkStatus.KeyTypeUnknown);
}

/** A member's bytes, or null with the reason noted. */
function member(document: JsonDocument, node: i32, name: Bytes): StaticArray<u8> | null {
  const found = document.find(node, name);
  if (!document.is(found, JsonKind.String) || lengthOf(document.text(found)) == 0) {
    refuse(JwkStatus.MemberMissing);
    return null;
  }
  const encoded = document.text(found);
  const decoded = new StaticArray<u8>(decodedLength(lengthOf(encoded)));
  if (decodeBase64url(encoded, changetype<usize>(decoded), decoded.length) >= 0) return decoded;
  refuse(JwkStatus.BadBase64);
  return null;
}

function readRsa(document: JsonDocument, node: i32): Key | null {
  const n = member(document, node, N);
  if (n === null) return null;
  const e = member(document, node, E);
  if (e === null) return null;
  // Some issuers send leading zeros, although RFC 7518 section 2 (Base64urlUInt) forbids them.
  const modulus = owned(withoutLeadingZeros(view(n)));
  const exponent = owned(withoutLeadingZeros(view(e)));
  // Both lists of reasons have those of RSA keys in the same order.
  const status = judgeRsaKey(view(modulus), view(exponent));
  if (status != RsaKeyStatus.Ok)
    return refuse(<JwkStatus>(JwkStatus.ModulusTooShort + (status - RsaKeyStatus.ModulusTooShort)));
  const key = new Key(KeyType.Rsa);
  key.first = modulus;
  key.second = exponent;
  key.publicKeyInfo = rsaPublicKeyInfo(view(modulus), view(exponent));
  return key;
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
  if (!group.has(changetype<usize>(x), changetype<usize>(y)))
    return refuse(JwkStatus.PointOffCurve);
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
  // Both lists of reasons have these in the same order.
  const fault = point.status - Ed25519KeyStatus.WrongLength;
  if (fault >= 0) return refuse(<JwkStatus>(JwkStatus.CoordinateLength + fault));
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
  key.algorithms = key.fittingAlgorithms();
  return key;
}
