// Where RequestAuthentications and AuthorizationPolicies apply, and what two of them have in
// common. No cluster is asked: labels that do not contradict each other may be on one workload.
import type { Attachment, TargetRef } from "../../native/attachment.ts";
import { attachmentOf, gatewayNameLabel } from "../../native/attachment.ts";
import { contradict } from "../../compare/workloads.ts";
import type { Manifest } from "../../core/source.ts";
import { proxyKind } from "../gateways.ts";
import type { Context } from "../context.ts";
import type { Placement, Resource } from "../resource.ts";

export type ProxyKind = "sidecar" | "gateway" | "any";

export interface Scope extends Attachment {
  /** What kind of proxies it means, going by its labels; `any` without labels. */
  kind: ProxyKind;
  /** Why nobody can tell what its labels mean. */
  unclear?: string;
}

export function scopeOf(context: Context, manifest: Manifest): Scope {
  const attachment = attachmentOf(manifest);
  const { namespace, labels, refs } = attachment;
  if (refs.length > 0 || Object.keys(labels).length === 0) return { ...attachment, kind: "any" };
  const kind = proxyKind(context, namespace, labels);
  return typeof kind === "string"
    ? { ...attachment, kind }
    : { ...attachment, kind: "any", unclear: kind.unclear };
}

export function isSameScope(a: Scope, b: Scope): boolean {
  return keyOf(a) === keyOf(b);
}

/** Labels and references in a fixed order. */
export function keyOf({ namespace, labels, refs }: Scope): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, sorted, refs.map(refKey).sort()]);
}

function refKey({ group, kind, name }: TargetRef): string {
  return `${group}/${kind}/${name}`;
}

/** False only where no proxy can have both. */
export function mayMeet(context: Context, a: Scope, b: Scope): boolean {
  const isRoot =
    a.namespace === context.mesh.rootNamespace || b.namespace === context.mesh.rootNamespace;
  if (a.namespace !== b.namespace && !isRoot) return false;
  if (a.refs.length > 0 && b.refs.length > 0) return refsMeet(a, b);
  if (a.refs.length > 0) return refsMeetLabels(context, a, b);
  if (b.refs.length > 0) return refsMeetLabels(context, b, a);
  if (a.kind !== "any" && b.kind !== "any" && a.kind !== b.kind) return false;
  return !contradict(a.labels, b.labels);
}

const isOfService = ({ kind }: TargetRef) => kind === "Service" || kind === "ServiceEntry";

/** A waypoint may stand for any service, and be of any class. */
function refsMeet(a: Scope, b: Scope): boolean {
  return a.refs.some((one) =>
    b.refs.some((other) => {
      if (isOfService(one) !== isOfService(other)) return true;
      if (one.kind === "GatewayClass" || other.kind === "GatewayClass") return true;
      return refKey(one) === refKey(other) && a.namespace === b.namespace;
    }),
  );
}

/** Waypoints ignore selectors; a gateway by reference may have any labels of a gateway. */
function refsMeetLabels(context: Context, byRef: Scope, byLabels: Scope): boolean {
  if (byLabels.kind === "sidecar") return false;
  return byRef.refs.some((ref) => {
    if (ref.kind !== "Gateway" || isWaypoint(context, byRef.namespace, ref.name)) return false;
    const wanted = byLabels.labels[gatewayNameLabel];
    return wanted === undefined || wanted === ref.name;
  });
}

/** True if `outer` applies at every proxy at which `inner` does. */
export function covers(context: Context, outer: Scope, inner: Scope): boolean {
  const isNear =
    outer.namespace === inner.namespace || outer.namespace === context.mesh.rootNamespace;
  if (!isNear) return false;
  if (outer.refs.length > 0) {
    const own = new Set(outer.refs.map(refKey));
    const isSame = outer.namespace === inner.namespace;
    return isSame && inner.refs.length > 0 && inner.refs.every((ref) => own.has(refKey(ref)));
  }
  if (inner.refs.length > 0) {
    const isEverything = Object.keys(outer.labels).length === 0;
    const isForGateways = (ref: TargetRef) =>
      ref.kind === "Gateway" && isIngress(context, inner.namespace, ref.name);
    return isEverything && inner.refs.every(isForGateways);
  }
  return Object.entries(outer.labels).every(([key, value]) => inner.labels[key] === value);
}

/**
 * Proxies that both apply at, as the scope of a new resource; undefined where no selector says it.
 */
export function intersection(context: Context, a: Scope, b: Scope): Scope | undefined {
  if (covers(context, a, b)) return b;
  if (covers(context, b, a)) return a;
  if (a.refs.length > 0 || b.refs.length > 0) return undefined;
  const namespace = a.namespace === context.mesh.rootNamespace ? b.namespace : a.namespace;
  const kind = a.kind === "any" ? b.kind : a.kind;
  return { namespace, labels: { ...a.labels, ...b.labels }, refs: [], kind };
}

export function isWaypoint(context: Context, namespace: string, name: string): boolean {
  return /waypoint/.test(classOf(context, namespace, name) ?? "");
}

/** A Gateway that was read and is no waypoint. */
function isIngress(context: Context, namespace: string, name: string): boolean {
  const found = classOf(context, namespace, name);
  return found !== undefined && !/waypoint/.test(found);
}

function classOf(context: Context, namespace: string, name: string): string | undefined {
  const gateway = context.find("gateway.networking.k8s.io", "Gateway", namespace, name);
  return gateway && String(gateway.at("spec", "gatewayClassName") ?? "");
}

/** The settings file's words for a scope; undefined where they cannot say it exactly. */
export function placementOf(context: Context, scope: Scope): Placement | undefined {
  if (scope.refs.length > 0) {
    const targetRefs = scope.refs.map(({ group, kind, name }) => ({
      ...(group !== "" && { group }),
      kind,
      name,
    }));
    const areWaypoints = scope.refs.every(
      (ref) => ref.kind !== "Gateway" || isWaypoint(context, scope.namespace, ref.name),
    );
    return areWaypoints ? { waypoint: { targetRefs } } : { targetRefs };
  }
  const selector = { ...scope.labels };
  if (scope.kind === "gateway") return { gateway: { selector } };
  if (scope.kind === "sidecar") return { sidecar: { selector } };
  return scope.namespace === context.mesh.rootNamespace ? undefined : { sidecar: {} };
}

/** `spec.selector` or `spec.targetRefs` for a scope. */
export function selectionOf(scope: Scope): Resource {
  if (scope.refs.length > 0)
    return {
      targetRefs: scope.refs.map(({ group, kind, name }) => ({ group, kind, name })),
    };
  const isEverything = Object.keys(scope.labels).length === 0;
  return isEverything ? {} : { selector: { matchLabels: { ...scope.labels } } };
}
