// Escapes and character classes of RE2 syntax: what stands for one character or a set of them.
import { find, text, toText } from "../bytes";
import { controlCharacter, perlClass, posixClass } from "./ascii-classes";
import { CodeRanges, LAST_CODE_POINT } from "./code-ranges";
import { END, Scanner } from "./scanner";
import { RegexStatus } from "./status";
import { addCategory, fold } from "./unicode";

const POSIX_END = text(":]");

function hexValue(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isOctal(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x37;
}

function isAlphanumeric(byte: i32): bool {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}

export class EscapeScanner extends Scanner {
  protected ignoreCase: bool = false;

  /** A set as the flags want it: folded under (?i), then negated. */
  private flagged(ranges: CodeRanges, negated: bool): CodeRanges {
    if (this.ignoreCase) fold(ranges);
    return negated ? ranges.negate() : ranges.normalize();
  }

  /** One character as a set, folded under (?i). */
  protected single(character: u32): CodeRanges {
    return this.flagged(CodeRanges.of(character, character), false);
  }

  /**
   * The set of \d, \s, \w, \pN, \p{Name} or their negations at the position, or null when it is
   * something else.
   */
  protected takeSet(): CodeRanges | null {
    if (this.peek() != 0x5c) return null;
    const letter = this.peek(1);
    const perl = perlClass(letter | 0x20);
    if (perl !== null) {
      this.position += 2;
      return this.flagged(perl, letter < 0x60);
    }
    return (letter | 0x20) == 0x70 && letter != END ? this.takeProperty() : null;
  }

  /** \pN, \p{Name}, \p{^Name}, \PN, \P{Name}, \P{^Name} at the position. */
  private takeProperty(): CodeRanges {
    const start = this.position;
    let negated = this.peek(1) == 0x50;
    this.position += 2;
    let nameStart = this.position;
    let nameEnd = nameStart;
    if (this.take(0x7b)) {
      nameStart++;
      if (this.take(0x5e)) {
        negated = !negated;
        nameStart++;
      }
      while (this.peek() != 0x7d && this.peek() != END) this.position++;
      nameEnd = this.position;
      if (!this.take(0x7d)) this.fail(RegexStatus.InvalidEscape, start);
    } else {
      this.takeCharacter();
      nameEnd = this.position;
    }
    const ranges = new CodeRanges();
    if (!addCategory(ranges, toText(this.part(nameStart, nameEnd))))
      this.fail(RegexStatus.UnknownProperty, start);
    return this.flagged(ranges, negated);
  }

  /**
   * The character that the escape at the position (a backslash) means; fails when it means none.
   */
  protected takeEscape(): u32 {
    const start = this.position;
    this.position++;
    const first = this.takeCharacter();
    switch (first) {
      case END:
        this.fail(RegexStatus.TrailingBackslash, start);
        return 0;
      case 0x78: // x
        return this.takeHex(start);
      case 0x43: // C
        this.fail(RegexStatus.AnyByte, start);
        return 0;
    }
    const control = controlCharacter(first);
    if (control >= 0) return <u32>control;
    if (isOctal(first)) return this.takeOctal(start, first);
    if (first >= 0x80 || isAlphanumeric(first)) this.fail(RegexStatus.InvalidEscape, start);
    return <u32>first;
  }

  /** \x7F or \x{10FFFF}, behind the "x". */
  private takeHex(start: i32): u32 {
    const braced = this.take(0x7b);
    let value: u32 = 0;
    let digits = 0;
    while ((braced || digits < 2) && hexValue(this.peek()) >= 0 && value <= LAST_CODE_POINT) {
      value = (value << 4) | hexValue(this.peek());
      this.position++;
      digits++;
    }
    const complete = braced ? this.take(0x7d) && digits > 0 : digits == 2;
    if (!complete || value > LAST_CODE_POINT) this.fail(RegexStatus.InvalidEscape, start);
    return value;
  }

  /** \0 and up to two more digits, \12 and \123; a single other digit would be a back reference. */
  private takeOctal(start: i32, first: i32): u32 {
    if (first != 0x30 && !isOctal(this.peek())) {
      this.fail(RegexStatus.BackReference, start);
      return 0;
    }
    let value = <u32>(first - 0x30);
    for (let i = 0; i < 2 && isOctal(this.peek()); i++) {
      value = value * 8 + <u32>(this.peek() - 0x30);
      this.position++;
    }
    return value;
  }

  /** A bracketed class, the position being behind its "[". */
  protected takeClass(): CodeRanges {
    const start = this.position - 1;
    const ranges = new CodeRanges();
    const negated = this.take(0x5e);
    for (let first = true; first || this.peek() != 0x5d; first = false) {
      if (this.peek() == END) {
        this.fail(RegexStatus.MissingBracket, start);
        return ranges;
      }
      const set = this.peek() == 0x5b && this.peek(1) == 0x3a ? this.takePosix() : this.takeSet();
      if (set !== null) ranges.addAll(set);
      else this.takeRange(ranges);
      if (!this.ok) return ranges;
    }
    this.position++;
    return negated ? ranges.negate() : ranges.normalize();
  }

  /**
   * [:name:] or [:^name:] inside a class; null when it is never closed (then "[" is a character).
   */
  private takePosix(): CodeRanges | null {
    const start = this.position;
    const close = find(this.source, POSIX_END, start + 2);
    if (close < 0) return null;
    const negated = this.peek(2) == 0x5e;
    const named = posixClass(toText(this.part(start + (negated ? 3 : 2), close)));
    this.position = close + 2;
    if (named !== null) return this.flagged(named, negated);
    this.fail(RegexStatus.InvalidRange, start);
    return new CodeRanges();
  }

  /** One character of a class, or a range of them. */
  private takeRange(ranges: CodeRanges): void {
    const start = this.position;
    const low = this.takeClassCharacter();
    let high = low;
    if (this.peek() == 0x2d && this.peek(1) != 0x5d && this.peek(1) != END) {
      this.position++;
      high = this.takeClassCharacter();
    }
    if (high < low) this.fail(RegexStatus.InvalidRange, start);
    else ranges.addAll(this.flagged(CodeRanges.of(low, high), false));
  }

  private takeClassCharacter(): u32 {
    if (this.peek() == 0x5c) return this.takeEscape();
    const character = this.takeCharacter();
    if (character == END) this.fail(RegexStatus.MissingBracket, this.position);
    return <u32>character;
  }
}
