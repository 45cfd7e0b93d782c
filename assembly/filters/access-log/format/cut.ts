// Cuts values of a line that is too long, so that it is still written: a client must not be able to
// avoid its line by what it sends.
import { Bytes, bytes, lengthOf, pointerOf, text } from "../../../lib/bytes";
import { characterBytes } from "../../../lib/json/utf8";

/** Stands where something was cut off. */
export const CUT_MARK = text("\u{2026}");

/** How values are escaped where they are written. */
export const enum Escape {
  /** As lib/json/write.ts does. */
  Json,
  /** As text-escape.ts does. */
  Text,
}

/** `source` if it takes at most `most` bytes when it is written, else as much of it as does. */
export function prefixThatFits(source: Bytes, most: i32, escape: Escape): Bytes {
  const start = pointerOf(source);
  const end = start + <usize>lengthOf(source);
  let written = 0;
  for (let pointer = start; pointer < end;) {
    const size = characterBytes(pointer, end);
    written += writtenBytes(load<u8>(pointer), size, escape);
    if (written > most) return bytes(start, <i32>(pointer - start));
    pointer += <usize>max(size, 1);
  }
  return source;
}

/** What one character takes at most; `size` is 0 for a byte that belongs to none. */
function writtenBytes(first: u8, size: i32, escape: Escape): i32 {
  const isControl = first < 0x20 || first == 0x7f;
  if (escape == Escape.Text) return isControl || size == 0 ? 4 : size;
  if (isControl) return 6;
  return first == 0x22 || first == 0x5c ? 2 : size == 0 ? 3 : size;
}
