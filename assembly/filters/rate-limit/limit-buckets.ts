// All buckets of one limit. `weigh…` reads a bucket and says whether it has what a request costs;
// `take` takes it. A request is weighed against all its limits before any of them takes something.
import { Bytes, lengthOf, view } from "../../lib/bytes";
import { SharedStore, SharedValue } from "../../lib/shared-store";
import { decimal } from "../../lib/writer";
import { BucketSet, Found, OWN_SLOTS, SET_SLOTS } from "./bucket-set";
import { BucketKind, Charge } from "./charge";
import { ClientTable } from "./client-table";
import { Limit } from "./limit";
import { Tier } from "./tier";

/** Writes lost to other workers in a row before a request is refused rather than tried again. */
const ATTEMPTS_MAX = 64;

/** The set of the table before, while it is looked into. */
const before = new BucketSet();
const storedBefore = new SharedValue();


@final
export class LimitBuckets {
  readonly charge: Charge;
  /**
   * Static arrays here and in Policy: an array's second block would be read on each request too.
   */
  private readonly tiers: StaticArray<Tier>;
  private readonly table: ClientTable;

  /** `prefix` and the limit's name begin the keys of its own buckets. */
  constructor(
    readonly limit: Limit,
    prefix: string,
    name: string,
    private readonly store: SharedStore,
  ) {
    this.charge = new Charge(limit);
    const maxKeys = limit.key.length > 0 ? limit.maxKeys : 0;
    this.table = ClientTable.shared(store, prefix + "t/" + name + "/", maxKeys);
    const tiers: Tier[] = [new Tier(limit.bucket, limit.seed, prefix, name, maxKeys, false)];
    for (let i = 0; i < limit.overrides.length; i++) {
      const other = limit.overrides[i];
      const end = name + "/" + decimal(i + 1);
      tiers.push(new Tier(other.bucket, other.seed, prefix, end, maxKeys, true));
    }
    this.tiers = StaticArray.fromArray(tiers);
    for (let i = 0; i < tiers.length; i++) tiers[i].createIn(store);
  }

  /**
   * What clients' keys are hashed with, so that each tier has a bucket of its own for each client.
   */
  seedOf(tier: i32): u64 {
    return unchecked(this.tiers[tier]).seed;
  }

  /** A request that is refused because it lacks a part of the key. */
  refuseWithoutKey(tier: i32, cost: i64): Charge {
    return this.begin(BucketKind.None, tier, cost, 0);
  }

  /** The limit's own bucket: it has no key, or the request lacks a part of it. */
  weighOwn(tier: i32, cost: i64, now: i64): Charge {
    const charge = this.begin(BucketKind.Own, tier, cost, this.seedOf(tier));
    this.look(charge, now);
    return charge;
  }

  /** A client's bucket. Null: it has no slot of its own, and none is free. */
  weighClient(tier: i32, fingerprint: u64, cost: i64, now: i64): Charge | null {
    const charge = this.begin(BucketKind.Client, tier, cost, fingerprint);
    return this.look(charge, now) == Found.Full ? null : charge;
  }

  /** The bucket that a client of `network` (0: not known) shares with others that have no slot. */
  weighOverflow(tier: i32, network: u64, cost: i64, now: i64): Charge {
    const charge = this.begin(BucketKind.Overflow, tier, cost, 0);
    this.chooseOverflow(charge, network);
    this.look(charge, now);
    return charge;
  }

  private begin(kind: BucketKind, tier: i32, cost: i64, fingerprint: u64): Charge {
    const charge = this.charge;
    charge.kind = kind;
    charge.tier = tier;
    charge.bucket = unchecked(this.tiers[tier]).bucket;
    charge.cost = cost;
    charge.fingerprint = fingerprint;
    return charge;
  }

  private chooseOverflow(charge: Charge, network: u64): void {
    const overflow = unchecked(this.tiers[charge.tier]).overflow;
    if (overflow === null) return;
    charge.kind = BucketKind.Overflow;
    charge.index = overflow.indexFor(network);
    charge.fingerprint = overflow.fingerprintOf(charge.index);
  }

  /** Reads the charge's bucket as it is at `now`. */
  private look(charge: Charge, now: i64): Found {
    const found = this.read(charge, now);
    charge.fullAt = found == Found.Own ? charge.set.fullAt() : charge.now;
    if (found == Found.Free && charge.kind == BucketKind.Client) this.lookBefore(charge, now);
    if (found != Found.Full) return found;
    if (charge.kind == BucketKind.Own) charge.set.chooseFullest();
    // No slot: other buckets, of the figures before an update, fill it. Counts as an empty bucket.
    else charge.fullAt = charge.now + charge.bucket.capacity;
    return found;
  }

  private read(charge: Charge, now: i64): Found {
    const key = this.keyOf(charge);
    const set = charge.set;
    set.load(this.store.read(key, charge.stored), this.slotsOf(charge.kind));
    if (set.isSetBack(now) && this.store.write(key, set.view(), charge.stored.version)) {
      this.store.read(key, charge.stored);
    }
    charge.now = set.now;
    return set.find(charge.fingerprint);
  }

  private slotsOf(kind: BucketKind): i32 {
    if (kind == BucketKind.Client) return this.table.slots;
    return kind == BucketKind.Overflow ? SET_SLOTS : OWN_SLOTS;
  }

  private keyOf(charge: Charge): Bytes {
    if (charge.kind == BucketKind.Client) return this.table.keyFor(charge.fingerprint);
    const tier = unchecked(this.tiers[charge.tier]);
    const overflow = tier.overflow;
    if (charge.kind == BucketKind.Overflow && overflow !== null) {
      return overflow.keyFor(charge.index);
    }
    return view(tier.ownKey);
  }

  /**
   * A client that is new in the table brings along its bucket of the table before `maxKeys`
   * changed.
   */
  private lookBefore(charge: Charge, now: i64): void {
    const key = this.table.keyBefore(charge.fingerprint);
    if (lengthOf(key) == 0) return;
    before.load(this.store.read(key, storedBefore), this.table.slots);
    before.isSetBack(now);
    if (before.find(charge.fingerprint) == Found.Own) charge.fullAt = before.fullAt();
  }

  /**
   * Takes the cost. False when other workers emptied the bucket meanwhile: then nothing was taken.
   */
  take(charge: Charge): bool {
    if (charge.cost == 0) return true;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const fullAt = charge.bucket.charged(charge.fullAt, charge.now, charge.cost);
      if (this.write(charge, fullAt)) return true;
      const found = this.look(charge, charge.now);
      if (found == Found.Full && charge.kind == BucketKind.Client) {
        // Another worker gave the last slot away meanwhile.
        this.chooseOverflow(charge, 0);
        this.look(charge, charge.now);
      }
      if (!charge.admits) return false;
    }
    return false;
  }

  /** Gives back what `take` took, because a later limit refused. */
  giveBack(charge: Charge): void {
    for (let attempt = 0; charge.cost > 0 && attempt < ATTEMPTS_MAX; attempt++) {
      if (this.read(charge, charge.now) != Found.Own) return;
      const fullAt = charge.set.fullAt() - charge.cost * charge.bucket.ticksPerToken;
      if (this.write(charge, fullAt)) return;
    }
  }

  private write(charge: Charge, fullAt: i64): bool {
    charge.set.put(charge.fingerprint, fullAt);
    const version = charge.stored.version;
    if (!this.store.write(this.keyOf(charge), charge.set.view(), version)) return false;
    charge.fullAt = fullAt;
    return true;
  }
}
