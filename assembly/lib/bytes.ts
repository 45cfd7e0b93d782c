// Byte views: a place in linear memory and a length, packed into one integer so that slicing
// makes no garbage. Knows nothing of what the bytes mean. The only file besides host/ and crypto/
// that touches raw memory.
//
//   Bytes (u64)   | length, 32 bits | pointer, 32 bits |
//
// A view owns nothing. What it points at lives in one of three places: a module constant
// (`text`), an owned StaticArray<u8> (`view`), or the host arena, which is gone when the callback
// returns (`owned` copies out of it).

/**
 * A view of `length` bytes at `pointer`. Comparing two with `==` compares the place: use `equal`
 * for contents.
 */
export type Bytes = u64;

/** The view of nothing: length 0. */
export const EMPTY: Bytes = 0;

/**
 * The "absent" view, told apart from an empty value by its pointer: address 0 is never data, nor
 * is this.
 */
export const NONE: Bytes = 0xffffffff;

// @ts-ignore: decorator
@inline
export function bytes(pointer: usize, length: i32): Bytes {
  return ((<u64>(<u32>length)) << 32) | (<u64>pointer);
}

// @ts-ignore: decorator
@inline
export function pointerOf(view: Bytes): usize {
  return <usize>(<u32>view);
}

// @ts-ignore: decorator
@inline
export function lengthOf(view: Bytes): i32 {
  return <i32>(view >> 32);
}

/** Whether a lookup found something (an empty value is something). */
// @ts-ignore: decorator
@inline
export function isPresent(view: Bytes): bool {
  return view != NONE;
}

/** The byte at `index`; the caller has shown that 0 <= index < length. */
// @ts-ignore: decorator
@inline
export function at(view: Bytes, index: i32): u8 {
  return load<u8>(pointerOf(view) + <usize>index);
}

/**
 * The part [from, to), clamped to the view, so that no index can reach outside it. The default is
 * a literal (of i32.MAX_VALUE): anything else the compiler has filled in by a function between,
 * call by call.
 */
export function slice(view: Bytes, from: i32, to: i32 = 0x7fffffff): Bytes {
  const length = lengthOf(view);
  const end = to < length ? (to < 0 ? 0 : to) : length;
  const start = from < 0 ? 0 : from > end ? end : from;
  return bytes(pointerOf(view) + <usize>start, end - start);
}

/**
 * Byte-wise order of `length` bytes at two places: negative, zero or positive. In place of
 * `memory.compare`, which the compiler copies into each of its callers, and which goes byte by
 * byte unless both places are aligned alike.
 */
export function compareMemory(a: usize, b: usize, length: usize): i32 {
  for (; length >= 8 && load<u64>(a) == load<u64>(b); length -= 8) {
    a += 8;
    b += 8;
  }
  for (; length > 0; length--) {
    const difference = <i32>load<u8>(a++) - <i32>load<u8>(b++);
    if (difference != 0) return difference;
  }
  return 0;
}

/** Equal contents. Not constant in time: secrets are compared in lib/crypto. */
export function equal(a: Bytes, b: Bytes): bool {
  const length = lengthOf(a);
  if (length != lengthOf(b)) return false;
  return compareMemory(pointerOf(a), pointerOf(b), <usize>length) == 0;
}

/** Byte-wise order: negative, zero or positive; a prefix sorts before what it begins. */
export function compare(a: Bytes, b: Bytes): i32 {
  const lengthA = lengthOf(a);
  const lengthB = lengthOf(b);
  const order = compareMemory(pointerOf(a), pointerOf(b), <usize>min(lengthA, lengthB));
  return order != 0 ? order : lengthA - lengthB;
}

/** ASCII lower case of one byte; other bytes unchanged. */
// @ts-ignore: decorator
@inline
export function lower(byte: u8): u8 {
  return byte - 0x41 < 26 ? byte | 0x20 : byte;
}

/** Equal but for the case of ASCII letters (header names, schemes, methods of RFC 9110). */
export function equalIgnoreCase(a: Bytes, b: Bytes): bool {
  const length = lengthOf(a);
  if (length != lengthOf(b)) return false;
  for (let i = 0; i < length; i++) {
    if (lower(at(a, i)) != lower(at(b, i))) return false;
  }
  return true;
}

export function startsWith(view: Bytes, prefix: Bytes): bool {
  return lengthOf(view) >= lengthOf(prefix) && equal(slice(view, 0, lengthOf(prefix)), prefix);
}

export function endsWith(view: Bytes, suffix: Bytes): bool {
  const start = lengthOf(view) - lengthOf(suffix);
  return start >= 0 && equal(slice(view, start), suffix);
}

/** The first `byte` at or after `from`, or -1. */
export function indexOf(view: Bytes, byte: u8, from: i32 = 0): i32 {
  const length = lengthOf(view);
  for (let i = max(from, 0); i < length; i++) {
    if (at(view, i) == byte) return i;
  }
  return -1;
}

/** The last `byte`, or -1. */
export function lastIndexOf(view: Bytes, byte: u8): i32 {
  for (let i = lengthOf(view) - 1; i >= 0; i--) {
    if (at(view, i) == byte) return i;
  }
  return -1;
}

/**
 * The first occurrence of `needle` at or after `from`, or -1. An empty needle is found at `from`.
 */
export function find(view: Bytes, needle: Bytes, from: i32 = 0): i32 {
  const width = lengthOf(needle);
  if (width == 0) return from <= lengthOf(view) ? from : -1;
  const last = lengthOf(view) - width;
  const first = at(needle, 0);
  for (let i = max(from, 0); i <= last; i++) {
    if (at(view, i) != first) continue;
    if (compareMemory(pointerOf(view) + <usize>i, pointerOf(needle), <usize>width) == 0) return i;
  }
  return -1;
}

/** Without the given byte at both ends. */
export function trim(view: Bytes, byte: u8 = 0x20): Bytes {
  let start = 0;
  let end = lengthOf(view);
  while (start < end && at(view, start) == byte) start++;
  while (end > start && at(view, end - 1) == byte) end--;
  return slice(view, start, end);
}

/** Without optional white space (SP, HTAB: RFC 9110 section 5.6.3) at both ends. */
export function trimSpace(view: Bytes): Bytes {
  let start = 0;
  let end = lengthOf(view);
  while (start < end && isBlank(at(view, start))) start++;
  while (end > start && isBlank(at(view, end - 1))) end--;
  return slice(view, start, end);
}

// @ts-ignore: decorator
@inline
function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09;
}

/** A view of bytes that the caller keeps alive. */
export function view(owner: StaticArray<u8>): Bytes {
  return bytes(changetype<usize>(owner), owner.length);
}

/**
 * A copy that outlives the callback: garbage-collected, hence for configuration and state, not
 * per request.
 */
export function owned(source: Bytes): StaticArray<u8> {
  const copy = new StaticArray<u8>(lengthOf(source));
  memory.copy(changetype<usize>(copy), pointerOf(source), <usize>lengthOf(source));
  return copy;
}

/**
 * The UTF-8 bytes of a literal, for module constants only: they are never freed. `text("…")` is a
 * constant of the module's data (`tools/transform/text.js`); this body serves texts that are put
 * together when the module starts.
 */
export function text(literal: string): Bytes {
  const length = String.UTF8.byteLength(literal);
  const pointer = heap.alloc(<usize>length);
  String.UTF8.encodeUnsafe(changetype<usize>(literal), literal.length, pointer);
  return bytes(pointer, length);
}

/**
 * The path of a property, for module constants: `path("request.id")` is the part list of CEL's
 * dotted notation.
 */
export function path(dotted: string): Bytes {
  return text(dotted.replaceAll(".", "\0"));
}

/** UTF-8 of a string as owned bytes, for configuration time. */
export function utf8(value: string): StaticArray<u8> {
  const copy = new StaticArray<u8>(String.UTF8.byteLength(value));
  String.UTF8.encodeUnsafe(changetype<usize>(value), value.length, changetype<usize>(copy));
  return copy;
}

/**
 * The string of UTF-8 bytes, for error texts at configuration time. Invalid sequences are
 * replaced.
 */
export function toText(view: Bytes): string {
  return String.UTF8.decodeUnsafe(pointerOf(view), <usize>lengthOf(view));
}

/**
 * A decimal integer of ASCII digits without sign; -1 when it is anything else or above 2^63 - 1.
 */
export function parseUnsigned(view: Bytes): i64 {
  const length = lengthOf(view);
  if (length == 0 || length > 19) return -1;
  let value: u64 = 0;
  for (let i = 0; i < length; i++) {
    const digit = at(view, i) - 0x30;
    if (digit > 9) return -1;
    value = value * 10 + <u64>digit;
  }
  return value > <u64>i64.MAX_VALUE ? -1 : <i64>value;
}
