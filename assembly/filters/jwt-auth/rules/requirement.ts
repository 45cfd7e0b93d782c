// What a request needs, as a tree, and the rules that say which request needs what. Data only:
// policy.ts decides by it.
import { MatchList } from "../../../lib/match/match";
import { ClaimRule } from "./claim-rule";
import { Provider } from "../provider";

export const enum RequirementKind {
  None = 0,
  Provider = 1,
  AnyOf = 2,
  AllOf = 3,
}

/** Deeper nesting says nothing that two levels do not. */
export const REQUIREMENT_DEPTH_MAX = 8;

/**
 * A provider with the audiences that count in one place: what a token is verified for, and
 * remembered under.
 */
@final
export class Profile {
  constructor(
    readonly index: i32,
    readonly provider: Provider,
    /** Without scheme and last slash. Empty: any. */
    readonly audiences: StaticArray<u8>[],
  ) {}
}


@final
export class Requirement {
  profile: Profile | null = null;
  children: Requirement[] = [];
  /** No token at all is good enough. */
  allowMissing: bool = false;
  /** A bad token is good enough too. */
  allowMissingOrFailed: bool = false;

  constructor(readonly kind: RequirementKind) {}
}


@final
export class Rule {
  requires: Requirement;
  claims: ClaimRule[] = [];
  /** What `scope` of the challenge names when a claim of this rule fails. */
  scope: StaticArray<u8> = new StaticArray<u8>(0);

  constructor(
    readonly index: i32,
    /** Any of these; empty: every request. */
    readonly match: MatchList,
    requires: Requirement,
  ) {
    this.requires = requires;
  }
}
