// Whether a name says of itself that a secret follows: by the rows of sensitive-words.ts.
import {
  Bytes,
  at,
  equal,
  lengthOf,
  lower,
  pointerOf,
  slice,
  startsWith,
} from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";
import { Place, SENSITIVE_WORDS, SensitiveWord } from "./sensitive-words";

/** The letters and digits of the name at hand, in lower case. */
const letters = new Writer();

// Rows by the first three letters of their words: most names have none of these, and are read no
// further. Of the others no more than one or two rows are compared.
const STARTS = new StaticArray<u8>(1024);
const NEXT = new StaticArray<u8>(SENSITIVE_WORDS.length + 1);
for (let i = 0; i < SENSITIVE_WORDS.length; i++) {
  const start = startOf(pointerOf(SENSITIVE_WORDS[i].word));
  NEXT[i + 1] = STARTS[start];
  STARTS[start] = <u8>(i + 1);
}

/** One of 1,024 places for three letters, the first of them highest. */
// @ts-ignore: decorator
@inline
function placeOf(three: u32): u32 {
  return (three * 0x27d4eb2f) >> 22;
}

function startOf(pointer: usize): u32 {
  const second = (<u32>load<u8>(pointer, 1)) << 8;
  return placeOf(((<u32>load<u8>(pointer)) << 16) | second | (<u32>load<u8>(pointer, 2)));
}

/** Whether three letters of `name` in a row may begin one of the words. */
function hasStart(name: Bytes): bool {
  let three: u32 = 0;
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if (!isWordByte(byte)) continue;
    three = ((three << 8) | (<u32>lower(byte))) & 0xffffff;
    if (three > 0xffff && unchecked(STARTS[placeOf(three)]) != 0) return true;
  }
  return false;
}

/** The name at hand. One object for all of them. */
@final
class Name {
  /** Letters and digits in lower case. */
  private bare: Bytes = 0;
  /** Where in `bare` the last word begins, and the one before it. */
  private lastStart: i32 = 0;
  private previousStart: i32 = 0;
  /** Where the last word ends: digits behind it do not belong to it. */
  private lastEnd: i32 = 0;

  read(name: Bytes): void {
    letters.reset();
    this.lastStart = 0;
    this.previousStart = 0;
    let before: u8 = 0;
    for (let i = 0; i < lengthOf(name); i++) {
      const byte = at(name, i);
      const next = i + 1 < lengthOf(name) ? at(name, i + 1) : 0;
      if (isWordByte(byte)) {
        if (letters.length > 0 && beginsWord(before, byte, next)) this.beginWord(letters.length);
        letters.byte(lower(byte));
      }
      before = byte;
    }
    this.bare = letters.view();
    let end = letters.length;
    while (end > 0 && at(this.bare, end - 1) - 0x30 < 10) end--;
    if (end <= this.lastStart) this.lastStart = this.previousStart;
    this.lastEnd = end;
  }

  private beginWord(start: i32): void {
    this.previousStart = this.lastStart;
    this.lastStart = start;
  }

  isSensitive(isParameter: bool): bool {
    const last = lengthOf(this.bare) - 3;
    for (let i = 0; i <= last; i++) {
      let row = unchecked(STARTS[startOf(pointerOf(this.bare) + <usize>i)]);
      for (; row != 0; row = unchecked(NEXT[row])) {
        if (this.has(unchecked(SENSITIVE_WORDS[row - 1]), i, isParameter)) return true;
      }
    }
    return false;
  }

  /** Whether the word of `row` stands at `start` and counts there. */
  private has(row: SensitiveWord, start: i32, isParameter: bool): bool {
    if (!startsWith(slice(this.bare, start), row.word)) return false;
    const end = start + lengthOf(row.word);
    const isWhole = isParameter && start == 0 && end == lengthOf(this.bare);
    switch (row.place) {
      case Place.Anywhere:
        return true;
      case Place.LastWord:
        if (isWhole && row.onlyAfter.length == 0) return true;
        return start == this.lastStart && end == this.lastEnd && this.mayFollow(row);
      default:
        return isWhole;
    }
  }

  /** Whether the word before the last one makes it a secret. */
  private mayFollow(row: SensitiveWord): bool {
    const before = slice(this.bare, this.previousStart, this.lastStart);
    if (contains(row.exceptAfter, before)) return false;
    return row.onlyAfter.length == 0 || contains(row.onlyAfter, before);
  }
}

const name = new Name();

/** Whether a query parameter of this (decoded) name holds a credential as a rule. */
export function isSensitiveParam(paramName: Bytes): bool {
  if (!hasStart(paramName)) return false;
  name.read(paramName);
  return name.isSensitive(true);
}

/** Whether a header of this name does. Cookies have a rule of their own. */
export function isSensitiveHeader(headerName: Bytes): bool {
  if (!hasStart(headerName)) return false;
  name.read(headerName);
  return name.isSensitive(false);
}

/** Letters of other alphabets too: what stands between words is ASCII. */
function isWordByte(byte: u8): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10 || byte >= 0x80;
}

/** Behind a separator, and at a capital letter: `api-key`, `apiKey`, `APIKey`. */
function beginsWord(before: u8, byte: u8, next: u8): bool {
  if (!isWordByte(before)) return true;
  if (byte - 0x41 >= 26) return false;
  return before - 0x41 >= 26 || next - 0x61 < 26;
}

function contains(words: Bytes[], word: Bytes): bool {
  for (let i = 0; i < words.length; i++) {
    if (equal(unchecked(words[i]), word)) return true;
  }
  return false;
}
