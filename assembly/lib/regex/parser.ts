// RE2 syntax (github.com/google/re2/wiki/Syntax) to a syntax tree, by recursive descent with a depth limit.
// Knows what a pattern means; refuses to know how it is matched.
import { Bytes, equal } from "../bytes";
import { CodeRanges } from "./code-ranges";
import { EscapeScanner } from "./escape";
import { Assert, Node, NodeKind } from "./node";
import { END, isUtf8 } from "./scanner";
import { RegexStatus } from "./status";

/** How deeply groups may nest: the parser and the compiler recurse that far (RE2 itself stops at 1,000). */
export const NESTING_MAX = 250;

/** How long a pattern may be. */
export const PATTERN_BYTES_MAX = 16 * 1024;

/** RE2's limit of a repetition count, and of the product of nested ones. */
export const REPETITION_MAX = 1000;

const NEWLINE: u32 = 0x0a;

const enum Flag {
  /** (?i) */
  IgnoreCase = 1,
  /** (?m): ^ and $ also at lines */
  Multiline = 2,
  /** (?s): . also matches a newline */
  DotAll = 4,
}


@final
export class Parser extends EscapeScanner {
  private flags: i32;
  private depth: i32 = 0;
  private names: Array<Bytes> = [];
  /** Whether the last thing parsed was a repetition, which takes no further one. */
  private repeated: bool = false;

  constructor(source: Bytes, ignoreCase: bool) {
    super(source);
    this.flags = ignoreCase ? Flag.IgnoreCase : 0;
    this.ignoreCase = ignoreCase;
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

  /** Up to the end or a ")", which is left. */
  private alternation(): Node {
    const branches: Array<Node> = [this.concatenation()];
    while (this.ok && this.take(0x7c)) branches.push(this.concatenation());
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
    switch (this.peek()) {
      case 0x2a: // *
        this.position++;
        break;
      case 0x2b: // +
        this.position++;
        low = 1;
        break;
      case 0x3f: // ?
        this.position++;
        high = 1;
        break;
      case 0x7b: // {
        if (!this.takeCounts()) return false;
        low = this.countLow;
        high = this.countHigh;
        break;
      default:
        return false;
    }
    this.take(0x3f); // lazy: the same texts match
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
      const repeated = Node.repeat(items.pop(), low, high);
      items.push(repeated);
      if (repeated.weight > REPETITION_MAX) this.fail(RegexStatus.RepetitionSize, start);
    }
  }

  private countLow: i32 = 0;
  private countHigh: i32 = 0;

  /** Takes {n}, {n,} or {n,m}; anything else after "{" makes it a plain character, and nothing is taken. */
  private takeCounts(): bool {
    const start = this.position;
    this.position++;
    this.countLow = this.takeCount();
    this.countHigh = this.countLow;
    if (this.countLow >= 0 && this.take(0x2c)) this.countHigh = this.peek() == 0x7d ? -1 : this.takeCount();
    const open = this.countHigh == -1 && this.peek(-1) == 0x2c;
    if (this.countLow >= 0 && (this.countHigh >= 0 || open) && this.take(0x7d)) return true;
    this.position = start;
    return false;
  }

  /** A count without leading zeros, or -1; beyond the limit it stays just beyond. */
  private takeCount(): i32 {
    const start = this.position;
    let value = 0;
    for (let digit = this.peek(); digit >= 0x30 && digit <= 0x39; digit = this.peek()) {
      value = min(value * 10 + (digit - 0x30), REPETITION_MAX + 1);
      this.position++;
    }
    const digits = this.position - start;
    if (digits == 0) return -1;
    return digits > 1 && this.peek(-digits) == 0x30 ? -1 : value;
  }

  private atom(items: Array<Node>): void {
    switch (this.peek()) {
      case 0x28: // (
        this.group(items);
        return;
      case 0x5b: // [
        this.position++;
        items.push(Node.of(this.takeClass()));
        return;
      case 0x2e: // .
        this.position++;
        items.push(Node.of(this.has(Flag.DotAll) ? new CodeRanges().negate() : notNewline()));
        return;
      case 0x5e: // ^
        this.position++;
        items.push(Node.at(this.has(Flag.Multiline) ? Assert.BeginLine : Assert.BeginText));
        return;
      case 0x24: // $
        this.position++;
        items.push(Node.at(this.has(Flag.Multiline) ? Assert.EndLine : Assert.EndText));
        return;
      case 0x5c: // \
        this.escape(items);
        return;
      default:
        items.push(Node.of(this.single(<u32>this.takeCharacter())));
    }
  }

  private has(flag: Flag): bool {
    return (this.flags & flag) != 0;
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

  private group(items: Array<Node>): void {
    const start = this.position;
    const outer = this.flags;
    this.position++;
    if (this.take(0x3f) && !this.groupKind(start)) return; // (?flags) alone
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

  /** What follows "(?": a name, or flags. False when the group ends there, having only set flags. */
  private groupKind(start: i32): bool {
    const next = this.peek();
    const after = this.peek(1);
    if (next == 0x3d || next == 0x21 || (next == 0x3c && (after == 0x3d || after == 0x21))) {
      this.position += next == 0x3c ? 2 : 1;
      this.fail(RegexStatus.LookAround, start);
      return true;
    }
    if (next == 0x50 && after == 0x3d) {
      this.position += 2;
      this.fail(RegexStatus.BackReference, start);
      return true;
    }
    if (next == 0x3c || (next == 0x50 && after == 0x3c)) {
      this.position += next == 0x3c ? 1 : 2;
      this.groupName(start);
      return true;
    }
    return this.groupFlags(start);
  }

  private groupName(start: i32): void {
    const from = this.position;
    while (isNameByte(this.peek())) this.position++;
    const name = this.part(from, this.position);
    const empty = this.position == from;
    if (!this.take(0x3e) || empty) this.fail(RegexStatus.InvalidGroupName, start);
    for (let i = 0; i < this.names.length; i++) {
      if (equal(this.names[i], name)) this.fail(RegexStatus.InvalidGroupName, start);
    }
    this.names.push(name);
  }

  /** Flags up to ":" or ")"; false for ")". */
  private groupFlags(start: i32): bool {
    let flags = this.flags;
    let negative = false;
    let seen = false;
    while (this.ok) {
      const letter = this.peek();
      if (letter != END) this.takeCharacter();
      if (letter == 0x3a || letter == 0x29) {
        if (negative && !seen) break;
        this.setFlags(flags);
        return letter == 0x3a;
      }
      if (letter == 0x2d) {
        if (negative) break;
        negative = true;
        seen = false;
        continue;
      }
      // U swaps greedy and lazy, which makes no difference to what matches.
      const flag =
        letter == 0x69 ? Flag.IgnoreCase : letter == 0x6d ? Flag.Multiline : letter == 0x73 ? Flag.DotAll : 0;
      if (flag == 0 && letter != 0x55) break;
      flags = negative ? flags & ~flag : flags | flag;
      seen = true;
    }
    this.fail(RegexStatus.InvalidGroup, start);
    return true;
  }

  private setFlags(flags: i32): void {
    this.flags = flags;
    this.ignoreCase = (flags & Flag.IgnoreCase) != 0;
  }
}

function notNewline(): CodeRanges {
  return CodeRanges.of(NEWLINE, NEWLINE).negate();
}

function isNameByte(byte: i32): bool {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a && byte >= 0) || byte == 0x5f;
}
