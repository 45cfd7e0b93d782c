// Memory that the host writes its answers into. Everything handed out lives until the outermost
// callback returns, so reading host data makes no garbage; what must stay is copied out with
// `owned`.
//
//   | block 64 KiB: bump upwards → |    and, for answers that do not fit, one extra block each, freed at the end
import { Bytes, EMPTY, bytes, lengthOf, pointerOf } from "../lib/bytes";

const BLOCK_BYTES: usize = 64 * 1024;
/** More than one callback ever needs: a header map is at most 1 MiB, a key set the same. */
const EXTRA_BLOCKS_MAX = 64;

const block: usize = heap.alloc(BLOCK_BYTES);
const extra = new StaticArray<usize>(EXTRA_BLOCKS_MAX);
let used: usize = 0;
let extraCount: i32 = 0;
let depth: i32 = 0;

/**
 * The host calls this before it writes `size` bytes into our memory. 0 makes the host call fail,
 * not us.
 */
export function proxy_on_memory_allocate(size: usize): usize {
  return allocate(size);
}

/**
 * `size` bytes (8-byte aligned) until the outermost callback returns; 0 when a callback has asked
 * for too much.
 */
export function allocate(size: usize): usize {
  const rounded = (size + 7) & ~7;
  if (rounded <= BLOCK_BYTES - used) {
    const pointer = block + used;
    used += rounded;
    return pointer;
  }
  if (extraCount == EXTRA_BLOCKS_MAX) return 0;
  const pointer = heap.alloc(size);
  unchecked((extra[extraCount++] = pointer));
  return pointer;
}

/** A copy that lives until the outermost callback returns; empty when no memory is left. */
export function keep(view: Bytes): Bytes {
  const copy = allocate(<usize>lengthOf(view));
  if (copy == 0) return EMPTY;
  memory.copy(copy, pointerOf(view), <usize>lengthOf(view));
  return bytes(copy, lengthOf(view));
}

/** Where the arena stands, for `release`. */
export function mark(): u64 {
  return ((<u64>(<u32>extraCount)) << 32) | (<u64>used);
}

/**
 * Gives back what was handed out since `mark`: for a callback that serves many requests one after
 * the other.
 */
export function release(mark: u64): void {
  used = <usize>(<u32>mark);
  const count = <i32>(mark >> 32);
  while (extraCount > count) heap.free(unchecked(extra[--extraCount]));
}

/**
 * A callback begins. The host may call back while it is in a call of ours: only the outermost end
 * frees.
 */
// @ts-ignore: decorator
@inline
export function enter(): void {
  depth++;
}

/** A callback ends; true when it was the outermost one, whose data is now gone. */
// @ts-ignore: decorator
@inline
export function leave(): bool {
  if (--depth > 0) return false;
  used = 0;
  while (extraCount > 0) heap.free(unchecked(extra[--extraCount]));
  return true;
}
