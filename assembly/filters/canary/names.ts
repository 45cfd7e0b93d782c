// What routes, variants and headers may be called: names stand in header values, metric names,
// cookies and log lines.
import { toText, view } from "../../lib/bytes";
import { Cursor } from "../../lib/config/reader";
import { isToken, lowerCased } from "../../lib/http/field";

export const NAME_BYTES_MAX = 64;
export const NAME_WANTED = "expected 1 to 64 letters, digits, '-', '_' and '.'";

/** Headers that the proxy itself lives by: a decision in one of them would break the request. */
const RESERVED = [
  "host",
  "cookie",
  "set-cookie",
  "baggage",
  "connection",
  "content-length",
  "te",
  "transfer-encoding",
];

/** Letters, digits, `-`, `_` and `.`: safe in everything a name stands in. */
export function isName(name: StaticArray<u8>): bool {
  if (name.length == 0 || name.length > NAME_BYTES_MAX) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = unchecked(name[i]);
    if (!isAlphanumeric(byte) && byte != 0x2d && byte != 0x5f && byte != 0x2e) return false;
  }
  return true;
}

/** The member `member` as a name; it must be there. */
export function readName(at: Cursor, member: string): StaticArray<u8> {
  const name = at.bytes(member);
  if (!isName(name)) at.refuse(member, NAME_WANTED);
  return name;
}

/** A header name in lower case; `fallback` itself when it is missing. */
export function readHeader(at: Cursor, member: string, fallback: StaticArray<u8>): StaticArray<u8> {
  const given = at.optionalBytes(member, fallback);
  if (!at.has(member)) return given;
  const name = lowerCased(given);
  if (!isToken(view(name))) at.refuse(member, "expected a header name");
  else if (RESERVED.includes(toText(view(name))))
    at.refuse(member, "expected a header of your own: the proxy needs this one itself");
  return name;
}

function isAlphanumeric(byte: u8): bool {
  return byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
}
