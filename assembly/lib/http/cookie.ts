// Cookie strings (RFC 6265 section 4.2.1), as clients really send them: pieces without "=", with
// an empty name or with control characters are skipped, a value in double quotes loses them (as
// Envoy's parseCookieValue does). One pass over the bytes, whatever they are. Does not decode
// values: RFC 6265 knows no encoding.
import { Bytes, EMPTY, NONE, at, equal, indexOf, lengthOf, slice, text, trimSpace } from "../bytes";
import { HeaderList } from "./headers";
import { Writer } from "../writer";

export const COOKIE = text("cookie");
const SEPARATOR = text("; ");
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUOTE: u8 = 0x22;

/** Walks the pairs of one cookie header's value: `open`, then `next` until it is false. */
@final
export class CookieReader {
  name: Bytes = EMPTY;
  value: Bytes = EMPTY;
  /**
   * The byte range [start, end) of the piece in the header's value, without separators and blanks
   * around it.
   */
  start: i32 = 0;
  end: i32 = 0;
  private source: Bytes = EMPTY;
  private position: i32 = 0;

  open(source: Bytes): this {
    this.source = source;
    this.position = 0;
    return this;
  }

  /** Goes to the next well-formed pair. */
  next(): bool {
    while (this.nextPiece()) {
      if (this.split()) return true;
    }
    return false;
  }

  /**
   * Goes to the next piece that is not blank, well-formed or not; only `start` and `end` are set.
   */
  nextPiece(): bool {
    const source = this.source;
    const length = lengthOf(source);
    while (this.position < length) {
      const semicolon = indexOf(source, SEMICOLON, this.position);
      const stop = semicolon < 0 ? length : semicolon;
      const from = this.position;
      this.position = stop + 1;
      const piece = trimSpace(slice(source, from, stop));
      if (lengthOf(piece) == 0) continue;
      this.start = <i32>(<u32>piece - <u32>source);
      this.end = this.start + lengthOf(piece);
      return true;
    }
    return false;
  }

  /** Splits the piece into `name` and `value`; false when it is malformed. */
  split(): bool {
    const piece = slice(this.source, this.start, this.end);
    const equals = indexOf(piece, EQUALS);
    if (equals <= 0) return false;
    const name = trimSpace(slice(piece, 0, equals));
    const value = trimSpace(slice(piece, equals + 1));
    if (lengthOf(name) == 0 || hasControl(name) || hasControl(value)) return false;
    this.name = name;
    this.value = unquoted(value);
    return true;
  }
}

function hasControl(value: Bytes): bool {
  for (let i = 0; i < lengthOf(value); i++) {
    const byte = at(value, i);
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

function unquoted(value: Bytes): Bytes {
  const length = lengthOf(value);
  const quoted = length >= 2 && at(value, 0) == QUOTE && at(value, length - 1) == QUOTE;
  return quoted ? slice(value, 1, length - 1) : value;
}

const reader = new CookieReader();

/** The value of the first cookie `name` (case-sensitive) over all cookie headers, or NONE. */
export function cookie(headers: HeaderList, name: Bytes): Bytes {
  for (let i = headers.headerIndex(COOKIE, 0); i >= 0; i = headers.headerIndex(COOKIE, i + 1)) {
    reader.open(headers.headerValue(i));
    while (reader.next()) {
      if (equal(reader.name, name)) return reader.value;
    }
  }
  return NONE;
}

/**
 * One cookie header's value without any cookie `name`, its other pieces byte for byte and in
 * order, in `scratch`. The view `source` itself when the cookie is not there; EMPTY when nothing
 * remains (remove the header).
 */
export function withoutCookie(source: Bytes, name: Bytes, scratch: Writer): Bytes {
  let found = false;
  scratch.reset();
  reader.open(source);
  while (reader.nextPiece()) {
    if (reader.split() && equal(reader.name, name)) {
      found = true;
      continue;
    }
    if (scratch.length > 0) scratch.bytes(SEPARATOR);
    scratch.bytes(slice(source, reader.start, reader.end));
  }
  if (!found) return source;
  return scratch.length > 0 ? scratch.view() : EMPTY;
}
