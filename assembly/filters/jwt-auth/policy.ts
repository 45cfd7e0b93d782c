// Who may pass. Knows rules, tokens and keys; refuses to know the proxy: the request is a view,
// time is an argument.
import { Bytes, lengthOf } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { JwtStatus } from "../../lib/jose/status";
import { Config } from "./config";
import { Examiner } from "./token/examiner";
import { KeyRing } from "./keys/key-ring";
import { VerificationLimiter } from "./token/limiter";
import { FoundTokens } from "./token/location";
import { isPreflight } from "./answers/preflight";
import { Provider } from "./provider";
import { Profile, Requirement, RequirementKind, Rule } from "./rules/requirement";
import { SeenToken } from "./token/seen-token";
import { TokenCache } from "./token/token-cache";
import { Verdict, VerdictKind } from "./answers/verdict";
import { HostSignatures } from "./token/verifier";

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/** Rules beyond this are asked of a token each time; below, once per token. */
const REMEMBERED_RULES = 64;


@final
export class Policy {
  /** By provider. */
  readonly rings: KeyRing[] = [];
  readonly cache: TokenCache;
  readonly verdict: Verdict = new Verdict();
  /** Counts for the metrics, of the last request judged. */
  hits: i32 = 0;
  misses: i32 = 0;

  private examiner: Examiner;
  private found: FoundTokens = new FoundTokens();
  private tokensSeen: i32 = 0;
  private nowSeconds: i64 = 0;
  private nowNanos: i64 = 0;
  /** Which provider the status of the requirement in hand is about. */
  private blamed: i32 = -1;
  private request: RequestView | null = null;
  private mayWait: bool = true;

  /** The seed keys the token cache: it must be one that clients cannot know. */
  constructor(
    private config: Config,
    signatures: HostSignatures,
    seed0: u64,
    seed1: u64,
  ) {
    this.cache = new TokenCache(config.cacheEntries, config.claimHeadersMax, seed0, seed1);
    this.examiner = new Examiner(
      signatures,
      new VerificationLimiter(config.verificationsPerSecond),
      config.tokenBytesMax,
      config.claimHeadersMax,
    );
    for (let i = 0; i < config.providers.length; i++)
      this.rings.push(new KeyRing(config.providers[i].inlineKeys));
  }

  /**
   * The verdict on one request at `nowNanos` (Unix time). Never traps. It stays valid until the
   * next request is judged. Where a bad token is good enough, one whose keys are not here counts
   * as bad only when it may not wait for them.
   */
  judge(request: RequestView, nowNanos: i64, mayWait: bool = true): Verdict {
    const verdict = this.verdict;
    verdict.clear();
    this.begin(request, nowNanos);
    this.mayWait = mayWait;
    if (this.config.bypassesPreflight && isPreflight(request)) return verdict;
    const rule = this.ruleFor(request);
    verdict.rule = rule;
    const status = this.meet(rule === null ? this.config.fallback : rule.requires);
    if (status == JwtStatus.Ok) return this.askClaims(rule);
    return this.turnAway(status);
  }

  /** The keys of `provider` are others now: what they verified is no longer known to be good. */
  forgetProvider(provider: Provider): void {
    for (let i = 0; i < this.config.profiles.length; i++) {
      const profile = unchecked(this.config.profiles[i]);
      if (profile.provider === provider) this.cache.clearProfile(profile.index);
    }
  }

  private begin(request: RequestView, nowNanos: i64): void {
    this.request = request;
    this.nowNanos = nowNanos;
    this.nowSeconds = nowNanos / NANOS_PER_SECOND;
    this.tokensSeen = 0;
    this.blamed = -1;
    this.hits = 0;
    this.misses = 0;
    this.cache.beginRequest();
    this.examiner.beginRequest();
  }

  private turnAway(status: JwtStatus): Verdict {
    const verdict = this.verdict;
    verdict.kind = this.needsRemoteKeys(status) ? VerdictKind.NeedKeys : VerdictKind.Refuse;
    verdict.status = status;
    verdict.provider = this.blamed;
    verdict.acceptedCount = 0;
    return verdict;
  }

  private needsRemoteKeys(status: JwtStatus): bool {
    const needsKeys = status == JwtStatus.KeysUnavailable || status == JwtStatus.KeyNotFound;
    return needsKeys && this.blamed >= 0 && unchecked(this.rings[this.blamed]).isRemote;
  }

  /** The first rule that matches, or null. */
  private ruleFor(request: RequestView): Rule | null {
    const rules = this.config.rules;
    for (let i = 0; i < rules.length; i++) {
      const rule = unchecked(rules[i]);
      if (rule.match.matches(request)) return rule;
    }
    return null;
  }

  /**
   * Whether the request has what `requirement` asks; its accepted tokens are then in the verdict.
   */
  private meet(requirement: Requirement): JwtStatus {
    const accepted = this.verdict.acceptedCount;
    const seen = this.tokensSeen;
    const status = this.meetKind(requirement);
    if (status == JwtStatus.Ok) return status;
    this.verdict.acceptedCount = accepted;
    if (requirement.allowMissingOrFailed) {
      if (!this.mayWait || !this.needsRemoteKeys(status)) return JwtStatus.Ok;
      this.verdict.mayFail = true;
      return status;
    }
    return requirement.allowMissing && this.tokensSeen == seen ? JwtStatus.Ok : status;
  }

  private meetKind(requirement: Requirement): JwtStatus {
    switch (requirement.kind) {
      case RequirementKind.Provider: {
        const profile = requirement.profile;
        return profile === null ? JwtStatus.Missing : this.meetProfile(profile);
      }
      case RequirementKind.AnyOf:
        return this.meetAny(requirement.children);
      case RequirementKind.AllOf:
        return this.meetAll(requirement.children);
      default:
        return JwtStatus.Ok;
    }
  }

  /**
   * One that is met is enough. Else the most telling reason: keys on their way, a bad token, a
   * foreign one, none.
   */
  private meetAny(children: Requirement[]): JwtStatus {
    let worst = JwtStatus.Missing;
    let blamed = -1;
    for (let i = 0; i < children.length; i++) {
      const status = this.meet(unchecked(children[i]));
      if (status == JwtStatus.Ok) return status;
      if (weight(status) < weight(worst)) continue;
      worst = status;
      blamed = this.blamed;
    }
    this.blamed = children.length > 1 && weight(worst) < BAD_TOKEN ? -1 : blamed;
    return worst;
  }

  private meetAll(children: Requirement[]): JwtStatus {
    for (let i = 0; i < children.length; i++) {
      const status = this.meet(unchecked(children[i]));
      if (status != JwtStatus.Ok) return status;
    }
    return JwtStatus.Ok;
  }

  /**
   * Every token in the provider's places must hold: of two, a later reader might take the other
   * one.
   */
  private meetProfile(profile: Profile): JwtStatus {
    const provider = profile.provider;
    this.blamed = provider.index;
    const request = this.request;
    if (request === null) return JwtStatus.HeadersUnreadable;
    const found = this.found;
    found.clear();
    const target = request.target();
    for (let i = 0; i < provider.locations.length; i++) {
      unchecked(provider.locations[i]).collect(request, target, found);
    }
    this.tokensSeen += found.count;
    if (found.count == 0) return JwtStatus.Missing;
    if (found.overflow) return JwtStatus.TooManyTokens;
    for (let i = 0; i < found.count; i++) {
      const status = this.admit(found.token(i), profile);
      if (status != JwtStatus.Ok) return status;
    }
    return JwtStatus.Ok;
  }

  /** One token: known from before, or examined from the ground up. */
  private admit(token: Bytes, profile: Profile): JwtStatus {
    if (lengthOf(token) > this.config.tokenBytesMax) return JwtStatus.TooLong;
    const hash = this.cache.hash(token);
    let seen = this.cache.find(hash, profile.index, token);
    if (seen !== null) {
      this.hits++;
    } else {
      this.misses++;
      const ring = unchecked(this.rings[profile.provider.index]);
      const status = this.examiner.examine(token, profile, ring, this.nowSeconds, this.nowNanos);
      if (status != JwtStatus.Ok) return status;
      seen = this.cache.place(hash);
      this.examiner.fill(seen, hash, token, profile);
      this.cache.account(seen);
    }
    const status = this.examiner.timeStatus(
      profile.provider,
      seen.notBefore,
      seen.expiresAt,
      this.nowSeconds,
    );
    if (status != JwtStatus.Ok) return status;
    return this.verdict.accept(seen, profile) ? JwtStatus.Ok : JwtStatus.TooManyTokens;
  }

  /** The rule's claims, asked of every token of the provider that stands first. */
  private askClaims(rule: Rule | null): Verdict {
    const verdict = this.verdict;
    if (verdict.acceptedCount > 0) verdict.provider = verdict.profile(0).provider.index;
    if (rule === null || rule.claims.length == 0 || verdict.acceptedCount == 0) return verdict;
    for (let i = 0; i < verdict.acceptedCount; i++) {
      if (verdict.profile(i) !== verdict.profile(0)) break;
      if (this.fulfils(verdict.token(i), rule)) continue;
      this.blamed = verdict.provider;
      return this.turnAway(JwtStatus.ClaimNotAllowed);
    }
    return verdict;
  }

  /** Claims do not change, so each rule is asked of a token once. */
  private fulfils(token: SeenToken, rule: Rule): bool {
    if (rule.index >= REMEMBERED_RULES) return this.examiner.fulfils(token, rule);
    const bit: u64 = (<u64>1) << rule.index;
    if ((token.rulesKnown & bit) == 0) {
      token.rulesKnown |= bit;
      if (this.examiner.fulfils(token, rule)) token.rulesHold |= bit;
    }
    return (token.rulesHold & bit) != 0;
  }
}

const FOREIGN_TOKEN = 1;
const BAD_TOKEN = 2;
const KEYS_NEEDED = 3;

/** How much a status tells about why none of several requirements was met. */
function weight(status: JwtStatus): i32 {
  if (status == JwtStatus.Missing) return 0;
  if (status == JwtStatus.IssuerUnknown) return FOREIGN_TOKEN;
  return status == JwtStatus.KeysUnavailable || status == JwtStatus.KeyNotFound
    ? KEYS_NEEDED
    : BAD_TOKEN;
}
