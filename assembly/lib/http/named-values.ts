// Cookies and query parameters by name, for the names that a configuration asks for. However many
// conditions ask, a request is walked once: a client's cookie header can hold ten thousand pairs.
import { Bytes, NONE, at, equal, lengthOf, owned, view } from "../bytes";
import { Writer } from "../writer";
import { COOKIE, CookieReader } from "./cookie";
import { decoded } from "./percent";
import { ParamReader, behindQuestion } from "./query";
import { RequestView } from "./request";

/**
 * Slots of the table of names for each name, so that a foreign name nearly always meets a free
 * one.
 */
const SPREAD = 4;
const EMPTY_SLOT: i32 = -1;

/** Takes all values of one name in a request, for who asks for more than the first and the last. */
export abstract class ValueList {
  /** Another request begins. */
  abstract clear(): void;

  /**
   * One more value, in the order of the request; it stays valid as long as the request's headers
   * do.
   */
  abstract add(value: Bytes): void;
}

export abstract class NamedValues {
  private readonly names: StaticArray<u8>[] = [];
  private longest: i32 = 0;
  /** Open addressing: indexes of names, a power of two of slots. */
  private table: StaticArray<i32> = [EMPTY_SLOT];
  private values: StaticArray<Bytes> = [];
  /** The last value of each name, when it is another than the first; else NONE. */
  private others: StaticArray<Bytes> = [];
  /** By name; null: the first and the last value are enough. */
  private lists: StaticArray<ValueList | null> = [];
  /** Somebody asks whether a name came more than once: a request is walked to its end. */
  private watchesRepeats: bool = false;
  /**
   * Of parameters: values are given as they stand in the target, that of the last one with the
   * fragment behind it, which is what Envoy's formatter begins with.
   */
  protected areRaw: bool = false;
  /** The request that the values are of. */
  private readFor: u64 = 0;
  private missing: i32 = 0;

  /** At configuration: asks for the values of `name`; gives its index for `valueAt`. */
  indexOf(name: Bytes): i32 {
    const known = this.find(name);
    if (known >= 0) return known;
    this.names.push(owned(name));
    this.longest = max(this.longest, lengthOf(name));
    this.values = new StaticArray<Bytes>(this.names.length);
    this.others = new StaticArray<Bytes>(this.names.length);
    const lists = new StaticArray<ValueList | null>(this.names.length);
    for (let i = 0; i < this.lists.length; i++) lists[i] = this.lists[i];
    this.lists = lists;
    this.rebuild();
    this.readFor = 0;
    return this.names.length - 1;
  }

  /** As `indexOf`, and `otherAt` is to be asked for the name. */
  watch(name: Bytes): i32 {
    this.watchesRepeats = true;
    return this.indexOf(name);
  }

  /** At configuration: from now on `readOnce` fills `list` with all values of `name`. */
  gather(name: Bytes, list: ValueList): void {
    const index = this.watch(name);
    this.lists[index] = list;
  }

  /**
   * The first value of the name at `index`, or NONE; valid as long as the request's headers are.
   */
  valueAt(index: i32, request: RequestView): Bytes {
    this.readOnce(request);
    return unchecked(this.values[index]);
  }

  /** The last value that is another than the first; NONE: the name has one value, or none. */
  otherAt(index: i32, request: RequestView): Bytes {
    this.readOnce(request);
    return unchecked(this.others[index]);
  }

  /** Reads the request, unless it is the one that was read last. */
  readOnce(request: RequestView): void {
    if (this.readFor == request.serial) return;
    this.readFor = request.serial;
    this.missing = this.values.length;
    for (let i = 0; i < this.values.length; i++) {
      unchecked((this.values[i] = NONE));
      unchecked((this.others[i] = NONE));
      const list = unchecked(this.lists[i]);
      if (list !== null) list.clear();
    }
    this.readAll(request);
  }

  /**
   * Walks the request and gives each pair to `take`, until that says that nothing more is asked
   * for.
   */
  protected abstract readAll(request: RequestView): void;

  /** Whether a name of this length can be one of those asked for. */
  protected isShort(length: i32): bool {
    return length <= this.longest;
  }

  /** The index of a name whose value is still asked for, or -1. */
  protected wanted(name: Bytes): i32 {
    const index = this.find(name);
    const isAsked = index >= 0 && (this.watchesRepeats || unchecked(this.values[index]) == NONE);
    return isAsked ? index : -1;
  }

  /** Keeps the value of `index`; true when nothing more is asked for. */
  protected take(index: i32, value: Bytes): bool {
    const list = unchecked(this.lists[index]);
    if (list !== null) list.add(value);
    if (unchecked(this.values[index]) == NONE) {
      unchecked((this.values[index] = value));
      this.missing--;
    } else if (unchecked(this.others[index]) != NONE || !equal(this.values[index], value)) {
      unchecked((this.others[index] = value));
    }
    return this.missing == 0 && !this.watchesRepeats;
  }

  private find(name: Bytes): i32 {
    if (!this.isShort(lengthOf(name))) return -1;
    const table = this.table;
    let slot = hashOf(name) & (table.length - 1);
    for (let index = unchecked(table[slot]); index != EMPTY_SLOT; index = unchecked(table[slot])) {
      if (equal(view(unchecked(this.names[index])), name)) return index;
      slot = (slot + 1) & (table.length - 1);
    }
    return -1;
  }

  private rebuild(): void {
    let size = SPREAD;
    while (size < this.names.length * SPREAD) size <<= 1;
    const table = new StaticArray<i32>(size);
    table.fill(EMPTY_SLOT);
    for (let index = 0; index < this.names.length; index++) {
      let slot = hashOf(view(this.names[index])) & (size - 1);
      while (table[slot] != EMPTY_SLOT) slot = (slot + 1) & (size - 1);
      table[slot] = index;
    }
    this.table = table;
  }
}

/** FNV-1a. Collisions cost a comparison with a name of the configuration, so they need no key. */
function hashOf(name: Bytes): i32 {
  let hash: u32 = 0x811c9dc5;
  for (let i = 0; i < lengthOf(name); i++) hash = (hash ^ at(name, i)) * 0x01000193;
  return <i32>(hash ^ (hash >> 16));
}

const cookies = new CookieReader();

/** Cookies over all cookie headers of a request. */
@final
export class CookieValues extends NamedValues {
  protected readAll(request: RequestView): void {
    let header = request.headerIndex(COOKIE, 0);
    for (; header >= 0; header = request.headerIndex(COOKIE, header + 1)) {
      cookies.open(request.headerValue(header));
      while (cookies.next()) {
        const index = this.wanted(cookies.name);
        if (index >= 0 && this.take(index, cookies.value)) return;
      }
    }
  }
}

const params = new ParamReader();
const paramName = new Writer();

/** Parameters of a request's query. Names are percent-decoded, and values unless they are raw. */
@final
export class ParamValues extends NamedValues {
  /** Decoded values, one behind the other. */
  private readonly text: Writer = new Writer();
  private readonly one: Writer = new Writer();

  constructor(areRaw: bool = false) {
    super();
    this.areRaw = areRaw;
  }

  protected readAll(request: RequestView): void {
    const query = this.areRaw ? behindQuestion(request.target()) : request.query();
    if (query == NONE) return;
    // Room for all of them, so that no value moves when the next one comes.
    this.text.reset();
    this.text.room(lengthOf(query));
    this.text.reset();
    params.open(query);
    while (params.next()) {
      // A decoded byte takes up to three.
      if (!this.isShort(lengthOf(params.name) / 3)) continue;
      const index = this.wanted(decoded(params.name, paramName));
      if (index >= 0 && this.take(index, this.decode(params.value))) return;
    }
  }

  private decode(raw: Bytes): Bytes {
    if (this.areRaw) return raw;
    const value = decoded(raw, this.one);
    if (value == raw) return raw;
    const start = this.text.length;
    this.text.bytes(value);
    return this.text.viewFrom(start);
  }
}
