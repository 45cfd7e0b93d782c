// Base64url without padding, as JOSE has it (RFC 4648 section 5, RFC 7515 section 2), and
// strictly: one text, one value. A decoder that lets spare bits or padding pass gives one token
// many spellings, and caches and deny lists miss them.
import { Bytes, NONE, bytes, lengthOf, pointerOf } from "./bytes";
import { Writer } from "./writer";

/** Why a text is not base64url. Below zero, so that a decoder gives a length or one of these. */
export const enum Base64Status {
  /** A character outside the alphabet. */
  BadCharacter = -1,
  /** `=`, which RFC 7515 forbids. */
  Padding = -2,
  /** One character more than a multiple of four: not even a byte. */
  BadLength = -3,
  /** The last character has bits that no byte takes. */
  TrailingBits = -4,
  /** The caller's memory is too small. */
  NoRoom = -5,
}

/** Marks bytes outside the alphabet; alphabet values are below 64. */
const BAD: u8 = 0x80;
const PAD: u8 = 0x3d;
const LETTERS = memory.data<u8>([
  0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50,
  0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
  0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
  0x77, 0x78, 0x79, 0x7a, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x2d, 0x5f,
]);
const VALUES = valuesOfLetters();

function valuesOfLetters(): usize {
  const table = heap.alloc(256);
  memory.fill(table, BAD, 256);
  for (let value = 0; value < 64; value++)
    store<u8>(table + load<u8>(LETTERS + <usize>value), <u8>value);
  return table;
}

// @ts-ignore: decorator
@inline
function valueAt(pointer: usize): u32 {
  return load<u8>(VALUES + load<u8>(pointer));
}

/** How many bytes `characters` of base64url hold. */
export function decodedLength(characters: i32): i32 {
  return (characters >> 2) * 3 + (((characters & 3) * 3) >> 2);
}

/** How many characters `length` bytes need, without padding. */
export function encodedLength(length: i32): i32 {
  return (length / 3) * 4 + ((length % 3) * 4 + 2) / 3;
}

/**
 * Decodes into `room` bytes at `target`; gives the number of bytes, or a Base64Status. Bytes
 * written before an error was found are of no meaning.
 */
export function decodeBase64url(encoded: Bytes, target: usize, room: i32): i32 {
  const length = lengthOf(encoded);
  const rest = length & 3;
  if (rest == 1) return statusOf(encoded, Base64Status.BadLength);
  const size = decodedLength(length);
  if (size > room) return statusOf(encoded, Base64Status.NoRoom);
  let from = pointerOf(encoded);
  let to = target;
  let seen: u32 = 0;
  for (const end = from + (length & ~3); from < end; from += 4, to += 3) {
    const a = valueAt(from);
    const b = valueAt(from + 1);
    const c = valueAt(from + 2);
    const d = valueAt(from + 3);
    seen |= a | b | c | d;
    store<u8>(to, (a << 2) | (b >> 4));
    store<u8>(to, (b << 4) | (c >> 2), 1);
    store<u8>(to, (c << 6) | d, 2);
  }
  let spare: u32 = 0;
  if (rest > 0) {
    const a = valueAt(from);
    const b = valueAt(from + 1);
    const c = rest == 3 ? valueAt(from + 2) : 0;
    seen |= a | b | c;
    store<u8>(to, (a << 2) | (b >> 4));
    if (rest == 3) store<u8>(to, (b << 4) | (c >> 2), 1);
    spare = rest == 3 ? c & 3 : b & 15;
  }
  if ((seen & BAD) != 0) return statusOf(encoded, Base64Status.BadCharacter);
  if (spare != 0) return statusOf(encoded, Base64Status.TrailingBits);
  return size;
}

/** Decodes into `target`; NONE when it is not base64url or does not fit. */
export function decodeBase64urlInto(encoded: Bytes, target: StaticArray<u8>): Bytes {
  const pointer = changetype<usize>(target);
  const size = decodeBase64url(encoded, pointer, target.length);
  return size < 0 ? NONE : bytes(pointer, size);
}

/** `=` at the end explains more than what else is wrong. */
function statusOf(encoded: Bytes, status: Base64Status): i32 {
  const length = lengthOf(encoded);
  const isPadded = length > 0 && load<u8>(pointerOf(encoded) + <usize>(length - 1)) == PAD;
  return isPadded ? Base64Status.Padding : status;
}

/** Appends `source` in base64url; with `padded`, `=` up to a multiple of four. */
export function encodeBase64url(source: Bytes, to: Writer, padded: bool = false): void {
  const length = lengthOf(source);
  // Longer than any writer takes: the sum below would overflow.
  const characters = length > 0x3fffffff ? i32.MAX_VALUE : encodedLength(length);
  let pointer = to.room(characters);
  if (pointer == 0) return;
  let from = pointerOf(source);
  for (const end = from + <usize>(length - (length % 3)); from < end; from += 3, pointer += 4) {
    putLetters(
      pointer,
      ((<u32>load<u8>(from)) << 16) | ((<u32>load<u8>(from, 1)) << 8) | load<u8>(from, 2),
      4,
    );
  }
  const rest = length % 3;
  if (rest == 1) putLetters(pointer, (<u32>load<u8>(from)) << 16, 2);
  if (rest == 2)
    putLetters(pointer, ((<u32>load<u8>(from)) << 16) | ((<u32>load<u8>(from, 1)) << 8), 3);
  if (!padded || rest == 0) return;
  for (let i = rest; i < 3; i++) to.byte(PAD);
}

function putLetters(pointer: usize, group: u32, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<u8>(pointer + <usize>i, load<u8>(LETTERS + ((group >> (18 - 6 * i)) & 63)));
  }
}
