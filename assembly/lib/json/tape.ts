// The rows of a document: one per value, in the order of the text, the children of a container
// behind it.
//
//   row    kind   value                                  next
//   0      Object  —                                     first row behind the object
//   1      String view of the unescaped text             2        (its key is in `key(1)`)
//   …
//
// A row is four words:  | next, 32 bits; kind, 32 bits | value | key | source |
// The rows stay for the next document, so that reading a token allocates nothing once they have
// grown.
import { Bytes } from "../bytes";
import { spent } from "../garbage";

const ROWS_START = 128;
/**
 * At 32 bytes a row this is 16 MB: what a configuration of two megabytes of small numbers would
 * take is refused.
 */
export const ROWS_MAX = 512 * 1024;
const ROW_WORDS = 4;


@final
export class Tape {
  count: i32 = 0;
  private words: StaticArray<u64> = new StaticArray<u64>(ROWS_START * ROW_WORDS);

  /** Appends a row; false when there are too many. */
  add(kind: u8, value: u64, key: Bytes, source: Bytes): bool {
    const row = this.count;
    const at = row * ROW_WORDS;
    if (at == this.words.length && !this.grow()) return false;
    this.count = row + 1;
    unchecked((this.words[at] = ((<u64>(row + 1)) << 32) | (<u64>kind)));
    unchecked((this.words[at + 1] = value));
    unchecked((this.words[at + 2] = key));
    unchecked((this.words[at + 3] = source));
    return true;
  }

  /** Ends the container at `row`: its children are the rows since, its text is `source`. */
  close(row: i32, source: Bytes): void {
    const at = row * ROW_WORDS;
    unchecked((this.words[at] = ((<u64>this.count) << 32) | (<u64>this.kind(row))));
    unchecked((this.words[at + 3] = source));
  }

  // Of a row below `count`.

  kind(row: i32): u8 {
    return <u8>unchecked(this.words[row * ROW_WORDS]);
  }

  /** The row behind the value and all that is in it. */
  next(row: i32): i32 {
    return <i32>(unchecked(this.words[row * ROW_WORDS]) >> 32);
  }

  /** A string's text, a boolean, an integer, the bits of a double. */
  value(row: i32): u64 {
    return unchecked(this.words[row * ROW_WORDS + 1]);
  }

  /** The key of a member; NONE for everything else. */
  key(row: i32): Bytes {
    return unchecked(this.words[row * ROW_WORDS + 2]);
  }

  /** The value as it stands in the text. */
  source(row: i32): Bytes {
    return unchecked(this.words[row * ROW_WORDS + 3]);
  }

  /** How many children the container at `row` has. */
  size(row: i32): i32 {
    const end = this.next(row);
    let size = 0;
    for (let child = row + 1; child < end; child = this.next(child)) size++;
    return size;
  }

  private grow(): bool {
    const old = this.words;
    if (old.length >= ROWS_MAX * ROW_WORDS) return false;
    this.words = new StaticArray<u64>(2 * old.length);
    memory.copy(changetype<usize>(this.words), changetype<usize>(old), (<usize>old.length) << 3);
    spent(old.length << 3);
    return true;
  }
}
