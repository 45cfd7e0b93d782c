// The VirtualService that Flagger makes of a Canary (fluxcd/flagger pkg/router/istio.go), between
// two releases: all to the primary.
import type { Manifest } from "../../core/source.ts";
import { fieldsOf, listOf, mapsOf } from "../../core/value.ts";
import type { Fields } from "../../core/value.ts";

export interface FlaggerService {
  name: string;
  namespace: string;
  hosts: string[];
  gateways: string[];
  http: Fields[];
}

const optionKeys = ["timeout", "retries", "corsPolicy", "headers"];

export function flaggerService({ name: own, namespace, value }: Manifest): FlaggerService {
  const spec = fieldsOf(value.spec);
  const service = fieldsOf(spec.service);
  const name = String(service.name ?? fieldsOf(spec.targetRef).name ?? own);
  const hosts = listOf(service.hosts).map(String);
  if (!hosts.includes(name) && !hosts.includes("*")) hosts.push(name);
  const gateways = listOf(service.gateways).map(String);
  if (gateways.length === 0) gateways.push("mesh");
  const options = Object.fromEntries(
    optionKeys.flatMap((key) => (service[key] === undefined ? [] : [[key, service[key]]])),
  );
  const { type: _type, ...rewrite } = fieldsOf(service.rewrite);
  const match = mapsOf(service.match);
  const to = (host: string, weight: number): Fields => ({
    destination: { host, ...portOf(service, gateways) },
    weight,
  });
  const rule = (matches: Fields[], route: Fields[]): Fields => ({
    ...(matches.length > 0 && { match: matches }),
    ...(Object.keys(rewrite).length > 0 && { rewrite }),
    ...options,
    route,
  });
  const split = [to(`${name}-primary`, 100), to(`${name}-canary`, 0)];
  const analysis = fieldsOf(spec.analysis ?? spec.canaryAnalysis);
  const tested = mapsOf(analysis.match);
  const http =
    tested.length === 0
      ? [rule(match, split)]
      : [rule(merged(tested, match), split), rule(match, [to(`${name}-primary`, 100)])];
  return { name, namespace, hosts, gateways: gateways.map(qualified), http };
}

/** The same as a resource, in the middle of an analysis: both versions may get requests. */
export function flaggerVirtualService(manifest: Manifest): Fields {
  const { name, namespace, hosts, gateways, http } = flaggerService(manifest);
  const [split, ...rest] = http;
  const route = mapsOf(split!.route).map((one) => ({ ...one, weight: 50 }));
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: { hosts, gateways, http: [{ ...split, route }, ...rest] },
  };
}

/** The port is named only where asked for, and where a gateway could not tell it. */
function portOf(service: Fields, gateways: readonly string[]): Fields {
  const isNamed = service.portDiscovery === true && gateways[0] !== "mesh";
  return isNamed ? { port: { number: Number(service.port) } } : {};
}

/**
 * mergeMatchConditions: of a test's condition the headers and labels alone, where the service has
 * conditions.
 */
function merged(tested: readonly Fields[], own: readonly Fields[]): Fields[] {
  if (own.length === 0) return [...tested];
  return tested.flatMap((test) =>
    own.map((match) => ({
      ...match,
      ...(test.headers !== undefined && { headers: test.headers }),
      ...(test.sourceLabels !== undefined && { sourceLabels: test.sourceLabels }),
    })),
  );
}

/** `main-gateway.istio-system.svc.cluster.local` as VirtualService wants it today. */
function qualified(gateway: string): string {
  const long = /^([^.]+)\.([^.]+)\.svc/.exec(gateway);
  return long ? `${long[2]}/${long[1]}` : gateway;
}
