// RE2 syntax (github.com/google/re2/wiki/Syntax) to a syntax tree, by recursive descent with a
// depth limit. Knows what a pattern means; refuses to know how it is matched.
import { Bytes } from "../bytes";
import { isUtf8 } from "../json/utf8";
import { CodeRanges } from "./code-ranges";
import { REPETITION_MAX } from "./counts";
import { Flag, GroupScanner } from "./groups";
import { Assert, Node, NodeKind } from "./node";
import { END } from "./scanner";
import { RegexStatus } from "./status";

/**
 * How deeply groups may nest: the parser and the compiler recurse that far (RE2 itself stops at
 * 1,000).
 */
export const NESTING_MAX = 250;

/** How long a pattern may be. */
export const PATTERN_BYTES_MAX = 16 * 1024;

const NEWLINE: u32 = 0x0a;
const STAR: i32 = 0x2a;
const PLUS: i32 = 0x2b;
const QUESTION: i32 = 0x3f;
const OPEN_BRACE: i32 = 0x7b;


@final
export class Parser extends GroupScanner {
  private depth: i32 = 0;
  /** Whether the last thing parsed was a repetition, which takes no further one. */
  private repeated: bool = false;

  constructor(source: Bytes, ignoreCase: bool) {
    super(source);
    if (ignoreCase) this.setFlags(Flag.IgnoreCase);
  }

  /** The tree of the whole pattern; meaningless unless `status` is Ok afterwards. */
  parse(): Node {
    if (this.length > PATTERN_BYTES_MAX) {
      this.fail(RegexStatus.TooLarge, 0);
      return new Node(NodeKind.Empty);
    }
    if (!isUtf8(this.source)) {
      this.fail(RegexStatus.InvalidUtf8, 0);
      return new Node(NodeKind.Empty);
    }
    const tree = this.alternation();
    if (this.ok && this.peek() != END) {
      this.position++;
      this.fail(RegexStatus.UnexpectedParenthesis, this.position - 1);
    }
    return tree;
  }

  /**
   * Up to the end or a ")", which is left. Single characters that stand side by side become one
   * class: a|b is [ab].
   */
  private alternation(): Node {
    const branches: Array<Node> = [this.concatenation()];
    while (this.ok && this.take(0x7c)) {
      const branch = this.concatenation();
      const last = branches[branches.length - 1];
      if (branch.kind == NodeKind.Class && last.kind == NodeKind.Class)
        last.ranges.addAll(branch.ranges).normalize();
      else branches.push(branch);
    }
    return Node.over(NodeKind.Alternate, branches);
  }

  private concatenation(): Node {
    const items: Array<Node> = [];
    this.repeated = false;
    while (this.ok) {
      const next = this.peek();
      if (next == END || next == 0x7c || next == 0x29) break;
      const repeats = this.repetition(items);
      if (!repeats && this.ok) this.atom(items);
      this.repeated = repeats;
    }
    return Node.over(NodeKind.Concat, items);
  }

  /** Applies a repetition operator at the position to the last item; false when there is none. */
  private repetition(items: Array<Node>): bool {
    const start = this.position;
    let low = 0;
    let high = -1;
    if (this.take(PLUS)) {
      low = 1;
    } else if (this.take(QUESTION)) {
      high = 1;
    } else if (this.peek() == OPEN_BRACE && this.takeCounts()) {
      low = this.countLow;
      high = this.countHigh;
    } else if (!this.take(STAR)) {
      return false;
    }
    this.take(QUESTION); // lazy: the same texts match
    this.repeatLast(items, low, high, start);
    return true;
  }

  private repeatLast(items: Array<Node>, low: i32, high: i32, start: i32): void {
    if (low > REPETITION_MAX || high > REPETITION_MAX || (high >= 0 && low > high)) {
      this.fail(RegexStatus.RepetitionSize, start);
    } else if (this.repeated) {
      this.fail(RegexStatus.NestedRepetition, start);
    } else if (items.length == 0) {
      this.fail(RegexStatus.MissingOperand, start);
    } else {
      const last = items.length - 1;
      const repeated = Node.repeat(unchecked(items[last]), low, high);
      unchecked((items[last] = repeated));
      if (repeated.weight > REPETITION_MAX) this.fail(RegexStatus.RepetitionSize, start);
    }
  }

  private atom(items: Array<Node>): void {
    const start = this.position;
    const next = this.takeCharacter();
    switch (next) {
      case 0x28: // (
        this.group(items, start);
        return;
      case 0x5b: // [
        items.push(Node.of(this.takeClass()));
        return;
      case 0x2e: // .
        items.push(Node.of(this.has(Flag.DotAll) ? new CodeRanges().negate() : notNewline()));
        return;
      case 0x5e: // ^
        items.push(Node.at(this.has(Flag.Multiline) ? Assert.BeginLine : Assert.BeginText));
        return;
      case 0x24: // $
        items.push(Node.at(this.has(Flag.Multiline) ? Assert.EndLine : Assert.EndText));
        return;
      case 0x5c: // \
        this.position = start;
        this.escape(items);
        return;
      default:
        items.push(Node.of(this.single(<u32>next)));
    }
  }

  private escape(items: Array<Node>): void {
    switch (this.peek(1)) {
      case 0x41: // A
        this.assertion(items, Assert.BeginText);
        return;
      case 0x7a: // z
        this.assertion(items, Assert.EndText);
        return;
      case 0x62: // b
        this.assertion(items, Assert.WordBoundary);
        return;
      case 0x42: // B
        this.assertion(items, Assert.NotWordBoundary);
        return;
      case 0x51: // Q
        this.quoted(items);
        return;
      case 0x6b: // k<name>
        this.fail(RegexStatus.BackReference, this.position);
        return;
    }
    const set = this.takeSet();
    items.push(set !== null ? Node.of(set) : Node.of(this.single(this.takeEscape())));
  }

  private assertion(items: Array<Node>, assert: Assert): void {
    this.position += 2;
    items.push(Node.at(assert));
  }

  /** \Q up to \E or the end: plain characters. */
  private quoted(items: Array<Node>): void {
    this.position += 2;
    while (this.peek() != END) {
      if (this.peek() == 0x5c && this.peek(1) == 0x45) {
        this.position += 2;
        return;
      }
      items.push(Node.of(this.single(<u32>this.takeCharacter())));
    }
  }

  private group(items: Array<Node>, start: i32): void {
    const outer = this.flags;
    if (this.take(QUESTION) && !this.groupKind(start)) return; // (?flags) alone
    if (++this.depth > NESTING_MAX) this.fail(RegexStatus.TooDeep, start);
    if (!this.ok) return;
    const inside = this.alternation();
    this.depth--;
    if (this.ok && !this.take(0x29)) {
      this.position = start + 1;
      this.fail(RegexStatus.MissingParenthesis, start);
    }
    this.setFlags(outer);
    items.push(inside);
  }
}

function notNewline(): CodeRanges {
  return CodeRanges.of(NEWLINE, NEWLINE).negate();
}
