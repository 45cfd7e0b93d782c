// What may follow "(?": flags, names, and the look-around and back references that RE2 has not.
import { Bytes, equal } from "../bytes";
import { CountScanner } from "./counts";
import { END } from "./scanner";
import { RegexStatus } from "./status";

export const enum Flag {
  /** (?i) */
  IgnoreCase = 1,
  /** (?m): ^ and $ also at lines */
  Multiline = 2,
  /** (?s): . also matches a newline */
  DotAll = 4,
}

export class GroupScanner extends CountScanner {
  protected flags: i32 = 0;
  private names: Array<Bytes> = [];

  protected has(flag: Flag): bool {
    return (this.flags & flag) != 0;
  }

  /**
   * What follows "(?": a name, or flags. False when the group ends there, having only set flags.
   */
  protected groupKind(start: i32): bool {
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
        letter == 0x69
          ? Flag.IgnoreCase
          : letter == 0x6d
            ? Flag.Multiline
            : letter == 0x73
              ? Flag.DotAll
              : 0;
      if (flag == 0 && letter != 0x55) break;
      flags = negative ? flags & ~flag : flags | flag;
      seen = true;
    }
    this.fail(RegexStatus.InvalidGroup, start);
    return true;
  }

  protected setFlags(flags: i32): void {
    this.flags = flags;
    this.ignoreCase = (flags & Flag.IgnoreCase) != 0;
  }
}

function isNameByte(byte: i32): bool {
  const letter = byte | 0x20;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (letter >= 0x61 && letter <= 0x7a && byte >= 0) ||
    byte == 0x5f
  );
}
