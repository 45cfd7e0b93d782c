// Matches whole values, as Istio's `regex` does: RE2 syntax, time linear in the value, limited
// size. `Searcher` (searcher.ts) finds matches inside of values.
import { Bytes, lengthOf, view } from "../bytes";
import { Dfa } from "./dfa";
import { Program } from "./program";
import { holdsText } from "./text-search";
import { SearchWork } from "./work";


@final
export class Regex {
  private readonly whole: Dfa;
  /** Bytes that every match holds; empty when none are known. */
  readonly required: StaticArray<u8>;

  constructor(program: Program) {
    this.whole = new Dfa(program, false);
    this.required = program.required;
  }

  /** Whether the whole of `value` matches. When `work` is spent, "no" means nothing. */
  matches(value: Bytes, work: SearchWork | null = null): bool {
    if (!holdsText(value, view(this.required), false, work)) return false;
    if (work !== null) {
      work.walk(lengthOf(value));
      if (work.isSpent) return false;
    }
    return this.whole.accepts(value, 0, work);
  }
}
