// What the buckets need of a place that all workers share. filter.ts gives them the proxy's shared data; units give a map.
import { Bytes, isPresent } from "../../lib/bytes";

export abstract class Store {
  /** The version of the value just read, for `write`. */
  version: u32 = 0;

  /** The value under `key`, or NONE; sets `version`. The view lives until the next read. */
  abstract read(key: Bytes): Bytes;

  exists(key: Bytes): bool {
    return isPresent(this.read(key));
  }

  /** Writes when the value still has `version` (0: whatever is there). False when another worker was faster. */
  abstract write(key: Bytes, value: Bytes, version: u32): bool;
}
