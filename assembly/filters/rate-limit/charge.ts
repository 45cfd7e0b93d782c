// One limit's part in one request: which bucket, found where, in which state. Made once per limit
// and used again, since a request may meet several limits and all must be looked at before any is
// charged.
import { Bytes, utf8, view } from "../../lib/bytes";
import { SharedStore, SharedValue } from "../../lib/shared-store";
import { TokenBucket } from "./bucket";
import { Limit } from "./limit";
import { BucketSet, Found, OWN_SLOTS, setOf } from "./table";
import { Table } from "./shared-state";
import { decimal } from "../../lib/writer";

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

/** One of a limit's buckets that are not a client's: the limit's own, or an override's. */
@final
class Tier {
  constructor(
    readonly bucket: TokenBucket,
    /** Name and figures as one number: the fingerprint of the tier's own bucket. */
    readonly seed: u64,
    readonly ownKey: StaticArray<u8>,
    readonly overflowKey: StaticArray<u8>,
  ) {}
}


@final
export class Charge {
  bucket: TokenBucket;
  cost: i64 = 1;
  outcome: Outcome = Outcome.None;
  /**
   * The request lacks a part of the limit's key, and is refused for that; no bucket was looked
   * at.
   */
  keyMissing: bool = false;
  /** The client found no slot of its own and shares the overflow bucket. */
  overflowed: bool = false;
  private readonly tiers: Tier[] = [];
  private tier: Tier;
  private readonly set: BucketSet = new BucketSet();
  /** A client's, or a tier's seed. */
  private fingerprint: u64 = 0;
  /** The bucket is that of the request's key. */
  isClient: bool = false;
  private readonly stored: SharedValue = new SharedValue();
  private now: i64 = 0;
  private fullAt: i64 = 0;

  /** `prefix` and the limit's name begin the keys of its own buckets. */
  constructor(
    readonly limit: Limit,
    prefix: string,
    name: string,
    private readonly table: Table,
  ) {
    const own = new Tier(
      limit.bucket,
      limit.seed,
      utf8(prefix + "b/" + name),
      utf8(prefix + "o/" + name),
    );
    this.bucket = limit.bucket;
    this.tier = own;
    this.tiers.push(own);
    for (let i = 0; i < limit.overrides.length; i++) {
      const other = limit.overrides[i];
      const end = name + "/" + decimal(i + 1);
      this.tiers.push(
        new Tier(other.bucket, other.seed, utf8(prefix + "b/" + end), utf8(prefix + "o/" + end)),
      );
    }
  }

  get name(): Bytes {
    return view(this.limit.name);
  }

  /** Creates the limit's own buckets where there are none yet. */
  prepare(store: SharedStore): void {
    for (let i = 0; i < this.tiers.length; i++) {
      this.set.load(0, OWN_SLOTS);
      store.create(view(this.tiers[i].ownKey), this.set.view());
      store.create(view(this.tiers[i].overflowKey), this.set.view());
    }
  }

  /** A request begins, with the figures of the limit itself (0) or of an override (1 …). */
  begin(tier: i32): void {
    this.tier = unchecked(this.tiers[tier]);
    this.bucket = this.tier.bucket;
    this.outcome = Outcome.None;
    this.overflowed = false;
    this.keyMissing = false;
  }

  /**
   * What clients' keys are hashed with, so that each limit and each override has buckets of its
   * own for them.
   */
  get seed(): u64 {
    return this.tier.seed;
  }

  /** The limit's own bucket: it has no key, or the request lacks a part of it. */
  useOwn(): void {
    this.isClient = false;
    this.fingerprint = this.tier.seed;
  }

  /** A client's bucket, in the set that its fingerprint chooses. */
  useClient(fingerprint: u64): void {
    this.isClient = true;
    this.fingerprint = fingerprint;
  }

  /**
   * Reads the bucket as it is at `now`. A client without a free slot goes to the overflow bucket.
   */
  look(from: SharedStore, now: i64): void {
    let found = this.read(from, now);
    if (found == Found.Full && this.isClient && !this.overflowed) {
      this.overflowed = true;
      found = this.read(from, now);
    }
    if (found == Found.Full) this.set.chooseFullest();
    this.fullAt = found == Found.Own ? this.set.fullAt() : this.now;
    const isNew = found == Found.Free && this.isClient && !this.overflowed;
    if (isNew && this.table.setsBefore > 0) this.lookBefore(from, now);
  }

  private read(from: SharedStore, now: i64): Found {
    const key = this.key();
    const value = from.read(key, this.stored);
    this.set.load(value, this.isClient && !this.overflowed ? this.table.slots : OWN_SLOTS);
    if (this.set.isSetBack(now) && from.write(key, this.set.view(), this.stored.version)) {
      from.read(key, this.stored);
    }
    this.now = this.set.now;
    return this.set.find(this.overflowed ? this.tier.seed : this.fingerprint);
  }

  private key(): Bytes {
    if (this.overflowed) return view(this.tier.overflowKey);
    return this.isClient
      ? this.table.at(setOf(this.fingerprint, this.table.sets))
      : view(this.tier.ownKey);
  }

  /**
   * A client that is new in the table may have had a bucket in the one of another `maxKeys`, and
   * brings it along.
   */
  private lookBefore(from: SharedStore, now: i64): void {
    const place = this.table.at(setOf(this.fingerprint, this.table.setsBefore));
    before.load(from.read(place, storedBefore), this.table.slots);
    before.isSetBack(now);
    if (before.find(this.fingerprint) == Found.Own) this.fullAt = before.fullAt();
  }

  /** Whether the bucket, as last read, has what the request costs. */
  admits(): bool {
    return this.bucket.admits(this.fullAt, this.now, this.cost);
  }

  /**
   * Takes the cost. False when other workers emptied the bucket meanwhile: then nothing was
   * taken.
   */
  take(into: SharedStore): bool {
    if (this.cost == 0) return true;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const fullAt = this.bucket.charged(this.fullAt, this.now, this.cost);
      this.set.put(this.overflowed ? this.tier.seed : this.fingerprint, fullAt);
      if (into.write(this.key(), this.set.view(), this.stored.version)) {
        this.fullAt = fullAt;
        return true;
      }
      this.look(into, this.now);
      if (!this.admits()) return false;
    }
    return false;
  }

  /** Gives back what `take` took, because a later limit refused. */
  giveBack(into: SharedStore): void {
    for (let attempt = 0; this.cost > 0 && attempt < ATTEMPTS_MAX; attempt++) {
      if (this.read(into, this.now) != Found.Own) return;
      this.fullAt = this.set.fullAt() - this.cost * this.bucket.ticksPerToken;
      this.set.put(this.overflowed ? this.tier.seed : this.fingerprint, this.fullAt);
      if (into.write(this.key(), this.set.view(), this.stored.version)) return;
    }
  }

  get remaining(): i64 {
    return this.bucket.remaining(this.fullAt, this.now);
  }

  /**
   * Nanoseconds until the request could pass; the longest there is when it never can: no key, or
   * too costly.
   */
  get waitNanos(): i64 {
    if (this.keyMissing || this.cost > this.bucket.maxTokens) return i64.MAX_VALUE;
    return this.bucket.waitNanos(this.fullAt, this.now, this.cost);
  }

  get fullInNanos(): i64 {
    return this.bucket.fullInNanos(this.fullAt, this.now);
  }
}

/** The set of the table before, while it is looked into. */
const before = new BucketSet();
const storedBefore = new SharedValue();
