// The proxies at which resources are put to the test: one that each policy means, its neighbours in
// the namespace and in the mesh, and those that two policies mean together.
import type { Attachment, TargetRef } from "../native/attachment.ts";
import { gatewayNameLabel } from "../native/attachment.ts";
import type { Mesh, Workload } from "../native/types.ts";

/** What a selector means, by convention: a gateway's labels are named so. */
export type KindOf = (attachment: Attachment) => "sidecar" | "gateway";

/** Which Gateway API Gateways are waypoints. */
export type IsWaypoint = (namespace: string, gateway: string) => boolean;

const elsewhere = "elsewhere";

export function workloadsFor(
  attachments: readonly Attachment[],
  mesh: Mesh,
  kindOf: KindOf,
  isWaypoint: IsWaypoint,
): Workload[] {
  const namespaces = [...new Set(attachments.map(({ namespace }) => namespace))];
  const own = namespaces.filter((namespace) => namespace !== mesh.rootNamespace);
  const places = [...(own.length > 0 ? own : [mesh.rootNamespace]), elsewhere];
  const made = [
    ...attachments.flatMap((attachment) => meant(attachment, places, mesh, kindOf, isWaypoint)),
    ...together(attachments, mesh, kindOf),
    ...places.map((namespace) => sidecar(namespace, { app: "bystander" })),
    ...namespaces.map((namespace) => sidecar(namespace, {})),
  ];
  const byText = new Map(made.map((workload) => [JSON.stringify(workload), workload]));
  return [...byText.values()];
}

function sidecar(namespace: string, labels: Workload["labels"]): Workload {
  return { namespace, labels, kind: "sidecar" };
}

/** The workloads of one policy: with its labels alone, and with more. */
function meant(
  attachment: Attachment,
  places: readonly string[],
  mesh: Mesh,
  kindOf: KindOf,
  isWaypoint: IsWaypoint,
): Workload[] {
  const { namespace, labels, refs } = attachment;
  if (refs.length > 0) return refs.flatMap((ref) => atRef(ref, namespace, isWaypoint));
  const kind = kindOf(attachment);
  const reached = namespace === mesh.rootNamespace ? [namespace, ...places] : [namespace];
  return reached.flatMap((place): Workload[] => [
    { namespace: place, labels, kind },
    { namespace: place, labels: { ...labels, tier: "extra" }, kind },
  ]);
}

function atRef(ref: TargetRef, namespace: string, isWaypoint: IsWaypoint): Workload[] {
  const gateway = (name: string, kind: Workload["kind"], more: Partial<Workload> = {}) => ({
    namespace,
    labels: { [gatewayNameLabel]: name },
    kind,
    gateway: name,
    ...more,
  });
  if (ref.kind === "Gateway")
    return [
      gateway(ref.name, isWaypoint(namespace, ref.name) ? "waypoint" : "gateway"),
      gateway(`${ref.name}-other`, "gateway"),
    ];
  if (ref.kind !== "Service" && ref.kind !== "ServiceEntry")
    return [gateway("waypoint", "waypoint")];
  const service = (name: string) => ({ kind: ref.kind as "Service", name, namespace });
  return [
    gateway("waypoint", "waypoint", { service: service(ref.name) }),
    gateway("waypoint", "waypoint", { service: service(`${ref.name}-other`) }),
  ];
}

/** Workloads that carry the labels of two policies: nothing says that there are none. */
function together(attachments: readonly Attachment[], mesh: Mesh, kindOf: KindOf): Workload[] {
  const selecting = attachments.filter(({ refs }) => refs.length === 0);
  return selecting.flatMap((a, at) =>
    selecting.slice(at + 1).flatMap((b): Workload[] => {
      const isApart =
        a.namespace !== b.namespace && ![a.namespace, b.namespace].includes(mesh.rootNamespace);
      if (isApart || kindOf(a) !== kindOf(b) || contradict(a.labels, b.labels)) return [];
      const namespace = a.namespace === mesh.rootNamespace ? b.namespace : a.namespace;
      return [{ namespace, labels: { ...a.labels, ...b.labels }, kind: kindOf(a) }];
    }),
  );
}

export function contradict(a: Attachment["labels"], b: Attachment["labels"]): boolean {
  return Object.entries(a).some(([key, value]) => key in b && b[key] !== value);
}
