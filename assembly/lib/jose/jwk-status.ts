// Every way a JWK can be of no use, and how people are told.
import { Key } from "./key";

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
}

/** Why the last JWK or secret gave no key. */
export let jwkStatus: JwkStatus = JwkStatus.Ok;

/** Notes why there is no key. */
export function refuse(status: JwkStatus): Key | null {
  jwkStatus = status;
  return null;
}

/** For people, in the words of RFC 7517; for all but Ok. */
export function describeJwk(status: JwkStatus): string {
  const texts = [
    "not an object",
    "kty is none of RSA, EC, OKP, oct",
    "kid is not a string",
    "use is not sig",
    "key_ops has no verify",
    "alg does not go with the key",
    "crv is not supported",
    "a member of the key is missing",
    "a member is no base64url",
    "RSA modulus has fewer than 2048 bits",
    "RSA modulus has more than 8192 bits",
    "RSA modulus is even",
    "RSA modulus can be factored (CVE-2017-15361)",
    "RSA exponent is below 3",
    "RSA exponent is even",
    "RSA exponent has more than 32 bits",
    "a coordinate does not have the curve's length",
    "the point is not on the curve",
    "the point is of small order",
    "the secret has fewer than 32 bytes",
    "the secret has more than 1024 bytes",
  ];
  return texts[status - 1];
}
