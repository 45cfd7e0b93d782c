// A set of program states, closed over the steps that read no byte. Two bitmaps: what was
// visited, and what remains to be told apart (byte states, the match, and assertions that wait
// for the next byte).
import { Assert } from "./node";
import { Program, StateKind, isWord } from "./program";

/** Beside the Assert bits that hold: the next byte is known, so no assertion waits. */
export const FINAL = 64;

/** In a context: the previous byte is a word byte. */
export const AFTER_WORD = 128;

const NEWLINE: u8 = 0x0a;

/** What holds at the very beginning. */
export const AT_START = Assert.BeginText | Assert.BeginLine;

/** What holds behind `byte`, as far as the bytes before a place decide it. */
export function contextAfter(byte: u8): i32 {
  return byte == NEWLINE ? Assert.BeginLine : isWord(byte) ? AFTER_WORD : 0;
}

/** The assertions that hold between `context` and `next`, a byte or -1 for the end. */
export function assertsAt(context: i32, next: i32): i32 {
  const ends =
    next < 0 ? Assert.EndText | Assert.EndLine : <u8>next == NEWLINE ? <i32>Assert.EndLine : 0;
  const word = next >= 0 && isWord(<u8>next);
  const boundary =
    word != ((context & AFTER_WORD) != 0) ? Assert.WordBoundary : Assert.NotWordBoundary;
  return (context & AT_START) | ends | boundary | FINAL;
}


@final
export class Closure {
  readonly kept: StaticArray<u64>;
  private visited: StaticArray<u64>;
  private stack: StaticArray<u16>;

  constructor(private program: Program) {
    const words = (program.length + 63) >> 6;
    this.kept = new StaticArray<u64>(words);
    this.visited = new StaticArray<u64>(words);
    this.stack = new StaticArray<u16>(program.length + 1);
  }

  clear(): void {
    const size = (<usize>this.kept.length) << 3;
    memory.fill(changetype<usize>(this.kept), 0, size);
    memory.fill(changetype<usize>(this.visited), 0, size);
  }

  /** Adds `state` and what is reached from it without reading, given the assertions that hold. */
  add(state: i32, holds: i32): void {
    const program = this.program;
    const first = unchecked(program.kinds[state]);
    if (first == StateKind.Bytes || first == StateKind.Match) return this.keep(state);
    let depth = this.push(state, 0);
    while (depth > 0) {
      const top = <i32>unchecked(this.stack[--depth]);
      const kind = unchecked(program.kinds[top]);
      if (kind == StateKind.Split) {
        depth = this.push(unchecked(program.b[top]), depth);
        depth = this.push(unchecked(program.a[top]), depth);
      } else if (kind != StateKind.Assert) {
        this.keep(top);
      } else if (unchecked(program.b[top]) & holds) {
        depth = this.push(unchecked(program.a[top]), depth);
      } else if ((holds & FINAL) == 0 && unchecked(program.b[top]) >= <u32>Assert.EndText) {
        this.keep(top);
      }
    }
  }

  private keep(state: i32): void {
    unchecked((this.kept[state >> 6] |= (1 as u64) << (state & 63)));
  }

  /** Pushes a state that was not visited yet; each is pushed once, so the stack holds them all. */
  private push(state: i32, depth: i32): i32 {
    const word = unchecked(this.visited[state >> 6]);
    const bit = (1 as u64) << (state & 63);
    if (word & bit) return depth;
    unchecked((this.visited[state >> 6] = word | bit));
    unchecked((this.stack[depth] = <u16>state));
    return depth + 1;
  }
}
