// JSON strings (RFC 8259 section 7). One without escapes is a view of the text; one with escapes
// is put together in a buffer, which is as long as the whole text at least: unescaping never
// makes a string longer.
import { Bytes, NONE, bytes } from "../bytes";
import { spent } from "../garbage";
import { plainEnd } from "./plain";
import { JsonStatus } from "./status";
import { characterBytes } from "./utf8";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/**
 * Reads the strings of one text after another. Those with escapes are put together in its buffer,
 * where they stay until the next text begins.
 */
@final
export class StringReader {
  /** Behind the closing quote of the string read last, or the byte that is wrong. */
  end: usize = 0;
  /** Its characters. */
  text: Bytes = NONE;

  private textBytes: i32 = 0;
  private buffer: StaticArray<u8> = new StaticArray<u8>(0);
  /** Where the next byte goes; 0: no string of this text has had an escape. */
  private next: usize = 0;

  /** A text of `length` bytes begins. */
  begin(length: i32): void {
    this.textBytes = length;
    this.next = 0;
  }

  /** Reads the string whose opening quote is at `start`, in the text that ends at `end`. */
  read(start: usize, end: usize): JsonStatus {
    const first = start + 1;
    let pointer = plainEnd(first, end);
    while (pointer < end) {
      const byte = load<u8>(pointer);
      if (byte == QUOTE) return this.take(bytes(first, <i32>(pointer - first)), pointer + 1);
      if (byte == BACKSLASH) return this.unescape(first, pointer, end);
      const size = byte < 0x20 ? 0 : characterBytes(pointer, end);
      if (size == 0) return this.refuse(pointer, byte);
      pointer = plainEnd(pointer + <usize>size, end);
    }
    return this.fail(end, JsonStatus.UnexpectedEnd);
  }

  private take(text: Bytes, end: usize): JsonStatus {
    this.text = text;
    this.end = end;
    return JsonStatus.Ok;
  }

  private refuse(at: usize, byte: u8): JsonStatus {
    return this.fail(at, byte < 0x20 ? JsonStatus.ControlCharacter : JsonStatus.BadUtf8);
  }

  private fail(at: usize, status: JsonStatus): JsonStatus {
    this.end = at;
    return status;
  }

  /** Makes room when the first escape of a text turns up: most texts have none. */
  private openBuffer(): void {
    if (this.next != 0) return;
    if (this.buffer.length < this.textBytes) {
      spent(this.buffer.length);
      this.buffer = new StaticArray<u8>(this.textBytes);
    }
    this.next = changetype<usize>(this.buffer);
  }

  /** The rest of a string that begins at `first` and has its first escape at `pointer`. */
  private unescape(first: usize, pointer: usize, end: usize): JsonStatus {
    this.openBuffer();
    const start = this.next;
    let copied = first;
    while (pointer < end) {
      const byte = load<u8>(pointer);
      if (byte == QUOTE || byte == BACKSLASH) {
        memory.copy(this.next, copied, pointer - copied);
        this.next += pointer - copied;
        if (byte == QUOTE) return this.take(bytes(start, <i32>(this.next - start)), pointer + 1);
        const size = this.writeEscape(pointer, end);
        if (size == 0) return this.refuseEscape(pointer, end);
        pointer += <usize>size;
        copied = pointer;
      } else {
        const size = byte < 0x20 ? 0 : characterBytes(pointer, end);
        if (size == 0) return this.refuse(pointer, byte);
        pointer += <usize>size;
      }
      pointer = plainEnd(pointer, end);
    }
    return this.fail(end, JsonStatus.UnexpectedEnd);
  }

  private refuseEscape(at: usize, end: usize): JsonStatus {
    return this.fail(at, end - at < 2 ? JsonStatus.UnexpectedEnd : JsonStatus.BadEscape);
  }

  /** Writes what the escape at `pointer` stands for; gives its length, 0 when it is none. */
  private writeEscape(pointer: usize, end: usize): i32 {
    if (end - pointer < 2) return 0;
    const letter = load<u8>(pointer, 1);
    if (letter == 0x75) return this.writeUnicodeEscape(pointer, end);
    const byte = meaning(letter);
    if (byte == 0) return 0;
    store<u8>(this.next++, byte);
    return 2;
  }

  /** Both halves of a surrogate pair or neither: a lone one has no UTF-8 form. */
  private writeUnicodeEscape(pointer: usize, end: usize): i32 {
    const code = hexAt(pointer + 2, end);
    if (code < 0) return 0;
    if (code < 0xd800 || code > 0xdfff) {
      this.writeCharacter(code);
      return 6;
    }
    if (code > 0xdbff || end - pointer < 12 || load<u16>(pointer, 6) != 0x755c) return 0;
    const low = hexAt(pointer + 8, end);
    if (low < 0xdc00 || low > 0xdfff) return 0;
    this.writeCharacter(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    return 12;
  }

  /** UTF-8 of one code point: never longer than its escape. */
  private writeCharacter(code: i32): void {
    let to = this.next;
    if (code < 0x80) {
      store<u8>(to, <u8>code);
      this.next = to + 1;
      return;
    }
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const mark = more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0;
    store<u8>(to++, <u8>(mark | (code >> (6 * more))));
    for (let i = more - 1; i >= 0; i--) store<u8>(to++, <u8>(0x80 | ((code >> (6 * i)) & 0x3f)));
    this.next = to;
  }
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
