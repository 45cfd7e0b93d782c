// The limit itself (tier 0), or one of its overrides (1, 2, …): its figures, and those of its
// buckets that are not one client's.
import { utf8, view } from "../../lib/bytes";
import { SharedStore } from "../../lib/shared-store";
import { TokenBucket } from "./bucket";
import { BucketSet, OWN_SLOTS } from "./bucket-set";
import { OverflowBuckets } from "./overflow";


@final
export class Tier {
  /** `…/b/<limit>`: the bucket of requests without a key. */
  readonly ownKey: StaticArray<u8>;
  /** Null: the limit has no key, so all requests have the same bucket. */
  readonly overflow: OverflowBuckets | null;

  /**
   * `name` is the limit's, with the override's number. `maxKeys` is 0 for a limit without a key.
   */
  constructor(
    readonly bucket: TokenBucket,
    /** Name and figures as one number: the fingerprint of the tier's own bucket. */
    readonly seed: u64,
    prefix: string,
    name: string,
    maxKeys: i32,
    isOverride: bool,
  ) {
    this.ownKey = utf8(prefix + "b/" + name);
    this.overflow =
      maxKeys > 0 ? new OverflowBuckets(prefix + "o/" + name, maxKeys, isOverride, seed) : null;
  }

  /** Creates the buckets that are not there yet. */
  createIn(store: SharedStore): void {
    const empty = new BucketSet();
    empty.load(0, OWN_SLOTS);
    store.create(view(this.ownKey), empty.view());
    const overflow = this.overflow;
    if (overflow !== null) overflow.createIn(store);
  }
}
