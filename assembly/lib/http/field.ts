// Header names and values, RFC 9110 sections 5.1 and 5.5.
import { Bytes, at, indexOf, lengthOf, lower, text } from "../bytes";

const TOKEN_MARKS = text("!#$%&'*+-.^_`|~");

/**
 * A token of section 5.6.2: the name of a header or of a cookie. A pseudo-header (`:method`) is
 * none.
 */
export function isToken(name: Bytes): bool {
  return isWord(name, TOKEN_MARKS);
}

/** One byte at least, and none besides letters, digits and `marks`. */
export function isWord(text: Bytes, marks: Bytes): bool {
  for (let i = 0; i < lengthOf(text); i++) {
    const byte = at(text, i);
    const isAlphanumeric = byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
    if (!isAlphanumeric && indexOf(marks, byte) < 0) return false;
  }
  return lengthOf(text) > 0;
}

/** A copy with ASCII letters in lower case: header names, as proxies hold them. */
export function lowerCased(name: StaticArray<u8>): StaticArray<u8> {
  const copy = new StaticArray<u8>(name.length);
  for (let i = 0; i < name.length; i++) copy[i] = lower(name[i]);
  return copy;
}

/** No control characters but the tab: a line end would begin another header. */
export function isFieldValue(value: Bytes): bool {
  for (let i = 0; i < lengthOf(value); i++) {
    const byte = at(value, i);
    if ((byte < 0x20 && byte != 0x09) || byte == 0x7f) return false;
  }
  return true;
}
