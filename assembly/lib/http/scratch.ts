// A growing place to put bytes together in (a joined header, a decoded parameter), reused from
// request to request. Its memory is not garbage-collected: one instance per purpose, a module
// constant, is meant to live for ever.
import { Bytes, bytes, lengthOf, pointerOf } from "../bytes";

/** Room at the start; most values fit. */
const FIRST_BYTES = 256;

/**
 * What a scratch may grow to: the host's own limit on all headers of a request. Bytes beyond it
 * are not taken.
 */
export const SCRATCH_BYTES_MAX = 1024 * 1024;


@final
export class Scratch {
  private base: usize = 0;
  private capacity: i32 = 0;
  private used: i32 = 0;

  /** Starts anew; what `view` gave before is about to be overwritten. */
  clear(): void {
    this.used = 0;
  }

  /**
   * Appends `part`, which must not lie in this scratch. False when it would grow beyond its
   * limit.
   */
  put(part: Bytes): bool {
    const length = lengthOf(part);
    if (!this.reserve(length)) return false;
    memory.copy(this.base + <usize>this.used, pointerOf(part), <usize>length);
    this.used += length;
    return true;
  }

  putByte(byte: u8): bool {
    if (!this.reserve(1)) return false;
    store<u8>(this.base + <usize>this.used, byte);
    this.used++;
    return true;
  }

  /** Back to an earlier `length`. */
  truncate(length: i32): void {
    if (length >= 0 && length < this.used) this.used = length;
  }

  get length(): i32 {
    return this.used;
  }

  /** What was put since `clear`; valid until the next one. */
  view(): Bytes {
    return bytes(this.base, this.used);
  }

  private reserve(more: i32): bool {
    if (more > SCRATCH_BYTES_MAX - this.used) return false;
    const needed = this.used + more;
    if (needed <= this.capacity) return true;
    let capacity = max(this.capacity, FIRST_BYTES);
    while (capacity < needed) capacity <<= 1;
    this.base =
      this.base == 0 ? heap.alloc(<usize>capacity) : heap.realloc(this.base, <usize>capacity);
    this.capacity = capacity;
    return true;
  }
}
