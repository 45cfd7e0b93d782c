// A verified token with everything a request needs of it, so that seeing it again costs a look-up
// and no parsing.
//
//   buffer | token | payload as JSON | value of claim header 0 | 1 | … |   grows to the largest it ever held, then stays
import { Bytes, NONE, bytes, equal, indexOf, lengthOf, pointerOf, slice } from "../../../lib/bytes";
import { spent } from "../../../lib/garbage";

/**
 * Buffers are made this much larger than asked for, so that tokens of about one size settle in
 * one buffer.
 */
const ROUND_BYTES = 256;
const HEADER_BYTES = 16;
const DOT: u8 = 0x2e;


@final
export class SeenToken {
  hash: u64 = 0;
  /**
   * What it was verified for; the same token may be good for one profile and bad for another. -1:
   * empty.
   */
  profile: i32 = -1;
  /**
   * Seconds of Unix time at which it ends to hold (`exp`), and from which it holds; skew not
   * applied.
   */
  expiresAt: i64 = 0;
  notBefore: i64 = 0;
  /** Touched since the clock hand last passed. */
  used: bool = false;
  /** It is one of the cache's entries, and so many bytes of it are in the cache's account. */
  isKept: bool = false;
  accounted: i64 = 0;
  /** The request it is in use for: it must not be overwritten while that one is decided. */
  pinnedBy: u32 = 0;
  /**
   * Rules whose claims have been asked of this token (a bit each), and those that held. Claims do
   * not change.
   */
  rulesKnown: u64 = 0;
  rulesHold: u64 = 0;

  private buffer: StaticArray<u8>;
  private tokenBytes: i32 = 0;
  private payloadBytes: i32 = 0;
  /** Where each claim header's value ends in the buffer; -1: the claim is absent. */
  private valueEnds: StaticArray<i32>;
  private values: i32 = 0;

  constructor(claimHeadersMax: i32) {
    this.buffer = new StaticArray<u8>(0);
    this.valueEnds = new StaticArray<i32>(claimHeadersMax);
  }

  get capacity(): i64 {
    return this.buffer.length;
  }

  get token(): Bytes {
    return bytes(changetype<usize>(this.buffer), this.tokenBytes);
  }

  /** The claims set, decoded. */
  get payload(): Bytes {
    return bytes(changetype<usize>(this.buffer) + <usize>this.tokenBytes, this.payloadBytes);
  }

  /** The claims set as the token carries it: base64url without padding. */
  get encodedPayload(): Bytes {
    const token = this.token;
    const start = indexOf(token, DOT) + 1;
    return slice(token, start, indexOf(token, DOT, start));
  }

  /**
   * The value for the provider's claim header at `index`, or NONE when the token has no such
   * claim.
   */
  value(index: i32): Bytes {
    if (index >= this.values) return NONE;
    const end = unchecked(this.valueEnds[index]);
    if (end < 0) return NONE;
    let start = this.tokenBytes + this.payloadBytes;
    for (let i = index - 1; i >= 0; i--) {
      const before = unchecked(this.valueEnds[i]);
      if (before < 0) continue;
      start = before;
      break;
    }
    return bytes(changetype<usize>(this.buffer) + <usize>start, end - start);
  }

  holds(hash: u64, profile: i32, token: Bytes): bool {
    return this.hash == hash && this.profile == profile && equal(this.token, token);
  }

  /**
   * Takes another token. `values` are the claim headers' in the provider's order, NONE for an
   * absent claim.
   */
  fill(
    hash: u64,
    profile: i32,
    token: Bytes,
    payload: Bytes,
    values: StaticArray<Bytes>,
    valueCount: i32,
    notBefore: i64,
    expiresAt: i64,
  ): void {
    const count = min(valueCount, this.valueEnds.length);
    let size = lengthOf(token) + lengthOf(payload);
    for (let i = 0; i < count; i++) {
      if (unchecked(values[i]) != NONE) size += lengthOf(unchecked(values[i]));
    }
    this.reserve(size);
    this.hash = hash;
    this.profile = profile;
    this.notBefore = notBefore;
    this.expiresAt = expiresAt;
    this.rulesKnown = 0;
    this.rulesHold = 0;
    this.tokenBytes = this.put(0, token);
    let end = this.put(this.tokenBytes, payload);
    this.payloadBytes = end - this.tokenBytes;
    for (let i = 0; i < count; i++) {
      const value = unchecked(values[i]);
      if (value != NONE) end = this.put(end, value);
      unchecked((this.valueEnds[i] = value == NONE ? -1 : end));
    }
    this.values = count;
  }

  forget(): void {
    this.profile = -1;
    this.used = false;
  }

  private reserve(size: i32): void {
    if (this.buffer.length >= size) return;
    const capacity = (size + ROUND_BYTES - 1) & -ROUND_BYTES;
    this.buffer = new StaticArray<u8>(capacity);
    spent(capacity + HEADER_BYTES);
  }

  /** Copies `part` to `start`; the buffer has been made large enough. */
  private put(start: i32, part: Bytes): i32 {
    memory.copy(
      changetype<usize>(this.buffer) + <usize>start,
      pointerOf(part),
      <usize>lengthOf(part),
    );
    return start + lengthOf(part);
  }
}
