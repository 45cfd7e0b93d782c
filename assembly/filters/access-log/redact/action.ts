// What takes the place of a value, and names with an action of their own.
import { Bytes, equal, equalIgnoreCase, lengthOf, lower, at, text, view } from "../../../lib/bytes";

/** What takes the place of a value. */
export const enum Action {
  /** `***`. */
  Mask,
  /** A keyed hash: the same value gives the same text, which does not give the value away. */
  Hash,
  /** Nothing at all. */
  Drop,
  /** The value itself: not redacted. */
  Keep,
}

/** Takes the place of a masked value; needs no encoding in a query, a path or a cookie. */
export const MASK = text("***");


@final
export class NamedAction {
  constructor(
    readonly name: StaticArray<u8>,
    readonly action: Action,
  ) {}
}

const FNV_OFFSET: u32 = 0x811c9dc5;
const FNV_PRIME: u32 = 0x01000193;

/**
 * Names by their hash: a header of 55 KB has 14,000 cookies, each of which is looked up. With a
 * list of 100 names that took 20 ms, with this 0.3 ms (tests/host/hostile-values.test.ts).
 */
@final
export class NamedActions {
  private slots: StaticArray<i32>;

  constructor(
    private names: NamedAction[],
    private ignoresCase: bool,
  ) {
    let size = 4;
    while (size < 2 * names.length) size <<= 1;
    this.slots = new StaticArray<i32>(size);
    for (let i = 0; i < names.length; i++) {
      let slot = this.slotOf(view(names[i].name));
      while (this.slots[slot] != 0) slot = (slot + 1) & (size - 1);
      this.slots[slot] = i + 1;
    }
  }

  /** The first action with this name, or `fallback`. */
  of(name: Bytes, fallback: Action): Action {
    if (this.names.length == 0) return fallback;
    const last = this.slots.length - 1;
    let slot = this.slotOf(name);
    for (let entry = unchecked(this.slots[slot]); entry != 0; entry = unchecked(this.slots[slot])) {
      const named = unchecked(this.names[entry - 1]);
      const other = view(named.name);
      if (this.ignoresCase ? equalIgnoreCase(other, name) : equal(other, name)) return named.action;
      slot = (slot + 1) & last;
    }
    return fallback;
  }

  private slotOf(name: Bytes): i32 {
    let hash = FNV_OFFSET;
    for (let i = 0; i < lengthOf(name); i++) {
      const byte = at(name, i);
      hash = (hash ^ (this.ignoresCase ? lower(byte) : byte)) * FNV_PRIME;
    }
    return (<i32>(hash ^ (hash >> 15))) & (this.slots.length - 1);
  }
}
