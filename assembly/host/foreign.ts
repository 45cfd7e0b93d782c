// Functions that only some hosts have, called by name with binary arguments.
import { proxy_call_foreign_function } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, NONE, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { Status } from "./status";

/**
 * The result of `name`, alive until the callback returns. NONE: this host has no such function, or
 * it refused the argument.
 */
export function callForeign(name: Bytes, argument: Bytes): Bytes {
  clear();
  const status = proxy_call_foreign_function(
    pointerOf(name),
    lengthOf(name),
    pointerOf(argument),
    lengthOf(argument),
    OUT,
    OUT + 4,
  );
  return status == Status.Ok ? answer() : NONE;
}
