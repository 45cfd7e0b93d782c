// What each status means to the client: one table, the only place that maps a status to a reason,
// a text and HTTP.
//
// `reason` is the stable name in metrics and in `gatehouse_reason`. `text` is the native
// filter's, where it has one, for people grep for it. `error` is RFC 6750 section 3.1's code,
// empty where no challenge may carry one: a request without a token (section 3), or a fault that
// is not the client's.
import { Bytes, EMPTY, text, utf8 } from "../../../lib/bytes";
import { JwtStatus, STATUS_COUNT } from "../../../lib/jose/status";
import { decimal } from "../../../lib/writer";

const BLANK: u8 = 0x20;
const UNDERSCORE: u8 = 0x5f;
const NO_ERROR = EMPTY;
const INVALID_TOKEN = text("invalid_token");
const INVALID_REQUEST = text("invalid_request");
const INSUFFICIENT_SCOPE = text("insufficient_scope");


@final
export class Refusal {
  /**
   * What goes into the response code details: the native filter's form, so that dashboards keep
   * working.
   */
  readonly details: StaticArray<u8>;
  readonly body: Bytes;
  /** The name as bytes, for the hand-over. */
  readonly reasonBytes: Bytes;
  /** The body in JSON (RFC 9457). */
  readonly problem: Bytes;

  constructor(
    readonly reason: string,
    message: string,
    readonly httpStatus: u32,
    readonly error: Bytes,
  ) {
    this.body = text(message);
    this.details = underscored("jwt_authn_access_denied{" + message + "}");
    this.reasonBytes = text(reason);
    this.problem = text(
      '{"type":"about:blank","title":"' +
        titleOf(httpStatus) +
        '","status":' +
        decimal(httpStatus) +
        ',"detail":"' +
        message +
        '","reason":"' +
        reason +
        '"}',
    );
  }
}

/** With "_" for each blank: details are one word of a log line. */
function underscored(details: string): StaticArray<u8> {
  const bytes = utf8(details);
  for (let i = 0; i < bytes.length; i++) if (bytes[i] == BLANK) bytes[i] = UNDERSCORE;
  return bytes;
}

/** RFC 9457 section 4.2.1: with `about:blank` the title is the status's own phrase. */
function titleOf(httpStatus: u32): string {
  if (httpStatus == 400) return "Bad Request";
  if (httpStatus == 401) return "Unauthorized";
  return httpStatus == 403 ? "Forbidden" : "Service Unavailable";
}

/** By status; Ok has none. */
const table = new StaticArray<Refusal | null>(STATUS_COUNT);

function row(
  status: JwtStatus,
  httpStatus: u32,
  error: Bytes,
  reason: string,
  message: string,
): void {
  table[status] = new Refusal(reason, message, httpStatus, error);
}

// A 503 is not the client's fault; there the native filter answers 401 and blames the token.
// prettier-ignore
function fillTable(): void {
  row(JwtStatus.Missing, 401, NO_ERROR, "missing", "Jwt is missing");
  row(JwtStatus.TooLong, 401, INVALID_TOKEN, "too_long", "Jwt is too long");
  row(JwtStatus.BadFormat, 401, INVALID_TOKEN, "bad_format",
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections");
  row(JwtStatus.HeaderBadBase64, 401, INVALID_TOKEN, "header_bad_base64",
    "Jwt header is an invalid Base64url encoded");
  row(JwtStatus.HeaderBadJson, 401, INVALID_TOKEN, "header_bad_json",
    "Jwt header is an invalid JSON");
  row(JwtStatus.HeaderBadAlgorithm, 401, INVALID_TOKEN, "header_bad_alg",
    "Jwt header [alg] field is required and must be a string");
  row(JwtStatus.AlgorithmUnsupported, 401, INVALID_TOKEN, "alg_unsupported",
    "Jwt header [alg] is not supported");
  row(JwtStatus.HeaderBadKeyId, 401, INVALID_TOKEN, "header_bad_kid",
    "Jwt header [kid] field is not a string");
  row(JwtStatus.HeaderBadType, 401, INVALID_TOKEN, "header_bad_typ",
    "Jwt header [typ] field is not a string");
  row(JwtStatus.TypeNotAccepted, 401, INVALID_TOKEN, "typ_not_accepted",
    "Jwt header [typ] is not accepted");
  row(JwtStatus.CriticalUnsupported, 401, INVALID_TOKEN, "crit_unsupported",
    "Jwt header [crit] names extensions that are not supported");
  row(JwtStatus.AlgorithmNotAllowed, 401, INVALID_TOKEN, "alg_not_allowed",
    "Jwt header [alg] is not allowed");
  row(JwtStatus.PayloadBadBase64, 401, INVALID_TOKEN, "payload_bad_base64",
    "Jwt payload is an invalid Base64url encoded");
  row(JwtStatus.PayloadBadJson, 401, INVALID_TOKEN, "payload_bad_json",
    "Jwt payload is an invalid JSON");
  row(JwtStatus.IssuerNotString, 401, INVALID_TOKEN, "iss_not_string",
    "Jwt payload [iss] field is not a string");
  row(JwtStatus.SubjectNotString, 401, INVALID_TOKEN, "sub_not_string",
    "Jwt payload [sub] field is not a string");
  row(JwtStatus.JwtIdNotString, 401, INVALID_TOKEN, "jti_not_string",
    "Jwt payload [jti] field is not a string");
  row(JwtStatus.AudienceNotStringOrList, 401, INVALID_TOKEN, "aud_not_string",
    "Jwt payload [aud] field is not a string or string list");
  row(JwtStatus.IssuedAtNotNumber, 401, INVALID_TOKEN, "iat_not_integer",
    "Jwt payload [iat] field is not an integer");
  row(JwtStatus.IssuedAtOutOfRange, 401, INVALID_TOKEN, "iat_out_of_range",
    "Jwt payload [iat] field is not a positive 64 bit integer");
  row(JwtStatus.NotBeforeNotNumber, 401, INVALID_TOKEN, "nbf_not_integer",
    "Jwt payload [nbf] field is not an integer");
  row(JwtStatus.NotBeforeOutOfRange, 401, INVALID_TOKEN, "nbf_out_of_range",
    "Jwt payload [nbf] field is not a positive 64 bit integer");
  row(JwtStatus.ExpirationNotNumber, 401, INVALID_TOKEN, "exp_not_integer",
    "Jwt payload [exp] field is not an integer");
  row(JwtStatus.ExpirationOutOfRange, 401, INVALID_TOKEN, "exp_out_of_range",
    "Jwt payload [exp] field is not a positive 64 bit integer");
  row(JwtStatus.SignatureBadBase64, 401, INVALID_TOKEN, "signature_bad_base64",
    "Jwt signature is an invalid Base64url encoded");
  row(JwtStatus.SignatureWrongLength, 401, INVALID_TOKEN, "signature_wrong_length",
    "Jwt ED25519 signature is wrong length");
  row(JwtStatus.VerificationFails, 401, INVALID_TOKEN, "verification_fails",
    "Jwt verification fails");
  row(JwtStatus.KeyNotFound, 401, INVALID_TOKEN, "key_not_found",
    "Jwks doesn't have key to match kid or alg from Jwt");
  row(JwtStatus.KeysUnavailable, 503, NO_ERROR, "keys_unavailable", "Jwks remote fetch is failed");
  row(JwtStatus.WaitingFull, 503, NO_ERROR, "waiting_full", "Too many requests wait for Jwks");
  row(JwtStatus.VerificationLimit, 503, NO_ERROR, "verification_limit",
    "Too many Jwt verifications");
  row(JwtStatus.IssuerUnknown, 401, INVALID_TOKEN, "issuer_unknown",
    "Jwt issuer is not configured");
  row(JwtStatus.AudienceNotAllowed, 403, INVALID_TOKEN, "audience_not_allowed",
    "Audiences in Jwt are not allowed");
  row(JwtStatus.SubjectNotAllowed, 401, INVALID_TOKEN, "subject_not_allowed",
    "Subject in Jwt is not allowed");
  row(JwtStatus.NotYetValid, 401, INVALID_TOKEN, "not_yet_valid", "Jwt not yet valid");
  row(JwtStatus.Expired, 401, INVALID_TOKEN, "expired", "Jwt is expired");
  row(JwtStatus.ExpirationMissing, 401, INVALID_TOKEN, "expiration_missing",
    "Jwt payload [exp] field is required");
  row(JwtStatus.LifetimeTooLong, 401, INVALID_TOKEN, "lifetime_too_long",
    "Jwt lifetime is too long");
  row(JwtStatus.Denied, 401, INVALID_TOKEN, "denied", "Jwt is on the deny list");
  row(JwtStatus.ClaimMissing, 403, INSUFFICIENT_SCOPE, "claim_missing",
    "Jwt lacks a required claim");
  row(JwtStatus.ClaimNotAllowed, 403, INSUFFICIENT_SCOPE, "claim_not_allowed",
    "Claims in Jwt are not allowed");
  row(JwtStatus.TooManyTokens, 400, INVALID_REQUEST, "too_many_tokens",
    "Found too many Jwt tokens");
  row(JwtStatus.PathAmbiguous, 400, INVALID_REQUEST, "path_ambiguous",
    "Path can be read in more than one way");
  row(JwtStatus.MethodUnknown, 400, INVALID_REQUEST, "method_unknown", "Method is not known");
  row(JwtStatus.SearchLimit, 400, INVALID_REQUEST, "search_limit",
    "Request is too long to be compared with the rules");
  row(JwtStatus.HeadersUnreadable, 503, NO_ERROR, "headers_unreadable",
    "Request headers cannot be read");
}

fillTable();

/**
 * The row of a status that refuses. Statuses without one (only Ok) give the row of a missing
 * token: closed.
 */
export function refusalOf(status: JwtStatus): Refusal {
  const found = <i32>status < STATUS_COUNT ? unchecked(table[status]) : null;
  return found === null ? <Refusal>table[JwtStatus.Missing] : found;
}
