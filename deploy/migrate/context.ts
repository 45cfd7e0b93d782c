// What every migrator gets: all that was read, the policies being written, and the report.
import type { Resource } from "../core/resource.ts";
import type { Manifest } from "../core/source.ts";
import { at, fieldsOf, mapsOf, textsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { rootNamespace } from "../validate/overlap.ts";
import { Drafts } from "./drafts.ts";
import { proxyKind } from "./gateways.ts";
import type { KnownGateway } from "./gateways.ts";
import { Report } from "./report.ts";
import { meshOf } from "../native/mesh.ts";
import type { Mesh } from "../native/types.ts";
import type { Comparison } from "../compare/compare.ts";
import type { Placement } from "./resource.ts";

/** A native resource as it becomes; `isNew`: beside the one that it comes from, which stays. */
export interface Rewritten {
  value: Resource;
  source: Manifest;
  isNew: boolean;
}

export interface ProofBounds {
  /** When what is not proved yet stays native; `performance.now()` milliseconds. Default: never. */
  deadlineMillis?: number;
  /** Called before each proof. */
  onProof?(title: string): void;
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
  readonly twins = new Map<unknown, Fields[]>();

  readonly bounds: ProofBounds;
  private readonly byKind = new Map<string, Manifest[]>();
  private readonly texts = new Map<Manifest, string>();
  private readonly answers = new Map<string, boolean>();

  constructor(
    manifests: Manifest[],
    report = new Report(),
    gateways: readonly KnownGateway[] = [],
    bounds: ProofBounds = {},
  ) {
    this.manifests = manifests;
    this.report = report;
    this.gateways = gateways;
    this.bounds = bounds;
    this.mesh = meshOf(manifests);
    for (const manifest of manifests) {
      const key = `${manifest.group}/${manifest.kind}`;
      const known = this.byKind.get(key);
      if (known) known.push(manifest);
      else this.byKind.set(key, [manifest]);
    }
  }

  ofKind(group: string, kind: string): Manifest[] {
    return this.byKind.get(`${group}/${kind}`) ?? [];
  }

  /** What a resource says, as one text. */
  textOf(manifest: Manifest): string {
    const known = this.texts.get(manifest);
    if (known !== undefined) return known;
    const text = JSON.stringify(manifest.at("spec") ?? manifest.at("data") ?? "");
    this.texts.set(manifest, text);
    return text;
  }

  /** True if any resource has a text that matches; asked of all of them once for each pattern. */
  mentions(pattern: RegExp): boolean {
    const known = this.answers.get(pattern.source);
    if (known !== undefined) return known;
    const answer = this.manifests.some((manifest) => pattern.test(this.textOf(manifest)));
    this.answers.set(pattern.source, answer);
    return answer;
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
export function placementFor(context: Context, manifest: Manifest): Placement {
  const spec = manifest.at("spec");
  const several = mapsOf(at(spec, "targetRefs"));
  const one = at(spec, "targetRef");
  const refs = several.length > 0 || one === undefined ? several : [fieldsOf(one)];
  if (refs.length > 0) {
    const path = ["spec", several.length > 0 ? "targetRefs" : "targetRef"];
    context.report.carried(manifest, path, "placement");
    const targetRefs = refs.map(({ group, kind, name }) => ({
      ...(Boolean(group) && { group }),
      kind,
      name,
    }));
    const isWaypoint = refs.every(
      ({ kind, name }) =>
        kind !== "Gateway" || isWaypointGateway(context, manifest.namespace, String(name)),
    );
    return isWaypoint ? { waypoint: { targetRefs } } : { targetRefs };
  }
  const selector = textsOf(at(spec, "selector", "matchLabels"));
  if (Object.keys(selector).length > 0) {
    context.report.carried(manifest, ["spec", "selector"], "placement");
    return proxyKind(context, manifest.namespace, selector) === "gateway"
      ? { gateway: { selector } }
      : { sidecar: { selector } };
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
  return /waypoint/.test(String(gateway?.at("spec", "gatewayClassName") ?? ""));
}
