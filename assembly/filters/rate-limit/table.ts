// Buckets of clients in a fixed number of slots that all workers share. A client's bucket lies in one set of 16 slots,
// chosen by its fingerprint; a set is one shared value, changed by compare-and-swap.
//
//   set value:  16 × | fingerprint u64 | full at i64 |      fingerprint 0: free
//
// A slot is reused only when its bucket is full again, which is the same as never used. When no slot of its set is free,
// a newcomer is charged to the limit's overflow bucket: a flood of keys can neither refill nor push out anyone.
import { Bytes, bytes, lengthOf, pointerOf } from "../../lib/bytes";

/** Slots of a set. At half load a set of 16 overflows for one client in a hundred thousand. */
export const SET_SLOTS = 16;
const SLOT_BYTES = 16;
export const SET_BYTES = SET_SLOTS * SLOT_BYTES;

/** How many sets a table for `maxKeys` clients has: a power of two, at most half full on average. */
export function setsFor(maxKeys: i32): i32 {
  const wanted = (maxKeys + SET_SLOTS / 2 - 1) / (SET_SLOTS / 2);
  let sets = 1;
  while (sets < wanted) sets <<= 1;
  return sets;
}

/** What a look into a set found. */
export const enum Found {
  /** The client's own slot. */
  Own,
  /** A slot it may take. */
  Free,
  /** None: it goes to the overflow bucket. */
  Full,
}

/** One set, copied from shared data so that it can be changed and written back. */
@final
export class BucketSet {
  private readonly slots: StaticArray<u8> = new StaticArray<u8>(SET_BYTES);
  /** How many slots this one has: SET_SLOTS in the table, fewer where only a limit's own buckets lie. */
  private slotCount: i32 = SET_SLOTS;
  /** The slot that `find` chose. */
  private chosen: i32 = 0;

  /** Takes the bytes of a set of `slotCount` slots; of any other size (not written by this code) they count as empty. */
  load(value: Bytes, slotCount: i32 = SET_SLOTS): void {
    const size = slotCount * SLOT_BYTES;
    const target = changetype<usize>(this.slots);
    this.slotCount = slotCount;
    if (lengthOf(value) == size) memory.copy(target, pointerOf(value), size);
    else memory.fill(target, 0, size);
  }

  /** Finds the slot of `fingerprint` (never 0), or one that is free or full again at `now`. */
  find(fingerprint: u64, now: i64): Found {
    let free = -1;
    for (let slot = 0; slot < this.slotCount; slot++) {
      const at = changetype<usize>(this.slots) + slot * SLOT_BYTES;
      const found = load<u64>(at);
      if (found == fingerprint) {
        this.chosen = slot;
        return Found.Own;
      }
      if (free < 0 && (found == 0 || load<i64>(at, 8) <= now)) free = slot;
    }
    this.chosen = free;
    return free < 0 ? Found.Full : Found.Free;
  }

  /** When the chosen bucket is full; meaningful after `Found.Own`. */
  fullAt(): i64 {
    return load<i64>(changetype<usize>(this.slots) + this.chosen * SLOT_BYTES, 8);
  }

  /** Writes the chosen slot. */
  put(fingerprint: u64, fullAt: i64): void {
    const at = changetype<usize>(this.slots) + this.chosen * SLOT_BYTES;
    store<u64>(at, fingerprint);
    store<i64>(at, fullAt, 8);
  }

  /** The set as bytes, to be written back. */
  view(): Bytes {
    return bytes(changetype<usize>(this.slots), this.slotCount * SLOT_BYTES);
  }
}
