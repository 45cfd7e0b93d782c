// Shared data: one store for all workers and all plugins of the proxy. Keys begin with
// `<filter>/<instance>/`. There is no delete and no expiry: keys come from a fixed set.
import {
  proxy_get_shared_data,
  proxy_set_shared_data,
} from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { Status } from "./status";

/** The version of the value just read, for `writeShared`. */
export let sharedVersion: u32 = 0;

/**
 * The value under `key`, alive until the callback returns; NONE when there is none. Sets
 * `sharedVersion`.
 */
export function readShared(key: Bytes): Bytes {
  clear();
  store<u32>(OUT + 8, 0);
  const status = proxy_get_shared_data(pointerOf(key), lengthOf(key), OUT, OUT + 4, OUT + 8);
  sharedVersion = load<u32>(OUT + 8);
  return status == Status.Ok ? answer() : NONE;
}

/**
 * Writes if the value still has `version`, else CasMismatch. Version 0 overwrites whatever is
 * there.
 */
export function writeShared(key: Bytes, value: Bytes, version: u32): Status {
  return proxy_set_shared_data(
    pointerOf(key),
    lengthOf(key),
    pointerOf(value),
    lengthOf(value),
    version,
  );
}
