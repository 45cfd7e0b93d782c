// Names of headers and cookies in the configuration: tokens of RFC 9110 section 5.6.2.
import { Bytes, at, indexOf, lengthOf, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { isToken, lowerCased } from "../../lib/match/named-match";

/** This value as the name of a header, in lower case. */
export function readFieldName(cursor: Cursor): StaticArray<u8> {
  const value = cursor.asBytes();
  if (cursor.node < 0) cursor.refuse("", "missing; expected the name of a header");
  else if (!isToken(view(value))) cursor.refuse("", "expected the name of a header");
  return lowerCased(value);
}

/** Whether all of `name` are letters, digits and some of `others`. */
export function consistsOf(name: Bytes, others: Bytes): bool {
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = at(name, i);
    if ((byte | 0x20) - 0x61 >= 26 && byte - 0x30 >= 10 && indexOf(others, byte) < 0) return false;
  }
  return true;
}
