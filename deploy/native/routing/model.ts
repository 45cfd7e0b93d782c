// Where the router sends a request, as istiod configures it from VirtualServices.
import type { Manifest } from "../../core/source.ts";
import { lookupIn } from "../envoy/headers.ts";
import { Unmodelled } from "../envoy/message.ts";
import { queryOf } from "../envoy/query.ts";
import type { Exchange, Gap, Mesh, NativeModel, NativeRequest, Refusal, Stage } from "../types.ts";
import { applyRule } from "./apply.ts";
import { appliesTo, fitOf, gatewayName, gatewaysOf } from "./hosts.ts";
import { everything, isCatchAll, meetsRequest } from "./match.ts";
import type { RouteFacts, RouteMatch } from "./match.ts";
import { readVirtualService } from "./virtual-service.ts";
import type { RoutingService, Rule } from "./virtual-service.ts";

export const virtualServiceModel: NativeModel = {
  name: "routes",
  // The router is last.
  order: 1000,
  compile(resources: readonly Manifest[], mesh: Mesh): Stage {
    const services = virtualServices(resources).flatMap((manifest) => {
      const read = readOrGap(manifest);
      return "gap" in read ? [] : [read.service];
    });
    return (exchange) => route(exchange, services, mesh);
  },
  gaps(resources) {
    return virtualServices(resources).flatMap((manifest): Gap[] => {
      const read = readOrGap(manifest);
      return "gap" in read ? [{ manifest, path: read.gap.path, why: read.gap.message }] : [];
    });
  },
};

function virtualServices(resources: readonly Manifest[]): Manifest[] {
  return resources.filter(
    ({ kind, group }) => kind === "VirtualService" && group === "networking.istio.io",
  );
}

function readOrGap(manifest: Manifest): { service: RoutingService } | { gap: Unmodelled } {
  try {
    return { service: readVirtualService(manifest) };
  } catch (cause) {
    if (cause instanceof Unmodelled) return { gap: cause };
    throw cause;
  }
}

function route(
  exchange: Exchange,
  services: readonly RoutingService[],
  mesh: Mesh,
): Refusal | undefined {
  const { request } = exchange;
  // What comes in at a sidecar goes to its own workload: callers route.
  if (request.workload.kind === "sidecar" && request.direction === "inbound") return undefined;
  const here = services.filter((service) => appliesTo(service, request, mesh));
  const host = bestHost(here, request);
  // No VirtualService is for this host: the service itself, or whatever the mesh does with
  // strangers.
  if (host === undefined) return undefined;
  const table = tableOf(here, host, request);
  const facts: RouteFacts = {
    header: lookupIn(exchange),
    query: queryOf(exchange.path),
    path: exchange.path,
  };
  const found = table.find(({ match }) => meetsRequest(match.request, facts));
  if (!found) return { status: 404, reason: `no route of ${host} matches` };
  applyRule(exchange, found.rule);
  return undefined;
}

/** The host, among those of all VirtualServices, whose virtual host the request gets. */
function bestHost(services: readonly RoutingService[], request: NativeRequest): string | undefined {
  let [best, fit] = [undefined as string | undefined, 0];
  for (const { hosts, manifest } of services) {
    for (const host of hosts) {
      const found = fitOf(host, manifest.namespace, request);
      if (found > fit) [best, fit] = [fullName(host, manifest), found];
    }
  }
  return best;
}

function fullName(host: string, { namespace }: Manifest): string {
  return host.includes(".") || host === "*" ? host : `${host}.${namespace}.svc.cluster.local`;
}

interface Row {
  match: RouteMatch;
  rule: Rule;
}

/**
 * The routes of one virtual host, in order. A gateway joins VirtualServices of one host; a sidecar
 * takes the first.
 */
function tableOf(services: readonly RoutingService[], host: string, request: NativeRequest): Row[] {
  const holding = services.filter(({ hosts, manifest }) =>
    hosts.some((one) => fullName(one, manifest) === host),
  );
  const isGateway = request.workload.kind === "gateway";
  const rows = (isGateway ? holding : holding.slice(0, 1)).flatMap((service) =>
    rowsOf(service, request),
  );
  if (!isGateway) return rows;
  // SortVHostRoutes: what takes everything comes last.
  const [last, first] = [
    rows.filter(({ match }) => isCatchAll(match.request)),
    rows.filter(({ match }) => !isCatchAll(match.request)),
  ];
  return [...first, ...last];
}

/** BuildHTTPRoutesForVirtualService. */
function rowsOf({ manifest, rules }: RoutingService, request: NativeRequest): Row[] {
  const rows: Row[] = [];
  for (const rule of rules) {
    const matches = rule.matches.length > 0 ? rule.matches : [everything];
    for (const match of matches) {
      if (!isForProxy(match, manifest, request)) continue;
      rows.push({ match, rule });
      if (isCatchAll(match.request)) return rows;
    }
    // A rule without a match ends the list even for a proxy that it is not for; there is none such.
    if (rule.matches.length === 0) return rows;
  }
  return rows;
}

function isForProxy(
  { source }: RouteMatch,
  { namespace }: Manifest,
  request: NativeRequest,
): boolean {
  const { workload, destination } = request;
  if (source.port !== undefined && source.port !== destination.port) return false;
  if (source.gateways.length > 0)
    return source.gateways.some((text) =>
      gatewaysOf(request).includes(gatewayName(text, namespace)),
    );
  const hasLabels = Object.entries(source.labels).every(
    ([name, label]) => workload.labels[name] === label,
  );
  return hasLabels && (source.namespace === undefined || source.namespace === workload.namespace);
}
