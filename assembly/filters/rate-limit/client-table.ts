// Where the buckets of one limit's clients lie: a fixed number of sets, all created at
// configuration, so that no request takes memory. The first worker creates them.
//
//   …/s/<number>    one BucketSet
//   …/sets          | sets u32 | sets before `maxKeys` was changed u32 | sets created u32 |
import { Bytes, EMPTY, bytes, lengthOf, pointerOf, utf8, view } from "../../lib/bytes";
import { SharedStore, SharedValue } from "../../lib/shared-store";
import { BucketSet, SET_SLOTS } from "./bucket-set";

/**
 * Clients to a set, on average, when the table holds as many as were asked for. They spread as a
 * Poisson distribution: of a million clients all at once, two find their set full.
 */
const SET_CLIENTS = 9;
const SIZES_BYTES = 12;

/**
 * How many sets a table for `maxKeys` clients has. One set holds exactly as many as were asked for.
 */
export function setsFor(maxKeys: i32): i32 {
  return maxKeys <= SET_SLOTS ? 1 : (maxKeys + SET_CLIENTS - 1) / SET_CLIENTS;
}

/** How many slots each set has. */
export function slotsFor(maxKeys: i32): i32 {
  return min(maxKeys, SET_SLOTS);
}

/**
 * The set of `fingerprint` among `sets`: its upper half, scaled (Lemire 2019), for any number of
 * sets.
 */
export function setOf(fingerprint: u64, sets: i32): u32 {
  return <u32>(((fingerprint >> 32) * <u64>sets) >> 32);
}


@final
export class ClientTable {
  private constructor(
    private readonly sets: i32,
    readonly slots: i32,
    /** How many sets there were before `maxKeys` was changed; 0: it never was. */
    private readonly setsBefore: i32,
    /** `…/s/` and the number of a set, 4 bytes. */
    private readonly key: StaticArray<u8>,
  ) {}

  /**
   * Creates the sets that are missing. A larger table keeps the sets that it has. `maxKeys` is 0
   * for a limit without a key, which has no table.
   */
  static shared(store: SharedStore, prefix: string, maxKeys: i32): ClientTable {
    if (maxKeys == 0) return new ClientTable(1, 1, 0, utf8("...."));
    const sizes = new Sizes(store, utf8(prefix + "sets"));
    const wanted: u32 = setsFor(maxKeys);
    const setsBefore = sizes.isKnown && wanted != sizes.sets ? sizes.sets : sizes.setsBefore;
    const table = new ClientTable(wanted, slotsFor(maxKeys), setsBefore, utf8(prefix + "s/...."));
    const empty = new BucketSet();
    empty.load(0, table.slots);
    for (let i = sizes.created; i < wanted; i++) store.create(table.keyOf(i), empty.view());
    if (!sizes.isKnown || wanted != sizes.sets) sizes.write(wanted, setsBefore);
    return table;
  }

  /** The key of the set that a client's bucket lies in. Valid until the next call. */
  keyFor(fingerprint: u64): Bytes {
    return this.keyOf(setOf(fingerprint, this.sets));
  }

  /**
   * The key of the set where the bucket lay before `maxKeys` was changed; EMPTY when it never was.
   */
  keyBefore(fingerprint: u64): Bytes {
    return this.setsBefore == 0 ? EMPTY : this.keyOf(setOf(fingerprint, this.setsBefore));
  }

  private keyOf(index: u32): Bytes {
    store<u32>(changetype<usize>(this.key) + this.key.length - 4, index);
    return view(this.key);
  }
}

/** `…/sets` as it was read. */
@final
class Sizes {
  isKnown: bool = false;
  sets: u32 = 0;
  setsBefore: u32 = 0;
  created: u32 = 0;
  private readonly stored: SharedValue = new SharedValue();

  constructor(
    private readonly shared: SharedStore,
    private readonly key: StaticArray<u8>,
  ) {
    const value = shared.read(view(key), this.stored);
    if (lengthOf(value) == SIZES_BYTES) {
      this.isKnown = true;
      this.sets = load<u32>(pointerOf(value));
      this.setsBefore = load<u32>(pointerOf(value), 4);
      this.created = load<u32>(pointerOf(value), 8);
    }
  }

  write(sets: u32, setsBefore: u32): void {
    const words = new StaticArray<u32>(3);
    words[0] = sets;
    words[1] = setsBefore;
    words[2] = max(this.created, sets);
    const value = bytes(changetype<usize>(words), SIZES_BYTES);
    if (this.isKnown) this.shared.write(view(this.key), value, this.stored.version);
    else this.shared.create(view(this.key), value);
  }
}
