// Names of headers in the configuration (RFC 9110 section 5.1).
import { view } from "../bytes";
import { isToken, lowerCased } from "../http/field";
import { Cursor } from "./reader";

/** This value as the name of a header, in lower case. */
export function readFieldName(cursor: Cursor): StaticArray<u8> {
  const value = cursor.asBytes();
  if (cursor.node < 0) cursor.refuse("", "missing; expected the name of a header");
  else if (!isToken(view(value))) cursor.refuse("", "expected the name of a header");
  return lowerCased(value);
}
