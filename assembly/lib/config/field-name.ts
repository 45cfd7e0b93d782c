// Names of headers in the configuration (RFC 9110 section 5.1).
import { equal, owned, text, view } from "../bytes";
import { isToken, lowerCased } from "../http/field";
import { Cursor } from "./reader";

const HOST = text("host");
const AUTHORITY = text(":authority");

/**
 * This value as the name of a header that is read, in lower case. `host` is the authority: proxies
 * hold it under that name, and Envoy's own settings mean it too.
 */
export function readHeaderName(cursor: Cursor): StaticArray<u8> {
  const name = readFieldName(cursor);
  return equal(view(name), HOST) ? owned(AUTHORITY) : name;
}

/** This value as the name of a header, in lower case. */
export function readFieldName(cursor: Cursor): StaticArray<u8> {
  const value = cursor.asBytes();
  if (cursor.node < 0) cursor.refuse("", "missing; expected the name of a header");
  else if (!isToken(view(value))) cursor.refuse("", "expected the name of a header");
  return lowerCased(value);
}
