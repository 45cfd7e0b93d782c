// The claims set of a token, RFC 7519 section 4: the registered claims by name and type. Knows
// what they are, not which values are wanted.
import { Bytes, NONE, at, equal, lengthOf, slice, startsWith, text, view } from "../bytes";
import { JsonDocument, JsonKind } from "../json/document";
import { JwtStatus } from "./status";

/** No more than a token may hold at all: `maxTokenBytes` has its upper bound there. */
const CLAIMS_BYTES_MAX = 64 * 1024;

/** A time claim that is not there. */
export const NO_TIME: i64 = -1;

/**
 * Times beyond this are "for ever": far enough from the end of the type that adding a skew is
 * safe.
 */
const TIME_MAX: i64 = 1 << 60;

const ISS = text("iss");
const SUB = text("sub");
const JTI = text("jti");
const AUD = text("aud");
const IAT = text("iat");
const NBF = text("nbf");
const EXP = text("exp");
const HTTP = text("http://");
const HTTPS = text("https://");

/** Views live until the next `read`. */
@final
export class Claims {
  readonly document: JsonDocument = new JsonDocument();
  issuer: Bytes = NONE;
  subject: Bytes = NONE;
  jwtId: Bytes = NONE;
  issuedAt: i64 = NO_TIME;
  notBefore: i64 = NO_TIME;
  expiresAt: i64 = NO_TIME;
  /** The row of `aud`, or -1. */
  private audience: i32 = -1;
  private time: i64 = NO_TIME;

  /** Reads the decoded payload. Every way it can be wrong has its own status. */
  read(json: Bytes): JwtStatus {
    const document = this.document;
    if (!document.parse(json, CLAIMS_BYTES_MAX)) return JwtStatus.PayloadBadJson;
    if (!document.is(0, JsonKind.Object)) return JwtStatus.PayloadBadJson;
    const iss = document.find(0, ISS);
    const sub = document.find(0, SUB);
    const jti = document.find(0, JTI);
    this.issuer = document.text(iss);
    this.subject = document.text(sub);
    this.jwtId = document.text(jti);
    if (iss >= 0 && this.issuer == NONE) return JwtStatus.IssuerNotString;
    if (sub >= 0 && this.subject == NONE) return JwtStatus.SubjectNotString;
    const times = this.readTimes();
    if (times != JwtStatus.Ok) return times;
    if (jti >= 0 && this.jwtId == NONE) return JwtStatus.JwtIdNotString;
    this.audience = document.find(0, AUD);
    return this.audienceIsWellFormed() ? JwtStatus.Ok : JwtStatus.AudienceNotStringOrList;
  }

  private readTimes(): JwtStatus {
    let status = this.readTime(IAT, JwtStatus.IssuedAtNotNumber, JwtStatus.IssuedAtOutOfRange);
    this.issuedAt = this.time;
    if (status != JwtStatus.Ok) return status;
    status = this.readTime(NBF, JwtStatus.NotBeforeNotNumber, JwtStatus.NotBeforeOutOfRange);
    this.notBefore = this.time;
    if (status != JwtStatus.Ok) return status;
    status = this.readTime(EXP, JwtStatus.ExpirationNotNumber, JwtStatus.ExpirationOutOfRange);
    this.expiresAt = this.time;
    return status;
  }

  /** NumericDate (section 2): seconds, a fraction is cut off. */
  private readTime(name: Bytes, notNumber: JwtStatus, outOfRange: JwtStatus): JwtStatus {
    this.time = NO_TIME;
    const document = this.document;
    const node = document.find(0, name);
    if (node < 0) return JwtStatus.Ok;
    if (document.is(node, JsonKind.Integer)) {
      const value = document.integer(node);
      if (value < 0) return outOfRange;
      this.time = min(value, TIME_MAX);
      return JwtStatus.Ok;
    }
    if (!document.is(node, JsonKind.Double)) return notNumber;
    const value = document.number(node);
    if (!(value >= 0 && value < 18446744073709551616.0)) return outOfRange;
    this.time = value >= <f64>TIME_MAX ? TIME_MAX : <i64>value;
    return JwtStatus.Ok;
  }

  private audienceIsWellFormed(): bool {
    const document = this.document;
    const node = this.audience;
    if (node < 0 || document.is(node, JsonKind.String)) return true;
    if (!document.is(node, JsonKind.Array)) return false;
    for (let child = document.first(node); child >= 0; child = document.after(child, node)) {
      if (!document.is(child, JsonKind.String)) return false;
    }
    return true;
  }

  /** Whether `aud` names one of `wanted`, which have gone through `normalAudience`. */
  isFor(wanted: StaticArray<u8>[]): bool {
    const document = this.document;
    const node = this.audience;
    if (document.is(node, JsonKind.String)) return isWanted(document.text(node), wanted);
    for (let child = document.first(node); child >= 0; child = document.after(child, node)) {
      if (isWanted(document.text(child), wanted)) return true;
    }
    return false;
  }
}

function isWanted(audience: Bytes, wanted: StaticArray<u8>[]): bool {
  const normal = normalAudience(audience);
  for (let i = 0; i < wanted.length; i++) {
    if (equal(normal, view(unchecked(wanted[i])))) return true;
  }
  return false;
}

/**
 * Without `http://` or `https://` and without one `/` at the end, as Envoy compares audiences
 * (check_audience.cc).
 */
export function normalAudience(audience: Bytes): Bytes {
  let normal = audience;
  if (startsWith(normal, HTTPS)) normal = slice(normal, lengthOf(HTTPS));
  else if (startsWith(normal, HTTP)) normal = slice(normal, lengthOf(HTTP));
  const last = lengthOf(normal) - 1;
  return last >= 0 && at(normal, last) == 0x2f ? slice(normal, 0, last) : normal;
}
