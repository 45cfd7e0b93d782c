// Whether a request has the tokens that a requirement asks for: the tree of anyOf, allOf and
// providers, and what of it may be missing.
import { JwtStatus } from "../../../lib/jose/status";
import { Decision } from "../answers/decision";
import { KeyRing } from "../keys/key-ring";
import { TokenChecker } from "../token/token-checker";
import { Profile, Requirement, RequirementKind } from "./requirement";


@final
export class RequirementChecker {
  /** The provider that the status of the last requirement is about; -1: none in particular. */
  failedProvider: i32 = -1;
  private mayWait: bool = true;

  constructor(
    private tokens: TokenChecker,
    /** By provider. */
    private rings: KeyRing[],
    /** Gets the accepted tokens. */
    private decision: Decision,
  ) {}

  /** Ok when the request has what `requirement` asks; its tokens are then in the decision. */
  check(requirement: Requirement, mayWait: bool): JwtStatus {
    this.failedProvider = -1;
    this.mayWait = mayWait;
    return this.checkOne(requirement);
  }

  /**
   * Whether keys that may still come could change what `status` says of `provider`. A signature may
   * fail because the issuer changed the key and kept its id.
   */
  needsRemoteKeys(status: JwtStatus, provider: i32): bool {
    const needsKeys =
      status == JwtStatus.KeysUnavailable ||
      status == JwtStatus.KeyNotFound ||
      status == JwtStatus.VerificationFails;
    return needsKeys && provider >= 0 && unchecked(this.rings[provider]).isRemote;
  }

  private checkOne(requirement: Requirement): JwtStatus {
    const accepted = this.decision.acceptedCount;
    const found = this.tokens.foundCount;
    const status = this.checkKind(requirement);
    if (status == JwtStatus.Ok) return status;
    this.decision.acceptedCount = accepted;
    if (requirement.allowMissingOrFailed) {
      const waits = this.mayWait && this.needsRemoteKeys(status, this.failedProvider);
      if (!waits) return JwtStatus.Ok;
      this.decision.mayFail = true;
      return status;
    }
    const isMissing = this.tokens.foundCount == found;
    return requirement.allowMissing && isMissing ? JwtStatus.Ok : status;
  }

  private checkKind(requirement: Requirement): JwtStatus {
    switch (requirement.kind) {
      case RequirementKind.Provider:
        return this.checkProfile(requirement.profile);
      case RequirementKind.AnyOf:
        return this.checkAny(requirement.children);
      case RequirementKind.AllOf:
        return this.checkAll(requirement.children);
      default:
        return JwtStatus.Ok;
    }
  }

  private checkProfile(profile: Profile | null): JwtStatus {
    if (profile === null) return JwtStatus.Missing;
    this.failedProvider = profile.provider.index;
    return this.tokens.check(profile, this.decision);
  }

  /**
   * One that is met is enough. Else the most telling reason: keys on their way, a bad token, a
   * token of another issuer, none.
   */
  private checkAny(children: Requirement[]): JwtStatus {
    let worst = JwtStatus.Missing;
    let failedProvider = -1;
    for (let i = 0; i < children.length; i++) {
      const status = this.checkOne(unchecked(children[i]));
      if (status == JwtStatus.Ok) return status;
      if (weightOf(status) < weightOf(worst)) continue;
      worst = status;
      failedProvider = this.failedProvider;
    }
    const isAboutNone = children.length > 1 && weightOf(worst) < Weight.BadToken;
    this.failedProvider = isAboutNone ? -1 : failedProvider;
    return worst;
  }

  private checkAll(children: Requirement[]): JwtStatus {
    for (let i = 0; i < children.length; i++) {
      const status = this.checkOne(unchecked(children[i]));
      if (status != JwtStatus.Ok) return status;
    }
    return JwtStatus.Ok;
  }
}

/** How much a status tells about why none of several requirements was met. */
const enum Weight {
  NoToken = 0,
  OtherIssuer = 1,
  BadToken = 2,
  KeysNeeded = 3,
}

function weightOf(status: JwtStatus): Weight {
  switch (status) {
    case JwtStatus.Missing:
      return Weight.NoToken;
    case JwtStatus.IssuerUnknown:
      return Weight.OtherIssuer;
    case JwtStatus.KeysUnavailable:
    case JwtStatus.KeyNotFound:
      return Weight.KeysNeeded;
    default:
      return Weight.BadToken;
  }
}
