// The rules of a route: the first whose conditions a request meets names its variant. Most requests
// meet no rule, because a header is missing or lacks a text. Each rule asks that first.
import { Bytes, EMPTY } from "../../lib/bytes";
import { HeaderNames } from "../../lib/http/header-names";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { holdsText } from "../../lib/regex/text-search";

/** A rule that sends its requests to one variant. */
@final
export class VariantRule {
  /** A header that every request of this rule has; empty when none is known. */
  private readonly neededHeader: Bytes;
  /** A text in that header's value; may be empty. */
  private readonly neededText: Bytes;

  constructor(
    readonly variant: i32,
    private readonly match: MatchList,
  ) {
    const needed = match.neededHeader();
    this.neededHeader = needed === null ? EMPTY : needed.name;
    this.neededText = needed === null ? EMPTY : needed.condition.neededText();
  }

  /** Adds the names of the headers that decide. */
  addHeaderNames(names: HeaderNames): void {
    this.match.addHeaderNames(names);
  }

  matches(request: RequestView): bool {
    return this.canMatch(request) && this.match.matches(request);
  }

  dependsOnPath(request: RequestView): bool {
    return this.match.dependsOnPath(request);
  }

  /** False when the needed header is missing, or no value of it has the needed text. */
  private canMatch(request: RequestView): bool {
    const name = this.neededHeader;
    if (name == EMPTY) return true;
    let index = request.headerIndex(name, 0);
    while (index >= 0 && !hasText(request, request.headerValue(index), this.neededText)) {
      index = request.headerIndex(name, index + 1);
    }
    return index >= 0;
  }
}

function hasText(request: RequestView, value: Bytes, needed: Bytes): bool {
  return holdsText(value, needed, false, request.workOn(value));
}

/** Whether a rule names the variant. */
export function namesVariant(rules: StaticArray<VariantRule>, variant: i32): bool {
  for (let i = 0; i < rules.length; i++) {
    if (rules[i].variant == variant) return true;
  }
  return false;
}

/** The variant of the first rule that a request meets, or -1. */
export function variantByRules(rules: StaticArray<VariantRule>, request: RequestView): i32 {
  for (let i = 0; i < rules.length; i++) {
    const rule = unchecked(rules[i]);
    if (rule.matches(request)) return rule.variant;
  }
  return -1;
}
