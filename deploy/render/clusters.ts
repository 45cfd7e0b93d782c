// The hosts that filters call, and what makes them reachable: a ServiceEntry, and TLS by a
// DestinationRule.
import type { FilterName } from "../core/catalog.ts";
import type { Policy } from "../core/policy.ts";
import type { Resource } from "../core/resource.ts";
import { at, fieldsOf, listOf } from "../core/value.ts";
import { labelsOf } from "./plugin.ts";

/** A host that a filter of the policy calls, and where its settings say so. */
export interface Callee {
  host: string;
  port: number;
  tls: boolean;
  /** gRPC needs an HTTP/2 cluster. */
  protocol: "HTTP" | "HTTPS" | "GRPC";
  /** The Envoy cluster's name that the settings give, or that Istio gives the host. */
  cluster: string;
  path: (string | number)[];
}

/** `outbound|443||idp.example.com` taken apart; undefined for names that are not Istio's. */
export function clusterParts(
  cluster: string,
): { port: number; subset: string; host: string } | undefined {
  const match = /^outbound\|(\d+)\|([^|]*)\|(.+)$/.exec(cluster);
  return match ? { port: Number(match[1]), subset: match[2]!, host: match[3]! } : undefined;
}

/** Host, port and scheme of a URL; undefined if it is no http(s) URL. */
function urlParts(url: unknown): { host: string; port: number; tls: boolean } | undefined {
  if (typeof url !== "string" || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return undefined;
  const tls = protocol === "https:";
  return { host: hostname, port: Number(port) || (tls ? 443 : 80), tls };
}

/** Everything the policy's filters call; paths lead into the settings file. */
export function calleesOf(policy: Policy): Callee[] {
  return [...policy.filters].flatMap(([filter, config]) =>
    calleesIn(filter, config).map((callee) => ({
      ...callee,
      path: ["spec", filter, ...callee.path],
    })),
  );
}

/** Everything one filter's configuration calls; paths lead into the configuration. */
export function calleesIn(filter: FilterName, config: unknown): Callee[] {
  return calleesByFilter[filter]?.(config) ?? [];
}

/** How a filter's configuration names what it calls; a filter that is not here calls nothing. */
const calleesByFilter: Partial<Record<FilterName, (config: unknown) => Callee[]>> = {
  "access-log": (config) => listOf(at(config, "sinks")).flatMap(sinkOf),
  "jwt-auth": (config) => listOf(at(config, "providers")).flatMap(issuerOf),
  "rate-limit": limiterOf,
};

function limiterOf(config: unknown): Callee[] {
  const cluster = String(at(config, "global", "cluster") ?? "");
  const parts = clusterParts(cluster);
  if (!parts) return [];
  const path = ["global", "cluster"];
  return [{ ...parts, tls: parts.port === 443, protocol: "GRPC", cluster, path }];
}

function issuerOf(provider: unknown, index: number): Callee[] {
  const { jwksUri, jwksCluster, discovery, issuer } = fieldsOf(provider);
  const url = urlParts(jwksUri ?? (discovery ? issuer : undefined));
  if (!url) return [];
  const key = jwksCluster ? "jwksCluster" : jwksUri ? "jwksUri" : "issuer";
  const { host, port } = clusterParts(String(jwksCluster ?? "")) ?? url;
  return [
    {
      host,
      port,
      tls: url.tls,
      protocol: url.tls ? "HTTPS" : "HTTP",
      cluster: jwksCluster ? String(jwksCluster) : `outbound|${port}||${host}`,
      path: ["providers", index, key],
    },
  ];
}

function sinkOf(sink: unknown, index: number): Callee[] {
  const cluster = String(at(sink, "http", "cluster") ?? "");
  const parts = clusterParts(cluster);
  if (!parts) return [];
  const tls = parts.port === 443;
  const path = ["sinks", index, "http", "cluster"];
  return [{ ...parts, tls, protocol: tls ? "HTTPS" : "HTTP", cluster, path }];
}

/** True for a host that the mesh knows as a Kubernetes service. */
export function isInCluster(host: string): boolean {
  return !host.includes(".") || /\.svc(\.|$)/.test(host) || host.endsWith(".local");
}

/**
 * ServiceEntry and DestinationRule for each host outside the cluster; a host called twice gets
 * one of each.
 */
export function renderClusters(policy: Policy): Resource[] {
  const hosts = new Map<string, Callee[]>();
  for (const callee of calleesOf(policy)) {
    // A cluster with another name comes from an EnvoyFilter, which defines it too.
    if (!clusterParts(callee.cluster) || isInCluster(callee.host)) continue;
    const known = hosts.get(callee.host) ?? [];
    if (!known.some((other) => other.port === callee.port))
      hosts.set(callee.host, [...known, callee]);
  }
  return [...hosts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([host, callees]) => resourcesOf(policy, host, callees));
}

function resourcesOf(policy: Policy, host: string, callees: Callee[]): Resource[] {
  const name = `${policy.name}-${host.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-")}`.slice(0, 253);
  const metadata = { name, namespace: policy.namespace, labels: labelsOf(policy) };
  const ports = callees.map(({ port, protocol }) => ({
    number: port,
    name: `${protocol.toLowerCase()}-${port}`,
    protocol,
  }));
  const entry: Resource = {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata,
    // Only this namespace's proxies: elsewhere the DestinationRule would wrap an application's
    // own TLS a second time.
    spec: { hosts: [host], exportTo: ["."], location: "MESH_EXTERNAL", ports, resolution: "DNS" },
  };
  const secure = callees.filter((callee) => callee.tls);
  if (secure.length === 0) return [entry];
  const portLevelSettings = secure.map(({ port }) => ({
    port: { number: port },
    tls: { mode: "SIMPLE", sni: host, subjectAltNames: [host] },
  }));
  const rule: Resource = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata,
    spec: { host, exportTo: ["."], trafficPolicy: { portLevelSettings } },
  };
  return [entry, rule];
}
