// One route of the configuration, parsed: a set of requests, the variants they may go to, and who
// decides.
import { Bytes, equal, view } from "../../lib/bytes";
import { HeaderNames } from "../../lib/http/header-names";
import { MatchList } from "../../lib/match/match";
import { GuardSettings } from "./guard";
import { VariantRule } from "./rules";
import { Split } from "./split";
import { Sticky } from "./sticky";

/**
 * A name that is not given: one object, so that asking for several of them is asking for one
 * place in memory.
 */
export const NO_NAME = new StaticArray<u8>(0);

/** A split from an instant on. */
@final
export class ScheduledSplit {
  constructor(
    /** Unix time. */
    readonly atNanos: i64,
    readonly split: Split,
  ) {}
}


@final
export class Route {
  name: StaticArray<u8> = NO_NAME;
  match: MatchList = MatchList.empty();
  /** Request header that carries the decision. */
  header: StaticArray<u8> = NO_NAME;
  /** Where that header is among the decision headers of all routes. */
  headerIndex: i32 = -1;
  /** All variants, by name. */
  variants: StaticArray<StaticArray<u8>> = [];
  rules: StaticArray<VariantRule> = [];
  /** Takes what no rule and no split takes; -1: such requests get no decision. */
  base: i32 = -1;
  /** The heaviest variant of the split beside the base, or -1. */
  second: i32 = -1;
  split: Split | null = null;
  /**
   * The variants that take part in any split, ascending, the base among them; none without a
   * split.
   */
  members: i32[] = [];
  /** In the order of time; null when there is none. */
  schedule: ScheduledSplit[] | null = null;
  sticky: Sticky = new Sticky();
  /** Senders whose inbound decision counts. */
  trust: MatchList = MatchList.empty();
  /** Request header that names a variant outright; empty: none. */
  forceHeader: StaticArray<u8> = NO_NAME;
  forceTrust: MatchList = MatchList.empty();
  /** Response header that names the variant; empty: none. */
  responseHeader: StaticArray<u8> = NO_NAME;
  /** Request headers that the choice depends on, for `vary`; empty: it is not to be said. */
  varyNames: StaticArray<u8> = NO_NAME;
  /** Key of the W3C baggage member that carries the variant on; empty: none. */
  baggage: StaticArray<u8> = NO_NAME;
  guard: GuardSettings | null = null;
  /** The route as a number, the same on every replica. */
  seed: u64 = 0;

  /** The request headers that the choice between variants depends on. */
  choosingHeaders(): StaticArray<u8> {
    const names = new HeaderNames();
    for (let i = 0; i < this.rules.length; i++) this.rules[i].addHeaderNames(names);
    if (this.split !== null) this.sticky.addHeaderNames(names);
    names.add(view(this.forceHeader));
    return names.joined();
  }

  /** The index of a variant, or -1. */
  variantOf(name: Bytes): i32 {
    for (let i = 0; i < this.variants.length; i++) {
      if (equal(view(unchecked(this.variants[i])), name)) return i;
    }
    return -1;
  }

  /** The split in force at `nowNanos` (Unix time). */
  splitAt(nowNanos: i64): Split | null {
    let split = this.split;
    const schedule = this.schedule;
    if (schedule === null) return split;
    for (let i = 0; i < schedule.length; i++) {
      const entry = unchecked(schedule[i]);
      if (entry.atNanos > nowNanos) break;
      split = entry.split;
    }
    return split;
  }
}
