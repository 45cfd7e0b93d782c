// Text that stays on one line: control characters and what is no UTF-8 are escaped, all else is
// as it came.
import { Bytes, bytes, lengthOf, pointerOf, text } from "../../../lib/bytes";
import { characterBytes } from "../../../lib/json/utf8";
import { Writer } from "../../../lib/writer";

const ESCAPE = text("\\x");

/** Appends `source`. */
export function writeTextCharacters(to: Writer, source: Bytes): void {
  const end = pointerOf(source) + <usize>lengthOf(source);
  let copied = pointerOf(source);
  for (let pointer = copied; pointer < end;) {
    const byte = load<u8>(pointer);
    const size = byte < 0x20 || byte == 0x7f ? 0 : byte < 0x80 ? 1 : characterBytes(pointer, end);
    if (size == 0) {
      to.bytes(bytes(copied, <i32>(pointer - copied)));
      to.bytes(ESCAPE);
      to.hex(bytes(pointer, 1));
      copied = pointer + 1;
    }
    pointer += <usize>max(size, 1);
  }
  to.bytes(bytes(copied, <i32>(end - copied)));
}
