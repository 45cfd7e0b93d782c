// Writes JSON strings from bytes that nobody has checked: headers and paths hold anything. What
// comes out is always one valid JSON string of valid UTF-8, on one line.
import { Bytes, lengthOf, pointerOf, text } from "../bytes";
import { Writer } from "../writer";
import { plainEnd } from "./plain";
import { characterBytes } from "./utf8";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
/** U+FFFD in UTF-8: one for each byte that belongs to no character. */
const REPLACEMENT = text("\u{fffd}");
const CONTROL = text("\\u00");

/** Appends `source` as a JSON string with its quotes. */
export function writeJsonText(to: Writer, source: Bytes): void {
  const from = pointerOf(source);
  const length = lengthOf(source);
  if (plainEnd(from, from + <usize>length) == from + <usize>length)
    return writePlain(to, from, length);
  to.byte(QUOTE);
  writeJsonCharacters(to, source);
  to.byte(QUOTE);
}

/** What nearly every text is: nothing to escape, one piece. */
function writePlain(to: Writer, from: usize, length: i32): void {
  const pointer = to.room(length + 2);
  if (pointer == 0) return;
  store<u8>(pointer, QUOTE);
  memory.copy(pointer + 1, from, <usize>length);
  store<u8>(pointer + 1 + <usize>length, QUOTE);
}

/** The same without the quotes, for a string put together from several parts. */
export function writeJsonCharacters(to: Writer, source: Bytes): void {
  let from = pointerOf(source);
  const end = from + <usize>lengthOf(source);
  while (from < end) {
    const plain = plainEnd(from, end);
    if (plain > from) to.bytes(part(from, plain));
    if (plain == end) return;
    from = plain + <usize>writeSpecial(to, plain, end);
  }
}

/** Writes the one character at `pointer`; gives how many bytes it took. */
function writeSpecial(to: Writer, pointer: usize, end: usize): i32 {
  const byte = load<u8>(pointer);
  if (byte >= 0x80) {
    const size = characterBytes(pointer, end);
    to.bytes(size == 0 ? REPLACEMENT : part(pointer, pointer + <usize>size));
    return max(size, 1);
  }
  const letter = shortEscape(byte);
  if (letter != 0) {
    to.byte(BACKSLASH);
    to.byte(letter);
  } else {
    to.bytes(CONTROL);
    to.hex(part(pointer, pointer + 1));
  }
  return 1;
}

// @ts-ignore: decorator
@inline
function part(from: usize, to: usize): Bytes {
  return ((<u64>(to - from)) << 32) | (<u64>from);
}

/** The letter of a two-character escape (RFC 8259 section 7), or 0. */
function shortEscape(byte: u8): u8 {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
      return byte;
    case 0x08:
      return 0x62;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0c:
      return 0x66;
    case 0x0d:
      return 0x72;
    default:
      return 0;
  }
}
