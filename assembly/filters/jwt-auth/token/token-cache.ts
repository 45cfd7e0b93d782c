// The tokens verified lately. Only verified tokens are kept, so a flood of bad ones evicts nothing.
// The whole token is compared, so a hash alone never lets anyone in. A set has four entries; the
// clock algorithm chooses which of them is overwritten.
import { Bytes, lengthOf, slice } from "../../../lib/bytes";
import { siphash } from "../../../lib/hash";
import { spent } from "../../../lib/garbage";
import { SeenToken } from "./seen-token";

const WAYS: u32 = 4;
/**
 * A token ends in its signature, which is as good as random: hashing 64 bytes of it finds the
 * entry as well as hashing all of it, in a tenth of the time.
 */
const HASHED_BYTES = 64;
/** Roughly what an entry weighs before it holds a token. */
const ENTRY_BYTES = 160;
/**
 * What all entries may hold together, whatever their number: a quarter of what a VM may have
 * (256 MiB, asconfig.json). Every worker has a VM of its own.
 */
export const CACHE_BYTES_MAX: i64 = 64 * 1024 * 1024;


@final
export class TokenCache {
  private entries: StaticArray<SeenToken | null>;
  private mask: u32;
  private hand: u32 = 0;
  private trimHand: u32 = 0;
  private request: u32 = 0;
  private bytesHeld: i64 = 0;
  /**
   * For tokens that cannot be kept: caching is off, or this very request uses all entries of the
   * set.
   */
  private spare: SeenToken[] = [];
  private spareUsed: i32 = 0;

  /**
   * `entryCount` is rounded up to a power of two (0: nothing is kept). The seed must be one that
   * clients cannot know; `claimHeadersMax` is the longest list of claim headers that a provider
   * has.
   */
  constructor(
    entryCount: i32,
    private claimHeadersMax: i32,
    private k0: u64,
    private k1: u64,
    private bytesMax: i64 = CACHE_BYTES_MAX,
  ) {
    let size = 0;
    if (entryCount > 0) {
      size = <i32>WAYS;
      while (size < entryCount) size <<= 1;
    }
    this.entries = new StaticArray<SeenToken | null>(size);
    this.mask = <u32>size / WAYS - 1;
  }

  /** The same token hashes alike until the next start. */
  hash(token: Bytes): u64 {
    return siphash(slice(token, lengthOf(token) - HASHED_BYTES), this.k0, this.k1);
  }

  /** A request begins: what it finds from now on stays until the next one begins. */
  beginRequest(): void {
    this.request++;
    this.spareUsed = 0;
    if (this.bytesHeld > this.bytesMax) this.trim();
  }

  /** Enters into the account what an entry has grown to by being filled. */
  account(entry: SeenToken): void {
    if (!entry.isKept) return;
    this.bytesHeld += entry.capacity - entry.accounted;
    entry.accounted = entry.capacity;
  }

  /**
   * Drops whole entries, in turn, until there is room again. Those of earlier requests alone are
   * there now.
   */
  private trim(): void {
    const size = <u32>this.entries.length;
    for (
      let step: u32 = 0;
      step < size && this.bytesHeld > this.bytesMax - (this.bytesMax >> 2);
      step++
    ) {
      const index = this.trimHand++ & (size - 1);
      const entry = unchecked(this.entries[index]);
      if (entry === null) continue;
      this.bytesHeld -= entry.accounted;
      spent(<i32>entry.accounted);
      unchecked((this.entries[index] = null));
    }
  }

  /** The entry of a token that was verified for `profile`, or null. */
  find(hash: u64, profile: i32, token: Bytes): SeenToken | null {
    if (this.entries.length == 0) return null;
    const first = ((<u32>hash) & this.mask) * WAYS;
    for (let i: u32 = 0; i < WAYS; i++) {
      const entry = unchecked(this.entries[first + i]);
      if (entry === null || !entry.holds(hash, profile, token)) continue;
      entry.used = true;
      entry.pinnedBy = this.request;
      return entry;
    }
    return null;
  }

  /** An entry to fill with a token that has just verified. */
  entryFor(hash: u64): SeenToken {
    if (this.entries.length == 0) return this.nextSpare();
    const victim = this.victim(((<u32>hash) & this.mask) * WAYS);
    if (victim === null) return this.nextSpare();
    victim.used = true;
    victim.pinnedBy = this.request;
    return victim;
  }

  /** Drops everything: keys or settings changed. */
  clear(): void {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry !== null) entry.forget();
    }
  }

  /** Drops what was verified for `profile`: its keys changed. */
  clearProfile(profile: i32): void {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = unchecked(this.entries[i]);
      if (entry !== null && entry.profile == profile) entry.forget();
    }
  }

  /**
   * An empty entry, else one not touched since the hand passed; null when this request uses them
   * all.
   */
  private victim(first: u32): SeenToken | null {
    for (let i: u32 = 0; i < WAYS; i++) {
      const entry = unchecked(this.entries[first + i]);
      if (entry === null) return this.makeAt(first + i);
      if (entry.profile < 0) return entry;
    }
    for (let step: u32 = 0; step < 2 * WAYS; step++) {
      const entry = unchecked(this.entries[first + (this.hand++ & (WAYS - 1))]);
      if (entry === null || entry.pinnedBy == this.request) continue;
      if (!entry.used) return entry;
      entry.used = false;
    }
    return null;
  }

  private makeAt(index: u32): SeenToken {
    const made = this.make();
    made.isKept = true;
    unchecked((this.entries[index] = made));
    return made;
  }

  private nextSpare(): SeenToken {
    if (this.spareUsed == this.spare.length) this.spare.push(this.make());
    const entry = unchecked(this.spare[this.spareUsed++]);
    entry.pinnedBy = this.request;
    return entry;
  }

  private make(): SeenToken {
    spent(ENTRY_BYTES);
    return new SeenToken(this.claimHeadersMax);
  }
}
