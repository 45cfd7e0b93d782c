// Claims that Envoy's own jwt_authn filter left in the request's metadata, where Istio puts them
// (`payload`). The host gives bytes without their type: a text is its bytes, a list is laid out
// as a header map whose names are the items, a number is eight bytes, a boolean one. Only texts
// and lists of texts can be told from the rest, and only they are given.
import { Bytes, NONE, bytes, isPresent, lengthOf, pointerOf, text } from "../lib/bytes";
import { Writer } from "../lib/writer";
import { characterBytes } from "../lib/json/utf8";
import { property } from "./property";

const PAYLOAD = text("metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0payload\0");
/** More roles than a token holds. */
const ITEMS_MAX: u32 = 4096;

const path = new Writer();
const joined = new Writer();

/**
 * The claim whose steps are `steps`, a zero byte between: its text, or its items with a zero byte
 * between; else NONE.
 */
export function nativeClaim(steps: Bytes): Bytes {
  path.reset();
  path.bytes(PAYLOAD);
  path.bytes(steps);
  const value = property(path.view());
  if (!isPresent(value) || isText(value)) return value;
  return itemsOf(value);
}

/** UTF-8 without control characters: no number or list looks like that. */
function isText(value: Bytes): bool {
  const end = pointerOf(value) + <usize>lengthOf(value);
  for (let here = pointerOf(value); here < end;) {
    const size = characterBytes(here, end);
    if (size == 0 || load<u8>(here) < 0x20 || load<u8>(here) == 0x7f) return false;
    here += <usize>size;
  }
  return true;
}

/** Layout in header-map.ts; every item has an empty value. */
function itemsOf(list: Bytes): Bytes {
  const length = <u64>lengthOf(list);
  const count = length >= 4 ? load<u32>(pointerOf(list)) : 0;
  if (count == 0 || count > ITEMS_MAX || length < 4 + 8 * <u64>count) return NONE;
  let lengths = pointerOf(list) + 4;
  let offset: u64 = 4 + 8 * <u64>count;
  joined.reset();
  for (let i: u32 = 0; i < count; i++, lengths += 8) {
    const size = <u64>load<u32>(lengths);
    if (load<u32>(lengths, 4) != 0 || offset + size + 2 > length) return NONE;
    const item = bytes(pointerOf(list) + <usize>offset, <i32>size);
    if (!isText(item)) return NONE;
    if (i > 0) joined.byte(0);
    joined.bytes(item);
    offset += size + 2;
  }
  return offset == length ? joined.view() : NONE;
}
