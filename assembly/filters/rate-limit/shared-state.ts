// What all workers of a proxy share besides the limits' own buckets: the secret that keys are
// hashed with, and the table of clients' buckets. Whoever comes first makes it; nobody makes it
// twice.
import { Bytes, bytes, lengthOf, pointerOf, utf8, view } from "../../lib/bytes";
import { SharedStore, SharedValue } from "../../lib/shared-store";
import { BucketSet, setsFor, slotsFor } from "./table";

/** `…/secret`: two words. */
const SECRET_BYTES = 16;
/**
 * `…/sets`: how many sets clients lie in, in how many they lay before, and how many have been
 * made.
 */
const SIZES_BYTES = 12;

/** Where the buckets of clients lie, for all limits with a key. */
@final
export class Table {
  constructor(
    readonly sets: i32,
    readonly slots: i32,
    /** How many sets there were before `maxKeys` was changed; 0: it never was. */
    readonly setsBefore: i32,
    /** `…/s/` and the number of a set, 4 bytes. */
    readonly key: StaticArray<u8>,
  ) {}

  /** The key of the set with this number. */
  at(index: u32): Bytes {
    store<u32>(changetype<usize>(this.key) + this.key.length - 4, index);
    return view(this.key);
  }
}

/**
 * The secret that clients' keys are hashed under: with it nobody can choose two keys that share a
 * bucket.
 */
@final
export class Secret {
  constructor(
    readonly k0: u64,
    readonly k1: u64,
  ) {}

  /** The proxy's secret; `k0` and `k1` become it when there is none yet. */
  static shared(store: SharedStore, prefix: string, k0: u64, k1: u64): Secret {
    const key = utf8(prefix + "secret");
    const words = new StaticArray<u64>(2);
    words[0] = k0;
    words[1] = k1;
    store.create(view(key), bytes(changetype<usize>(words), SECRET_BYTES));
    const shared = store.read(view(key), new SharedValue());
    if (lengthOf(shared) != SECRET_BYTES) return new Secret(k0, k1);
    return new Secret(load<u64>(pointerOf(shared)), load<u64>(pointerOf(shared), 8));
  }
}

/** The table for no clients: no limit has a key. */
export function noTable(): Table {
  return new Table(1, 1, 0, utf8("...."));
}

/**
 * The table's sets, all at once, so that memory is taken here and never by a request. A larger
 * one keeps what it has.
 */
export function sharedTable(store: SharedStore, prefix: string, maxKeys: i32): Table {
  const key = utf8(prefix + "s/....");
  const wanted: u32 = setsFor(maxKeys);
  const slots = slotsFor(maxKeys);
  const sizeKey = utf8(prefix + "sets");
  const stored = new SharedValue();
  const known = store.read(view(sizeKey), stored);
  const isKnown = lengthOf(known) == SIZES_BYTES;
  const sets = isKnown ? load<u32>(pointerOf(known)) : wanted;
  const before = isKnown ? load<u32>(pointerOf(known), 4) : 0;
  const made = isKnown ? load<u32>(pointerOf(known), 8) : 0;
  const table = new Table(wanted, slots, wanted == sets ? before : sets, key);
  const empty = new BucketSet();
  empty.load(0, slots);
  for (let index = made; index < wanted; index++) store.create(table.at(index), empty.view());
  const sizes = new StaticArray<u32>(3);
  sizes[0] = wanted;
  sizes[1] = table.setsBefore;
  sizes[2] = max(made, wanted);
  const value = bytes(changetype<usize>(sizes), SIZES_BYTES);
  if (!isKnown) store.create(view(sizeKey), value);
  else if (wanted != sets) store.write(view(sizeKey), value, stored.version);
  return table;
}
