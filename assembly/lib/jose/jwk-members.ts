// The members of a JWK that are the key itself, by `kty` (RFC 7518 section 6; RFC 8037 section 2).
import { Bytes, NONE, equal, lengthOf, text, view } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { Algorithm, Curve, Family } from "./algorithm";
import { JwkResult, JwkStatus } from "./jwk-status";
import { decodeLoosely } from "./loose-base64";
import { coordinateBytes, ecKey, ed25519Key, rsaKey, secretKey } from "./public-key";

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
const D = text("d");
const P_256 = text("P-256");
const P_384 = text("P-384");
const P_521 = text("P-521");
const ED25519 = text("Ed25519");

/** A member's text; NONE when it is absent, empty, null or no text. */
export function optionalText(document: JsonDocument, node: i32, name: Bytes): Bytes {
  const value = document.text(document.find(node, name));
  return value == NONE || lengthOf(value) == 0 ? NONE : value;
}

/** Whether the JWK in row `node` has a private key in it (RFC 7518 sections 6.2.2 and 6.3.2). */
export function isPrivate(document: JsonDocument, node: i32): bool {
  return document.find(node, D) >= 0;
}

/** Reads the key that the members of row `node` make; `algorithm` is what its `alg` says. */
export function readKeyMembers(
  document: JsonDocument,
  node: i32,
  algorithm: Algorithm | null,
): JwkResult {
  const kty = optionalText(document, node, KTY);
  if (kty == NONE) return JwkResult.refused(JwkStatus.KeyTypeUnknown);
  if (equal(kty, RSA)) return readRsa(document, node);
  if (equal(kty, EC)) return readEc(document, node, algorithm);
  if (equal(kty, OKP)) return readOkp(document, node, algorithm);
  if (equal(kty, OCT)) return readOct(document, node);
  return JwkResult.refused(JwkStatus.KeyTypeUnknown);
}

/** A member's bytes; null with the reason in `status`. */
@final
class Member {
  readonly bytes: StaticArray<u8> | null;
  readonly status: JwkStatus;

  constructor(document: JsonDocument, node: i32, name: Bytes) {
    const encoded = optionalText(document, node, name);
    const decoded = encoded != NONE ? decodeLoosely(encoded) : null;
    this.bytes = decoded;
    this.status = statusOf(encoded != NONE, decoded !== null);
  }
}

function statusOf(isThere: bool, isDecoded: bool): JwkStatus {
  if (isDecoded) return JwkStatus.Ok;
  return isThere ? JwkStatus.BadBase64 : JwkStatus.MemberMissing;
}

function readRsa(document: JsonDocument, node: i32): JwkResult {
  const n = new Member(document, node, N);
  const modulus = n.bytes;
  if (modulus === null) return JwkResult.refused(n.status);
  const e = new Member(document, node, E);
  const exponent = e.bytes;
  if (exponent === null) return JwkResult.refused(e.status);
  return rsaKey(view(modulus), view(exponent));
}

function readEc(document: JsonDocument, node: i32, algorithm: Algorithm | null): JwkResult {
  const xMember = new Member(document, node, X);
  const x = xMember.bytes;
  if (x === null) return JwkResult.refused(xMember.status);
  const yMember = new Member(document, node, Y);
  const y = yMember.bytes;
  if (y === null) return JwkResult.refused(yMember.status);
  const curve = curveOf(document, node, algorithm, max(x.length, y.length));
  if (curve == Curve.None) return JwkResult.refused(JwkStatus.CurveUnknown);
  return ecKey(curve, view(x), view(y));
}

/**
 * Without `crv` the algorithm says the curve, or else the length of the longer coordinate does: a
 * point that is not on that curve is refused, so a guess cannot make a key of something else.
 */
function curveOf(
  document: JsonDocument,
  node: i32,
  algorithm: Algorithm | null,
  length: i32,
): Curve {
  const row = document.find(node, CRV);
  const crv = optionalText(document, node, CRV);
  if (crv != NONE) return curveNamed(crv);
  const isAbsent = row < 0 || document.is(row, JsonKind.Null) || document.is(row, JsonKind.String);
  if (!isAbsent) return Curve.None;
  if (algorithm !== null) return algorithm.family == Family.Ecdsa ? algorithm.curve : Curve.None;
  if (length <= coordinateBytes(Curve.P256)) return Curve.P256;
  return length <= coordinateBytes(Curve.P384) ? Curve.P384 : Curve.P521;
}

function curveNamed(crv: Bytes): Curve {
  if (equal(crv, P_256)) return Curve.P256;
  if (equal(crv, P_384)) return Curve.P384;
  return equal(crv, P_521) ? Curve.P521 : Curve.None;
}

/** Without `crv` the algorithm must say that it is Ed25519: an X25519 key has the same length. */
function readOkp(document: JsonDocument, node: i32, algorithm: Algorithm | null): JwkResult {
  const crv = optionalText(document, node, CRV);
  const isEdDsa = algorithm !== null && algorithm.family == Family.EdDsa;
  const isEd25519 = crv == NONE ? isEdDsa : equal(crv, ED25519);
  if (!isEd25519) return JwkResult.refused(JwkStatus.CurveUnknown);
  const member = new Member(document, node, X);
  const x = member.bytes;
  return x === null ? JwkResult.refused(member.status) : ed25519Key(view(x));
}

function readOct(document: JsonDocument, node: i32): JwkResult {
  const member = new Member(document, node, K);
  const secret = member.bytes;
  return secret === null ? JwkResult.refused(member.status) : secretKey(view(secret));
}
