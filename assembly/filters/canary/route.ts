// One route of the configuration, parsed: a set of requests, the variants they may go to, and who
// decides.
import { Bytes, EMPTY, equal, view } from "../../lib/bytes";
import { HeaderNames } from "../../lib/http/header-names";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { GuardSettings } from "./guard";
import { VariantRule } from "./rules";
import { Split } from "./split";
import { Sticky } from "./sticky";

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
  // What each request reads comes first, so that it lies in two lines of memory
  // (tests/host/touched-memory.test.ts). Names are views, since a view holds its length.

  /** Request header that carries the decision. */
  header: Bytes = EMPTY;
  /** Request header that names a variant outright; empty: none. */
  forceHeader: Bytes = EMPTY;
  /** Response header that names the variant; empty: none. */
  responseHeader: Bytes = EMPTY;
  /** Request headers that the choice depends on, for `vary`; empty: it is not to be said. */
  varyNames: Bytes = EMPTY;
  /** Key of the W3C baggage member that carries the variant on; empty: none. */
  baggage: Bytes = EMPTY;
  /** The route as a number, the same on every replica. */
  seed: u64 = 0;
  match: MatchList = MatchList.empty();
  /** Senders whose inbound decision counts. */
  trust: MatchList = MatchList.empty();
  rules: StaticArray<VariantRule> = [];
  split: Split | null = null;
  /** In the order of time; null when there is none. */
  schedule: ScheduledSplit[] | null = null;
  sticky: Sticky = new Sticky();
  guard: GuardSettings | null = null;
  /** All variants, by name. */
  variants: StaticArray<Bytes> = [];
  /** Where `header` is among the decision headers of all routes. */
  headerIndex: i32 = -1;
  /** Takes what no rule and no split takes; -1: such requests get no decision. */
  base: i32 = -1;

  name: Bytes = EMPTY;
  forceTrust: MatchList = MatchList.empty();
  /** The heaviest variant of the split beside the base, or -1. */
  second: i32 = -1;
  /**
   * The variants that take part in any split, ascending, the base among them; none without a
   * split.
   */
  members: i32[] = [];
  /** Keeps what the names view. */
  private readonly texts: StaticArray<u8>[] = [];

  /** A view of `text` that is good for as long as the route is. */
  keep(text: StaticArray<u8>): Bytes {
    this.texts.push(text);
    return view(text);
  }

  /** The request headers that the choice between variants depends on. */
  choosingHeaders(): StaticArray<u8> {
    const names = new HeaderNames();
    for (let i = 0; i < this.rules.length; i++) this.rules[i].addHeaderNames(names);
    if (this.split !== null) this.sticky.addHeaderNames(names);
    names.add(this.forceHeader);
    return names.joined();
  }

  /** Whether it is the path that decides about the variant; the request is one of this route. */
  dependsOnPath(request: RequestView): bool {
    if (this.trust.dependsOnPath(request) || this.forceTrust.dependsOnPath(request)) return true;
    for (let i = 0; i < this.rules.length; i++) {
      const rule = unchecked(this.rules[i]);
      if (rule.dependsOnPath(request)) return true;
      if (rule.matches(request)) return false;
    }
    return false;
  }

  /** The index of a variant, or -1. */
  variantOf(name: Bytes): i32 {
    for (let i = 0; i < this.variants.length; i++) {
      if (equal(unchecked(this.variants[i]), name)) return i;
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
