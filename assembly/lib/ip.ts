// IP addresses as text (RFC 4291 section 2.2); networks are in cidr.ts. Strict: no leading zeros,
// no short forms, no zone. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is the IPv4 address: a
// dual-stack listener reports its clients so.
import { Bytes, at, indexOf, lastIndexOf, lengthOf, parseUnsigned, slice } from "./bytes";

const DOT: u8 = 0x2e;
const COLON: u8 = 0x3a;
const OPEN: u8 = 0x5b;
const CLOSE: u8 = 0x5d;

export const enum Family {
  None = 0,
  V4 = 4,
  V6 = 6,
}

/** An address: IPv4 in the low 32 bits, IPv6 in both words, in network order of significance. */
@final
export class IpAddress {
  family: Family = Family.None;
  high: u64 = 0;
  low: u64 = 0;

  /** Makes it no address. */
  clear(): void {
    this.family = Family.None;
    this.high = 0;
    this.low = 0;
  }

  /** Makes it equal to `other`. */
  set(other: IpAddress): void {
    this.family = other.family;
    this.high = other.high;
    this.low = other.low;
  }

  /**
   * Reads exactly one address, e.g. "192.0.2.1" or "2001:db8::1". On false it is no address
   * (Family.None).
   */
  parse(source: Bytes): bool {
    this.clear();
    if (indexOf(source, COLON) < 0) {
      const address = parseV4(source);
      if (address < 0) return false;
      this.low = <u64>address;
      this.family = Family.V4;
      return true;
    }
    return this.parseV6(source);
  }

  /**
   * Reads an address with an optional port, "192.0.2.1:567", "[::1]:80" or "[::1]", as Envoy's
   * `source.address`.
   */
  parseWithPort(source: Bytes): bool {
    this.clear();
    if (lengthOf(source) > 0 && at(source, 0) == OPEN) {
      const close = indexOf(source, CLOSE);
      const inside = slice(source, 1, close);
      // Brackets hold IPv6 only.
      return (
        close > 0 &&
        isPort(slice(source, close + 1)) &&
        indexOf(inside, COLON) >= 0 &&
        this.parse(inside)
      );
    }
    const colon = indexOf(source, COLON);
    if (colon < 0 || lastIndexOf(source, COLON) != colon) return this.parse(source);
    return isPort(slice(source, colon)) && this.parse(slice(source, 0, colon));
  }

  /**
   * Keeps the first `v4Bits` (0 to 32) or `v6Bits` (0 to 128) of the address and zeroes the rest.
   */
  mask(v4Bits: i32, v6Bits: i32): void {
    if (this.family == Family.V4) {
      this.low &= maskOf(32 + v4Bits) & 0xffffffff;
    } else {
      this.high &= maskOf(v6Bits);
      this.low &= maskOf(v6Bits - 64);
    }
  }

  private parseV6(source: Bytes): bool {
    if (!readGroups(source)) return false;
    const high = bswap<u64>(load<u64>(GROUPS));
    const low = bswap<u64>(load<u64>(GROUPS, 8));
    const mapped = high == 0 && low >> 32 == 0xffff;
    this.family = mapped ? Family.V4 : Family.V6;
    this.high = high;
    this.low = mapped ? low & 0xffffffff : low;
    return true;
  }
}

/** The eight groups of the IPv6 address being read, each in network order. */
const GROUPS = memory.data(16, 8);
const GROUP: usize = 2;

/** Reads the text of an IPv6 address into GROUPS. */
function readGroups(source: Bytes): bool {
  const end = lengthOf(source);
  let count = 0;
  /** How many groups stood before "::", or -1 without one. */
  let gap = -1;
  let position = 0;
  if (end >= 2 && at(source, 0) == COLON && at(source, 1) == COLON) {
    gap = 0;
    position = 2;
  }
  while (position < end) {
    const colon = indexOf(source, COLON, position);
    const piece = slice(source, position, colon < 0 ? end : colon);
    if (colon < 0 && indexOf(piece, DOT) >= 0) {
      const embedded = parseV4(piece);
      if (embedded < 0 || count > 6) return false;
      store<u32>(GROUPS + GROUP * <usize>count, bswap<u32>(<u32>embedded));
      count += 2;
      break;
    }
    const group = parseGroup(piece);
    if (group < 0 || count == 8) return false;
    store<u16>(GROUPS + GROUP * <usize>count, bswap<u16>(<u16>group));
    count++;
    if (colon < 0) break;
    position = colon + 1;
    if (position == end) return false;
    if (at(source, position) != COLON) continue;
    if (gap >= 0) return false;
    gap = count;
    position++;
  }
  if (gap < 0) return count == 8;
  if (count == 8) return false;
  // What stands behind the gap moves to the end.
  const start = GROUPS + GROUP * <usize>gap;
  const width = GROUP * <usize>(8 - count);
  memory.copy(start + width, start, GROUP * <usize>(count - gap));
  memory.fill(start, 0, width);
  return true;
}

/** The mask of the first `bits` of 64; none below 1, all above 63. */
export function maskOf(bits: i32): u64 {
  return bits <= 0 ? 0 : bits >= 64 ? u64.MAX_VALUE : ~(u64.MAX_VALUE >> bits);
}

/** A port behind its colon, or nothing at all. */
function isPort(tail: Bytes): bool {
  if (lengthOf(tail) == 0) return true;
  const port = at(tail, 0) == COLON ? parseUnsigned(slice(tail, 1)) : -1;
  return port >= 0 && port <= 65535;
}

/** Four decimal numbers without leading zeros, or -1. */
function parseV4(source: Bytes): i64 {
  let address: i64 = 0;
  let position = 0;
  for (let part = 0; part < 4; part++) {
    const dot = indexOf(source, DOT, position);
    if (dot < 0 != (part == 3)) return -1;
    const digits = slice(source, position, dot < 0 ? i32.MAX_VALUE : dot);
    const value = lengthOf(digits) > 3 ? -1 : parseUnsigned(digits);
    if (value < 0 || value > 255 || (lengthOf(digits) > 1 && at(digits, 0) == 0x30)) return -1;
    address = (address << 8) | value;
    position = dot + 1;
  }
  return address;
}

/** One to four hexadecimal digits, or -1. */
function parseGroup(source: Bytes): i32 {
  const length = lengthOf(source);
  if (length == 0 || length > 4) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const byte = at(source, i);
    const letter = byte | 0x20;
    const digit = byte - 0x30 < 10 ? <i32>byte - 0x30 : letter - 0x61 < 6 ? <i32>letter - 0x57 : -1;
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}
