// One spelling for each path, as most servers read it: percent-encoded letters decoded (RFC 3986
// section 6.2.2), `\` as `/`, no `;parameters`, no repeated slashes, no dot segments. And the
// question whether two servers may read a path differently.
import { Bytes, NONE, at, equal, lengthOf, slice, text } from "../bytes";
import { Writer } from "../writer";
import { escapeAt, putEscape } from "./percent";

const SLASH: u8 = 0x2f;
const BACKSLASH: u8 = 0x5c;
const PERCENT: u8 = 0x25;
const SEMICOLON: u8 = 0x3b;
const ONE_DOT = text(".");
const TWO_DOTS = text("..");

/** The body of a refusal for such a path. */
export const AMBIGUOUS_PATH_TEXT = text("Path can be read in more than one way");

/** The path in one spelling: the view itself when it has that already, else in `to`. */
export function normalizedPath(path: Bytes, to: Writer): Bytes {
  if (path == NONE || lengthOf(path) == 0 || at(path, 0) != SLASH || !needsWork(path)) return path;
  to.reset();
  let segmentStart = 0;
  let isParameter = false;
  for (let i = 0; i < lengthOf(path); i++) {
    let byte = at(path, i);
    if (byte == SLASH || byte == BACKSLASH) {
      endSegment(to, segmentStart, true);
      segmentStart = to.length;
      isParameter = false;
      continue;
    }
    if (byte == SEMICOLON) isParameter = true;
    if (isParameter) continue;
    const escaped = byte == PERCENT ? escapeAt(path, i) : -1;
    if (escaped < 0) {
      to.byte(byte);
      continue;
    }
    if (isUnreserved(<u8>escaped)) to.byte(<u8>escaped);
    else putEscape(to, <u8>escaped);
    i += 2;
  }
  endSegment(to, segmentStart, false);
  return to.view();
}

/**
 * Whether servers read this path differently: encoded slashes and letters, `\`, `//`, `;`, dot
 * segments and encoded zero bytes. A rule that decides by path can be evaded with each of them.
 */
export function isAmbiguousPath(path: Bytes): bool {
  let segmentStart = 1;
  for (let i = 0; i < lengthOf(path); i++) {
    const byte = at(path, i);
    if (byte == BACKSLASH || byte == SEMICOLON) return true;
    if (byte == SLASH) {
      if (i > 0 && isDotsOrEmpty(slice(path, segmentStart, i))) return true;
      segmentStart = i + 1;
    }
    if (byte != PERCENT) continue;
    const escaped = escapeAt(path, i);
    if (escaped >= 0 && isMisread(<u8>escaped)) return true;
    if (escaped == PERCENT && isEscapeBehind(path, i)) return true;
  }
  return isDots(slice(path, segmentStart));
}

/**
 * Whether some server decodes the encoded byte before it decides by path, or ends the path at it.
 */
function isMisread(byte: u8): bool {
  const isSeparator = byte == SLASH || byte == BACKSLASH || byte == SEMICOLON;
  const isControl = byte < 0x20 || byte == 0x7f;
  // 0xc0 and 0xc1 begin overlong forms of ASCII characters, which are no UTF-8.
  return isSeparator || isControl || isUnreserved(byte) || byte == 0xc0 || byte == 0xc1;
}

/** Whether the "%25" at `index` hides another escape: "%252f" is a slash to who decodes twice. */
function isEscapeBehind(path: Bytes, index: i32): bool {
  const rest = slice(path, index + 2);
  return escapeAt(rest, 0) >= 0;
}

/** Whether `normalizedPath` may change something. */
function needsWork(path: Bytes): bool {
  let previous: u8 = 0;
  for (let i = 0; i < lengthOf(path); i++) {
    const byte = at(path, i);
    if (byte == PERCENT || byte == BACKSLASH || byte == SEMICOLON) return true;
    if (previous == SLASH && (byte == SLASH || byte == 0x2e)) return true;
    previous = byte;
  }
  return false;
}

/**
 * Puts a slash behind the segment, unless it is empty (`//`), `.` or `..`, which takes one away.
 */
function endSegment(to: Writer, start: i32, hasSlash: bool): void {
  const segment = to.viewFrom(start);
  if (equal(segment, ONE_DOT)) {
    to.truncate(start);
  } else if (equal(segment, TWO_DOTS)) {
    to.truncate(parentOf(slice(to.view(), 0, start)));
  } else if (hasSlash && (lengthOf(segment) > 0 || start == 0)) {
    to.byte(SLASH);
  }
}

/** The length of `/a/` for `/a/b/`; the root has no parent but itself. */
function parentOf(path: Bytes): i32 {
  let end = lengthOf(path) - 1;
  while (end > 0 && at(path, end - 1) != SLASH) end--;
  return max(end, 1);
}

function isDots(segment: Bytes): bool {
  return equal(segment, ONE_DOT) || equal(segment, TWO_DOTS);
}

function isDotsOrEmpty(segment: Bytes): bool {
  return lengthOf(segment) == 0 || isDots(segment);
}

/** Letters, digits, `-`, `.`, `_`, `~` (section 2.3). */
function isUnreserved(byte: u8): bool {
  const isAlphanumeric = byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
  return isAlphanumeric || byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e;
}
