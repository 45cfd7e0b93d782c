// The deterministic automaton of a program, built state by state as inputs need it, in a bounded
// arena that is emptied when full. A byte costs one table step, or, at worst, one construction:
// O(program). Always linear in the input.
//
//   arena record:  next in bucket | hash | context, count << 16 | transitions: class 0 … classCount-1, end | members u16…
//                  a state is named by the address of its transitions; values up to MATCHED are
//                  no states
import { Bytes, compareMemory, lengthOf, pointerOf } from "../bytes";
import { spent } from "../garbage";
import { AT_START, Closure, assertsAt, contextAfter } from "./closure";
import { Assert } from "./node";
import { Program, StateKind } from "./program";
import { SearchWork } from "./work";

/** What a state cache may grow to, unless a single state is that large. */
export const CACHE_BYTES_MAX = 64 * 1024;

/** What it starts with: most patterns on most inputs need a dozen states. */
const CACHE_BYTES_FIRST = 4 * 1024;

/**
 * Even for the largest program there is room for a few states, so that building one always
 * succeeds.
 */
const STATES_AT_LEAST = 4;

const BUCKETS = 128;
const HEADER = 12;

/** In a state's context: one of its members is an assertion that waits for the next byte. */
const WAITS = 0x8000;

const UNKNOWN: u32 = 0;
const DEAD: u32 = 1;
const MATCHED: u32 = 2;


@final
export class Dfa {
  private arena: StaticArray<u8>;
  private used: usize = 0;
  /** How often the cache was emptied. */
  private generation: u32 = 0;
  private readonly bytesMax: i32;
  /** Of a state's transitions. */
  private readonly rowBytes: usize;
  private readonly buckets: StaticArray<u32> = new StaticArray<u32>(BUCKETS);
  /**
   * The first states by what lies before the input: its start, a newline, a word byte, another
   * byte.
   */
  private readonly starts: StaticArray<u32> = new StaticArray<u32>(4);
  private readonly before: Closure;
  private readonly after: Closure;

  /**
   * Matches whole values, or, when `anywhere`, values in which a match begins and ends anywhere.
   */
  constructor(
    private program: Program,
    private anywhere: bool,
  ) {
    const rowBytes = (program.classCount + 1) << 2;
    this.rowBytes = <usize>rowBytes;
    const largest = HEADER + rowBytes + program.length * 2 + 8;
    this.bytesMax = max(CACHE_BYTES_MAX, largest * STATES_AT_LEAST);
    this.arena = new StaticArray<u8>(max(CACHE_BYTES_FIRST, largest));
    this.before = new Closure(program);
    this.after = new Closure(program);
  }

  /**
   * Whether `value` matches, `from` being where it is looked at first; what lies before that is
   * context only. Building states is taken from `work` (null: it may cost anything); a walk that
   * needs more ends without a match.
   */
  accepts(value: Bytes, from: i32, work: SearchWork | null): bool {
    const base = pointerOf(value);
    const end = base + <usize>lengthOf(value);
    const program = this.program;
    const classes = changetype<usize>(program.classes);
    const atEnd = (<usize>program.classCount) << 2;
    let state = this.startFor(base, from);
    if (state <= MATCHED) return state == MATCHED;
    for (let at = base + <usize>from; at < end; at++) {
      const byteClass = <usize>load<u8>(classes + <usize>load<u8>(at));
      let next = load<u32>(<usize>state + (byteClass << 2));
      if (next == state) continue;
      if (next <= MATCHED) {
        if (next == UNKNOWN) next = this.build(state, <i32>byteClass, work);
        if (next <= MATCHED) return next == MATCHED;
      }
      state = next;
    }
    const last = load<u32>(<usize>state + atEnd);
    return (last != UNKNOWN ? last : this.build(state, program.classCount, work)) == MATCHED;
  }

  /** The state before the byte at `from`. */
  private startFor(base: usize, from: i32): u32 {
    const context = from == 0 ? <i32>AT_START : contextAfter(load<u8>(base + <usize>from - 1));
    const slot = from == 0 ? 0 : context & Assert.BeginLine ? 1 : context != 0 ? 2 : 3;
    const known = unchecked(this.starts[slot]);
    if (known != UNKNOWN) return known;
    this.after.clear();
    this.after.add(this.program.start, context & AT_START);
    const state = this.intern(context);
    unchecked((this.starts[slot] = state));
    return state;
  }

  /**
   * The state behind a byte of class `byteClass` (classCount: the end of the input), noted in the
   * table.
   */
  private build(state: u32, byteClass: i32, work: SearchWork | null): u32 {
    const program = this.program;
    const info = load<u32>(<usize>state - 4);
    const count = <i32>(info >> 16);
    if (work !== null) {
      work.build(count);
      if (work.isSpent) return DEAD;
    }
    const isEnd = byteClass == program.classCount;
    const sample = isEnd ? -1 : <i32>program.samples[byteClass];
    const waits = (info & WAITS) != 0;
    if (waits) this.resolve(state, count, assertsAt(<i32>(info & 0xff), sample));
    let next: u32 = DEAD;
    if (isEnd || this.anywhere) {
      if (waits ? this.holdsMatch() : load<u16>(this.membersOf(state)) == 0) next = MATCHED;
    }
    const generation = this.generation;
    if (!isEnd && next != MATCHED) {
      this.after.clear();
      const context = contextAfter(<u8>sample);
      const holds = context & AT_START;
      if (waits) this.advance(<u8>sample, holds);
      else this.advanceAll(this.membersOf(state), count, <u8>sample, holds);
      if (this.anywhere) this.after.add(program.start, holds);
      next = this.intern(context);
    }
    // An emptied cache has no place for the transition any more.
    if (this.generation == generation) store<u32>(<usize>state + ((<usize>byteClass) << 2), next);
    return next;
  }

  /** The members of `state` into `before`, now that every assertion is decided. */
  private resolve(state: u32, count: i32, holds: i32): void {
    const members = this.membersOf(state);
    this.before.clear();
    for (let i = 0; i < count; i++)
      this.before.add(<i32>load<u16>(members + ((<usize>i) << 1)), holds);
  }

  private holdsMatch(): bool {
    // The compiler makes the match first.
    return (unchecked(this.before.kept[0]) & 1) != 0;
  }

  /** From the states in `before` over `byte`. */
  private advance(byte: u8, holds: i32): void {
    const before = this.before.kept;
    for (let word = 0; word < before.length; word++) {
      for (let bits = unchecked(before[word]); bits != 0; bits &= bits - 1) {
        this.advanceOne((word << 6) + <i32>ctz(bits), byte, holds);
      }
    }
  }

  /** From the `count` states listed at `members` over `byte`. */
  private advanceAll(members: usize, count: i32, byte: u8, holds: i32): void {
    const end = members + ((<usize>count) << 1);
    for (; members < end; members += 2) this.advanceOne(<i32>load<u16>(members), byte, holds);
  }

  private advanceOne(member: i32, byte: u8, holds: i32): void {
    const program = this.program;
    if (unchecked(program.kinds[member]) != StateKind.Bytes) return;
    const next = program.step(member, byte);
    if (next >= 0) this.after.add(next, holds);
  }

  /** The state for the members in `after`, found or made. */
  private intern(context: i32): u32 {
    const kept = this.after.kept;
    if (this.anywhere && (unchecked(kept[0]) & 1) != 0) return MATCHED;
    let count = 0;
    for (let word = 0; word < kept.length; word++) count += <i32>popcnt(unchecked(kept[word]));
    if (count == 0) return DEAD;
    const state = this.reserve(count);
    // Without a waiting assertion the context makes no difference.
    const info = (this.writeMembers(state) ? (<u32>context) | WAITS : 0) | ((<u32>count) << 16);
    const size = (<usize>count) << 1;
    const hash = hashOf(this.membersOf(state), size, info);
    const bucket = <i32>(hash % BUCKETS);
    for (
      let other = unchecked(this.buckets[bucket]);
      other != 0;
      other = load<u32>(<usize>other - HEADER)
    ) {
      if (load<u32>(<usize>other - 8) != hash || load<u32>(<usize>other - 4) != info) continue;
      if (compareMemory(this.membersOf(other), this.membersOf(state), size) == 0) return other;
    }
    store<u32>(<usize>state - HEADER, unchecked(this.buckets[bucket]));
    store<u32>(<usize>state - 8, hash);
    store<u32>(<usize>state - 4, info);
    memory.fill(<usize>state, 0, this.rowBytes);
    unchecked((this.buckets[bucket] = state));
    this.used += this.recordBytes(count);
    return state;
  }

  /** Writes the members; whether one of them is an assertion that waits for the next byte. */
  private writeMembers(state: u32): bool {
    const kept = this.after.kept;
    let place = this.membersOf(state);
    let waits = false;
    for (let word = 0; word < kept.length; word++) {
      for (let bits = unchecked(kept[word]); bits != 0; bits &= bits - 1) {
        const member = (word << 6) + <i32>ctz(bits);
        if (unchecked(this.program.kinds[member]) == StateKind.Assert) waits = true;
        store<u16>(place, <u16>member);
        place += 2;
      }
    }
    return waits;
  }

  private recordBytes(count: i32): usize {
    return (<usize>HEADER + this.rowBytes + ((count as usize) << 1) + 3) & ~3;
  }

  private membersOf(state: u32): usize {
    return <usize>state + this.rowBytes;
  }

  /**
   * The name of a record with room for `count` members; empties the cache, and lets it grow, when
   * it is full.
   */
  private reserve(count: i32): u32 {
    const needed = this.recordBytes(count);
    while (this.used + needed > <usize>this.arena.length) {
      this.used = 0;
      this.generation++;
      memory.fill(changetype<usize>(this.buckets), 0, BUCKETS << 2);
      memory.fill(changetype<usize>(this.starts), 0, 16);
      const size = this.arena.length;
      if (size >= this.bytesMax) continue;
      this.arena = new StaticArray<u8>(min(size << 1, this.bytesMax));
      spent(size);
    }
    return <u32>(changetype<usize>(this.arena) + this.used + HEADER);
  }
}

/** FNV-1a over 16-bit members. */
function hashOf(members: usize, size: usize, seed: u32): u32 {
  let hash: u32 = 0x811c9dc5 ^ seed;
  for (const end = members + size; members < end; members += 2)
    hash = (hash ^ load<u16>(members)) * 0x01000193;
  return hash;
}
