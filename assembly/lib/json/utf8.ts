// UTF-8 after RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF.

/** How many bytes the character at `pointer` has; 0 when what stands there, before `end`, is not a character. */
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
