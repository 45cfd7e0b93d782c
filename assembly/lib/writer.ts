// Puts bytes together in a buffer of its own that grows by doubling and is kept from request to
// request, so that in the steady state nothing is allocated. Knows numbers and bytes, not
// formats.
import { Bytes, bytes, lengthOf, pointerOf, toText } from "./bytes";
import { spent } from "./garbage";

const FIRST_BYTES = 256;
const HEX_DIGITS = memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
]);


@final
export class Writer {
  /** Something did not fit: the contents are cut off and must not be used as if they were whole. */
  overflowed: bool = false;
  private buffer: StaticArray<u8>;
  /** The buffer's length, kept here: reading it there is one more line of memory to wait for. */
  private capacity: i32;
  private used: i32 = 0;

  /**
   * It may grow to a mebibyte unless its owner says otherwise: one header map, one key set, one
   * batch of log lines. As a literal, since the compiler calls for anything else a function
   * between.
   */
  constructor(private bytesMax: i32 = 0x100000) {
    const capacity = max(min(FIRST_BYTES, bytesMax), 0);
    this.capacity = capacity;
    this.buffer = new StaticArray<u8>(capacity);
  }

  /** Starts anew; what `view` gave before is about to be overwritten. */
  reset(): void {
    this.used = 0;
    this.overflowed = false;
  }

  get length(): i32 {
    return this.used;
  }

  /** Back to an earlier `length`, when what was written since turns out to be unwanted. */
  truncate(length: i32): void {
    if (length >= 0 && length < this.used) this.used = length;
  }

  /** What was written. Valid until the next write. */
  view(): Bytes {
    return bytes(changetype<usize>(this.buffer), this.used);
  }

  /** What was written since `length` was `from`. */
  viewFrom(from: i32): Bytes {
    const start = max(min(from, this.used), 0);
    return bytes(changetype<usize>(this.buffer) + <usize>start, this.used - start);
  }

  /**
   * Appends `length` bytes for the caller to fill at the pointer given. 0 when they do not fit:
   * then nothing is appended now or later, until `reset`.
   */
  room(length: i32): usize {
    if (this.overflowed || length < 0 || length > this.bytesMax - this.used) {
      this.overflowed = true;
      return 0;
    }
    if (length > this.capacity - this.used) this.grow(this.used + length);
    const pointer = changetype<usize>(this.buffer) + <usize>this.used;
    this.used += length;
    return pointer;
  }

  byte(byte: u8): void {
    const pointer = this.room(1);
    if (pointer != 0) store<u8>(pointer, byte);
  }

  /** Appends `source`, which must not lie in this writer. */
  bytes(source: Bytes): void {
    const pointer = this.room(lengthOf(source));
    if (pointer != 0) memory.copy(pointer, pointerOf(source), <usize>lengthOf(source));
  }

  /** UTF-8 of a string, for configuration time. */
  text(text: string): void {
    const pointer = this.room(String.UTF8.byteLength(text));
    if (pointer != 0) String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, pointer);
  }

  decimal(value: i64): void {
    if (value < 0) this.byte(0x2d);
    this.unsigned(value < 0 ? 0 - <u64>value : <u64>value);
  }

  /** `value` in decimal, with zeros before it up to `width` digits. */
  unsigned(value: u64, width: i32 = 1): void {
    const digits = max(digitsOf(value), width);
    const pointer = this.room(digits);
    if (pointer == 0) return;
    for (let i = digits - 1; i >= 0; i--) {
      store<u8>(pointer + <usize>i, <u8>(0x30 + (value % 10)));
      value /= 10;
    }
  }

  /** `value` in hexadecimal, without leading zeros. */
  hexNumber(value: u32): void {
    let shift = 28;
    while (shift > 0 && value >> shift == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) this.byte(load<u8>(HEX_DIGITS + ((value >> shift) & 15)));
  }

  /** Two lower-case hexadecimal digits for each byte (trace ids, digests). */
  hex(source: Bytes): void {
    const length = lengthOf(source);
    const pointer = length <= this.bytesMax / 2 ? this.room(2 * length) : this.room(i32.MAX_VALUE);
    if (pointer == 0) return;
    for (let i = 0; i < length; i++) {
      const byte = load<u8>(pointerOf(source) + <usize>i);
      store<u8>(pointer + <usize>(2 * i), load<u8>(HEX_DIGITS + (byte >> 4)));
      store<u8>(pointer + <usize>(2 * i), load<u8>(HEX_DIGITS + (byte & 15)), 1);
    }
  }

  private grow(needed: i32): void {
    let capacity = <i64>max(this.capacity, FIRST_BYTES);
    while (capacity < needed) capacity *= 2;
    const grown = new StaticArray<u8>(<i32>min(capacity, <i64>this.bytesMax));
    memory.copy(changetype<usize>(grown), changetype<usize>(this.buffer), <usize>this.used);
    spent(this.capacity);
    this.buffer = grown;
    this.capacity = grown.length;
  }
}

function digitsOf(value: u64): i32 {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  return digits;
}

const number = new Writer(32);

/** `value` as a string, for configuration time. */
export function decimal(value: i64): string {
  number.reset();
  number.decimal(value);
  return toText(number.view());
}
