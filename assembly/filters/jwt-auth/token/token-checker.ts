// The tokens of one request, provider by provider: finds them, and takes each from the cache or
// examines it.
import { Bytes, lengthOf } from "../../../lib/bytes";
import { RequestView } from "../../../lib/http/request";
import { JwtStatus } from "../../../lib/jose/status";
import { Decision } from "../answers/decision";
import { Config } from "../config";
import { KeyRing } from "../keys/key-ring";
import { Profile, Rule } from "../rules/requirement";
import { Examiner } from "./examiner";
import { FailureBudget } from "./failure-budget";
import { VerificationLimiter } from "./limiter";
import { TOKENS_MAX } from "./found-tokens";
import { SeenToken } from "./seen-token";
import { TokenCache } from "./token-cache";
import { HostSignatures, Verifier } from "./verifier";

const NANOS_PER_SECOND: i64 = 1_000_000_000;


@final
export class TokenChecker {
  readonly cache: TokenCache;
  /** Tokens found in the request at hand, by all providers that were asked. */
  foundCount: i32 = 0;
  /** How many of them were in the cache, and how many were not. */
  hits: i32 = 0;
  misses: i32 = 0;

  private readonly examiner: Examiner;
  private readonly tokenBytesMax: i32;
  private request: RequestView | null = null;
  private nowNanos: i64 = 0;
  private nowSeconds: i64 = 0;

  constructor(
    config: Config,
    /** By provider. */
    private rings: KeyRing[],
    signatures: HostSignatures,
    seed0: u64,
    seed1: u64,
  ) {
    this.tokenBytesMax = config.tokenBytesMax;
    this.cache = new TokenCache(config.cacheEntries, config.claimHeadersMax, seed0, seed1);
    const verifier = new Verifier(
      signatures,
      new VerificationLimiter(config.verificationsPerSecond),
      new FailureBudget(seed0 ^ seed1),
    );
    this.examiner = new Examiner(verifier, config.tokenBytesMax, config.claimHeadersMax);
  }

  beginRequest(request: RequestView, nowNanos: i64): void {
    this.request = request;
    this.nowNanos = nowNanos;
    this.nowSeconds = nowNanos / NANOS_PER_SECOND;
    this.foundCount = 0;
    this.hits = 0;
    this.misses = 0;
    this.cache.beginRequest();
    this.examiner.beginRequest(request);
  }

  /**
   * Ok when the request has a token of `profile`; the decision gets it. Every token in the
   * provider's places must be good: of two, a later reader might take the other one.
   */
  check(profile: Profile, decision: Decision): JwtStatus {
    const request = this.request;
    if (request === null) return JwtStatus.Missing;
    const locations = profile.provider.locations;
    let count = 0;
    let overflow = false;
    for (let i = 0; i < locations.length; i++) {
      const found = unchecked(locations[i]).tokens(request);
      count += found.count;
      if (found.overflow) overflow = true;
    }
    this.foundCount += count;
    if (overflow || count > TOKENS_MAX) return JwtStatus.TooManyTokens;
    return count == 0 ? JwtStatus.Missing : this.checkAll(request, profile, decision);
  }

  private checkAll(request: RequestView, profile: Profile, decision: Decision): JwtStatus {
    const locations = profile.provider.locations;
    let status = JwtStatus.Ok;
    for (let i = 0; i < locations.length; i++) {
      const found = unchecked(locations[i]).tokens(request);
      for (let j = 0; j < found.count; j++) {
        const one = this.checkToken(found.token(j), profile, decision);
        if (one == JwtStatus.Ok) continue;
        // Envoy looks at the last place first, so the last bad token is the one that it names.
        if (!profile.provider.searchesAsEnvoy) return one;
        status = one;
      }
    }
    return status;
  }

  private checkToken(token: Bytes, profile: Profile, decision: Decision): JwtStatus {
    if (lengthOf(token) > this.tokenBytesMax) return JwtStatus.TooLong;
    const hash = this.cache.hash(token);
    let seen = this.cache.find(hash, profile.index, token);
    if (seen !== null) {
      this.hits++;
    } else {
      this.misses++;
      const status = this.examine(token, profile);
      if (status != JwtStatus.Ok) return status;
      seen = this.cache.entryFor(hash);
      this.examiner.fill(seen, hash, token, profile);
      this.cache.account(seen);
    }
    const status = this.checkTime(seen, profile);
    if (status != JwtStatus.Ok) return status;
    return decision.accept(seen, profile) ? JwtStatus.Ok : JwtStatus.TooManyTokens;
  }

  private examine(token: Bytes, profile: Profile): JwtStatus {
    const ring = unchecked(this.rings[profile.provider.index]);
    return this.examiner.examine(token, profile, ring, this.nowSeconds, this.nowNanos);
  }

  /** A token that was good when it came may have expired since. */
  private checkTime(seen: SeenToken, profile: Profile): JwtStatus {
    const provider = profile.provider;
    return this.examiner.checkTimes(provider, seen.notBefore, seen.expiresAt, this.nowSeconds);
  }

  /** Whether a verified token has all claims that `rule` asks for. */
  hasClaims(token: SeenToken, rule: Rule): bool {
    return this.examiner.hasClaims(token, rule);
  }
}
