// Examines one token that is not in the cache: form, header, claims, signature, and what its
// provider asks of it. The order is the native filter's, so that a token wrong in two ways gets the
// same answer. Before the signature is verified, claims can cause rejection but never acceptance.
import {
  Bytes,
  NONE,
  equal,
  equalIgnoreCase,
  lengthOf,
  slice,
  text,
  view,
} from "../../../lib/bytes";
import { decodeBase64urlInto } from "../../../lib/base64url";
import { RequestView } from "../../../lib/http/request";
import { Writer } from "../../../lib/writer";
import { JsonDocument } from "../../../lib/json/document";
import { Claims, NO_TIME } from "../../../lib/jose/claims";
import { CompactToken } from "../../../lib/jose/compact";
import { JoseHeader } from "../../../lib/jose/header";
import { JwtStatus } from "../../../lib/jose/status";
import { claimText } from "../rules/claim-text";
import { KeyRing } from "../keys/key-ring";
import { ClaimHeader, Provider } from "../provider";
import { ClaimRule } from "../rules/claim-rule";
import { Profile, Rule } from "../rules/requirement";
import { SeenToken } from "./seen-token";
import { Verifier } from "./verifier";

const APPLICATION = text("application/");
/** The value of a header that says that the claims meet their conditions. */
const TRUE = text("true");
/** Unix times are far below; a token without a bound in time. */
const FOR_EVER: i64 = i64.MAX_VALUE;


@final
export class Examiner {
  private header: JoseHeader = new JoseHeader();
  private claims: Claims = new Claims();
  /** For rules checked on tokens that were verified earlier. */
  private seenClaims: Claims = new Claims();
  private headerBytes: StaticArray<u8>;
  private payloadBytes: StaticArray<u8>;
  private signatureBytes: StaticArray<u8>;
  private compact: CompactToken = new CompactToken();
  private payload: Bytes = NONE;
  private signature: Bytes = NONE;
  /** The token decoded last, and whether it could be: several providers may ask about one token. */
  private decodedToken: Bytes = NONE;
  private decodedStatus: JwtStatus = JwtStatus.BadFormat;
  private values: StaticArray<Bytes>;
  /** Where values are put together: one for each, since all are needed at once. */
  private buffers: Writer[] = [];

  constructor(
    private verifier: Verifier,
    tokenBytesMax: i32,
    claimHeadersMax: i32,
  ) {
    this.headerBytes = new StaticArray<u8>(tokenBytesMax);
    this.payloadBytes = new StaticArray<u8>(tokenBytesMax);
    this.signatureBytes = new StaticArray<u8>(tokenBytesMax);
    this.values = new StaticArray<Bytes>(claimHeadersMax);
    for (let i = 0; i < claimHeadersMax; i++) this.buffers.push(new Writer());
  }

  /** Another request: its tokens may lie where those of the one before lay. */
  beginRequest(request: RequestView): void {
    this.decodedToken = NONE;
    this.verifier.beginRequest(request);
  }

  /** Ok, or why the token, of at most `tokenBytesMax` bytes, is no good for `profile`. */
  examine(
    token: Bytes,
    profile: Profile,
    ring: KeyRing,
    nowSeconds: i64,
    nowNanos: i64,
  ): JwtStatus {
    const provider = profile.provider;
    let status = this.decode(token);
    if (status == JwtStatus.Ok) status = this.checkClaims(profile, nowSeconds);
    if (status == JwtStatus.Ok) status = this.checkHeader(provider);
    if (status == JwtStatus.Ok) status = this.verify(provider, ring, nowNanos);
    if (status == JwtStatus.Ok) status = this.checkDenied(provider);
    if (status == JwtStatus.Ok) status = this.checkRequiredClaims(provider);
    return status;
  }

  /** Fills header, claims, payload and signature. */
  private decode(token: Bytes): JwtStatus {
    if (token == this.decodedToken) return this.decodedStatus;
    let status = this.compact.split(token);
    if (status == JwtStatus.Ok) status = this.decodeHeader();
    if (status == JwtStatus.Ok) status = this.decodePayload();
    if (status == JwtStatus.Ok) status = this.decodeSignature();
    this.decodedToken = token;
    this.decodedStatus = status;
    return status;
  }

  private decodeHeader(): JwtStatus {
    const json = decodeBase64urlInto(this.compact.header, this.headerBytes);
    return json == NONE ? JwtStatus.HeaderBadBase64 : this.header.read(json);
  }

  private decodePayload(): JwtStatus {
    this.payload = decodeBase64urlInto(this.compact.payload, this.payloadBytes);
    return this.payload == NONE ? JwtStatus.PayloadBadBase64 : this.claims.read(this.payload);
  }

  private decodeSignature(): JwtStatus {
    this.signature = decodeBase64urlInto(this.compact.signature, this.signatureBytes);
    return this.signature == NONE ? JwtStatus.SignatureBadBase64 : JwtStatus.Ok;
  }

  private verify(provider: Provider, ring: KeyRing, nowNanos: i64): JwtStatus {
    const input = this.compact.signingInput;
    return this.verifier.verify(this.header, provider.index, ring, input, this.signature, nowNanos);
  }

  private checkClaims(profile: Profile, nowSeconds: i64): JwtStatus {
    const provider = profile.provider;
    const claims = this.claims;
    if (!isIssuer(provider, claims.issuer)) return JwtStatus.IssuerUnknown;
    const expiresAt = claims.expiresAt == NO_TIME ? FOR_EVER : claims.expiresAt;
    const status = this.checkTimes(provider, claims.notBefore, expiresAt, nowSeconds);
    if (status != JwtStatus.Ok) return status;
    const subjects = provider.subjects;
    if (subjects !== null && (claims.subject == NONE || !subjects.matches(claims.subject))) {
      return JwtStatus.SubjectNotAllowed;
    }
    if (profile.audiences.length > 0 && !claims.isFor(profile.audiences))
      return JwtStatus.AudienceNotAllowed;
    return JwtStatus.Ok;
  }

  /**
   * `notBefore` and `expiresAt` against the clock, by the provider's skew and bounds. Checked on
   * every use of a token.
   */
  checkTimes(provider: Provider, notBefore: i64, expiresAt: i64, nowSeconds: i64): JwtStatus {
    if (expiresAt == FOR_EVER && (provider.requiresExpiration || provider.lifetimeSeconds > 0)) {
      return JwtStatus.ExpirationMissing;
    }
    if (notBefore != NO_TIME && notBefore - provider.skewSeconds > nowSeconds)
      return JwtStatus.NotYetValid;
    if (expiresAt == FOR_EVER) return JwtStatus.Ok;
    // RFC 7519 section 4.1.4: not "on or after" that time.
    if (expiresAt + provider.skewSeconds <= nowSeconds) return JwtStatus.Expired;
    const isTooLong =
      provider.lifetimeSeconds > 0 && expiresAt - nowSeconds > provider.lifetimeSeconds;
    return isTooLong ? JwtStatus.LifetimeTooLong : JwtStatus.Ok;
  }

  private checkHeader(provider: Provider): JwtStatus {
    const algorithm = this.header.algorithm;
    if (algorithm === null || (provider.algorithms & algorithm.bit) == 0)
      return JwtStatus.AlgorithmNotAllowed;
    const type = this.header.type;
    if (type == NONE) return provider.acceptsUntyped ? JwtStatus.Ok : JwtStatus.TypeNotAccepted;
    const short = shortType(type);
    for (let i = 0; i < provider.types.length; i++) {
      if (equalIgnoreCase(short, view(unchecked(provider.types[i])))) return JwtStatus.Ok;
    }
    return JwtStatus.TypeNotAccepted;
  }

  private checkDenied(provider: Provider): JwtStatus {
    const claims = this.claims;
    if (claims.jwtId == NONE) return JwtStatus.Ok;
    for (let i = 0; i < provider.denied.length; i++) {
      const denied = unchecked(provider.denied[i]);
      if (!equal(claims.jwtId, view(denied.jwtId))) continue;
      const isOfAny = denied.issuer.length == 0;
      if (isOfAny || (claims.issuer != NONE && equal(claims.issuer, view(denied.issuer)))) {
        return JwtStatus.Denied;
      }
    }
    return JwtStatus.Ok;
  }

  private checkRequiredClaims(provider: Provider): JwtStatus {
    for (let i = 0; i < provider.requiredClaims.length; i++) {
      const claim = unchecked(provider.requiredClaims[i]);
      if (claim.find(this.claims.document) < 0) return JwtStatus.ClaimMissing;
    }
    return JwtStatus.Ok;
  }

  /** Writes the token just examined, and all that its headers will need, into `entry`. */
  fill(entry: SeenToken, hash: u64, token: Bytes, profile: Profile): void {
    const claims = this.claims;
    const headers = profile.provider.claimHeaders;
    for (let i = 0; i < headers.length; i++) {
      unchecked(
        (this.values[i] = this.headerValue(unchecked(headers[i]), unchecked(this.buffers[i]))),
      );
    }
    const expiresAt = claims.expiresAt == NO_TIME ? FOR_EVER : claims.expiresAt;
    entry.fill(
      hash,
      profile.index,
      token,
      this.payload,
      this.values,
      headers.length,
      claims.notBefore,
      expiresAt,
    );
  }

  private headerValue(header: ClaimHeader, place: Writer): Bytes {
    const document = this.claims.document;
    const rules = header.rules;
    if (rules !== null) return holdsAll(rules, document) ? TRUE : NONE;
    const claim = header.claim;
    return claim === null ? NONE : claimText(document, claim.find(document), place);
  }

  /** Whether a verified token has all claims that `rule` asks for. */
  hasClaims(token: SeenToken, rule: Rule): bool {
    if (this.seenClaims.read(token.payload) != JwtStatus.Ok) return false;
    return holdsAll(rule.claims, this.seenClaims.document);
  }
}

function holdsAll(rules: ClaimRule[], document: JsonDocument): bool {
  for (let i = 0; i < rules.length; i++) {
    if (!unchecked(rules[i]).holds(document)) return false;
  }
  return true;
}

/** A media type without `application/` (RFC 7515 section 4.1.9). */
export function shortType(type: Bytes): Bytes {
  const width = lengthOf(APPLICATION);
  return equalIgnoreCase(slice(type, 0, width), APPLICATION) ? slice(type, width) : type;
}

function isIssuer(provider: Provider, issuer: Bytes): bool {
  if (provider.issuer.length > 0) return issuer != NONE && equal(issuer, view(provider.issuer));
  const pattern = provider.issuerPattern;
  return pattern === null || (issuer != NONE && pattern.matches(issuer));
}
