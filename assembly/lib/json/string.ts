// JSON strings (RFC 8259 section 7). One without escapes is a view of the text; one with escapes
// is put together in a buffer, which is as long as the whole text at least: unescaping never
// makes a string longer.
import { Bytes, NONE, bytes } from "../bytes";
import { spent } from "../garbage";
import { plainEnd } from "./plain";
import { JsonStatus } from "./status";
import { characterBytes } from "./utf8";

// The string read last.
/** Behind its closing quote, or the byte that is wrong. */
export let stringEnd: usize = 0;
/** Its characters. */
export let stringText: Bytes = NONE;

/** Where the strings of one document that have escapes are put together. */
@final
export class Unescaped {
  private buffer: StaticArray<u8> = new StaticArray<u8>(0);
  /** Where the next byte goes. */
  next: usize = 0;

  /** Starts anew for a text of `length` bytes. */
  reset(): void {
    this.next = 0;
  }

  /** Makes room when the first escape of a text turns up: most texts have none. */
  open(length: i32): void {
    if (this.next != 0) return;
    if (this.buffer.length < length) {
      spent(this.buffer.length);
      this.buffer = new StaticArray<u8>(length);
    }
    this.next = changetype<usize>(this.buffer);
  }
}

/**
 * Reads the string whose opening quote is at `start`, in a text of `length` bytes that ends at
 * `end`.
 */
export function readString(
  start: usize,
  end: usize,
  length: i32,
  unescaped: Unescaped,
): JsonStatus {
  const first = start + 1;
  let pointer = plainEnd(first, end);
  while (pointer < end) {
    const byte = load<u8>(pointer);
    if (byte == 0x22) {
      stringText = bytes(first, <i32>(pointer - first));
      stringEnd = pointer + 1;
      return JsonStatus.Ok;
    }
    if (byte == 0x5c) {
      unescaped.open(length);
      return unescape(first, pointer, end, unescaped);
    }
    const size = byte < 0x20 ? 0 : characterBytes(pointer, end);
    if (size == 0)
      return fail(pointer, byte < 0x20 ? JsonStatus.ControlCharacter : JsonStatus.BadUtf8);
    pointer = plainEnd(pointer + <usize>size, end);
  }
  return fail(end, JsonStatus.UnexpectedEnd);
}

/** The rest of a string that begins at `first` and has its first escape at `pointer`. */
function unescape(first: usize, pointer: usize, end: usize, unescaped: Unescaped): JsonStatus {
  const start = unescaped.next;
  let copied = first;
  while (pointer < end) {
    const byte = load<u8>(pointer);
    if (byte == 0x22 || byte == 0x5c) {
      memory.copy(unescaped.next, copied, pointer - copied);
      unescaped.next += pointer - copied;
      if (byte == 0x22) {
        stringText = bytes(start, <i32>(unescaped.next - start));
        stringEnd = pointer + 1;
        return JsonStatus.Ok;
      }
      const size = writeEscape(pointer, end, unescaped);
      if (size == 0)
        return fail(pointer, end - pointer < 2 ? JsonStatus.UnexpectedEnd : JsonStatus.BadEscape);
      pointer += <usize>size;
      copied = pointer;
    } else {
      const size = byte < 0x20 ? 0 : characterBytes(pointer, end);
      if (size == 0)
        return fail(pointer, byte < 0x20 ? JsonStatus.ControlCharacter : JsonStatus.BadUtf8);
      pointer += <usize>size;
    }
    pointer = plainEnd(pointer, end);
  }
  return fail(end, JsonStatus.UnexpectedEnd);
}

function fail(at: usize, status: JsonStatus): JsonStatus {
  stringEnd = at;
  return status;
}

/**
 * Writes what the escape at `pointer` stands for; gives how many bytes the escape has, 0 when it
 * is none.
 */
function writeEscape(pointer: usize, end: usize, unescaped: Unescaped): i32 {
  if (end - pointer < 2) return 0;
  const letter = load<u8>(pointer, 1);
  if (letter == 0x75) return writeUnicodeEscape(pointer, end, unescaped);
  const byte = meaning(letter);
  if (byte == 0) return 0;
  store<u8>(unescaped.next++, byte);
  return 2;
}

/** What a backslash and this letter stand for, or 0. */
function meaning(letter: u8): u8 {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** Both halves of a surrogate pair or neither: a lone one has no UTF-8 form. */
function writeUnicodeEscape(pointer: usize, end: usize, unescaped: Unescaped): i32 {
  const code = hexAt(pointer + 2, end);
  if (code < 0) return 0;
  if (code < 0xd800 || code > 0xdfff) {
    writeCharacter(code, unescaped);
    return 6;
  }
  if (code > 0xdbff || end - pointer < 12 || load<u16>(pointer, 6) != 0x755c) return 0;
  const low = hexAt(pointer + 8, end);
  if (low < 0xdc00 || low > 0xdfff) return 0;
  writeCharacter(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), unescaped);
  return 12;
}

/** Four hexadecimal digits, or -1. */
function hexAt(pointer: usize, end: usize): i32 {
  if (end - pointer < 4) return -1;
  let value = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = <u32>load<u8>(pointer + i);
    const letter = (byte | 0x20) - 0x61;
    const digit = byte - 0x30 <= 9 ? byte - 0x30 : letter <= 5 ? letter + 10 : 16;
    if (digit == 16) return -1;
    value = (value << 4) | (<i32>digit);
  }
  return value;
}

/** UTF-8 of one code point: never longer than its escape. */
function writeCharacter(code: i32, unescaped: Unescaped): void {
  let to = unescaped.next;
  if (code < 0x80) {
    store<u8>(to, <u8>code);
    unescaped.next = to + 1;
    return;
  }
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const mark = more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0;
  store<u8>(to++, <u8>(mark | (code >> (6 * more))));
  for (let i = more - 1; i >= 0; i--) store<u8>(to++, <u8>(0x80 | ((code >> (6 * i)) & 0x3f)));
  unescaped.next = to;
}
