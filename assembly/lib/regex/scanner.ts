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

  /** Takes the next character; the pattern was shown to be valid UTF-8 (`isUtf8`). END at the end. */
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

/** Whether the bytes are well-formed UTF-8 (Unicode table 3-7: shortest forms, no surrogates, up to U+10FFFF). */
export function isUtf8(source: Bytes): bool {
  const length = lengthOf(source);
  for (let i = 0; i < length;) {
    const first = at(source, i);
    if (first < 0x80) {
      i++;
      continue;
    }
    if (first < 0xc2 || first > 0xf4) return false;
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (i + more >= length) return false;
    const second = at(source, i + 1);
    const low: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const high: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let k = 2; k <= more; k++) if ((at(source, i + k) & 0xc0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}
