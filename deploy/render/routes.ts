// What a canary route needs in the mesh: a VirtualService that matches on the variant's header, and the subsets.
import type { Policy, Traffic, Variant } from "../policy.ts";
import { labelsOf } from "./plugin.ts";
import type { Resource } from "./plugin.ts";

/** The header that the canary filter sets when a route names none. */
export const defaultHeader = "x-variant";

/** The variant that takes what no other does: `base`, or the heaviest of the split, or the first. */
export function baseOf(route: any): string {
  if (typeof route.base === "string") return route.base;
  const split = Object.entries((route.split ?? {}) as Record<string, number>);
  const heaviest = split.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0];
  return heaviest?.[0] ?? variantsOf(route)[0] ?? "";
}

/** All variants of a route: those with rules in their order, then those that only a split, a schedule or `base` names. */
export function variantsOf(route: any): string[] {
  const ruled = listOf(route.variants).map((variant) => String(variant?.name));
  const splits = [route.split, ...listOf(route.schedule).map((step) => step?.split)];
  const dealt = splits.flatMap((split) => Object.keys(split ?? {}));
  return [...new Set([...ruled, ...dealt, ...(typeof route.base === "string" ? [route.base] : [])])];
}

function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

export function renderRoutes(policy: Policy): Resource[] {
  const routes: any[] = policy.filters.get("canary")?.routes ?? [];
  return policy.traffic.flatMap((traffic) => {
    const route = routes.find((candidate) => candidate.name === traffic.route);
    return route ? [virtualService(policy, traffic, route), ...destinationRules(policy, traffic)] : [];
  });
}

function virtualService(policy: Policy, traffic: Traffic, route: any): Resource {
  const header = String(route.header ?? defaultHeader).toLowerCase();
  const base = baseOf(route);
  const others = variantsOf(route).filter((name) => name !== base);
  const rule = (name: string, matched: boolean): Resource => ({
    name,
    ...(matched && { match: [{ headers: { [header]: { exact: name } } }] }),
    route: [{ destination: destinationOf(traffic, name, traffic.variants[name]!) }],
    ...traffic.http,
    ...traffic.variants[name]!.http,
  });
  // The base has no match: it also serves when the filter is not there, or removed.
  const http = [...others.map((name) => rule(name, true)), rule(base, false)];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadataOf(policy, traffic),
    spec: { hosts: traffic.hosts, ...(traffic.gateways && { gateways: traffic.gateways }), http },
  };
}

function destinationOf(traffic: Traffic, name: string, variant: Variant): Resource {
  const subset = variant.subset ?? (variant.labels ? name : undefined);
  const port = variant.port ?? traffic.port;
  return {
    host: variant.host ?? traffic.host,
    ...(subset && { subset }),
    ...(port !== undefined && { port: { number: port } }),
  };
}

/** One DestinationRule per host whose variants are told apart by labels; none when the subsets exist already. */
function destinationRules(policy: Policy, traffic: Traffic): Resource[] {
  const byHost = new Map<string, [string, Variant][]>();
  for (const [name, variant] of Object.entries(traffic.variants)) {
    if (!variant.labels) continue;
    const host = variant.host ?? traffic.host;
    byHost.set(host, [...(byHost.get(host) ?? []), [variant.subset ?? name, variant]]);
  }
  return [...byHost].map(([host, variants], at) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata:
      at === 0 ? metadataOf(policy, traffic) : { ...metadataOf(policy, traffic), name: `${traffic.name}-${at + 1}` },
    spec: {
      host,
      ...(traffic.trafficPolicy && { trafficPolicy: traffic.trafficPolicy }),
      subsets: variants.map(([name, { labels, trafficPolicy }]) => ({
        name,
        labels,
        ...(trafficPolicy && { trafficPolicy }),
      })),
    },
  }));
}

function metadataOf(policy: Policy, traffic: Traffic): Resource {
  return { name: traffic.name, namespace: traffic.namespace, labels: labelsOf(policy) };
}
