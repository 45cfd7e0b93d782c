// The W3C Baggage header (REC-baggage 1.0): our member in, everyone else's kept as it is, the limits obeyed.
import { Bytes, NONE, at, equal, indexOf, isPresent, lengthOf, slice, trimSpace } from "../../lib/bytes";
import { Scratch } from "../../lib/http/scratch";

/** Section 3.3.2: more a platform need not carry on. */
export const BAGGAGE_BYTES_MAX = 8192;
export const BAGGAGE_MEMBERS_MAX = 64;

const COMMA: u8 = 0x2c;
const EQUALS: u8 = 0x3d;
const SEMICOLON: u8 = 0x3b;

const scratch = new Scratch();

/**
 * `current` (or NONE) with the member `key=value` in place of any other of that key. NONE when it would break the limits:
 * then the header is left as it is. Valid until the next call.
 */
export function withMember(current: Bytes, key: Bytes, value: Bytes): Bytes {
  scratch.clear();
  scratch.put(key);
  scratch.putByte(EQUALS);
  scratch.put(value);
  let members = 1;
  const length = isPresent(current) ? lengthOf(current) : 0;
  if (length > BAGGAGE_BYTES_MAX) return NONE;
  for (let from = 0; from < length;) {
    const comma = indexOf(current, COMMA, from);
    const end = comma < 0 ? length : comma;
    const member = trimSpace(slice(current, from, end));
    from = end + 1;
    if (lengthOf(member) == 0 || equal(keyOf(member), key)) continue;
    scratch.putByte(COMMA);
    scratch.put(member);
    members++;
  }
  return members > BAGGAGE_MEMBERS_MAX || scratch.length > BAGGAGE_BYTES_MAX ? NONE : scratch.view();
}

function keyOf(member: Bytes): Bytes {
  for (let i = 0; i < lengthOf(member); i++) {
    const byte = at(member, i);
    if (byte == EQUALS || byte == SEMICOLON) return trimSpace(slice(member, 0, i));
  }
  return member;
}
