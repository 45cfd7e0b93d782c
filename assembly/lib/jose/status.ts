// Every way a request's token can fail, in one flat list. Knows names only: which text and which
// HTTP status each has is the filter's table.

export const enum JwtStatus {
  Ok = 0,

  // The compact form (RFC 7515 section 7.1).

  /** No token in any of the places it may be in. */
  Missing,
  /** More bytes than `maxTokenBytes`. */
  TooLong,
  /** Not three non-empty parts with two dots between them. */
  BadFormat,

  // The JOSE header (RFC 7515 section 4).

  HeaderBadBase64,
  /** Not a JSON object, duplicate names included. */
  HeaderBadJson,
  /** `alg` absent or no string. */
  HeaderBadAlgorithm,
  /** `none`, or one that nobody here knows. */
  AlgorithmUnsupported,
  HeaderBadKeyId,
  HeaderBadType,
  /**
   * A `typ` that the provider does not take: a token made for another purpose (RFC 8725 section
   * 3.11).
   */
  TypeNotAccepted,
  /**
   * `crit` is there: it names extensions that must be understood, and none is (RFC 7515 section
   * 4.1.11).
   */
  CriticalUnsupported,
  /** A known algorithm that the provider does not list. */
  AlgorithmNotAllowed,

  // The claims set (RFC 7519 section 4).

  PayloadBadBase64,
  /** Not a JSON object, duplicate names included. */
  PayloadBadJson,
  IssuerNotString,
  SubjectNotString,
  JwtIdNotString,
  AudienceNotStringOrList,
  IssuedAtNotNumber,
  IssuedAtOutOfRange,
  NotBeforeNotNumber,
  NotBeforeOutOfRange,
  ExpirationNotNumber,
  ExpirationOutOfRange,

  // The signature.

  SignatureBadBase64,
  /** An Ed25519 signature that is not 64 bytes long. */
  SignatureWrongLength,
  VerificationFails,

  // The keys.

  /** No key fits the header's `kid` and `alg`. */
  KeyNotFound,
  /**
   * There are no keys yet, or the last good ones are too old: the server's fault, not the
   * client's.
   */
  KeysUnavailable,
  /** Too many requests wait for keys already. */
  WaitingFull,
  /** This worker has verified as many tokens of this kind as it may within a second. */
  VerificationLimit,

  // What the provider asks of a token.

  IssuerUnknown,
  AudienceNotAllowed,
  SubjectNotAllowed,
  NotYetValid,
  Expired,
  ExpirationMissing,
  LifetimeTooLong,
  /** Its issuer and `jti` are on the deny list. */
  Denied,
  /** One of `requiredClaims` is absent. */
  ClaimMissing,

  // What the rule asks.

  /** A claim of the rule is absent or has another value. */
  ClaimNotAllowed,

  // The request.

  /** More tokens in one request than are looked at: all of them would have to hold. */
  TooManyTokens,
  /** Servers may read the path differently, and rules decide by it. */
  PathAmbiguous,
  /** No rule names the method and no registry knows it, and rules decide by it. */
  MethodUnknown,
  /** Comparing it with the rules costs more than one request may. */
  SearchLimit,
  /** The proxy did not hand over the request's headers. */
  HeadersUnreadable,
}

/** One more than the last status. */
export const STATUS_COUNT: i32 = <i32>JwtStatus.HeadersUnreadable + 1;
