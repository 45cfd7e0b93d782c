// rate-limit as it is, but for one thing: a request with the header `x-trap` kills its VM. What
// follows is the host's.
import "../../assembly/filters/rate-limit/filter";
import { enter, leave } from "../../assembly/host/arena";
import { MapType, headerValue } from "../../assembly/host/header-map";
import { proxy_on_request_headers as onRequestHeaders } from "../../assembly/host/runtime";
import { isPresent, text } from "../../assembly/lib/bytes";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_memory_allocate,
  proxy_on_response_headers,
} from "../../assembly/host/runtime";

const TRAP = text("x-trap");

export function proxy_on_request_headers(id: u32, headers: u32, endOfStream: u32): i32 {
  enter();
  if (isPresent(headerValue(MapType.RequestHeaders, TRAP))) unreachable();
  leave();
  return <i32>onRequestHeaders(id, headers, endOfStream);
}
