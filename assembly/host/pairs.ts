// The byte form in which header pairs go to the host, in the arena: for local replies and
// outgoing calls.
import { Bytes, bytes, equal, lengthOf, pointerOf } from "../lib/bytes";
import { allocate } from "./arena";

/** More headers than a reply or a call of ours ever has. */
const PAIRS_MAX = 64;

/**
 * Collects name/value views and lays them out once; the views must live until `serialize` is
 * called.
 */
@final
export class Pairs {
  private views: StaticArray<Bytes> = new StaticArray<Bytes>(2 * PAIRS_MAX);
  private count: i32 = 0;

  reset(): void {
    this.count = 0;
  }

  /** Appends a header; beyond PAIRS_MAX it is left out and false comes back. */
  add(name: Bytes, value: Bytes): bool {
    if (this.count == PAIRS_MAX) return false;
    unchecked((this.views[2 * this.count] = name));
    unchecked((this.views[2 * this.count + 1] = value));
    this.count++;
    return true;
  }

  /** Adds a header in place of the one that has that name, if there is one. */
  set(name: Bytes, value: Bytes): void {
    for (let i = 0; i < this.count; i++) {
      if (!equal(unchecked(this.views[2 * i]), name)) continue;
      unchecked((this.views[2 * i + 1] = value));
      return;
    }
    this.add(name, value);
  }

  /**
   * The pairs as the host wants them (layout in header-map.ts); none are a count of zero, for
   * some hosts read the count of whatever they get. Empty when no memory is left.
   */
  serialize(): Bytes {
    const words = 2 * this.count;
    let size: usize = 4;
    for (let i = 0; i < words; i++) size += 4 + <usize>lengthOf(unchecked(this.views[i])) + 1;
    const start = allocate(size);
    if (start == 0) return 0;
    store<u32>(start, this.count);
    let lengths = start + 4;
    let at = lengths + ((<usize>words) << 2);
    for (let i = 0; i < words; i++) {
      const view = unchecked(this.views[i]);
      const length = <usize>lengthOf(view);
      store<u32>(lengths, <u32>length);
      lengths += 4;
      memory.copy(at, pointerOf(view), length);
      store<u8>(at + length, 0);
      at += length + 1;
    }
    return bytes(start, <i32>size);
  }
}
