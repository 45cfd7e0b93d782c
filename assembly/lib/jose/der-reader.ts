// Reads DER (ITU-T X.690 section 10): definite lengths in as few bytes as possible. As much of it
// as certificates and public keys need.
import { Bytes, NONE, at, lengthOf, slice } from "../bytes";

export const TAG_INTEGER: u8 = 0x02;
export const TAG_BIT_STRING: u8 = 0x03;
export const TAG_SEQUENCE: u8 = 0x30;

/** Four bytes of length would be more than any text that is read here. */
const LENGTH_BYTES_MAX = 3;

/** Steps through the elements of one constructed value. */
@final
export class DerReader {
  private at: i32 = 0;

  constructor(private source: Bytes) {}

  get isAtEnd(): bool {
    return this.at == lengthOf(this.source);
  }

  /** The next element's contents when it has this tag, else NONE; after NONE nothing is read. */
  read(tag: u8): Bytes {
    const element = this.element();
    if (element == NONE || at(element, 0) != tag) return this.fail();
    return contents(element);
  }

  /** The next element as it stands, tag and length included; NONE when there is none. */
  element(): Bytes {
    const start = this.at;
    const rest = slice(this.source, start);
    const head = headBytes(rest);
    if (head < 0) return this.fail();
    const length = contentBytes(rest, head);
    if (length < 0 || length > lengthOf(rest) - head) return this.fail();
    this.at = start + head + length;
    return slice(rest, 0, head + length);
  }

  private fail(): Bytes {
    this.source = NONE;
    this.at = 0;
    return NONE;
  }
}

/** What an element that `element` gave contains. */
export function contents(element: Bytes): Bytes {
  return slice(element, headBytes(element));
}

/** How many bytes tag and length have; -1 when there is no such element. */
function headBytes(source: Bytes): i32 {
  if (lengthOf(source) < 2) return -1;
  const first: i32 = at(source, 1);
  if (first < 0x80) return 2;
  const more = first & 0x7f;
  return more == 0 || more > LENGTH_BYTES_MAX || lengthOf(source) < 2 + more ? -1 : 2 + more;
}

/** The length that a head of `head` bytes says; -1 when it is not written in the shortest way. */
function contentBytes(source: Bytes, head: i32): i32 {
  if (head == 2) return at(source, 1);
  let length = 0;
  for (let i = 2; i < head; i++) length = (length << 8) | at(source, i);
  const isShortest = length >= 0x80 && length >> (8 * (head - 3)) != 0;
  return isShortest ? length : -1;
}

/** An INTEGER's contents as an unsigned number; NONE when it is negative or not minimal. */
export function unsignedOf(integer: Bytes): Bytes {
  const length = lengthOf(integer);
  if (length == 0 || at(integer, 0) >= 0x80) return NONE;
  if (length == 1 || at(integer, 0) != 0) return integer;
  return at(integer, 1) < 0x80 ? NONE : slice(integer, 1);
}
