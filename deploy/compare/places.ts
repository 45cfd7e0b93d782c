// The proxies at which whole meshes are compared: those that the resources name, and their
// neighbours.
import type { Manifest } from "../core/source.ts";
import { mapsOf, textAt, textsOf } from "../core/value.ts";
import { attachmentOf } from "../native/attachment.ts";
import type { Attachment } from "../native/attachment.ts";
import type { Mesh, Workload } from "../native/types.ts";
import type { Plugin } from "../validate/plugin.ts";
import { pluginAttachment } from "./plugins.ts";
import { workloadsFor } from "./workloads.ts";

/** Labels that Istio's charts and people give to gateways. */
const gatewayWords = /gateway|^istio$/;

export function placesOf(
  resources: readonly Manifest[],
  plugins: readonly Plugin[],
  mesh: Mesh,
): Workload[] {
  const attachments = [...resources.flatMap(attachmentsOf), ...plugins.map(pluginAttachment)];
  const gateways = resources.filter(
    ({ kind, group }) => kind === "Gateway" && group === "networking.istio.io",
  );
  const isGateway = ({ labels }: Attachment) =>
    Object.entries(labels).some(
      ([key, value]) => gatewayWords.test(key) || /gateway/.test(value),
    ) || gateways.some((gateway) => isSame(textsOf(gateway.at("spec", "selector")), labels));
  const found = workloadsFor(
    attachments.length > 0 ? attachments : [{ namespace: "default", labels: {}, refs: [] }],
    mesh,
    (attachment) => (isGateway(attachment) ? "gateway" : "sidecar"),
    waypointsIn(resources),
  );
  return found.map((workload) =>
    workload.kind === "gateway"
      ? { ...workload, gateways: gateways.filter((each) => serves(each, workload)).map(fullName) }
      : workload,
  );
}

/** To which proxies a resource is sent; none for what is no matter of single proxies. */
export function attachmentsOf(manifest: Manifest): Attachment[] {
  const { kind, group, namespace } = manifest;
  if (group === "security.istio.io" || kind === "BackendTrafficPolicy" || kind === "Telemetry")
    return [attachmentOf(manifest)];
  if (kind === "EnvoyFilter") {
    const labels = textsOf(manifest.at("spec", "workloadSelector", "labels"));
    return [{ ...attachmentOf(manifest), labels }];
  }
  if (kind === "Gateway")
    return [{ namespace, labels: textsOf(manifest.at("spec", "selector")), refs: [] }];
  if (kind === "VirtualService") return callersOf(manifest);
  if (kind === "HTTPRoute" || kind === "GRPCRoute") return [parentsOf(manifest)];
  return [];
}

/** Callers in a VirtualService's namespace, and those that its conditions name. */
function callersOf(manifest: Manifest): Attachment[] {
  const { namespace } = manifest;
  const matches = mapsOf(manifest.at("spec", "http")).flatMap(({ match }) => mapsOf(match));
  const named = matches.flatMap((match): Attachment[] =>
    match.sourceLabels === undefined && match.sourceNamespace === undefined
      ? []
      : [
          {
            namespace: textAt(match, "sourceNamespace") ?? namespace,
            labels: textsOf(match.sourceLabels),
            refs: [],
          },
        ],
  );
  return [{ namespace, labels: {}, refs: [] }, ...named];
}

function parentsOf(manifest: Manifest): Attachment {
  const refs = mapsOf(manifest.at("spec", "parentRefs")).map((ref) => ({
    group: textAt(ref, "group") ?? "gateway.networking.k8s.io",
    kind: textAt(ref, "kind") ?? "Gateway",
    name: textAt(ref, "name") ?? "",
  }));
  return { namespace: manifest.namespace, labels: {}, refs };
}

function waypointsIn(resources: readonly Manifest[]): (namespace: string, name: string) => boolean {
  const waypoints = new Set(
    resources
      .filter((manifest) => /waypoint/.test(String(manifest.at("spec", "gatewayClassName") ?? "")))
      .map(fullName),
  );
  return (namespace, name) => waypoints.has(`${namespace}/${name}`);
}

function serves(gateway: Manifest, { labels }: Workload): boolean {
  const wanted = Object.entries(textsOf(gateway.at("spec", "selector")));
  return wanted.every(([key, value]) => labels[key] === value);
}

function fullName({ namespace, name }: Manifest): string {
  return `${namespace}/${name}`;
}

function isSame(a: Record<string, string>, b: Attachment["labels"]): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
