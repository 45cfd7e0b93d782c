// What each status means to the client: one table, the only place that maps a status to a reason, a text and HTTP.
//
// `reason` is the stable name in metrics and in `gatehouse_reason`. `text` is the native filter's, where it has one, for
// people grep for it. `error` is RFC 6750 section 3.1's code, empty where no challenge may carry one: a request
// without a token (section 3), or a fault that is not the client's.
import { Bytes, EMPTY, text, toText, utf8, view } from "../../../lib/bytes";
import { JwtStatus, STATUS_COUNT } from "../../../lib/jose/status";
import { decimal } from "../../../lib/writer";

const BLANK: u8 = 0x20;
const UNDERSCORE: u8 = 0x5f;
const INVALID_TOKEN = text("invalid_token");
const INVALID_REQUEST = text("invalid_request");
const INSUFFICIENT_SCOPE = text("insufficient_scope");


@final
export class Refusal {
  /** What goes into the response code details: the native filter's form, so that dashboards keep working. */
  readonly details: Bytes;
  /** The name as bytes, for the hand-over. */
  readonly reasonBytes: Bytes;
  /** The body in JSON (RFC 9457). */
  readonly problem: Bytes;

  constructor(
    readonly reason: string,
    readonly body: Bytes,
    readonly httpStatus: u32,
    readonly error: Bytes,
    message: string,
  ) {
    this.details = text("jwt_authn_access_denied{" + underscored(message) + "}");
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
function underscored(message: string): string {
  const words = utf8(message);
  for (let i = 0; i < words.length; i++) if (words[i] == BLANK) words[i] = UNDERSCORE;
  return toText(view(words));
}

/** RFC 9457 section 4.2.1: with `about:blank` the title is the status's own phrase. */
function titleOf(httpStatus: u32): string {
  if (httpStatus == 400) return "Bad Request";
  if (httpStatus == 401) return "Unauthorized";
  return httpStatus == 403 ? "Forbidden" : "Service Unavailable";
}

const table = new StaticArray<Refusal | null>(STATUS_COUNT);

function row(status: JwtStatus, reason: string, message: string, httpStatus: u32, error: Bytes): void {
  table[status] = new Refusal(reason, text(message), httpStatus, error, message);
}

/** A token that is not good: 401 with `invalid_token`. */
function invalid(status: JwtStatus, reason: string, message: string): void {
  row(status, reason, message, 401, INVALID_TOKEN);
}

/** Not the client's fault: 503 with Retry-After, where the native filter blames the token. */
function unavailable(status: JwtStatus, reason: string, message: string): void {
  row(status, reason, message, 503, EMPTY);
}

row(JwtStatus.Missing, "missing", "Jwt is missing", 401, EMPTY);
invalid(JwtStatus.TooLong, "too_long", "Jwt is too long");
invalid(
  JwtStatus.BadFormat,
  "bad_format",
  "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
);
invalid(JwtStatus.HeaderBadBase64, "header_bad_base64", "Jwt header is an invalid Base64url encoded");
invalid(JwtStatus.HeaderBadJson, "header_bad_json", "Jwt header is an invalid JSON");
invalid(JwtStatus.HeaderBadAlgorithm, "header_bad_alg", "Jwt header [alg] field is required and must be a string");
invalid(JwtStatus.AlgorithmUnsupported, "alg_unsupported", "Jwt header [alg] is not supported");
invalid(JwtStatus.HeaderBadKeyId, "header_bad_kid", "Jwt header [kid] field is not a string");
invalid(JwtStatus.HeaderBadType, "header_bad_typ", "Jwt header [typ] field is not a string");
invalid(JwtStatus.TypeNotAccepted, "typ_not_accepted", "Jwt header [typ] is not accepted");
invalid(JwtStatus.CriticalUnsupported, "crit_unsupported", "Jwt header [crit] names extensions that are not supported");
invalid(JwtStatus.AlgorithmNotAllowed, "alg_not_allowed", "Jwt header [alg] is not allowed");
invalid(JwtStatus.PayloadBadBase64, "payload_bad_base64", "Jwt payload is an invalid Base64url encoded");
invalid(JwtStatus.PayloadBadJson, "payload_bad_json", "Jwt payload is an invalid JSON");
invalid(JwtStatus.IssuerNotString, "iss_not_string", "Jwt payload [iss] field is not a string");
invalid(JwtStatus.SubjectNotString, "sub_not_string", "Jwt payload [sub] field is not a string");
invalid(JwtStatus.JwtIdNotString, "jti_not_string", "Jwt payload [jti] field is not a string");
invalid(JwtStatus.AudienceNotStringOrList, "aud_not_string", "Jwt payload [aud] field is not a string or string list");
invalid(JwtStatus.IssuedAtNotNumber, "iat_not_integer", "Jwt payload [iat] field is not an integer");
invalid(JwtStatus.IssuedAtOutOfRange, "iat_out_of_range", "Jwt payload [iat] field is not a positive 64 bit integer");
invalid(JwtStatus.NotBeforeNotNumber, "nbf_not_integer", "Jwt payload [nbf] field is not an integer");
invalid(JwtStatus.NotBeforeOutOfRange, "nbf_out_of_range", "Jwt payload [nbf] field is not a positive 64 bit integer");
invalid(JwtStatus.ExpirationNotNumber, "exp_not_integer", "Jwt payload [exp] field is not an integer");
invalid(JwtStatus.ExpirationOutOfRange, "exp_out_of_range", "Jwt payload [exp] field is not a positive 64 bit integer");
invalid(JwtStatus.SignatureBadBase64, "signature_bad_base64", "Jwt signature is an invalid Base64url encoded");
invalid(JwtStatus.SignatureWrongLength, "signature_wrong_length", "Jwt ED25519 signature is wrong length");
invalid(JwtStatus.VerificationFails, "verification_fails", "Jwt verification fails");
invalid(JwtStatus.KeyNotFound, "key_not_found", "Jwks doesn't have key to match kid or alg from Jwt");
unavailable(JwtStatus.KeysUnavailable, "keys_unavailable", "Jwks remote fetch is failed");
unavailable(JwtStatus.WaitingFull, "waiting_full", "Too many requests wait for Jwks");
unavailable(JwtStatus.VerificationLimit, "verification_limit", "Too many Jwt verifications");
invalid(JwtStatus.IssuerUnknown, "issuer_unknown", "Jwt issuer is not configured");
row(JwtStatus.AudienceNotAllowed, "audience_not_allowed", "Audiences in Jwt are not allowed", 403, INVALID_TOKEN);
invalid(JwtStatus.SubjectNotAllowed, "subject_not_allowed", "Subject in Jwt is not allowed");
invalid(JwtStatus.NotYetValid, "not_yet_valid", "Jwt not yet valid");
invalid(JwtStatus.Expired, "expired", "Jwt is expired");
invalid(JwtStatus.ExpirationMissing, "expiration_missing", "Jwt payload [exp] field is required");
invalid(JwtStatus.LifetimeTooLong, "lifetime_too_long", "Jwt lifetime is too long");
invalid(JwtStatus.Denied, "denied", "Jwt is on the deny list");
row(JwtStatus.ClaimMissing, "claim_missing", "Jwt lacks a required claim", 403, INSUFFICIENT_SCOPE);
row(JwtStatus.ClaimNotAllowed, "claim_not_allowed", "Claims in Jwt are not allowed", 403, INSUFFICIENT_SCOPE);
row(JwtStatus.TooManyTokens, "too_many_tokens", "Found too many Jwt tokens", 400, INVALID_REQUEST);
row(JwtStatus.HeadersUnreadable, "headers_unreadable", "Request headers cannot be read", 503, EMPTY);

/** The row of a status that refuses. Statuses without one (only Ok) give the row of a missing token: closed. */
export function refusalOf(status: JwtStatus): Refusal {
  const found = <i32>status < STATUS_COUNT ? unchecked(table[status]) : null;
  return found === null ? <Refusal>table[JwtStatus.Missing] : found;
}
