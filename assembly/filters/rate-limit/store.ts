// What the buckets need of a place that all workers share. filter.ts gives them the proxy's
// shared data; units give a map.
import { Bytes, isPresent } from "../../lib/bytes";

/**
 * A version that no value is found with: hosts count versions up from 1, one a write. Envoy looks
 * at the version only of a value that is there, so writing with this one creates or does nothing,
 * whichever worker comes first.
 */
const NO_VERSION: u32 = 0x7fffffff;

export abstract class Store {
  /** The version of the value just read, for `write`. */
  version: u32 = 0;

  /** The value under `key`, or NONE; sets `version`. The view lives until the next read. */
  abstract read(key: Bytes): Bytes;

  /**
   * Writes when the value still has `version` (0: whatever is there). False when another worker
   * was faster.
   */
  abstract write(key: Bytes, value: Bytes, version: u32): bool;

  /**
   * Whether there is a value. Its bytes are not kept: a configuration asks for more keys than
   * there is room for values.
   */
  exists(key: Bytes): bool {
    return isPresent(this.read(key));
  }

  /**
   * Creates the value unless there is one; a second worker that does the same overwrites nothing.
   */
  create(key: Bytes, value: Bytes): void {
    if (this.exists(key)) return;
    this.write(key, value, NO_VERSION);
    // A host that creates nothing under a version that it does not know.
    if (!this.exists(key)) this.write(key, value, 0);
  }
}
