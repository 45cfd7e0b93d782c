// A read-only list of headers as a proxy holds it: names in lower case, duplicates as separate
// entries, pseudo-headers (`:method`) among them. Knows no host: the filters and the units each
// put their own list behind it.
import { Bytes, NONE } from "../bytes";
import { Writer } from "../writer";

const COMMA: u8 = 0x2c;

/** Where duplicates are joined; a joined value is valid until the next header is joined. */
const joined = new Writer();

export abstract class HeaderList {
  /** How many entries there are, duplicates counted. */
  abstract headerCount(): i32;

  /** The name at `index`, 0 <= index < headerCount(). */
  abstract headerName(index: i32): Bytes;

  /** The value at `index`, 0 <= index < headerCount(). */
  abstract headerValue(index: i32): Bytes;

  /** The index of the first `name` (lower case) at `from` or later, or -1. */
  abstract headerIndex(name: Bytes, from: i32): i32;

  /** The first value of `name` (lower case), or NONE. */
  header(name: Bytes): Bytes {
    const index = this.headerIndex(name, 0);
    return index < 0 ? NONE : this.headerValue(index);
  }

  /**
   * All values of `name` joined with "," and no space, or NONE: what Envoy matches against
   * (`HeaderUtility::getAllOfHeaderAsString`). A single value is the value itself, not a copy.
   */
  joinedHeader(name: Bytes): Bytes {
    const first = this.headerIndex(name, 0);
    if (first < 0) return NONE;
    let index = this.headerIndex(name, first + 1);
    if (index < 0) return this.headerValue(first);
    joined.reset();
    joined.bytes(this.headerValue(first));
    for (; index >= 0; index = this.headerIndex(name, index + 1)) {
      joined.byte(COMMA);
      joined.bytes(this.headerValue(index));
    }
    return joined.view();
  }
}
