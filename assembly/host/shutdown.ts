// The end of a root context that asked for time.
import { proxy_done } from "@solo-io/proxy-runtime/assembly/imports";
import { Status } from "./status";

/** Says that the root whose `onShutdown` gave false is ready now. Only from a callback of that root. */
export function finishShutdown(): Status {
  return proxy_done();
}
