// What policy.ts decides about one request. One object, written anew for each: nothing is allocated
// per request.
import { JwtStatus } from "../../../lib/jose/status";
import { TOKENS_MAX } from "../token/found-tokens";
import { Profile, Rule } from "../rules/requirement";
import { SeenToken } from "../token/seen-token";

export const enum DecisionKind {
  /** The request may go on, with what the accepted tokens give it. */
  Allow = 0,
  Refuse = 1,
  /** It depends on keys that are not here: decide again when they are, or refuse with `status`. */
  NeedKeys = 2,
}


@final
export class Decision {
  kind: DecisionKind = DecisionKind.Allow;
  status: JwtStatus = JwtStatus.Ok;
  /** Without the keys the request may pass all the same (`allowMissingOrFailed`). */
  mayFail: bool = false;
  /** Index of the provider that it is about, or -1: of none in particular. */
  provider: i32 = -1;
  /** The rule that decided; null: the default. */
  rule: Rule | null = null;

  acceptedCount: i32 = 0;
  private tokens: StaticArray<SeenToken | null> = new StaticArray<SeenToken | null>(TOKENS_MAX);
  private profiles: StaticArray<Profile | null> = new StaticArray<Profile | null>(TOKENS_MAX);

  clear(): void {
    this.kind = DecisionKind.Allow;
    this.status = JwtStatus.Ok;
    this.mayFail = false;
    this.provider = -1;
    this.rule = null;
    this.acceptedCount = 0;
  }

  /** Adds a verified token; false when there are too many. */
  accept(token: SeenToken, profile: Profile): bool {
    if (this.acceptedCount == TOKENS_MAX) return false;
    unchecked((this.tokens[this.acceptedCount] = token));
    unchecked((this.profiles[this.acceptedCount] = profile));
    this.acceptedCount++;
    return true;
  }

  /** The accepted token at `index`, 0 <= index < acceptedCount. */
  token(index: i32): SeenToken {
    return <SeenToken>unchecked(this.tokens[index]);
  }

  /** What it was accepted for. */
  profile(index: i32): Profile {
    return <Profile>unchecked(this.profiles[index]);
  }
}
