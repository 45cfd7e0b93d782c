// rate-limit with a trap of ours: a request with `x-trap` kills the machine. What a reload must
// not take or give away is tried with it.
import { MapType, headerValue } from "../../assembly/host/header-map";
import { proxy_on_request_headers as evaluate } from "../../assembly/host/runtime";
import { NONE, text } from "../../assembly/lib/bytes";
import "../../assembly/filters/rate-limit/filter";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_response_headers,
} from "../../assembly/host/runtime";

const TRAP = text("x-trap");

export function proxy_on_request_headers(id: u32, headers: u32, endOfStream: u32): i32 {
  if (headerValue(MapType.RequestHeaders, TRAP) != NONE) unreachable();
  return evaluate(id, headers, endOfStream);
}
