// Buckets for clients that find no slot of their own in a limit's table. A client shares one with
// the other newcomers of its network, and of the few networks that have the same number. A flood of
// invented keys from one network then empties one of these buckets, and no other network's.
//
//   …/o/<limit>/<set>    one BucketSet for BUCKETS_A_SET buckets, each of them in any slot
import { Bytes, utf8, view } from "../../lib/bytes";
import { mix } from "../../lib/hash";
import { SharedStore } from "../../lib/shared-store";
import { BucketSet, SET_SLOTS } from "./bucket-set";

/**
 * A limit has one for each 16 clients that its table holds, so that together they add little to it.
 */
const CLIENTS_A_BUCKET = 16;
const BUCKETS_MAX = 256;
/** Of an override: there may be 64 of them. */
const OVERRIDE_BUCKETS_MAX = 64;
/** The other slots are for the buckets of figures that a configuration had before. */
const BUCKETS_A_SET = 6;

/** Which part of an address is one network here. Whoever has one address usually has these. */
export const NETWORK_V4_PREFIX = 24;
export const NETWORK_V6_PREFIX = 48;


@final
export class OverflowBuckets {
  private readonly count: i32;
  /** `…/o/<limit>/` and the number of a set, 4 bytes. */
  private readonly key: StaticArray<u8>;

  constructor(
    prefix: string,
    maxKeys: i32,
    isOverride: bool,
    private readonly seed: u64,
  ) {
    const most = isOverride ? OVERRIDE_BUCKETS_MAX : BUCKETS_MAX;
    this.count = max(1, min(most, maxKeys / CLIENTS_A_BUCKET));
    this.key = utf8(prefix + "/....");
  }

  createIn(store: SharedStore): void {
    const empty = new BucketSet();
    empty.load(0, SET_SLOTS);
    for (let first = 0; first < this.count; first += BUCKETS_A_SET) {
      store.create(this.keyFor(first), empty.view());
    }
  }

  /** The bucket of a network; 0 stands for a request whose address is not known. */
  indexFor(network: u64): i32 {
    return <i32>(((network >> 32) * <u64>this.count) >> 32);
  }

  /** The key of the set that a bucket lies in. Valid until the next call. */
  keyFor(index: i32): Bytes {
    store<u32>(changetype<usize>(this.key) + this.key.length - 4, index / BUCKETS_A_SET);
    return view(this.key);
  }

  /** What the bucket is known by in its set. */
  fingerprintOf(index: i32): u64 {
    return mix(this.seed + <u64>index) | 1;
  }
}
