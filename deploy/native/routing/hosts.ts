// Which VirtualServices a request meets: by the hosts it may have, the gateway it came in by, and
// who may see them.
import type { Manifest } from "../../core/source.ts";
import type { Mesh, NativeRequest } from "../types.ts";
import type { RoutingService } from "./virtual-service.ts";

/** `namespace/name`; a bare name is of the VirtualService's namespace. */
export function gatewayName(text: string, namespace: string): string {
  if (text === "mesh" || text.includes("/")) return text;
  const [, name, of] = /^([^.]+)\.([^.]+)\.svc(\..*)?$/.exec(text) ?? [];
  return name ? `${of}/${name}` : `${namespace}/${text}`;
}

/** The names by which a route's `gateways` may call the proxy of a request. */
export function gatewaysOf({ workload }: NativeRequest): readonly string[] {
  return workload.kind === "gateway" ? (workload.gateways ?? []) : ["mesh"];
}

export function appliesTo(
  { manifest, gateways, exportTo }: RoutingService,
  request: NativeRequest,
  mesh: Mesh,
): boolean {
  const own = gateways.length === 0 ? ["mesh"] : gateways;
  const names = own.map((text) => gatewayName(text, manifest.namespace));
  if (!names.some((name) => gatewaysOf(request).includes(name))) return false;
  return isVisible(manifest, exportTo, request.workload.namespace, mesh);
}

function isVisible(
  { namespace }: Manifest,
  exportTo: readonly string[],
  from: string,
  _mesh: Mesh,
): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((one) => one === "*" || one === from || (one === "." && from === namespace));
}

/**
 * How well a VirtualService's host fits: the longer the better, an exact one best; 0: not at all.
 */
export function fitOf(pattern: string, namespace: string, request: NativeRequest): number {
  const host = request.host.toLowerCase().replace(/:\d+$/, "");
  const wanted = pattern.toLowerCase();
  if (wanted === "*") return 1;
  if (wanted.startsWith("*"))
    return host.endsWith(wanted.slice(1)) && host.length >= wanted.length ? 1 + wanted.length : 0;
  return namesOf(wanted, namespace, request).includes(host) ? Infinity : 0;
}

const clusterSuffix = ".svc.cluster.local";

/** A service of the mesh has shorter names; the bare one only for callers in its namespace. */
function namesOf(host: string, namespace: string, { workload }: NativeRequest): string[] {
  const isShort = !host.includes(".");
  const full = isShort ? `${host}.${namespace}${clusterSuffix}` : host;
  if (!full.endsWith(clusterSuffix) || workload.kind === "gateway") return [host, full];
  const [name, of] = full.slice(0, -clusterSuffix.length).split(".");
  const bare = of === workload.namespace ? [name!] : [];
  return [full, `${name}.${of}.svc`, `${name}.${of}`, ...bare];
}
