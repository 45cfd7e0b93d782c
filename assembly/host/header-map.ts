// Header maps. Reading takes one host call for the whole map: a single-header get shows only the
// first of duplicates and costs as much.
//
//   count u32 | count × (name length u32, value length u32) | count × (name, 0, value, 0)
import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
} from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, bytes, compareMemory, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { applyWrite, keepPairs, sharedPairs } from "./shared-request";
import { Status } from "./status";

export const enum MapType {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  HttpCallResponseHeaders = 6,
  HttpCallResponseTrailers = 7,
}

/** A map as it was when read, in the arena: valid until the callback returns. */
@final
export class HeaderMap {
  /** How many headers, duplicates counted. 0 until `read` succeeded. */
  count: i32 = 0;
  private base: usize = 0;
  /** Walk position, so that reading in order costs one step each. */
  private cursorIndex: i32 = 0;
  private cursor: usize = 0;

  /** Reads the map of the current context. On any other status than Ok the snapshot is empty. */
  read(type: MapType): Status {
    this.count = 0;
    const shared = type == MapType.RequestHeaders ? sharedPairs() : 0;
    if (shared != 0) {
      this.base = shared;
    } else {
      clear();
      const status = proxy_get_header_map_pairs(type, OUT, OUT + 4);
      if (status != Status.Ok) return status;
      const pairs = answer();
      if (lengthOf(pairs) < 4) return Status.Empty;
      this.base = pointerOf(pairs);
      if (type == MapType.RequestHeaders) keepPairs(this.base);
    }
    this.count = load<i32>(this.base);
    this.rewind();
    return Status.Ok;
  }

  /** Forgets the snapshot: its memory is about to be reused. */
  forget(): void {
    this.count = 0;
  }

  /** The first value of `name` (lower case, as proxies hold names), or NONE. */
  get(name: Bytes): Bytes {
    return this.next(name, 0);
  }

  /** The index of the first `name` (lower case) at `from` or later, or -1. */
  index(name: Bytes, from: i32): i32 {
    const length = lengthOf(name);
    const target = pointerOf(name);
    const count = this.count;
    const base = this.base;
    let at = from == 0 ? base + 4 + ((<usize>count) << 3) : this.seek(from);
    let lengths = base + 4 + ((<usize>from) << 3);
    for (let i = from; i < count; i++, lengths += 8) {
      const nameLength = load<i32>(lengths);
      if (nameLength == length && compareMemory(at, target, <usize>length) == 0) {
        this.cursorIndex = i;
        this.cursor = at;
        return i;
      }
      at += <usize>nameLength + load<u32>(lengths, 4) + 2;
    }
    return -1;
  }

  /** The value of the first `name` at index `from` or later, or NONE. */
  next(name: Bytes, from: i32): Bytes {
    const found = this.index(name, from);
    return found < 0 ? NONE : this.value(found);
  }

  name(index: i32): Bytes {
    return bytes(this.seek(index), load<i32>(this.base + 4 + ((<usize>index) << 3)));
  }

  value(index: i32): Bytes {
    const lengths = this.base + 4 + ((<usize>index) << 3);
    return bytes(this.seek(index) + load<u32>(lengths) + 1, load<i32>(lengths, 4));
  }

  private rewind(): void {
    this.cursorIndex = 0;
    this.cursor = this.base + 4 + ((<usize>this.count) << 3);
  }

  /** Where header `index` (0 <= index < count) begins. */
  private seek(index: i32): usize {
    if (index < this.cursorIndex) this.rewind();
    let at = this.cursor;
    let lengths = this.base + 4 + ((<usize>this.cursorIndex) << 3);
    for (let i = this.cursorIndex; i < index; i++, lengths += 8) {
      at += <usize>load<u32>(lengths) + load<u32>(lengths, 4) + 2;
    }
    this.cursorIndex = index;
    this.cursor = at;
    return at;
  }
}

/** The first value of one header without a snapshot, or NONE. */
export function headerValue(type: MapType, name: Bytes): Bytes {
  clear();
  const status = proxy_get_header_map_value(type, pointerOf(name), lengthOf(name), OUT, OUT + 4);
  return status == Status.Ok ? answer() : NONE;
}

/**
 * Sets `name` to one value, whatever there was. On request headers this clears Envoy's route
 * cache.
 */
export function replaceHeader(type: MapType, name: Bytes, value: Bytes): Status {
  if (type == MapType.RequestHeaders) applyWrite(name, value, false, true);
  return proxy_replace_header_map_value(
    type,
    pointerOf(name),
    lengthOf(name),
    pointerOf(value),
    lengthOf(value),
  );
}

/** Adds one more value of `name`. */
export function addHeader(type: MapType, name: Bytes, value: Bytes): Status {
  if (type == MapType.RequestHeaders) applyWrite(name, value, true, true);
  return proxy_add_header_map_value(
    type,
    pointerOf(name),
    lengthOf(name),
    pointerOf(value),
    lengthOf(value),
  );
}

/** Removes every `name`. */
export function removeHeader(type: MapType, name: Bytes): Status {
  if (type == MapType.RequestHeaders) applyWrite(name, NONE, false, false);
  return proxy_remove_header_map_value(type, pointerOf(name), lengthOf(name));
}
