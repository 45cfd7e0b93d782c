// What searches may still cost. An automaton is linear in its input, but the factor is the size of
// the pattern where its states do not fit the cache: a client that knows a pattern such as
// `a.{0,500}b` makes a header of 55 KB cost a second.

/**
 * Costs in nanoseconds, as measured: a byte over a known state, a state that is built, a thread.
 */
const BUILD_NANOS = 100;
const MEMBER_NANOS = 10;
const THREAD_NANOS = 10;


@final
export class SearchWork {
  private left: i64 = i64.MAX_VALUE;

  /** Begins with `nanos` to be spent. */
  allow(nanos: i64): void {
    this.left = nanos;
  }

  /** Lets at least `nanos` be spent from now on. */
  allowAtLeast(nanos: i64): void {
    this.left = max(this.left, nanos);
  }

  spend(nanos: i64): void {
    this.left -= nanos;
  }

  /** Nothing is left: what a search gives then means nothing. */
  get isSpent(): bool {
    return this.left < 0;
  }

  /** A walk over `bytes` whose states are known. */
  walk(bytes: i32): void {
    this.left -= bytes;
  }

  /** A text is compared with one place of a value, in `steps`. */
  compare(steps: i32): void {
    this.left -= 2 + steps;
  }

  /** A state with `members` is built. */
  build(members: i32): void {
    this.left -= BUILD_NANOS + MEMBER_NANOS * members;
  }

  /** A byte is read by `threads`. */
  step(threads: i32): void {
    this.left -= THREAD_NANOS * (threads + 1);
  }
}
