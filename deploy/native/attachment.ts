// To which proxies a policy attaches: istiod's WorkloadPolicyMatcher.ShouldAttachPolicy and the
// namespaces that it looks in (pilot/pkg/model/policyattachment.go, Istio 1.31). The same rule
// holds for RequestAuthentication, AuthorizationPolicy, WasmPlugin and TrafficExtension.
import type { Manifest } from "../core/source.ts";
import { fieldsOf, mapsOf, textAt, textsOf } from "../core/value.ts";
import type { Mesh, Workload } from "./types.ts";

export interface TargetRef {
  group: string;
  kind: string;
  name: string;
  namespace?: string;
}

/** What decides where a policy attaches. */
export interface Attachment {
  namespace: string;
  labels: Readonly<Record<string, string>>;
  refs: readonly TargetRef[];
}

const gatewayApi = "gateway.networking.k8s.io";
export const gatewayNameLabel = `${gatewayApi}/gateway-name`;
/** The class that istiod gives to its own waypoints. */
const waypointClass = "istio-waypoint";

export function attachmentOf(manifest: Manifest): Attachment {
  const spec = fieldsOf(manifest.at("spec"));
  const listed = mapsOf(spec.targetRefs);
  const refs = listed.length > 0 || !spec.targetRef ? listed : [fieldsOf(spec.targetRef)];
  return {
    namespace: manifest.namespace,
    labels: textsOf(manifest.at("spec", "selector", "matchLabels")),
    refs: refs.map((ref) => ({
      group: groupOf(textAt(ref, "group") ?? ""),
      kind: textAt(ref, "kind") ?? "",
      name: textAt(ref, "name") ?? "",
      namespace: textAt(ref, "namespace"),
    })),
  };
}

/** Kubernetes writes its core group as nothing, Istio as `core`. */
function groupOf(group: string): string {
  return group === "core" ? "" : group;
}

export function attaches(policy: Attachment, workload: Workload, mesh: Mesh): boolean {
  const isLookedAt =
    policy.namespace === mesh.rootNamespace ||
    policy.namespace === workload.namespace ||
    policy.namespace === workload.service?.namespace;
  if (!isLookedAt) return false;
  if (workload.gateway === undefined)
    return policy.refs.length === 0 && isSelected(policy.labels, workload.labels);
  if (policy.refs.length === 0)
    return workload.kind !== "waypoint" && isSelected(policy.labels, workload.labels);
  return policy.refs.some((ref) => isMeant(ref, policy.namespace, workload, mesh));
}

/** No label at all selects every workload. */
function isSelected(wanted: Attachment["labels"], has: Workload["labels"]): boolean {
  return Object.entries(wanted).every(([key, value]) => has[key] === value);
}

function isMeant(ref: TargetRef, namespace: string, workload: Workload, mesh: Mesh): boolean {
  const isWaypoint = workload.kind === "waypoint";
  const { service } = workload;
  const isService =
    (ref.kind === "Service" && ref.group === "") ||
    (ref.kind === "ServiceEntry" && ref.group === "networking.istio.io");
  if (isService)
    return (
      isWaypoint &&
      service?.kind === ref.kind &&
      service.name === ref.name &&
      service.namespace === namespace
    );
  if (ref.group !== gatewayApi) return false;
  if (ref.kind === "GatewayClass")
    return isWaypoint && namespace === mesh.rootNamespace && ref.name === waypointClass;
  if (ref.kind !== "Gateway" || namespace !== workload.namespace) return false;
  const isOwn = ref.namespace === undefined || ref.namespace === workload.namespace;
  return isOwn && ref.name === workload.gateway;
}
