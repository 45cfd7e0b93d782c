// Where the leftmost match lies, and of those that begin there the longest: the program is run
// over the input as a set of threads, each with the place at which it began, in ascending order
// of these. O(program) per byte, for inputs of which the table (dfa.ts) has said that there is a
// match.
import { Bytes, at, lengthOf } from "../bytes";
import { AT_START, FINAL, assertsAt, contextAfter } from "./closure";
import { Program, StateKind } from "./program";
import { SearchWork } from "./work";


@final
export class Leftmost {
  /** The match [start, end) that `find` found. */
  start: i32 = -1;
  end: i32 = -1;
  /** How many bytes the last `find` read. */
  walked: i32 = 0;
  /**
   * Threads behind the last byte, and those closed over the steps that read nothing; each state
   * once.
   */
  private readonly arrived: StaticArray<u16>;
  private readonly arrivedStarts: StaticArray<i32>;
  private arrivedCount: i32 = 0;
  private readonly stack: StaticArray<u16>;
  /** The round in which a state was last visited. */
  private readonly visited: StaticArray<u32>;
  private round: u32 = 0;
  private readonly ready: StaticArray<u16>;
  private readonly readyStarts: StaticArray<i32>;
  private readyCount: i32 = 0;

  constructor(
    private program: Program,
    private work: SearchWork,
  ) {
    const length = program.length;
    this.arrived = new StaticArray<u16>(length);
    this.arrivedStarts = new StaticArray<i32>(length);
    this.stack = new StaticArray<u16>(length + 1);
    this.visited = new StaticArray<u32>(length);
    this.ready = new StaticArray<u16>(length);
    this.readyStarts = new StaticArray<i32>(length);
  }

  /** Finds the leftmost-longest match that begins at `from` or later. */
  find(value: Bytes, from: i32): bool {
    const length = lengthOf(value);
    this.start = -1;
    this.arrivedCount = 0;
    let context = from == 0 ? <i32>AT_START : contextAfter(at(value, from - 1));
    let place = from;
    for (; place <= length; place++) {
      const next = place < length ? <i32>at(value, place) : -1;
      this.settle(place, assertsAt(context, next));
      this.work.step(this.readyCount);
      if (this.work.isSpent) return false;
      if (next < 0 || (this.start >= 0 && this.readyCount == 0)) break;
      this.advance(<u8>next);
      context = contextAfter(<u8>next);
    }
    this.walked = min(place, length) - from;
    return this.start >= 0;
  }

  /**
   * Closes the arrived threads over the assertions that hold at `place`, begins a new one, and
   * notes matches.
   */
  private settle(place: i32, holds: i32): void {
    if (++this.round == 0) {
      memory.fill(changetype<usize>(this.visited), 0, (<usize>this.visited.length) << 2);
      this.round = 1;
    }
    this.readyCount = 0;
    for (let i = 0; i < this.arrivedCount; i++) {
      this.close(<i32>unchecked(this.arrived[i]), unchecked(this.arrivedStarts[i]), place, holds);
    }
    // Once there is a match, one that begins later is not the leftmost.
    if (this.start < 0) this.close(this.program.start, place, place, holds);
  }

  private close(state: i32, start: i32, place: i32, holds: i32): void {
    const program = this.program;
    if (this.start >= 0 && start > this.start) return;
    let depth = this.push(state, 0);
    while (depth > 0) {
      const top = <i32>unchecked(this.stack[--depth]);
      const kind = unchecked(program.kinds[top]);
      if (kind == StateKind.Split) {
        depth = this.push(<i32>unchecked(program.b[top]), depth);
        depth = this.push(<i32>unchecked(program.a[top]), depth);
      } else if (kind == StateKind.Assert) {
        if (unchecked(program.b[top]) & (holds & ~FINAL))
          depth = this.push(<i32>unchecked(program.a[top]), depth);
      } else if (kind == StateKind.Match) {
        this.start = start;
        this.end = place;
      } else {
        unchecked((this.ready[this.readyCount] = <u16>top));
        unchecked((this.readyStarts[this.readyCount++] = start));
      }
    }
  }

  /**
   * Pushes a state not visited in this round; threads come in order of their starts, so the first
   * is the leftmost.
   */
  private push(state: i32, depth: i32): i32 {
    if (unchecked(this.visited[state]) == this.round) return depth;
    unchecked((this.visited[state] = this.round));
    unchecked((this.stack[depth] = <u16>state));
    return depth + 1;
  }

  private advance(byte: u8): void {
    let count = 0;
    for (let i = 0; i < this.readyCount; i++) {
      const next = this.program.step(<i32>unchecked(this.ready[i]), byte);
      if (next < 0) continue;
      unchecked((this.arrived[count] = <u16>next));
      unchecked((this.arrivedStarts[count++] = unchecked(this.readyStarts[i])));
    }
    this.arrivedCount = count;
  }
}
