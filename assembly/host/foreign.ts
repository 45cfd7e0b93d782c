// Functions that only some hosts have, called by name with binary arguments.
import { proxy_call_foreign_function } from "@solo-io/proxy-runtime/assembly/imports";
import { Bytes, lengthOf, pointerOf } from "../lib/bytes";
import { OUT, answer, clear } from "./out";
import { Status } from "./status";

/** The result of the call just made, alive until the callback returns. */
export let foreignResult: Bytes = 0;

/** Calls `name`. NotFound: this host has no such function. BadArgument: it refused the argument. */
export function callForeign(name: Bytes, argument: Bytes): Status {
  clear();
  const status = proxy_call_foreign_function(
    pointerOf(name),
    lengthOf(name),
    pointerOf(argument),
    lengthOf(argument),
    OUT,
    OUT + 4,
  );
  foreignResult = status == Status.Ok ? answer() : 0;
  return status;
}
