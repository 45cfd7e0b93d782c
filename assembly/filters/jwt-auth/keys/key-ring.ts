// The keys of one provider as this worker has them now. Knows where they stand in time, not where
// they come from.
import { KeySet } from "../../../lib/jose/key-set";

/** For keys of the configuration. */
const FOR_EVER: i64 = i64.MAX_VALUE;


@final
export class KeyRing {
  /** Null: none have come yet. */
  keys: KeySet | null = null;
  /** Until when they may be used, on the monotonic clock (ns). */
  usableUntil: i64 = 0;
  /** An unknown key is worth a fetch. */
  readonly isRemote: bool;

  constructor(inline: KeySet | null) {
    this.keys = inline;
    this.isRemote = inline === null;
    this.usableUntil = inline === null ? 0 : FOR_EVER;
  }

  /** Drops keys that are too old at `nowNanos`; true when there were some. */
  expire(nowNanos: i64): bool {
    if (this.keys === null || nowNanos < this.usableUntil) return false;
    this.keys = null;
    return true;
  }
}
