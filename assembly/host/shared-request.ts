// The request's headers, read once for all filters of a composed module and kept current through
// their writes. It lives in the arena, so it is gone when the callback returns or the host calls
// turn to another context.
//
//   count u32 | count × (name length u32, value length u32) | count × (name, 0, value, 0)
import { Bytes, NONE, compareMemory, equal, lengthOf, lower, pointerOf } from "../lib/bytes";
import { allocate } from "./arena";

const COUNT_BYTES: usize = 4;
const LENGTHS_BYTES: usize = 8;
/** Behind a name and behind a value. */
const ZEROS_BYTES: u32 = 2;

/** As many properties as the filters hand over: claims, reason, limit, variant, and room. */
const HANDED_MAX = 8;

let isShared = false;
const names = new StaticArray<u64>(HANDED_MAX);
const values = new StaticArray<u64>(HANDED_MAX);
let handedCount = 0;
/** Where the pairs begin; 0 while nothing is known of the request in hand. */
let base: usize = 0;

/** Turns sharing on; a composed module calls it once, when it starts. */
export function shareRequest(): void {
  isShared = true;
}

/** The pairs as they are now, or 0 when they have to be read. */
// @ts-ignore: decorator
@inline
export function sharedPairs(): usize {
  return base;
}

/** Keeps pairs that were just read. */
export function keepPairs(pairs: usize): void {
  if (isShared) base = pairs;
}

/** Nothing is known any more: the callback is over, or the host calls turn to another request. */
// @ts-ignore: decorator
@inline
export function forgetRequest(): void {
  base = 0;
  handedCount = 0;
}

/** Takes over a write: `name` loses its values unless `keeps`, and gets `value` unless absent. */
export function applyWrite(name: Bytes, value: Bytes, keeps: bool, adds: bool): void {
  if (base == 0) return;
  const old = base;
  const count = load<u32>(old);
  const oldLengths = old + COUNT_BYTES;
  let oldAt = oldLengths + <usize>count * LENGTHS_BYTES;
  base = allocate(
    sizeOf(old) + LENGTHS_BYTES + <usize>(lengthOf(name) + lengthOf(value)) + ZEROS_BYTES,
  );
  if (base == 0) return;
  const lengths = base + COUNT_BYTES;
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const pair = oldLengths + <usize>i * LENGTHS_BYTES;
    if (keeps || !isNamed(oldAt, load<u32>(pair), name)) {
      store<u64>(lengths + <usize>kept * LENGTHS_BYTES, load<u64>(pair));
      kept++;
    }
    oldAt += load<u32>(pair) + load<u32>(pair, 4) + ZEROS_BYTES;
  }
  const total = kept + (adds ? 1 : 0);
  store<u32>(base, total);
  let at = lengths + <usize>total * LENGTHS_BYTES;
  oldAt = oldLengths + <usize>count * LENGTHS_BYTES;
  for (let i: u32 = 0; i < count; i++) {
    const pair = oldLengths + <usize>i * LENGTHS_BYTES;
    const size = load<u32>(pair) + load<u32>(pair, 4) + ZEROS_BYTES;
    if (keeps || !isNamed(oldAt, load<u32>(pair), name)) {
      memory.copy(at, oldAt, size);
      at += size;
    }
    oldAt += size;
  }
  if (adds) append(lengths + <usize>kept * LENGTHS_BYTES, at, name, value);
}

function append(lengths: usize, at: usize, name: Bytes, value: Bytes): void {
  const nameBytes = <u32>lengthOf(name);
  const valueBytes = <u32>lengthOf(value);
  store<u32>(lengths, nameBytes);
  store<u32>(lengths, valueBytes, 4);
  for (let i: usize = 0; i < nameBytes; i++) {
    store<u8>(at + i, lower(load<u8>(pointerOf(name) + i)));
  }
  store<u8>(at + nameBytes, 0);
  memory.copy(at + nameBytes + 1, pointerOf(value), valueBytes);
  store<u8>(at + nameBytes + 1 + valueBytes, 0);
}

function isNamed(at: usize, length: u32, name: Bytes): bool {
  if (length != <u32>lengthOf(name)) return false;
  if (compareMemory(at, pointerOf(name), length) == 0) return true;
  for (let i: usize = 0; i < length; i++) {
    if (load<u8>(at + i) != lower(load<u8>(pointerOf(name) + i))) return false;
  }
  return true;
}

function sizeOf(pairs: usize): usize {
  const count = load<u32>(pairs);
  let size = COUNT_BYTES + <usize>count * (LENGTHS_BYTES + <usize>ZEROS_BYTES);
  for (let i: u32 = 0; i < count; i++) {
    const pair = pairs + COUNT_BYTES + <usize>i * LENGTHS_BYTES;
    size += load<u32>(pair) + load<u32>(pair, 4);
  }
  return size;
}

/** Keeps a property that a filter set; its value must live as long as the callback. */
export function keepProperty(name: Bytes, value: Bytes): void {
  if (!isShared) return;
  for (let i = 0; i < handedCount; i++) {
    if (!equal(unchecked(names[i]), name)) continue;
    unchecked((values[i] = value));
    return;
  }
  if (handedCount == HANDED_MAX) return;
  unchecked((names[handedCount] = name));
  unchecked((values[handedCount++] = value));
}

/** What a filter handed over under this name in this callback, or NONE. */
export function handedProperty(name: Bytes): Bytes {
  for (let i = 0; i < handedCount; i++) {
    if (equal(unchecked(names[i]), name)) return unchecked(values[i]);
  }
  return NONE;
}
