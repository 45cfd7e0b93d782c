// The W3C Baggage header (REC-baggage 1.0): our member in, everyone else's kept as it is, the
// limits obeyed.
import {
  Bytes,
  EMPTY,
  at,
  equal,
  indexOf,
  isPresent,
  lengthOf,
  slice,
  trimSpace,
} from "../../lib/bytes";
import { Writer } from "../../lib/writer";

/** Section 3.3.2: more a platform need not carry on. */
export const BAGGAGE_BYTES_MAX = 8192;
export const BAGGAGE_MEMBERS_MAX = 64;

const COMMA: u8 = 0x2c;
const EQUALS: u8 = 0x3d;
const SEMICOLON: u8 = 0x3b;

const scratch = new Writer();

/**
 * `current` (or NONE) with the member `key=value` first, in place of any other of that key. Of
 * the others as many stay, in their order, as the limits leave room for: ours is never the one
 * that is left out. Valid until the next call.
 */
export function withMember(current: Bytes, key: Bytes, value: Bytes): Bytes {
  scratch.reset();
  scratch.bytes(key);
  scratch.byte(EQUALS);
  scratch.bytes(value);
  return withOthers(current, key, 1);
}

/**
 * `current` without the member `key`: the view itself when there is none, EMPTY when nothing is
 * left.
 */
export function withoutMember(current: Bytes, key: Bytes): Bytes {
  if (!hasMember(current, key)) return current;
  scratch.reset();
  return withOthers(current, key, 0);
}

function withOthers(current: Bytes, key: Bytes, count: i32): Bytes {
  const length = isPresent(current) ? lengthOf(current) : 0;
  let members = count;
  for (let from = 0; from < length && members < BAGGAGE_MEMBERS_MAX;) {
    const end = endOf(current, from);
    const member = trimSpace(slice(current, from, end));
    from = end + 1;
    if (lengthOf(member) == 0 || equal(keyOf(member), key)) continue;
    if (scratch.length + 1 + lengthOf(member) > BAGGAGE_BYTES_MAX) continue;
    if (members > 0) scratch.byte(COMMA);
    scratch.bytes(member);
    members++;
  }
  return scratch.length == 0 ? EMPTY : scratch.view();
}

function hasMember(current: Bytes, key: Bytes): bool {
  const length = isPresent(current) ? lengthOf(current) : 0;
  for (let from = 0; from < length;) {
    const end = endOf(current, from);
    if (equal(keyOf(trimSpace(slice(current, from, end))), key)) return true;
    from = end + 1;
  }
  return false;
}

/** Where the member at `from` ends: at a comma or at the end. */
function endOf(current: Bytes, from: i32): i32 {
  const comma = indexOf(current, COMMA, from);
  return comma < 0 ? lengthOf(current) : comma;
}

function keyOf(member: Bytes): Bytes {
  for (let i = 0; i < lengthOf(member); i++) {
    const byte = at(member, i);
    if (byte == EQUALS || byte == SEMICOLON) return trimSpace(slice(member, 0, i));
  }
  return member;
}
