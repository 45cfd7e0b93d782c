// Values that all workers of a proxy share, changed by compare-and-swap. The host's shared data
// is the one implementation (assembly/host/shared-data.ts); unit tests give a map.
import { Bytes, NONE } from "./bytes";

/**
 * A version that no value has: hosts count versions up from 1, one for each write. Envoy compares
 * versions only for a key that exists. A write with this version creates a value or does nothing.
 */
const NO_VERSION: u32 = 0x7fffffff;

/** A value as it was read. */
@final
export class SharedValue {
  /** NONE when there is no value. A host's answer lives until the callback returns. */
  value: Bytes = NONE;
  /** What `write` compares. */
  version: u32 = 0;
}

export abstract class SharedStore {
  /**
   * Reads the value under `key` into `into`, and returns its bytes (NONE when there is no value).
   */
  abstract read(key: Bytes, into: SharedValue): Bytes;

  /** Writes when the value still has `version`. False when another worker has written meanwhile. */
  abstract write(key: Bytes, value: Bytes, version: u32): bool;

  /** Whether there is a value. Its bytes are not kept: there are more keys than room for values. */
  abstract exists(key: Bytes): bool;

  /**
   * Creates the value unless there is one. Of two workers that do this, the second changes
   * nothing.
   */
  create(key: Bytes, value: Bytes): void {
    if (this.exists(key)) return;
    this.write(key, value, NO_VERSION);
    // Some hosts create nothing under a version that they do not know; version 0 always writes.
    if (!this.exists(key)) this.write(key, value, 0);
  }
}
