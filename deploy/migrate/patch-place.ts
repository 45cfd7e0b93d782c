// Where a patch of an EnvoyFilter applies: the part of `match` that is a policy's placement, and
// the part that has none.
import type { Manifest, Path } from "../core/source.ts";
import { isGateway } from "./context.ts";
import type { Context } from "./context.ts";
import { authorityOf } from "./matchers.ts";

/** Placement by the patch's context. */
const directions: Record<string, string> = {
  SIDECAR_INBOUND: "inbound",
  SIDECAR_OUTBOUND: "outbound",
  ANY: "both",
};

/** `inbound|http|9080`: how a sidecar names the virtual host of a port. */
const inboundPattern = /^inbound\|[^|]*\|(\d+)/;

/** The port that a patch is for; undefined is all. */
function portOf(match: any): number | undefined {
  const vhost = inboundPattern.exec(String(match?.routeConfiguration?.vhost?.name ?? ""))?.[1];
  const port = Number(
    match?.listener?.portNumber ?? match?.routeConfiguration?.portNumber ?? vhost,
  );
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

/**
 * What of `match` says where the filter runs is the placement; what chooses among proxies or
 * connections is not ours.
 */
export function reportPlace(context: Context, manifest: Manifest, patch: any, path: Path): void {
  const { report } = context;
  const carried = [
    "applyTo",
    "match/context",
    "match/listener/portNumber",
    "match/routeConfiguration/portNumber",
  ];
  const position = ["match/listener/filterChain/filter", "patch/operation", "patch/filterClass"];
  const lost: [string, string][] = [
    [
      "match/proxy",
      "a plugin is for every version of the proxy: give other proxies another selector",
    ],
    [
      "match/listener/name",
      "a plugin is for all listeners of its direction, or for ports: placement.ports",
    ],
    ["match/listener/filterChain/name", "a plugin is for all filter chains of a listener"],
    [
      "match/listener/filterChain/sni",
      "a plugin is for all server names: add match: [{authority: …}] to the limits",
    ],
    [
      "match/listener/filterChain/transportProtocol",
      "a plugin is for all filter chains of a listener",
    ],
    [
      "match/listener/filterChain/applicationProtocols",
      "a plugin is for all filter chains of a listener",
    ],
    ["match/listener/filterChain/destinationPort", "write it as placement.ports"],
    ["match/routeConfiguration/gateway", "write a policy for that gateway's workload"],
    ["match/routeConfiguration/name", "a plugin is for all routes: add a match to the limits"],
    ["match/routeConfiguration/portName", "write it as placement.ports"],
  ];
  const at = (names: string): Path | undefined => {
    const steps = names.split("/");
    const value = steps.reduce((node: any, step) => node?.[step], patch);
    return value === undefined ? undefined : [...path, ...steps];
  };
  for (const names of carried) if (at(names)) report.carried(manifest, at(names)!, "placement");
  for (const names of position)
    if (at(names))
      report.changed(
        manifest,
        at(names)!,
        "its place in the chain is the catalog's: phase AUTHZ, priority 500",
      );
  for (const [names, why] of lost) if (at(names)) report.lost(manifest, at(names)!, why);
}

export function placementOf(
  context: Context,
  match: any,
  labels: Record<string, string> | undefined,
): any {
  const where = match?.context;
  const port = portOf(match);
  const ports = port === undefined ? {} : { ports: [port] };
  if (where === "GATEWAY" || (where === undefined && labels && isGateway(context, labels)))
    return { gateway: { selector: labels ?? { istio: "ingressgateway" }, ...ports } };
  const direction = directions[String(where ?? "ANY")] ?? "both";
  return { sidecar: { ...(labels && { selector: labels }), direction, ...ports } };
}

/**
 * A patch of a virtual host is for its hosts alone; one of a route has a condition that we cannot
 * see.
 */
export function routeMatch(context: Context, manifest: Manifest, patch: any, path: Path): any[] {
  const vhost = patch?.match?.routeConfiguration?.vhost;
  const route = [...path, "match", "routeConfiguration", "vhost", "route"];
  if (vhost?.route?.name)
    context.report.lost(
      manifest,
      route,
      "a route's condition is not in this file: add it to the limit's match",
    );
  else if (vhost?.route) context.report.carried(manifest, route, "every route");
  if (typeof vhost?.name !== "string") return [];
  const where = [...path, "match", "routeConfiguration", "vhost", "name"];
  if (inboundPattern.test(vhost.name)) {
    context.report.carried(manifest, where, "placement.ports");
    return [];
  }
  const host = vhost.name.replace(/:\d+$/, "");
  context.report.changed(manifest, where, "match on the authority");
  return [{ authority: authorityOf([host], manifest.namespace) }];
}
