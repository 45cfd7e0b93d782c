// The records that wait for a sink: a ring of bytes that drops the oldest when it is full. Its
// memory is taken when the first record comes (only workers ever have one) and never grows. Knows
// lengths and times, not what a record says.
//
//   | length u32 | queued at i64 | record … | length u32 | queued at i64 | record … |      wraps at the end of the memory
import { Bytes, lengthOf, pointerOf } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";

/** What a record takes besides its own bytes. */
export const HEAD_BYTES = 12;

/** The record is larger than the whole queue, or no memory is left for one. */
export const NO_ROOM = -1;

/** All rings of a virtual machine together; its memory ends at 256 MiB (asconfig.json). */
const RINGS_BYTES_MAX: i64 = 128 * 1024 * 1024;
let ringsBytes: i64 = 0;

/** One head on its way in or out: in the ring it may lie across the end. */
const HEAD: usize = memory.data(16, 8);

/** How much of a queue makes a batch. */
@final
export class BatchSize {
  records: i32 = 0;
  /** Of the records, heads not counted. */
  bytes: i32 = 0;
}


@final
export class Queue {
  /** Records that wait. */
  count: i32 = 0;
  /** Their bytes, heads not counted. */
  bytes: i32 = 0;
  private memory: usize = 0;
  private start: i32 = 0;
  private used: i32 = 0;
  private size: BatchSize = new BatchSize();

  /** Holds at most `recordsMax` (> 0) records and `capacity` (> 0) bytes with their heads. */
  constructor(
    private capacity: i32,
    private recordsMax: i32,
  ) {}

  /**
   * Appends a record. Gives how many of the oldest were dropped for it, or NO_ROOM, which changes
   * nothing.
   */
  push(record: Bytes, now: i64): i32 {
    const length = lengthOf(record);
    if (length > this.capacity - HEAD_BYTES || !this.open()) return NO_ROOM;
    let dropped = 0;
    for (
      ;
      this.count == this.recordsMax || this.capacity - this.used < length + HEAD_BYTES;
      dropped++
    )
      this.drop();
    store<u32>(HEAD, length);
    store<i64>(HEAD, now, 4);
    const at = this.wrap(this.start + this.used);
    this.put(at, HEAD, HEAD_BYTES);
    this.put(this.wrap(at + HEAD_BYTES), pointerOf(record), length);
    this.used += length + HEAD_BYTES;
    this.count++;
    this.bytes += length;
    return dropped;
  }

  private open(): bool {
    if (this.memory != 0) return true;
    if (ringsBytes + this.capacity > RINGS_BYTES_MAX) return false;
    ringsBytes += this.capacity;
    this.memory = heap.alloc(<usize>this.capacity);
    return true;
  }

  /** When the oldest record came; i64.MAX_VALUE when there is none. */
  oldestAt(): i64 {
    if (this.count == 0) return i64.MAX_VALUE;
    this.get(this.start, HEAD, HEAD_BYTES);
    return load<i64>(HEAD, 4);
  }

  /**
   * How much of the oldest makes a batch of at most `recordsMax` records and `bytesMax` bytes; a
   * large record goes alone. Valid until the next call.
   */
  measure(recordsMax: i32, bytesMax: i32): BatchSize {
    const size = this.size;
    const most = min(recordsMax, this.count);
    let at = this.start;
    size.bytes = 0;
    for (size.records = 0; size.records < most; size.records++) {
      const length = this.lengthAt(at);
      if (size.records > 0 && length > bytesMax - size.bytes) break;
      size.bytes += length;
      at = this.wrap(at + HEAD_BYTES + length);
    }
    return size;
  }

  /**
   * Takes out the `records` oldest, or as many as there are, and appends them to `to`, one behind
   * the other.
   */
  move(to: Writer, records: i32): void {
    for (let i = min(records, this.count); i > 0; i--) {
      const length = this.lengthAt(this.start);
      const pointer = to.room(length);
      if (pointer != 0) this.get(this.wrap(this.start + HEAD_BYTES), pointer, length);
      this.drop();
    }
  }

  /** Drops everything; gives how many records that were. */
  clear(): i32 {
    const dropped = this.count;
    this.count = 0;
    this.bytes = 0;
    this.start = 0;
    this.used = 0;
    return dropped;
  }

  /** Drops everything and gives the memory back, which no collector knows of. */
  free(): i32 {
    if (this.memory != 0) {
      heap.free(this.memory);
      ringsBytes -= this.capacity;
    }
    this.memory = 0;
    return this.clear();
  }

  /**
   * Drops the oldest; there is one. An empty ring begins at the front again: what little traffic
   * never needs stays untouched.
   */
  private drop(): void {
    if (this.count == 1) {
      this.clear();
      return;
    }
    const length = this.lengthAt(this.start);
    this.start = this.wrap(this.start + HEAD_BYTES + length);
    this.used -= HEAD_BYTES + length;
    this.bytes -= length;
    this.count--;
  }

  private lengthAt(at: i32): i32 {
    this.get(at, HEAD, 4);
    return load<i32>(HEAD);
  }

  // @ts-ignore: decorator
  @inline
  private wrap(at: i32): i32 {
    return at < this.capacity ? at : at - this.capacity;
  }

  /** Copies `length` bytes into the ring from `at` on, in two parts when they reach its end. */
  private put(at: i32, from: usize, length: i32): void {
    const first = min(length, this.capacity - at);
    memory.copy(this.memory + <usize>at, from, <usize>first);
    memory.copy(this.memory, from + <usize>first, <usize>(length - first));
  }

  private get(at: i32, to: usize, length: i32): void {
    const first = min(length, this.capacity - at);
    memory.copy(to, this.memory + <usize>at, <usize>first);
    memory.copy(to + <usize>first, this.memory, <usize>(length - first));
  }
}
