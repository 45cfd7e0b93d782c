// What a canary route needs in the mesh: a VirtualService that matches on the variant's header,
// and the subsets.
import type { Policy, Traffic, Variant } from "../core/policy.ts";
import { baseOf, headerOf, nameOf, routesIn, variantsOf } from "../core/canary.ts";
import type { Resource } from "../core/resource.ts";
import { fieldsOf, listOf, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { ordered } from "./order.ts";
import { labelsOf } from "./plugin.ts";

export function renderRoutes(policy: Policy): Resource[] {
  const routes = routesIn(policy.filters.get("canary"));
  return policy.traffic.flatMap((traffic) => {
    const route = routes.find((candidate) => nameOf(candidate) === traffic.route);
    return route === undefined
      ? []
      : [virtualService(policy, traffic, route), ...destinationRules(policy, traffic, route)];
  });
}

function virtualService(policy: Policy, traffic: Traffic, route: unknown): Resource {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadataOf(policy, traffic),
    spec: {
      hosts: traffic.hosts,
      ...(traffic.gateways && { gateways: traffic.gateways }),
      ...(traffic.exportTo && { exportTo: traffic.exportTo }),
      http: traffic.rules ? ownRules(traffic, route, traffic.rules) : madeRules(traffic, route),
      ...(traffic.tls && { tls: traffic.tls }),
      ...(traffic.tcp && { tcp: traffic.tcp }),
    },
  };
}

/** The rules as they are written, and for the one that has variants a rule for each of them. */
function ownRules(traffic: Traffic, route: unknown, rules: readonly Fields[]): Fields[] {
  const header = headerOf(route);
  const base = baseOf(route);
  return rules.flatMap((rule): Fields[] => {
    if (rule.variants === undefined) return [ordered(rule)];
    const { variants, name, match, ...options } = rule;
    const names = listOf(variants).map(String);
    const made = (variant: string, matches: unknown[]): Fields => ({
      ...(name !== undefined || variant !== base
        ? { name: variant === base ? name : `${String(name ?? traffic.name)}-${variant}` }
        : {}),
      ...(matches.length > 0 && { match: matches }),
      ...ordered(options),
      route: [
        {
          destination: destinationOf(traffic, variant, traffic.variants[variant]!),
          ...(traffic.variants[variant]!.headers && {
            headers: traffic.variants[variant]!.headers,
          }),
        },
      ],
    });
    const own = mapsOf(match);
    const withHeader = (variant: string) =>
      (own.length > 0 ? own : [{}]).map((one) => ({
        ...one,
        headers: { ...fieldsOf(one.headers), [header]: { exact: variant } },
      }));
    return [
      ...names.filter((variant) => variant !== base).map((v) => made(v, withHeader(v))),
      made(base, own),
    ];
  });
}

function madeRules(traffic: Traffic, route: unknown): Fields[] {
  const header = headerOf(route);
  const base = baseOf(route);
  const others = variantsOf(route).filter((name) => name !== base);
  const rule = (name: string, matched: boolean): Fields => ({
    name,
    ...(matched && { match: [{ headers: { [header]: { exact: name } } }] }),
    route: [{ destination: destinationOf(traffic, name, traffic.variants[name]!) }],
    ...ordered(traffic.http ?? {}),
    ...ordered(traffic.variants[name]!.http ?? {}),
  });
  // The base has no match: it also serves when the filter is not there, or removed.
  return [
    ...(traffic.first ?? []).map((one) => ordered(one)),
    ...others.map((name) => rule(name, true)),
    rule(base, false),
  ];
}

function destinationOf(traffic: Traffic, name: string, variant: Variant): Fields {
  const subset = variant.subset ?? (variant.labels ? name : undefined);
  const port = variant.port ?? traffic.port;
  return {
    host: variant.host ?? traffic.host,
    ...(subset && { subset }),
    ...(port !== undefined && { port: { number: port } }),
  };
}

/**
 * One DestinationRule per host whose variants differ by labels; none when the subsets
 * exist already.
 */
function destinationRules(policy: Policy, traffic: Traffic, route: unknown): Resource[] {
  const byHost = new Map<string, [string, Variant][]>();
  for (const name of variantsOf(route)) {
    const variant = traffic.variants[name];
    if (!variant?.labels) continue;
    const host = variant.host ?? traffic.host;
    byHost.set(host, [...(byHost.get(host) ?? []), [variant.subset ?? name, variant]]);
  }
  return [...byHost].map(([host, variants], at) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata:
      at === 0
        ? metadataOf(policy, traffic)
        : { ...metadataOf(policy, traffic), name: `${traffic.name}-${at + 1}` },
    spec: {
      host,
      ...(traffic.trafficPolicy && { trafficPolicy: ordered(traffic.trafficPolicy) }),
      subsets: variants.map(([name, { labels, trafficPolicy }]) => ({
        name,
        labels: ordered(labels),
        ...(trafficPolicy && { trafficPolicy: ordered(trafficPolicy) }),
      })),
    },
  }));
}

function metadataOf(policy: Policy, traffic: Traffic): Resource["metadata"] {
  return { name: traffic.name, namespace: traffic.namespace, labels: labelsOf(policy) };
}
