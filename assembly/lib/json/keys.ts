// Whether the keys of an object all differ (RFC 8259 section 4 leaves duplicates open; parsers
// that pick different ones are a hole). Linear in the number of keys, also for who knows how we
// hash: each seed gets a budget of comparisons, and a text whose keys exceed it under every seed
// is refused.
import { equal, lengthOf } from "../bytes";
import { spent } from "../garbage";
import { siphash } from "../hash";
import { JsonStatus } from "./status";
import { Tape } from "./tape";

/** Up to here comparing each with each is faster than hashing. */
const FEW_KEYS = 12;
const TABLE_START = 64;
/** At half load a key meets 1.5 others on average; honest keys never come near this. */
const COMPARISONS_PER_KEY = 16;
const SEEDS = 4;
const SEED: u64 = 0x6a736f6e206b6579;

/** Compares the keys of objects; its table is kept for the next object. */
@final
export class KeyChecker {
  /** The row of the second of two equal keys. */
  duplicate: i32 = -1;
  /** Rows by hash of their key, 0 for none: row 0 is nobody's member. */
  private table: StaticArray<i32> = new StaticArray<i32>(TABLE_START);

  /** Ok, DuplicateKey or CollidingKeys for the object at `row`, which is complete. */
  check(tape: Tape, row: i32): JsonStatus {
    const size = tape.size(row);
    if (size < 2) return JsonStatus.Ok;
    if (size <= FEW_KEYS) return this.compareAll(tape, row);
    const capacity = this.reserve(size);
    for (let seed = 0; seed < SEEDS; seed++) {
      const status = this.hashAll(
        tape,
        row,
        capacity,
        size * COMPARISONS_PER_KEY,
        SEED + <u64>seed,
      );
      if (status != JsonStatus.CollidingKeys) return status;
    }
    this.duplicate = row;
    return JsonStatus.CollidingKeys;
  }

  private compareAll(tape: Tape, row: i32): JsonStatus {
    const end = tape.next(row);
    for (let member = row + 1; member < end; member = tape.next(member)) {
      const key = tape.key(member);
      for (let other = row + 1; other < member; other = tape.next(other)) {
        if (equal(key, tape.key(other))) return this.found(member);
      }
    }
    return JsonStatus.Ok;
  }

  /** One pass with one seed: open addressing in a table at most half full. */
  private hashAll(tape: Tape, row: i32, capacity: i32, budget: i32, seed: u64): JsonStatus {
    memory.fill(changetype<usize>(this.table), 0, <usize>(4 * capacity));
    const mask = capacity - 1;
    const end = tape.next(row);
    for (let member = row + 1; member < end; member = tape.next(member)) {
      const key = tape.key(member);
      let slot = (<i32>siphash(key, seed, <u64>lengthOf(key))) & mask;
      for (; unchecked(this.table[slot]) != 0; slot = (slot + 1) & mask) {
        if (equal(key, tape.key(unchecked(this.table[slot])))) return this.found(member);
        if (--budget < 0) return JsonStatus.CollidingKeys;
      }
      unchecked((this.table[slot] = member));
    }
    return JsonStatus.Ok;
  }

  private found(member: i32): JsonStatus {
    this.duplicate = member;
    return JsonStatus.DuplicateKey;
  }

  /** A power of two of slots, twice as many as keys. */
  private reserve(size: i32): i32 {
    let capacity = TABLE_START;
    while (capacity < 2 * size) capacity <<= 1;
    if (this.table.length < capacity) {
      spent(4 * this.table.length);
      this.table = new StaticArray<i32>(capacity);
    }
    return capacity;
  }
}
