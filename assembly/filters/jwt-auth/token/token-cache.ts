// The tokens verified lately. Only what verified comes in, so a flood of bad tokens pushes out
// nothing; the whole token is compared, so a hash alone never lets anyone in. Four places per
// hash value, the clock algorithm among them.
import { Bytes, lengthOf, slice } from "../../../lib/bytes";
import { siphash } from "../../../lib/hash";
import { spent } from "../../../lib/garbage";
import { SeenToken } from "./seen-token";

const WAYS: u32 = 4;
/**
 * A token ends in its signature, which is as good as random: hashing 64 bytes of it finds the
 * place as well as hashing all of it, in a tenth of the time.
 */
const HASHED_BYTES = 64;
/** Roughly what an entry weighs before it holds a token. */
const ENTRY_BYTES = 160;
/**
 * What all tokens kept may take, however many entries are asked for: a proxy gives a worker's
 * machine 1 GiB at most.
 */
export const CACHE_BYTES_MAX: i64 = 64 * 1024 * 1024;


@final
export class TokenCache {
  private places: StaticArray<SeenToken | null>;
  private mask: u32;
  private hand: u32 = 0;
  private trimHand: u32 = 0;
  private request: u32 = 0;
  private bytesHeld: i64 = 0;
  /**
   * For what may not be kept: caching is off, or all places of its set are in use by this very
   * request.
   */
  private spare: SeenToken[] = [];
  private spareUsed: i32 = 0;

  /**
   * `entries` is rounded up to a power of two (0: nothing is kept). The seed must be one that
   * clients cannot know; `claimHeadersMax` is the longest list of claim headers that a provider
   * has.
   */
  constructor(
    entries: i32,
    private claimHeadersMax: i32,
    private k0: u64,
    private k1: u64,
    private bytesMax: i64 = CACHE_BYTES_MAX,
  ) {
    let size = 0;
    if (entries > 0) {
      size = <i32>WAYS;
      while (size < entries) size <<= 1;
    }
    this.places = new StaticArray<SeenToken | null>(size);
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
    const size = <u32>this.places.length;
    for (
      let step: u32 = 0;
      step < size && this.bytesHeld > this.bytesMax - (this.bytesMax >> 2);
      step++
    ) {
      const index = this.trimHand++ & (size - 1);
      const place = unchecked(this.places[index]);
      if (place === null) continue;
      this.bytesHeld -= place.accounted;
      spent(<i32>place.accounted);
      unchecked((this.places[index] = null));
    }
  }

  /** The entry of a token that was verified for `profile`, or null. */
  find(hash: u64, profile: i32, token: Bytes): SeenToken | null {
    if (this.places.length == 0) return null;
    const first = ((<u32>hash) & this.mask) * WAYS;
    for (let i: u32 = 0; i < WAYS; i++) {
      const place = unchecked(this.places[first + i]);
      if (place === null || !place.holds(hash, profile, token)) continue;
      place.used = true;
      place.pinnedBy = this.request;
      return place;
    }
    return null;
  }

  /** An entry to fill with a token that has just verified. */
  place(hash: u64): SeenToken {
    if (this.places.length == 0) return this.nextSpare();
    const victim = this.victim(((<u32>hash) & this.mask) * WAYS);
    if (victim === null) return this.nextSpare();
    victim.used = true;
    victim.pinnedBy = this.request;
    return victim;
  }

  /** Drops everything: keys or settings changed. */
  clear(): void {
    for (let i = 0; i < this.places.length; i++) {
      const place = unchecked(this.places[i]);
      if (place !== null) place.forget();
    }
  }

  /** Drops what was verified for `profile`: its keys changed. */
  clearProfile(profile: i32): void {
    for (let i = 0; i < this.places.length; i++) {
      const place = unchecked(this.places[i]);
      if (place !== null && place.profile == profile) place.forget();
    }
  }

  /**
   * An empty place, else one not touched since the hand passed; null when this request uses them
   * all.
   */
  private victim(first: u32): SeenToken | null {
    for (let i: u32 = 0; i < WAYS; i++) {
      const place = unchecked(this.places[first + i]);
      if (place === null) return this.fillPlace(first + i);
      if (place.profile < 0) return place;
    }
    for (let step: u32 = 0; step < 2 * WAYS; step++) {
      const place = unchecked(this.places[first + (this.hand++ & (WAYS - 1))]);
      if (place === null || place.pinnedBy == this.request) continue;
      if (!place.used) return place;
      place.used = false;
    }
    return null;
  }

  private fillPlace(index: u32): SeenToken {
    const made = this.make();
    made.isKept = true;
    unchecked((this.places[index] = made));
    return made;
  }

  private nextSpare(): SeenToken {
    if (this.spareUsed == this.spare.length) this.spare.push(this.make());
    const place = unchecked(this.spare[this.spareUsed++]);
    place.pinnedBy = this.request;
    return place;
  }

  private make(): SeenToken {
    spent(ENTRY_BYTES);
    return new SeenToken(this.claimHeadersMax);
  }
}
