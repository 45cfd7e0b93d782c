// What every migrator gets: all that was read, the policies being written, and the report.
import type { Manifest } from "../core/source.ts";
import { rootNamespace } from "../validate/overlap.ts";
import { Drafts } from "./drafts.ts";
import { proxyKind } from "./gateways.ts";
import type { KnownGateway } from "./gateways.ts";
import { Report } from "./report.ts";
import { meshOf } from "../native/mesh.ts";
import type { Mesh } from "../native/types.ts";
import type { Comparison } from "../compare/compare.ts";
import type { Resource } from "./resource.ts";

/** A native resource as it becomes; `isNew`: beside the one that it comes from, which stays. */
export interface Rewritten {
  value: Resource;
  source: Manifest;
  isNew: boolean;
}

export class Context {
  readonly manifests: Manifest[];
  readonly drafts = new Drafts();
  readonly report: Report;
  /** What is said while something is tried goes here, and nowhere. */
  readonly trial = new Report();
  readonly mesh: Mesh;
  /** What the user says is a gateway. */
  readonly gateways: readonly KnownGateway[];
  /** Native resources that are to be deleted, once the plugins enforce. */
  readonly replaced: Manifest[] = [];
  /** What was compared before anything was written. */
  readonly proofs: { title: string; result: Comparison }[] = [];
  /** Resources of the mesh that have to change with the migration, as they should become. */
  readonly rewritten: Rewritten[] = [];

  /** A canary route → all its copies in policies for other proxies, itself included. */
  readonly twins = new Map<unknown, any[]>();

  constructor(
    manifests: Manifest[],
    report = new Report(),
    gateways: readonly KnownGateway[] = [],
  ) {
    this.manifests = manifests;
    this.report = report;
    this.gateways = gateways;
    this.mesh = meshOf(manifests);
  }

  ofKind(group: string, kind: string): Manifest[] {
    return this.manifests.filter((manifest) => manifest.group === group && manifest.kind === kind);
  }

  find(group: string, kind: string, namespace: string, name: string): Manifest | undefined {
    return this.ofKind(group, kind).find(
      (manifest) => manifest.namespace === namespace && manifest.name === name,
    );
  }
}

/**
 * The placement for a resource that targets workloads by `selector` or `targetRefs`, as security
 * resources do, together with the paths that it came from.
 */
export function placementFor(context: Context, manifest: Manifest): Resource {
  const { spec = {} } = manifest.value;
  const refs: any[] | undefined =
    spec.targetRefs ?? (spec.targetRef ? [spec.targetRef] : undefined);
  const refsPath = ["spec", spec.targetRefs ? "targetRefs" : "targetRef"];
  if (Array.isArray(refs) && refs.length > 0) {
    context.report.carried(manifest, refsPath, "placement");
    const kept = refs.map(({ group, kind, name }) => ({ ...(group && { group }), kind, name }));
    const isWaypoint = kept.every(
      ({ kind, name }) =>
        kind !== "Gateway" || isWaypointGateway(context, manifest.namespace, name),
    );
    return isWaypoint ? { waypoint: { targetRefs: kept } } : { targetRefs: kept };
  }
  const labels: Record<string, string> | undefined = spec.selector?.matchLabels;
  if (labels && Object.keys(labels).length > 0) {
    context.report.carried(manifest, ["spec", "selector"], "placement");
    return proxyKind(context, manifest.namespace, labels) === "gateway"
      ? { gateway: { selector: labels } }
      : { sidecar: { selector: labels } };
  }
  if (manifest.namespace === rootNamespace) {
    context.report.changed(
      manifest,
      ["metadata", "namespace"],
      "placement.sidecar: for every sidecar of the mesh, but a gateway needs a policy of its own",
    );
  }
  return { sidecar: {} };
}

function isWaypointGateway(context: Context, namespace: string, name: string): boolean {
  const gateway = context.find("gateway.networking.k8s.io", "Gateway", namespace, name);
  return /waypoint/.test(String(gateway?.value.spec?.gatewayClassName ?? ""));
}

export function listOf(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}
