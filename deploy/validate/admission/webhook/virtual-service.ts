// VirtualService: hosts, gateways, and routes of TLS and TCP. `http-route.ts` has the routes of
// HTTP.
import type { Field } from "./field.ts";
import { checkHttpRoute } from "./http-route.ts";
import { checkRouteDestinations } from "./destination.ts";
import {
  checkGatewayNames,
  checkLabels,
  hostsOverlap,
  isAddress,
  isWithin,
  subnetProblem,
  wildcardHostProblem,
} from "./names.ts";
import { checkExportTo } from "./selector.ts";
import { checkPort, isRoutingClaim } from "./values.ts";

export function checkVirtualService(spec: Field, _name: string, namespace: string): void {
  const hosts = spec.texts("hosts");
  const gateways = spec.items("gateways");
  const isDelegate = hosts.length === 0;
  if (isDelegate)
    for (const name of ["gateways", "tls", "tcp"])
      if (spec.items(name).length > 0)
        spec.at(name).refuse("a VirtualService without hosts has none", "add hosts, or remove it");
  checkGatewayNames(gateways);
  // Istio's own "mesh" among the gateways means the sidecars.
  const isOnGateways = gateways.length > 0 && !gateways.some(({ text }) => text === "mesh");
  if (!isOnGateways) checkNoClaims(spec);
  checkHosts(spec, isOnGateways);
  const routes = ["http", "tls", "tcp"].flatMap((name) => spec.items(name));
  if (routes.length === 0) spec.refuse("it has no routes", "set http, tls or tcp");
  for (const route of spec.items("http")) checkHttpRoute(route, isDelegate);
  // Without any gateway, names of servers are read as on a gateway.
  const isGatewayNames = !gateways.some(({ text }) => text === "mesh");
  for (const route of spec.items("tls")) checkTlsRoute(route, hosts, isGatewayNames);
  for (const route of spec.items("tcp")) checkTcpRoute(route);
  checkExportTo(spec, { namespace });
}

/** Claims are known where RequestAuthentication comes before the route: on a gateway. */
function checkNoClaims(spec: Field): void {
  for (const route of spec.items("http"))
    for (const match of route.items("match"))
      for (const [name, field] of [...match.entries("headers"), ...match.entries("withoutHeaders")])
        if (isRoutingClaim(name))
          field.refuse("routes by claim exist on gateways only", "bind it to a gateway");
}

function checkHosts(spec: Field, isOnGateways: boolean): void {
  const isSni = spec
    .items("tls")
    .some((route) => route.items("match").some((match) => match.items("sniHosts").length > 0));
  let isGood = true;
  for (const host of spec.items("hosts")) {
    const problem = hostProblem(host.text, isSni, isOnGateways);
    if (problem && !isAddress(host.text)) host.refuse(problem);
    else if (!problem && !isOnGateways && host.text === "*")
      host.refuse('"*" is possible on gateways only', "write the hosts, or name a gateway");
    else continue;
    isGood = false;
  }
  const hosts = spec.items("hosts");
  if (!isGood) return;
  hosts.forEach((host, index) => {
    const before = hosts.slice(0, index).find(({ text }) => hostsOverlap(text, host.text));
    if (before) host.refuse(`"${host.text}" and "${before.text}" overlap`, "remove one of them");
  });
}

function hostProblem(host: string, isSni: boolean, isOnGateways: boolean): string | undefined {
  if (!isOnGateways || !isSni || !host.startsWith("outbound_") || host.length > 255)
    return wildcardHostProblem(host);
  // Such names are made for AUTO_PASSTHROUGH: outbound_.80_._.shop.example.com.
  const [, port = "", , name = ""] = host.split("_");
  const isMade = host.split("_").length >= 4 && /\d/.test(port) && /[a-zA-Z]/.test(name);
  return isMade ? undefined : `"${host}" is no name of AUTO_PASSTHROUGH`;
}

function checkTlsRoute(route: Field, hosts: string[], isOnGateways: boolean): void {
  const matches = route.items("match");
  if (matches.length === 0) route.refuse("the route has no match", "add match with sniHosts");
  for (const match of matches) {
    const names = match.items("sniHosts");
    if (names.length === 0) match.refuse("the match has no sniHosts", "add one");
    for (const name of names) checkServerName(name, hosts, isOnGateways);
    checkConnection(match);
  }
  checkRoute(route);
}

function checkServerName(name: Field, hosts: string[], isOnGateways: boolean): void {
  const problem = hostProblem(name.text, true, isOnGateways);
  if (problem) {
    if (!isAddress(name.text)) name.refuse(problem);
  } else if (!hosts.some((host) => isWithin(name.text, host)))
    name.refuse(`"${name.text}" is none of the VirtualService's hosts`, "add it to hosts");
}

function checkTcpRoute(route: Field): void {
  route.items("match").forEach(checkConnection);
  checkRoute(route);
}

function checkConnection(match: Field): void {
  for (const subnet of match.items("destinationSubnets")) subnet.check(subnetProblem(subnet.text));
  if (match.at("port").number !== 0) checkPort(match.at("port"));
  checkLabels(match, "sourceLabels");
  checkGatewayNames(match.items("gateways"));
}

function checkRoute(route: Field): void {
  if (route.items("route").length === 0) route.refuse("the route leads nowhere", "add route");
  checkRouteDestinations(route);
}
