// Finds the part of a JSON string that needs no attention, eight bytes at a time: most of every
// text is such a part.

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;
const BLANKS: u64 = 0x2020202020202020;
const QUOTES: u64 = 0x2222222222222222;
const BACKSLASHES: u64 = 0x5c5c5c5c5c5c5c5c;

/**
 * The first byte from `pointer` on, or `end`, that is a control character, a quote, a backslash
 * or not ASCII.
 */
export function plainEnd(pointer: usize, end: usize): usize {
  for (; end - pointer >= 8; pointer += 8) {
    const word = load<u64>(pointer);
    const quote = word ^ QUOTES;
    const backslash = word ^ BACKSLASHES;
    // Exact as a yes or no for the whole word (Mycroft's zero-byte test), which is all that is
    // asked here.
    const special =
      ((word - BLANKS) & ~word) |
      ((quote - ONES) & ~quote) |
      ((backslash - ONES) & ~backslash) |
      word;
    if ((special & HIGHS) != 0) break;
  }
  while (pointer < end && isPlain(load<u8>(pointer))) pointer++;
  return pointer;
}

// @ts-ignore: decorator
@inline
function isPlain(byte: u8): bool {
  return byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5c;
}
