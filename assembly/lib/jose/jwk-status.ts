// Every way a JWK can be of no use, and how people are told.
import { Key } from "./key";

/** Why a JWK is of no use. */
export const enum JwkStatus {
  Ok = 0,
  NotObject,
  /** `kty` is absent, no string, or a type that nobody here knows. */
  KeyTypeUnknown,
  /** `use` says something else than `sig` or `jwt-svid`. */
  UseNotSignature,
  /** `key_ops` names other operations only. */
  OperationsWithoutVerify,
  /** `alg` is unknown, or not of this key type, curve or size. */
  AlgorithmMismatch,
  /** `crv` is one that nobody here knows, or it is absent and nothing else says the curve. */
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
  /** Of a generator whose keys can be factored (CVE-2017-15361). */
  ModulusFactorable,
  /** 0, or 1, with which every signature is its own message. */
  ExponentTooSmall,
  ExponentEven,
  /** More than 32 bits. */
  ExponentTooLong,
  /**
   * A coordinate does not have the curve's length (RFC 7518 section 6.2.1.2; RFC 8037 section 2).
   */
  CoordinateLength,
  /**
   * A coordinate is not below p, or the point not on its curve; of Ed25519 also a second encoding
   * of a point.
   */
  PointOffCurve,
  /** Anyone can sign for it. */
  PointSmallOrder,
  /** A secret of fewer than 32 bytes. */
  SecretTooShort,
  /** A secret of more than 1,024 bytes. */
  SecretTooLong,
  /** A certificate or a PEM block that is no DER of a public key. */
  BadDer,
  /** A text that begins as PEM and is none. */
  BadPem,
  /** A PEM block that is neither a public key nor a certificate. */
  PemKindUnknown,
}

/** What reading a JWK or a secret gave: a key, or why there is none. */
@final
export class JwkResult {
  private constructor(
    readonly key: Key | null,
    readonly status: JwkStatus,
  ) {}

  static of(key: Key): JwkResult {
    return new JwkResult(key, JwkStatus.Ok);
  }

  static refused(status: JwkStatus): JwkResult {
    return new JwkResult(null, status);
  }
}

/** For people, in the words of RFC 7517. */
export function describeJwk(status: JwkStatus): string {
  switch (status) {
    case JwkStatus.NotObject:
      return "not an object";
    case JwkStatus.KeyTypeUnknown:
      return "kty is none of RSA, EC, OKP, oct";
    case JwkStatus.UseNotSignature:
      return "use is not for signatures";
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
    case JwkStatus.ModulusFactorable:
      return "RSA modulus can be factored (CVE-2017-15361)";
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
    case JwkStatus.SecretTooLong:
      return "the secret has more than 1024 bytes";
    case JwkStatus.BadDer:
      return "not DER of a public key";
    case JwkStatus.BadPem:
      return "not PEM";
    case JwkStatus.PemKindUnknown:
      return "the PEM block is neither PUBLIC KEY nor CERTIFICATE";
    default:
      return "not usable";
  }
}
