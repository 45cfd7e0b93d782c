// Percent-encoding (RFC 3986 section 2.1). A "%" without two hexadecimal digits stands for itself.
import { Bytes, at, indexOf, lengthOf } from "../bytes";
import { Writer } from "../writer";

const PERCENT: u8 = 0x25;

// @ts-ignore: decorator
@inline
function hexDigit(byte: u8): i32 {
  const letter = byte | 0x20;
  return byte - 0x30 < 10 ? <i32>byte - 0x30 : letter - 0x61 < 6 ? <i32>letter - 0x57 : -1;
}

/** The byte that `raw` encodes at `index`, or -1 when there is no well-formed "%XX". */
export function escapeAt(raw: Bytes, index: i32): i32 {
  if (index + 2 >= lengthOf(raw)) return -1;
  const high = hexDigit(at(raw, index + 1));
  const low = hexDigit(at(raw, index + 2));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

/** Whether `raw`, percent-decoded, is `plain`. */
export function equalDecoded(raw: Bytes, plain: Bytes): bool {
  const length = lengthOf(raw);
  let matched = 0;
  for (let i = 0; i < length; i++, matched++) {
    if (matched >= lengthOf(plain)) return false;
    let byte = at(raw, i);
    const escaped = byte == PERCENT ? escapeAt(raw, i) : -1;
    if (escaped >= 0) {
      byte = <u8>escaped;
      i += 2;
    }
    if (byte != at(plain, matched)) return false;
  }
  return matched == lengthOf(plain);
}

/**
 * `raw` percent-decoded: itself when there is nothing to decode, otherwise in `scratch` (cleared
 * first).
 */
export function decoded(raw: Bytes, scratch: Writer): Bytes {
  if (indexOf(raw, PERCENT) < 0) return raw;
  scratch.reset();
  for (let i = 0; i < lengthOf(raw); i++) {
    const byte = at(raw, i);
    const escaped = byte == PERCENT ? escapeAt(raw, i) : -1;
    if (escaped >= 0) i += 2;
    scratch.byte(escaped >= 0 ? <u8>escaped : byte);
  }
  return scratch.view();
}

/** "%XX" with capital letters. */
export function putEscape(to: Writer, byte: u8): void {
  to.byte(PERCENT);
  to.byte(upperHexDigit(byte >> 4));
  to.byte(upperHexDigit(byte & 15));
}

function upperHexDigit(value: u8): u8 {
  return value + (value < 10 ? 0x30 : 0x37);
}
