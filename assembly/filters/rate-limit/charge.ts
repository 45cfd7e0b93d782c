// One limit's part in one request: which bucket, found where, in which state. Made once per limit and used again, since
// a request may meet several limits and all must be looked at before any is charged.
import { Bytes, lengthOf, pointerOf, text, view } from "../../lib/bytes";
import { TokenBucket } from "./bucket";
import { Limit } from "./config";
import { Store } from "./store";
import { BucketSet, Found, SET_SLOTS } from "./table";

/** Writes lost to other workers in a row before a request is refused rather than tried again. */
const ATTEMPTS_MAX = 64;

/** How a limit answered. Also the names of its counters. */
export const enum Outcome {
  /** It did not apply. */
  None,
  Admitted,
  /** Refused, or would be in report mode. */
  Limited,
  /** Would have refused, but only watches (`shadow`) or was not enforced on this request. */
  Shadowed,
}


@final
export class Charge {
  bucket: TokenBucket;
  cost: i64 = 1;
  outcome: Outcome = Outcome.None;
  /** The client found no slot of its own and shares the overflow bucket. */
  overflowed: bool = false;
  private key: Bytes = 0;
  private slotCount: i32 = 0;
  private fingerprint: u64 = 0;
  private version: u32 = 0;
  private fullAt: i64 = 0;
  private seed: u64 = 0;
  private readonly set: BucketSet = new BucketSet();
  private readonly ownKey: Bytes;
  private readonly overflowKey: Bytes;
  /** `…/s/` and the number of a set, 4 bytes. */
  private readonly setKey: Bytes;
  /** The limit's own buckets: one for its figures and one for each override. */
  private readonly ownSlots: i32;

  constructor(
    readonly limit: Limit,
    prefix: string,
    name: string,
  ) {
    this.bucket = limit.bucket;
    this.ownKey = text(prefix + "b/" + name);
    this.overflowKey = text(prefix + "o/" + name);
    this.setKey = text(prefix + "s/....");
    this.ownSlots = min(1 + limit.overrides.length, SET_SLOTS);
  }

  /** Creates the limit's own buckets where there are none yet. */
  prepare(store: Store): void {
    this.create(store, this.ownKey);
    this.create(store, this.overflowKey);
  }

  private create(store: Store, key: Bytes): void {
    if (store.exists(key)) return;
    this.set.load(0, this.ownSlots);
    store.write(key, this.set.view(), 0);
  }

  /** The limit's own bucket: it has no key, or the request lacks a part of it. */
  useOwn(seed: u64): void {
    this.seed = seed;
    this.overflowed = false;
    this.place(this.ownKey, this.ownSlots, seed);
  }

  /** A client's bucket, in the set that its fingerprint chooses. `sets` is a power of two. */
  useClient(seed: u64, fingerprint: u64, sets: i32): void {
    this.seed = seed;
    this.overflowed = false;
    const index = (<u32>(fingerprint >> 32)) & (<u32>sets - 1);
    store<u32>(pointerOf(this.setKey) + lengthOf(this.setKey) - 4, index);
    this.place(this.setKey, SET_SLOTS, fingerprint);
  }

  private place(key: Bytes, slotCount: i32, fingerprint: u64): void {
    this.key = key;
    this.slotCount = slotCount;
    this.fingerprint = fingerprint;
  }

  /** Reads the bucket as it is now. A client without a free slot goes to the overflow bucket. */
  look(from: Store, now: i64): void {
    let found = this.read(from, now);
    if (found == Found.Full && !this.overflowed) {
      this.overflowed = true;
      this.place(this.overflowKey, this.ownSlots, this.seed);
      found = this.read(from, now);
    }
    // Found.Full here: more overrides than slots; the newest state then counts as empty rather than as free.
    this.fullAt = found == Found.Own ? this.set.fullAt() : found == Found.Free ? 0 : now + this.bucket.capacity;
  }

  private read(from: Store, now: i64): Found {
    const value = from.read(this.key);
    this.version = from.version;
    this.set.load(value, this.slotCount);
    return this.set.find(this.fingerprint, now);
  }

  /** Whether the bucket, as last read, has what the request costs. */
  admits(now: i64): bool {
    return this.bucket.admits(this.fullAt, now, this.cost);
  }

  /** Takes the cost. False when other workers emptied the bucket meanwhile: then nothing was taken. */
  take(into: Store, now: i64): bool {
    if (this.cost == 0) return true;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const fullAt = this.bucket.charged(this.fullAt, now, this.cost);
      this.set.put(this.fingerprint, fullAt);
      if (into.write(this.key, this.set.view(), this.version)) {
        this.fullAt = fullAt;
        return true;
      }
      this.look(into, now);
      if (!this.admits(now)) return false;
    }
    return false;
  }

  /** Gives back what `take` took, because a later limit refused. */
  giveBack(into: Store, now: i64): void {
    for (let attempt = 0; this.cost > 0 && attempt < ATTEMPTS_MAX; attempt++) {
      if (this.read(into, now) != Found.Own) return;
      this.set.put(this.fingerprint, this.set.fullAt() - this.cost * this.bucket.ticksPerToken);
      if (into.write(this.key, this.set.view(), this.version)) return;
    }
  }

  remaining(now: i64): i64 {
    return this.bucket.remaining(this.fullAt, now);
  }

  waitNanos(now: i64): i64 {
    return this.bucket.waitNanos(this.fullAt, now, this.cost);
  }

  fullInNanos(now: i64): i64 {
    return this.bucket.fullInNanos(this.fullAt, now);
  }

  get name(): Bytes {
    return view(this.limit.name);
  }
}
