// The periodic callback of a root context.
import { proxy_set_tick_period_milliseconds } from "@solo-io/proxy-runtime/assembly/imports";
import { Status } from "./status";

/** Calls the root context's `onTick` every `millis` from now on; 0 stops it. Only from a root callback. */
export function setTickPeriod(millis: u32): Status {
  return proxy_set_tick_period_milliseconds(millis);
}
