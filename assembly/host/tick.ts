// The periodic callback of a root context.
import { proxy_set_tick_period_milliseconds } from "@solo-io/proxy-runtime/assembly/imports";
import { Status } from "./status";
import { useContext } from "./stream-control";

/**
 * Calls the root context's `onTick` every `millis` from now on; 0 stops it. Only from a root
 * callback.
 */
export function setTickPeriod(millis: u32): Status {
  return proxy_set_tick_period_milliseconds(millis);
}

/**
 * The same for the root context `rootId`, from a callback of another one; the host calls that
 * follow are about it too.
 */
export function setTickPeriodOf(rootId: u32, millis: u32): Status {
  const status = useContext(rootId);
  return status == Status.Ok ? setTickPeriod(millis) : status;
}
