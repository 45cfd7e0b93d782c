// The rows of a document: one per value, in the order of the text, the children of a container behind it.
//
//   row    kind   value                                  next
//   0      Object  —                                     first row behind the object
//   1      String view of the unescaped text             2        (its key is in `keys[1]`)
//   …
//
// The rows stay for the next document, so that reading a token allocates nothing once they have grown.
import { Bytes } from "../bytes";
import { spent } from "../garbage";

const ROWS_START = 128;
/** At 29 bytes a row this is 15 MB: what a configuration of two megabytes of small numbers would take is refused. */
export const ROWS_MAX = 512 * 1024;
const ROW_BYTES = 29;


@final
export class Tape {
  count: i32 = 0;
  kinds: StaticArray<u8> = new StaticArray<u8>(ROWS_START);
  /** A string's text, a boolean, an integer, the bits of a double. */
  values: StaticArray<u64> = new StaticArray<u64>(ROWS_START);
  /** The key of a member; NONE for everything else. */
  keys: StaticArray<Bytes> = new StaticArray<Bytes>(ROWS_START);
  /** The row behind the value and all that is in it. */
  nexts: StaticArray<i32> = new StaticArray<i32>(ROWS_START);
  /** The value as it stands in the text. */
  sources: StaticArray<Bytes> = new StaticArray<Bytes>(ROWS_START);

  /** Appends a row; false when there are too many. */
  add(kind: u8, value: u64, key: Bytes, source: Bytes): bool {
    const row = this.count;
    if (row == this.kinds.length && !this.grow()) return false;
    unchecked((this.kinds[row] = kind));
    unchecked((this.values[row] = value));
    unchecked((this.keys[row] = key));
    unchecked((this.nexts[row] = row + 1));
    unchecked((this.sources[row] = source));
    this.count = row + 1;
    return true;
  }

  /** How many children the container at `row` has. */
  size(row: i32): i32 {
    const end = unchecked(this.nexts[row]);
    let size = 0;
    for (let child = row + 1; child < end; child = unchecked(this.nexts[child])) size++;
    return size;
  }

  private grow(): bool {
    const rows = this.kinds.length;
    if (rows >= ROWS_MAX) return false;
    this.kinds = doubled<u8>(this.kinds);
    this.values = doubled<u64>(this.values);
    this.keys = doubled<Bytes>(this.keys);
    this.nexts = doubled<i32>(this.nexts);
    this.sources = doubled<Bytes>(this.sources);
    spent(ROW_BYTES * rows);
    return true;
  }
}

function doubled<T>(column: StaticArray<T>): StaticArray<T> {
  const copy = new StaticArray<T>(2 * column.length);
  memory.copy(changetype<usize>(copy), changetype<usize>(column), <usize>(column.length * sizeof<T>()));
  return copy;
}
