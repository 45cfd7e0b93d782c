// Which request headers carry the decision on, and which must not: a header of a sender that no
// route trusts is removed before the mesh routes by it.
import { MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { removeAliases } from "../../host/own-headers";
import { HostRequest } from "../../host/request";
import { Bytes, equal, lengthOf, text } from "../../lib/bytes";
import { withMember, withoutMember } from "./baggage";
import { Mode } from "./config";
import { Decision, Reason } from "./decision";
import { Policy } from "./policy";
import { Route } from "./route";

const BAGGAGE = text("baggage");

/**
 * Removes every decision header that its sender must not bring, and every other spelling of one,
 * whoever sent it. `forwardDecision` replaces its own.
 */
export function removeForgedHeaders(
  policy: Policy,
  request: HostRequest,
  decision: Decision,
): void {
  const headers = policy.config.headers;
  const isForwarded = decision.variant >= 0 && policy.config.mode == Mode.Enforce;
  const chosen = isForwarded ? decision.route : null;
  for (let i = 0; i < headers.length; i++) {
    if (chosen !== null && i == chosen.headerIndex) continue;
    if (!policy.isForged(i, request)) continue;
    removeHeader(MapType.RequestHeaders, unchecked(headers[i]).name);
  }
  removeAliases(policy.config.ownHeaders, request);
  const route = decision.route;
  if (route === null || lengthOf(route.baggage) == 0) return;
  if (chosen === null && decision.reason != Reason.Trusted) removeBaggage(route, request);
}

function removeBaggage(route: Route, request: HostRequest): void {
  const current = request.joinedHeader(BAGGAGE);
  const rest = withoutMember(current, route.baggage);
  if (rest == current) return;
  if (lengthOf(rest) == 0) removeHeader(MapType.RequestHeaders, BAGGAGE);
  else replaceHeader(MapType.RequestHeaders, BAGGAGE, rest);
}

/**
 * Sets what the mesh routes by. A header that is right already is left: each change makes Envoy
 * match the routes again.
 */
export function forwardDecision(route: Route, request: HostRequest, decision: Decision): void {
  setHeader(request, route.header, decision.name);
  if (lengthOf(route.baggage) == 0) return;
  const current = request.joinedHeader(BAGGAGE);
  setHeader(request, BAGGAGE, withMember(current, route.baggage, decision.name));
}

/** Makes `value` the only one of `name`. Adding what is not there costs less than replacing it. */
function setHeader(request: HostRequest, name: Bytes, value: Bytes): void {
  if (!request.mayHave(name)) addHeader(MapType.RequestHeaders, name, value);
  else if (!equal(request.joinedHeader(name), value)) {
    replaceHeader(MapType.RequestHeaders, name, value);
  }
}
