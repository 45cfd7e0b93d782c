// Walks the pattern's text character by character and keeps the first error with its place.
import { Bytes, at, lengthOf, slice } from "../bytes";
import { RegexStatus } from "./status";

/** No more characters. */
export const END: i32 = -1;

export class Scanner {
  status: RegexStatus = RegexStatus.Ok;
  /** The offending part [errorStart, errorEnd) of the pattern, in bytes. */
  errorStart: i32 = 0;
  errorEnd: i32 = 0;
  position: i32 = 0;
  protected source: Bytes;
  protected length: i32;

  constructor(source: Bytes) {
    this.source = source;
    this.length = lengthOf(source);
  }

  /** Whether parsing goes on. */
  protected get ok(): bool {
    return this.status == RegexStatus.Ok;
  }

  /** The byte `ahead` of the position, or END. */
  protected peek(ahead: i32 = 0): i32 {
    const index = this.position + ahead;
    return index < this.length ? <i32>at(this.source, index) : END;
  }

  /** Takes `byte` if it is next. */
  protected take(byte: i32): bool {
    if (this.peek() != byte) return false;
    this.position++;
    return true;
  }

  /** Takes the next character; the pattern was shown to be valid UTF-8. END at the end. */
  protected takeCharacter(): i32 {
    const first = this.peek();
    if (first < 0x80) {
      if (first != END) this.position++;
      return first;
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let value = first & (0x3f >> more);
    for (let i = 1; i <= more; i++) value = (value << 6) | (this.peek(i) & 0x3f);
    this.position += more + 1;
    return value;
  }

  /** Notes the first error: the part from `start` to the position, or at least one character. */
  protected fail(status: RegexStatus, start: i32): void {
    if (!this.ok) return;
    this.status = status;
    this.errorStart = start;
    this.errorEnd = max(this.position, start);
    this.position = this.length;
  }

  protected part(start: i32, end: i32): Bytes {
    return slice(this.source, start, end);
  }
}
