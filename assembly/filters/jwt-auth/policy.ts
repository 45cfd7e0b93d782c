// Who may pass. Knows rules, tokens and keys, and no host: the request is a view, the time is an
// argument.
import { isPreflight } from "../../lib/http/cors";
import { isKnownMethod } from "../../lib/http/method";
import { isAmbiguousPath } from "../../lib/http/path";
import { RequestView } from "../../lib/http/request";
import { JwtStatus } from "../../lib/jose/status";
import { Config } from "./config";
import { Decision, DecisionKind } from "./answers/decision";
import { KeyRing } from "./keys/key-ring";
import { Provider } from "./provider";
import { Rule } from "./rules/requirement";
import { RequirementChecker } from "./rules/requirement-checker";
import { SeenToken } from "./token/seen-token";
import { TokenChecker } from "./token/token-checker";
import { HostSignatures } from "./token/verifier";

/** Rules beyond this are checked on every use of a token; below, once per token. */
const REMEMBERED_RULES = 64;


@final
export class Policy {
  /** By provider. */
  readonly rings: KeyRing[];
  /** About the last request. */
  readonly decision: Decision;

  private readonly tokens: TokenChecker;
  private readonly requirements: RequirementChecker;

  /** The seed keys the token cache: it must be one that clients cannot know. */
  constructor(
    private config: Config,
    signatures: HostSignatures,
    seed0: u64,
    seed1: u64,
  ) {
    const rings: KeyRing[] = [];
    for (let i = 0; i < config.providers.length; i++) {
      rings.push(new KeyRing(config.providers[i].inlineKeys));
    }
    const decision = new Decision();
    const tokens = new TokenChecker(config, rings, signatures, seed0, seed1);
    this.rings = rings;
    this.decision = decision;
    this.tokens = tokens;
    this.requirements = new RequirementChecker(tokens, rings, decision);
  }

  /** Tokens of the last request that were known, and that had to be examined. */
  get hits(): i32 {
    return this.tokens.hits;
  }

  get misses(): i32 {
    return this.tokens.misses;
  }

  /**
   * Decides about one request at `nowNanos` (Unix time). Never traps. The decision stays valid
   * until the next call. Without `mayWait`, a token whose keys are not here is a bad token.
   */
  decide(request: RequestView, nowNanos: i64, mayWait: bool = true): Decision {
    const decision = this.decision;
    decision.clear();
    this.tokens.beginRequest(request, nowNanos);
    if (this.config.bypassesPreflight && isPreflight(request)) return decision;
    let status = this.checkReading(request);
    if (status != JwtStatus.Ok) return this.refuse(status, -1);
    const rule = this.firstRule(request);
    decision.rule = rule;
    if (request.isOverscanned) return this.refuse(JwtStatus.SearchLimit, -1);
    const requirement = rule === null ? this.config.fallback : rule.requires;
    status = this.requirements.check(requirement, mayWait);
    if (request.isOverscanned) return this.refuse(JwtStatus.SearchLimit, -1);
    if (status != JwtStatus.Ok) return this.refuse(status, this.requirements.failedProvider);
    status = this.checkClaims(rule);
    return status == JwtStatus.Ok ? decision : this.refuse(status, decision.provider);
  }

  /** The keys of `provider` changed: what the old ones verified is no longer known to be good. */
  forgetProvider(provider: Provider): void {
    const profiles = this.config.profiles;
    for (let i = 0; i < profiles.length; i++) {
      const profile = unchecked(profiles[i]);
      if (profile.provider === provider) this.tokens.cache.clearProfile(profile.index);
    }
  }

  /** Ok, or why it cannot be told which rule decides: servers may read the request differently. */
  private checkReading(request: RequestView): JwtStatus {
    const config = this.config;
    const isPathOdd = config.refusesAmbiguousPaths && isAmbiguousPath(request.path());
    const isMethodOdd = config.hasMethodRules && !isKnownMethod(request.method());
    if (!isPathOdd && !isMethodOdd) return JwtStatus.Ok;
    const rules = config.rules;
    for (let i = 0; i < rules.length; i++) {
      const match = unchecked(rules[i]).match;
      if (isPathOdd && match.dependsOnPath(request)) return JwtStatus.PathAmbiguous;
      if (isMethodOdd && match.dependsOnMethod(request)) return JwtStatus.MethodUnknown;
      if (match.matches(request)) return JwtStatus.Ok;
    }
    return JwtStatus.Ok;
  }

  /** The first rule that matches, or null. */
  private firstRule(request: RequestView): Rule | null {
    const rules = this.config.rules;
    for (let i = 0; i < rules.length; i++) {
      const rule = unchecked(rules[i]);
      if (rule.match.matches(request)) return rule;
    }
    return null;
  }

  private refuse(status: JwtStatus, provider: i32): Decision {
    const decision = this.decision;
    const waits = this.requirements.needsRemoteKeys(status, provider);
    decision.kind = waits ? DecisionKind.NeedKeys : DecisionKind.Refuse;
    decision.status = status;
    decision.provider = provider;
    decision.acceptedCount = 0;
    return decision;
  }

  /** The rule's claims, in every token of the provider that stands first. */
  private checkClaims(rule: Rule | null): JwtStatus {
    const decision = this.decision;
    if (decision.acceptedCount == 0) return JwtStatus.Ok;
    const first = decision.profile(0);
    decision.provider = first.provider.index;
    if (rule === null || rule.claims.length == 0) return JwtStatus.Ok;
    for (let i = 0; i < decision.acceptedCount && decision.profile(i) === first; i++) {
      if (!this.hasClaims(decision.token(i), rule)) return JwtStatus.ClaimNotAllowed;
    }
    return JwtStatus.Ok;
  }

  /** Claims do not change, so each rule is checked on a token once. */
  private hasClaims(token: SeenToken, rule: Rule): bool {
    if (rule.index >= REMEMBERED_RULES) return this.tokens.hasClaims(token, rule);
    const bit: u64 = (<u64>1) << rule.index;
    if ((token.rulesKnown & bit) == 0) {
      token.rulesKnown |= bit;
      if (this.tokens.hasClaims(token, rule)) token.rulesHold |= bit;
    }
    return (token.rulesHold & bit) != 0;
  }
}
