// All four filters in one module: one context per request, one read of the header map, one
// configuration with a section for each filter, one tick. It decides nothing: each filter does
// what it does in a module of its own, in the order of the chain.
import { Composition, compose } from "../host/composition";
import { HeaderAction, Root } from "../host/context";
import { register, rootOf, streamOf } from "../host/runtime";
import { shareRequest } from "../host/shared-request";
import { Status } from "../host/status";
import { resumeRequest } from "../host/stream-control";
import { EdgeRoot, EdgeStream, scheduleTicks } from "./edge";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_log,
  proxy_on_memory_allocate,
  proxy_on_request_body,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_response_trailers,
  proxy_on_tick,
  proxy_on_vm_start,
} from "../host/runtime";


@final
class EdgeComposition extends Composition {
  continueRequest(id: u32): Status {
    const stream = streamOf(id);
    if (stream === null) return Status.BadArgument;
    const action = changetype<EdgeStream>(stream).advance();
    return action == HeaderAction.Continue ? resumeRequest() : Status.Ok;
  }

  setTickPeriod(rootId: u32, millis: u32): Status {
    const root = rootOf(rootId);
    if (root === null) return scheduleTicks(null, millis);
    return scheduleTicks(changetype<EdgeRoot>(root), millis);
  }
}

compose(new EdgeComposition());
shareRequest();
register((): Root => new EdgeRoot());
