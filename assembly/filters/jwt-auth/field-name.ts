// Names of headers and cookies in the configuration: tokens of RFC 9110 section 5.6.2.
import { view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { isToken, lowerCased } from "../../lib/match/named-match";

/** This value as the name of a header, in lower case. */
export function readFieldName(cursor: Cursor): StaticArray<u8> {
  const value = cursor.asBytes();
  if (cursor.node < 0) cursor.refuse("", "missing; expected the name of a header");
  else if (!isToken(view(value))) cursor.refuse("", "expected the name of a header");
  return lowerCased(value);
}
