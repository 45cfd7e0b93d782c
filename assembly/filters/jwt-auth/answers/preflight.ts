// CORS preflight requests: browsers send them without credentials, so they could never show a
// token.
import { Bytes, NONE, equal, lengthOf, text } from "../../../lib/bytes";
import { RequestView } from "../../../lib/http/request";

const OPTIONS = text("OPTIONS");
const ORIGIN = text("origin");
const REQUEST_METHOD = text("access-control-request-method");

/** As the native filter knows one: OPTIONS, with an origin and the method that is to come. */
export function isPreflight(request: RequestView): bool {
  return equal(request.method(), OPTIONS) && has(request, ORIGIN) && has(request, REQUEST_METHOD);
}

function has(request: RequestView, name: Bytes): bool {
  const value = request.header(name);
  return value != NONE && lengthOf(value) > 0;
}
