// The hosts that filters call, and what makes them reachable: a ServiceEntry, and TLS by a DestinationRule.
import type { Policy } from "../policy.ts";
import { labelsOf } from "./plugin.ts";
import type { Resource } from "./plugin.ts";

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
export function clusterParts(cluster: string): { port: number; subset: string; host: string } | undefined {
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

/** Everything the policy's filters call. */
export function calleesOf(policy: Policy): Callee[] {
  const callees: Callee[] = [];
  const add = (cluster: string | undefined, parts: Omit<Callee, "cluster" | "path">, path: (string | number)[]) =>
    callees.push({ ...parts, cluster: cluster ?? `outbound|${parts.port}||${parts.host}`, path: ["spec", ...path] });
  const providers: any[] = policy.filters.get("jwt-auth")?.providers ?? [];
  providers.forEach((provider, at) => {
    const url = provider.jwksUri ?? (provider.discovery ? provider.issuer : undefined);
    const parts = urlParts(url);
    if (!parts) return;
    const key = provider.jwksCluster ? "jwksCluster" : provider.jwksUri ? "jwksUri" : "issuer";
    const named = clusterParts(provider.jwksCluster ?? "");
    const target = named ? { host: named.host, port: named.port, tls: parts.tls } : parts;
    add(provider.jwksCluster, { ...target, protocol: target.tls ? "HTTPS" : "HTTP" }, [
      "jwt-auth",
      "providers",
      at,
      key,
    ]);
  });
  const global = policy.filters.get("rate-limit")?.global;
  const limiter = clusterParts(global?.cluster ?? "");
  if (limiter)
    add(global.cluster, { ...limiter, tls: limiter.port === 443, protocol: "GRPC" }, [
      "rate-limit",
      "global",
      "cluster",
    ]);
  const sinks: any[] = policy.filters.get("access-log")?.sinks ?? [];
  sinks.forEach((sink, at) => {
    const cluster = sink?.http?.cluster;
    const parts = clusterParts(cluster ?? "");
    if (!parts) return;
    const tls = parts.port === 443;
    add(cluster, { ...parts, tls, protocol: tls ? "HTTPS" : "HTTP" }, ["access-log", "sinks", at, "http", "cluster"]);
  });
  return callees;
}

/** True for a host that the mesh knows as a Kubernetes service. */
export function isInCluster(host: string): boolean {
  return !host.includes(".") || /\.svc(\.|$)/.test(host) || host.endsWith(".local");
}

/** ServiceEntry and DestinationRule for each host outside the cluster; a host called twice gets one of each. */
export function renderClusters(policy: Policy): Resource[] {
  const hosts = new Map<string, Callee[]>();
  for (const callee of calleesOf(policy)) {
    // A cluster that Istio did not name is somebody's own affair.
    if (!clusterParts(callee.cluster) || isInCluster(callee.host)) continue;
    const known = hosts.get(callee.host) ?? [];
    if (!known.some((other) => other.port === callee.port)) hosts.set(callee.host, [...known, callee]);
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
    // Only this namespace's proxies: elsewhere the DestinationRule would wrap an application's own TLS a second time.
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
