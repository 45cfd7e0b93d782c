// Which context the next host calls are about, and letting a paused stream go on.
import {
  proxy_continue_stream,
  proxy_set_effective_context,
} from "@solo-io/proxy-runtime/assembly/imports";
import { composition } from "./composition";
import { forgetRequest } from "./shared-request";
import { Status } from "./status";

const enum StreamType {
  Request = 0,
  Response = 1,
}

/** The context that `useContext` named last. */
let effectiveContext: u32 = 0;

/**
 * Makes `contextId` the one host calls act on. BadArgument: it is gone, and nothing must be done
 * for it.
 */
export function useContext(contextId: u32): Status {
  effectiveContext = contextId;
  forgetRequest();
  return proxy_set_effective_context(contextId);
}

/** Lets the paused request of the current context go on. */
export function continueRequest(): Status {
  const composed = composition();
  return composed === null ? resumeRequest() : composed.continueRequest(effectiveContext);
}

/** The same, without asking the filters behind it in a composed module. */
export function resumeRequest(): Status {
  return proxy_continue_stream(StreamType.Request);
}
