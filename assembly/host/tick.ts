// The periodic callback of a root context.
import { proxy_set_tick_period_milliseconds } from "@solo-io/proxy-runtime/assembly/imports";
import { composition } from "./composition";
import { Status } from "./status";
import { useContext } from "./stream-control";

/**
 * Calls the root context's `onTick` every `millis` from now on; 0 stops it. Only from a root
 * callback.
 */
export function setTickPeriod(millis: u32): Status {
  const composed = composition();
  return composed === null ? setHostTickPeriod(millis) : composed.setTickPeriod(0, millis);
}

/** The period that the host keeps for the root context at hand. */
export function setHostTickPeriod(millis: u32): Status {
  return proxy_set_tick_period_milliseconds(millis);
}

/**
 * The same for the root context `rootId`, from a callback of another one; the host calls that
 * follow are about it too.
 */
export function setTickPeriodOf(rootId: u32, millis: u32): Status {
  const status = useContext(rootId);
  const composed = composition();
  if (status == Status.Ok && composed !== null) return composed.setTickPeriod(rootId, millis);
  return status == Status.Ok ? setTickPeriod(millis) : status;
}
