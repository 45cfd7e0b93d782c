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

/** The row of `status`; most are of a token that is not good. */
function rowOf(status: JwtStatus, reason: string, message: string): Refusal {
  let httpStatus = 401;
  let error = INVALID_TOKEN;
  switch (status) {
    case JwtStatus.Missing:
      error = EMPTY;
      break;
    case JwtStatus.TooManyTokens:
      httpStatus = 400;
      error = INVALID_REQUEST;
      break;
    case JwtStatus.AudienceNotAllowed:
      httpStatus = 403;
      break;
    case JwtStatus.ClaimMissing:
    case JwtStatus.ClaimNotAllowed:
      httpStatus = 403;
      error = INSUFFICIENT_SCOPE;
      break;
    // Not the client's fault: 503 with Retry-After, where the native filter blames the token.
    case JwtStatus.KeysUnavailable:
    case JwtStatus.WaitingFull:
    case JwtStatus.VerificationLimit:
    case JwtStatus.HeadersUnreadable:
      httpStatus = 503;
      error = EMPTY;
      break;
  }
  return new Refusal(reason, message, httpStatus, error);
}

/** By status; Ok has none. */
const table: StaticArray<Refusal | null> = made();

function made(): StaticArray<Refusal | null> {
  // Reason and text, in the order of `JwtStatus`.
  // prettier-ignore
  const texts = [
    "missing", "Jwt is missing",
    "too_long", "Jwt is too long",
    "bad_format", "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    "header_bad_base64", "Jwt header is an invalid Base64url encoded",
    "header_bad_json", "Jwt header is an invalid JSON",
    "header_bad_alg", "Jwt header [alg] field is required and must be a string",
    "alg_unsupported", "Jwt header [alg] is not supported",
    "header_bad_kid", "Jwt header [kid] field is not a string",
    "header_bad_typ", "Jwt header [typ] field is not a string",
    "typ_not_accepted", "Jwt header [typ] is not accepted",
    "crit_unsupported", "Jwt header [crit] names extensions that are not supported",
    "alg_not_allowed", "Jwt header [alg] is not allowed",
    "payload_bad_base64", "Jwt payload is an invalid Base64url encoded",
    "payload_bad_json", "Jwt payload is an invalid JSON",
    "iss_not_string", "Jwt payload [iss] field is not a string",
    "sub_not_string", "Jwt payload [sub] field is not a string",
    "jti_not_string", "Jwt payload [jti] field is not a string",
    "aud_not_string", "Jwt payload [aud] field is not a string or string list",
    "iat_not_integer", "Jwt payload [iat] field is not an integer",
    "iat_out_of_range", "Jwt payload [iat] field is not a positive 64 bit integer",
    "nbf_not_integer", "Jwt payload [nbf] field is not an integer",
    "nbf_out_of_range", "Jwt payload [nbf] field is not a positive 64 bit integer",
    "exp_not_integer", "Jwt payload [exp] field is not an integer",
    "exp_out_of_range", "Jwt payload [exp] field is not a positive 64 bit integer",
    "signature_bad_base64", "Jwt signature is an invalid Base64url encoded",
    "signature_wrong_length", "Jwt ED25519 signature is wrong length",
    "verification_fails", "Jwt verification fails",
    "key_not_found", "Jwks doesn't have key to match kid or alg from Jwt",
    "keys_unavailable", "Jwks remote fetch is failed",
    "waiting_full", "Too many requests wait for Jwks",
    "verification_limit", "Too many Jwt verifications",
    "issuer_unknown", "Jwt issuer is not configured",
    "audience_not_allowed", "Audiences in Jwt are not allowed",
    "subject_not_allowed", "Subject in Jwt is not allowed",
    "not_yet_valid", "Jwt not yet valid",
    "expired", "Jwt is expired",
    "expiration_missing", "Jwt payload [exp] field is required",
    "lifetime_too_long", "Jwt lifetime is too long",
    "denied", "Jwt is on the deny list",
    "claim_missing", "Jwt lacks a required claim",
    "claim_not_allowed", "Claims in Jwt are not allowed",
    "too_many_tokens", "Found too many Jwt tokens",
    "headers_unreadable", "Request headers cannot be read",
  ];
  const table = new StaticArray<Refusal | null>(STATUS_COUNT);
  for (let i = 1; i < STATUS_COUNT; i++) {
    unchecked((table[i] = rowOf(<JwtStatus>i, texts[2 * i - 2], texts[2 * i - 1])));
  }
  return table;
}

/**
 * The row of a status that refuses. Statuses without one (only Ok) give the row of a missing
 * token: closed.
 */
export function refusalOf(status: JwtStatus): Refusal {
  const found = <i32>status < STATUS_COUNT ? unchecked(table[status]) : null;
  return found === null ? <Refusal>table[JwtStatus.Missing] : found;
}
