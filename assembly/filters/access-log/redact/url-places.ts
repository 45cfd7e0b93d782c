// Where in a text secrets may stand: behind the marks of a URL, before its host, in what looks
// like a token. Knows bytes, not what becomes of them.
import { Bytes, at, find, lengthOf, slice, text, view } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";
import { MASK } from "./action";

const SCHEME_END = text("://");
const QUESTION: u8 = 0x3f;
const HASH_SIGN: u8 = 0x23;
const AMPERSAND: u8 = 0x26;
const AT_SIGN: u8 = 0x40;
const SLASH: u8 = 0x2f;

/** "#", ":", "?" and "J" (of `://` and `eyJ`), as bits from "#" on. */
const MARKS: u64 = 0x0000_0080_1080_0001;

/** Of all configurations together: a writer is never given back. */
const userOut = new Writer();

/**
 * Whether a URL's query, its user or a token may be in `value`: most values have no byte of "?",
 * "#", ":" and "J".
 */
export function hasMark(value: Bytes): bool {
  for (let i = 0; i < lengthOf(value); i++) {
    if (isMark(at(value, i))) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
export function isMark(byte: u8): bool {
  const distance = <u64>byte - HASH_SIGN;
  return distance < 64 && ((MARKS >> distance) & 1) != 0;
}

/** The first "?" or "#" at or behind `from`, or the end. */
export function nextMark(value: Bytes, from: i32): i32 {
  let i = from;
  while (i < lengthOf(value) && at(value, i) != QUESTION && at(value, i) != HASH_SIGN) i++;
  return i;
}

/** Without the `user:password@` of any URL in it. */
export function withoutUsers(value: Bytes): Bytes {
  let scheme = find(value, SCHEME_END);
  if (scheme < 0) return value;
  const query = nextMark(value, 0);
  let copied = 0;
  userOut.reset();
  while (scheme >= 0) {
    const start = scheme + 3;
    const end = userEnd(value, start, start > query);
    if (end > start) {
      userOut.bytes(slice(value, copied, start));
      userOut.bytes(MASK);
      copied = end;
    }
    scheme = find(value, SCHEME_END, max(start, end));
  }
  if (copied == 0) return value;
  userOut.bytes(slice(value, copied));
  return userOut.view();
}

/**
 * Where the "@" behind a user's name and password is, of a host that begins at `start`; 0 when
 * there is none.
 */
function userEnd(value: Bytes, start: i32, inQuery: bool): i32 {
  let found = 0;
  for (let i = start; i < lengthOf(value); i++) {
    const byte = at(value, i);
    if (byte <= 0x20 || byte == SLASH || byte == QUESTION || byte == HASH_SIGN) break;
    // In a query "&" ends the parameter; elsewhere it may stand in a password.
    if (inQuery && byte == AMPERSAND) break;
    if (byte == AT_SIGN) found = i;
  }
  return found;
}

/** Without the "&" at its begin, when what stood before it is gone. */
export function withoutAmpersand(part: Bytes, hasGap: bool): Bytes {
  return hasGap && lengthOf(part) > 0 && at(part, 0) == AMPERSAND ? slice(part, 1) : part;
}

/** Takes off an "&" or a mark that has nothing behind it any more. */
export function trimEnd(out: Writer, start: i32, mark: u8): void {
  if (out.length > start && at(out.view(), out.length - 1) == AMPERSAND)
    out.truncate(out.length - 1);
  if (mark != 0 && out.length == start + 1) out.truncate(start);
}

export function isTokenByte(byte: u8): bool {
  return isNameByte(byte) || byte == 0x2e;
}

export function isNameByte(byte: u8): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10 || byte == 0x2d || byte == 0x5f;
}
