// UTF-8 after RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
import { Bytes, bytes, lengthOf, pointerOf, text } from "../bytes";
import { Writer } from "../writer";

/**
 * How many bytes the character at `pointer` has; 0 when what stands there, before `end`, is not a
 * character.
 */
export function characterBytes(pointer: usize, end: usize): i32 {
  if (pointer >= end) return 0;
  const first = load<u8>(pointer);
  if (first < 0x80) return 1;
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || <usize>size > end - pointer) return 0;
  const second = load<u8>(pointer, 1);
  const lowest: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const highest: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  if (size > 2 && (load<u8>(pointer, 2) & 0xc0) != 0x80) return 0;
  return size > 3 && (load<u8>(pointer, 3) & 0xc0) != 0x80 ? 0 : size;
}

/** Whether `source` is characters and nothing else. */
export function isUtf8(source: Bytes): bool {
  const end = pointerOf(source) + <usize>lengthOf(source);
  for (let here = pointerOf(source); here < end;) {
    const size = characterBytes(here, end);
    if (size == 0) return false;
    here += <usize>size;
  }
  return true;
}

/** U+FFFD, for each byte that belongs to no character. */
const REPLACEMENT = text("\u{fffd}");

/** Appends `source` as valid UTF-8, whatever it holds. */
export function writeUtf8(to: Writer, source: Bytes): void {
  let from = pointerOf(source);
  const end = from + <usize>lengthOf(source);
  let at = from;
  while (at < end) {
    const size = load<u8>(at) < 0x80 ? 1 : characterBytes(at, end);
    if (size > 0) {
      at += <usize>size;
      continue;
    }
    to.bytes(bytes(from, <i32>(at - from)));
    to.bytes(REPLACEMENT);
    from = ++at;
  }
  to.bytes(bytes(from, <i32>(end - from)));
}
