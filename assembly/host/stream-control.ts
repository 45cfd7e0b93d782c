// Which context the next host calls are about, and letting a paused stream go on.
import {
  proxy_continue_stream,
  proxy_set_effective_context,
} from "@solo-io/proxy-runtime/assembly/imports";
import { Status } from "./status";

const enum StreamType {
  Request = 0,
  Response = 1,
}

/**
 * Makes `contextId` the one host calls act on. BadArgument: it is gone, and nothing must be done
 * for it.
 */
export function useContext(contextId: u32): Status {
  return proxy_set_effective_context(contextId);
}

/** Lets the paused request of the current context go on. */
export function continueRequest(): Status {
  return proxy_continue_stream(StreamType.Request);
}
