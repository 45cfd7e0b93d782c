// Finds matches inside a value: the leftmost, and of those that begin there the longest (RE2's
// longest_match, POSIX), not the one that Perl's order of alternatives would prefer. For
// redaction, where the longer match is the safer one.
import { Bytes, EMPTY, lengthOf, slice } from "../bytes";
import { Writer } from "../writer";
import { Dfa } from "./dfa";
import { Leftmost } from "./leftmost";
import { Program } from "./program";
import { SearchWork } from "./work";

/**
 * How many times its length a value may be walked for all its matches. To know that a match is
 * the longest, one may have to read to the end, so that finding all of many costs the square of
 * the length. Beyond this factor the rest of the value counts as one match.
 */
const WALKS_MAX = 16;


@final
export class Searcher {
  /** The match [start, end) that `find` found. */
  start: i32 = -1;
  end: i32 = -1;
  private anywhere: Dfa;
  private leftmost: Leftmost;

  /** When `work` is spent, nothing is found any more: the caller has to look at it. */
  constructor(
    program: Program,
    private work: SearchWork = new SearchWork(),
  ) {
    this.anywhere = new Dfa(program, true);
    this.leftmost = new Leftmost(program, work);
  }

  /** Whether `value` holds a match at all: much faster than `find`. */
  matches(value: Bytes): bool {
    return this.anywhere.accepts(value, 0, this.work);
  }

  /**
   * Finds the first match that begins at `from` (0 to the length) or later; an empty one counts.
   */
  find(value: Bytes, from: i32 = 0): bool {
    if (from < 0 || from > lengthOf(value)) return false;
    if (!this.anywhere.accepts(value, from, this.work)) {
      this.work.walk(lengthOf(value) - from);
      return false;
    }
    // The table was walked as far as the threads are now: to the end of the match.
    const isFound = this.leftmost.find(value, from);
    this.work.walk(this.leftmost.walked);
    if (!isFound) return false;
    this.start = this.leftmost.start;
    this.end = this.leftmost.end;
    return true;
  }

  /**
   * `value` with each non-empty match replaced by `mark`: itself without a match, otherwise in
   * `scratch`.
   */
  replaceAll(value: Bytes, mark: Bytes, scratch: Writer): Bytes {
    const length = lengthOf(value);
    let walked: i64 = 0;
    let copied = 0;
    let from = 0;
    scratch.reset();
    while (from <= length && this.find(value, from)) {
      walked += <i64>this.leftmost.walked;
      if (walked > <i64>length * WALKS_MAX) {
        scratch.bytes(slice(value, copied, this.start));
        scratch.bytes(mark);
        return scratch.view();
      }
      if (this.end == this.start) {
        from = this.end + 1;
        continue;
      }
      scratch.bytes(slice(value, copied, this.start));
      scratch.bytes(mark);
      copied = this.end;
      from = this.end;
    }
    if (copied == 0) return value;
    scratch.bytes(copied < length ? slice(value, copied) : EMPTY);
    return scratch.view();
  }
}
