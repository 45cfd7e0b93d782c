// Buckets of clients in a fixed number of slots that all workers share. A client's bucket lies in
// one set of slots, chosen by its fingerprint; a set is one shared value, changed by
// compare-and-swap.
//
//   set value:  | last seen i64 | n × ( fingerprint u64 | full at i64 ) |      fingerprint 0: free
//
// A slot is reused only when its bucket is full again, which is the same as never used. When no
// slot of its set is free, a newcomer is charged to the limit's overflow bucket: a flood of keys
// can neither refill nor push out anyone.
import { Bytes, bytes, lengthOf, pointerOf } from "../../lib/bytes";
import { TICKS_PER_NANO } from "./bucket";

/** Slots of a set of clients. */
export const SET_SLOTS = 24;
/**
 * Slots of a limit's own bucket: of its figures, and of those it had before configuration
 * updates.
 */
export const OWN_SLOTS = 4;

const HEADER_BYTES = 8;
const SLOT_BYTES = 16;
const SET_BYTES = HEADER_BYTES + SET_SLOTS * SLOT_BYTES;

/**
 * Workers read the clock one after the other, and write in another order. More than this is a
 * clock that was set back.
 */
const STEP_TICKS: i64 = 1_000_000_000 * TICKS_PER_NANO;

/** What a look into a set found. */
export const enum Found {
  /** The client's own slot. */
  Own,
  /** A slot it may take. */
  Free,
  /** None: it goes to the overflow bucket. */
  Full,
}

/** One set as it was read from shared data, to be changed in place and written back. */
@final
export class BucketSet {
  /** For a set that is not there yet, or has to grow. */
  private readonly memory: StaticArray<u8> = new StaticArray<u8>(SET_BYTES);
  /** Where the set lies: where the host put it, or in `memory`. */
  private base: usize = changetype<usize>(this.memory);
  private slotCount: i32 = SET_SLOTS;
  /** The slot that `find` chose. */
  private chosen: i32 = 0;

  /**
   * Takes the bytes of a set, which must stay where they are while it is used. It has at least
   * `slots` slots (at most SET_SLOTS), and more when it was written with more; bytes that no set
   * can have count as an empty one.
   */
  load(value: Bytes, slots: i32): void {
    const length = lengthOf(value);
    const isSet =
      length >= HEADER_BYTES && length <= SET_BYTES && (length - HEADER_BYTES) % SLOT_BYTES == 0;
    const used = isSet ? length : 0;
    const size = HEADER_BYTES + slots * SLOT_BYTES;
    if (used >= size) {
      this.base = pointerOf(value);
      this.slotCount = (used - HEADER_BYTES) / SLOT_BYTES;
      return;
    }
    this.base = changetype<usize>(this.memory);
    this.slotCount = slots;
    // NONE points nowhere: not even nothing may be copied from there.
    if (used > 0) memory.copy(this.base, pointerOf(value), <usize>used);
    memory.fill(this.base + <usize>used, 0, <usize>(size - used));
  }

  /**
   * The time that counts in this set when the clock says `now`: never before what another worker
   * saw a moment ago. When the clock was set back, every bucket goes back with it, so that each
   * holds what it held when it was last charged; true then: the set must be written back, or the
   * time since would be taken back again and again.
   */
  isSetBack(now: i64): bool {
    const start = this.base;
    const ahead = load<i64>(start) - now;
    if (ahead <= STEP_TICKS) {
      if (ahead < 0) store<i64>(start, now);
      return false;
    }
    store<i64>(start, now);
    for (let slot = 0; slot < this.slotCount; slot++) {
      const at = this.place(slot);
      store<i64>(at, load<i64>(at, 8) - ahead, 8);
    }
    return true;
  }

  /** The time that counts, after `isSetBack`. */
  get now(): i64 {
    return load<i64>(this.base);
  }

  /** Finds the slot of `fingerprint` (never 0), or one that is free or full again. */
  find(fingerprint: u64): Found {
    const now = this.now;
    let free = -1;
    for (let slot = 0; slot < this.slotCount; slot++) {
      const at = this.place(slot);
      const found = load<u64>(at);
      if (found == fingerprint) {
        this.chosen = slot;
        return Found.Own;
      }
      if (free < 0 && (found == 0 || load<i64>(at, 8) - now <= 0)) free = slot;
    }
    this.chosen = free;
    return free < 0 ? Found.Full : Found.Free;
  }

  /**
   * When no slot is free: chooses the one whose bucket is full next. Only among buckets of
   * figures gone by.
   */
  chooseFullest(): void {
    const now = this.now;
    let least: i64 = i64.MAX_VALUE;
    this.chosen = 0;
    for (let slot = 0; slot < this.slotCount; slot++) {
      const deficit = load<i64>(this.place(slot), 8) - now;
      if (deficit >= least) continue;
      least = deficit;
      this.chosen = slot;
    }
  }

  /** When the chosen bucket is full; meaningful after `Found.Own`. */
  fullAt(): i64 {
    return load<i64>(this.place(this.chosen), 8);
  }

  /** Writes the slot that `find` or `chooseFullest` chose. */
  put(fingerprint: u64, fullAt: i64): void {
    const at = this.place(this.chosen);
    store<u64>(at, fingerprint);
    store<i64>(at, fullAt, 8);
  }

  /** The set as bytes, to be written back. */
  view(): Bytes {
    return bytes(this.base, HEADER_BYTES + this.slotCount * SLOT_BYTES);
  }

  // @ts-ignore: decorator
  @inline
  private place(slot: i32): usize {
    return this.base + HEADER_BYTES + <usize>slot * SLOT_BYTES;
  }
}
