// Properties: what the proxy knows of a request, and the hand-over between filters. A path's
// parts are separated by zero bytes (`path("source", "address")`).
import { proxy_get_property, proxy_set_property } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { handedProperty, keepProperty } from "./shared-request";
import { Status } from "./status";

/** The value's bytes, alive until the callback returns; NONE when the proxy has none. */
export function property(at: Bytes): Bytes {
  const handed = handedProperty(at);
  if (handed != NONE) return handed;
  clear();
  const status = proxy_get_property(pointerOf(at), lengthOf(at), OUT, OUT + 4);
  return status == Status.Ok ? answer() : NONE;
}

/** An integer property (eight bytes, little-endian); `fallback` when absent or of another type. */
export function integerProperty(at: Bytes, fallback: i64): i64 {
  const value = property(at);
  return value != NONE && lengthOf(value) == 8 ? load<i64>(pointerOf(value)) : fallback;
}

/**
 * Hands `value` to later filters of this request. Envoy keeps it in filter state as
 * `wasm.<name>`, where no client can write; `property(name)` reads it back, in another module
 * too.
 */
export function setProperty(name: Bytes, value: Bytes): Status {
  keepProperty(name, value);
  return proxy_set_property(pointerOf(name), lengthOf(name), pointerOf(value), lengthOf(value));
}
