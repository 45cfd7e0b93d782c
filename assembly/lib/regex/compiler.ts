// Syntax tree to program, back to front: every construct is compiled knowing the state that
// follows it, so nothing is patched but the loops. Stops at the size limits instead of using up
// memory.
import { LAST_CODE_POINT } from "./code-ranges";
import { Node, NodeKind } from "./node";
import { Program, STATES_MAX, StateKind, TRANSITIONS_MAX } from "./program";
import { Utf8Sequences } from "./utf8-sequences";


@final
export class Compiler {
  /** Set when a size limit was reached; the program is then incomplete. */
  tooLarge: bool = false;
  private kinds: Array<u32> = [];
  private a: Array<u32> = [];
  private b: Array<u32> = [];
  private transitions: Array<u32> = [];

  /** The program of `tree`, or null when it would be too large. */
  compile(tree: Node): Program | null {
    const match = this.state(StateKind.Match, 0, 0);
    const start = this.node(tree, match);
    if (this.tooLarge) return null;
    const program = new Program(
      StaticArray.fromArray(this.kinds),
      StaticArray.fromArray(this.a),
      StaticArray.fromArray(this.b),
      StaticArray.fromArray(this.transitions),
    );
    program.start = start;
    return program;
  }

  private state(kind: StateKind, a: u32, b: u32): i32 {
    if (this.kinds.length >= STATES_MAX) {
      this.tooLarge = true;
      return 0;
    }
    this.kinds.push(kind);
    this.a.push(a);
    this.b.push(b);
    return this.kinds.length - 1;
  }

  /** The state at which matching `node` and then going on with `next` begins. */
  private node(node: Node, next: i32): i32 {
    if (this.tooLarge) return 0;
    switch (node.kind) {
      case NodeKind.Class:
        return this.characters(new Utf8Sequences(node.ranges), next);
      case NodeKind.Concat: {
        for (let i = node.children.length - 1; i >= 0; i--)
          next = this.node(node.children[i], next);
        return next;
      }
      case NodeKind.Alternate:
        return this.alternate(node, next);
      case NodeKind.Repeat:
        return this.repeat(node, next);
      case NodeKind.Assert:
        return this.state(StateKind.Assert, next, node.assert);
      default:
        return next;
    }
  }

  private alternate(node: Node, next: i32): i32 {
    const last = node.children.length - 1;
    let start = this.node(node.children[last], next);
    for (let i = last - 1; i >= 0 && !this.tooLarge; i--) {
      start = this.state(StateKind.Split, this.node(node.children[i], next), start);
    }
    return start;
  }

  /** x{2,4} is xx(x(x)?)?, x{2,} is xx(x)*. */
  private repeat(node: Node, next: i32): i32 {
    const child = node.children[0];
    let start = next;
    if (node.max < 0) {
      start = this.state(StateKind.Split, next, next);
      const body = coversBeyondAscii(child)
        ? this.everyByte(child, start)
        : this.node(child, start);
      if (!this.tooLarge) this.a[start] = body;
    }
    for (let i = node.min; i < node.max && !this.tooLarge; i++) {
      start = this.state(StateKind.Split, this.node(child, start), next);
    }
    for (let i = 0; i < node.min && !this.tooLarge; i++) start = this.node(child, start);
    return start;
  }

  /**
   * A loop over characters beyond ASCII, all of them, as a loop over bytes: the same texts match,
   * since nothing that follows can begin inside a character, and what is not UTF-8 is walked over
   * as in Go (and in Envoy since 1.40): nobody gets past `.*Mobile.*` by a stray byte.
   */
  private everyByte(child: Node, next: i32): i32 {
    const found: Array<u32> = [];
    for (let i = 0; i < child.ranges.length && child.ranges.low(i) < 0x80; i++) {
      append(found, <u8>child.ranges.low(i), <u8>min(child.ranges.high(i), 0x7f), next);
    }
    append(found, 0x80, 0xff, next);
    return this.bytes(found, this.kinds.length);
  }

  private characters(sequences: Utf8Sequences, next: i32): i32 {
    if (sequences.length == 0) return this.bytes([], this.kinds.length);
    return this.level(sequences, 0, sequences.length, 0, next, this.kinds.length);
  }

  /**
   * The state for the sequences [from, to), equal before `position`. They are in order, and two
   * byte ranges at one position are equal or apart, so those with equal ranges stand together.
   * Depth: at most four.
   */
  private level(
    sequences: Utf8Sequences,
    from: i32,
    to: i32,
    position: i32,
    next: i32,
    firstOfClass: i32,
  ): i32 {
    const found: Array<u32> = [];
    for (let i = from; i < to && !this.tooLarge;) {
      const low = sequences.low(i, position);
      const high = sequences.high(i, position);
      let end = i + 1;
      while (
        end < to &&
        sequences.low(end, position) == low &&
        sequences.high(end, position) == high
      )
        end++;
      const isLast = <i32>sequences.lengths[i] == position + 1;
      const target = isLast
        ? next
        : this.level(sequences, i, end, position + 1, next, firstOfClass);
      append(found, low, high, target);
      i = end;
    }
    return this.bytes(found, firstOfClass);
  }

  /**
   * A Bytes state with these transitions: one that this class already made, if there is, so that
   * tails are shared.
   */
  private bytes(found: Array<u32>, firstOfClass: i32): i32 {
    for (let state = firstOfClass; state < this.kinds.length; state++) {
      if (this.hasTransitions(state, found)) return state;
    }
    if (this.transitions.length + found.length > TRANSITIONS_MAX) this.tooLarge = true;
    if (this.tooLarge) return 0;
    const first = this.transitions.length;
    for (let i = 0; i < found.length; i++) this.transitions.push(found[i]);
    return this.state(StateKind.Bytes, first, found.length);
  }

  private hasTransitions(state: i32, wanted: Array<u32>): bool {
    if (<i32>this.b[state] != wanted.length) return false;
    const first = this.a[state];
    for (let i = 0; i < wanted.length; i++) {
      if (this.transitions[first + i] != wanted[i]) return false;
    }
    return true;
  }
}

function coversBeyondAscii(node: Node): bool {
  const last = node.ranges.length - 1;
  if (node.kind != NodeKind.Class || last < 0) return false;
  return node.ranges.low(last) <= 0x80 && node.ranges.high(last) == LAST_CODE_POINT;
}

/** Adds a transition, or widens the one before it when both touch and lead to the same state. */
function append(found: Array<u32>, low: u8, high: u8, target: i32): void {
  const last = found.length - 1;
  if (
    last >= 0 &&
    found[last] >> 16 == <u32>target &&
    ((found[last] >> 8) & 0xff) + 1 == <u32>low
  ) {
    found[last] = (found[last] & 0xffff00ff) | ((<u32>high) << 8);
    return;
  }
  found.push((<u32>low) | ((<u32>high) << 8) | ((<u32>target) << 16));
}
