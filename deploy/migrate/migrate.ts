// What people run today → settings. Reads every resource, gives each to who knows it, and keeps the
// report complete.
import type { Manifest } from "../core/source.ts";
import { partsOf } from "../core/kustomize.ts";
import { withoutTemplates } from "../core/templates.ts";
import { hasAccessLog, migrateMeshAccessLog, migrateTelemetry } from "./access-log.ts";
import { migrateAuthorization } from "./authorization/authorization.ts";
import { keepSecurityPolicies } from "./authorization/security-policy.ts";
import { migrateBackendTraffic } from "./backend-traffic.ts";
import type { Comparison } from "../compare/compare.ts";
import { Context } from "./context.ts";
import type { ProofBounds, Rewritten } from "./context.ts";
import { migrateFlagger } from "./flagger.ts";
import { migrateLocalRateLimits, otherPatchNote } from "./local-rate-limit.ts";
import { keepOtherTraffic } from "./other-traffic.ts";
import { readsToken } from "./authorization/rule.ts";
import type { Draft } from "./drafts.ts";
import { reportContradictions } from "./contradictions.ts";
import type { KnownGateway } from "./gateways.ts";
import { misfit, once, reportUnread } from "./readable.ts";
import { Report } from "./report.ts";
import { migrateVirtualServices } from "./virtual-service.ts";
import type { Resource } from "../core/resource.ts";

export interface Migrated {
  /** Settings files, then resources of the mesh that change with them. */
  documents: { value: Resource; from: Manifest[] }[];
  report: Report;
  /** Native resources that the settings stand for: to be deleted once the plugins enforce. */
  replaced: Manifest[];
  /** Native resources that change with them. */
  rewritten: Rewritten[];
  /** What was compared, and how it came out. */
  proofs: { title: string; result: Comparison }[];
}

/** Reads everything at once: one resource often explains another. */
export function migrate(
  manifests: Manifest[],
  repository: string,
  gateways: readonly KnownGateway[] = [],
  bounds: ProofBounds = {},
): Migrated {
  const parts = partsOf(manifests);
  const { manifests: filled, templates } = withoutTemplates(manifests);
  const report = new Report();
  for (const { place, what, right } of templates) {
    const first = manifests.find(({ file }) => file === place.file)!;
    report.lost(first, ["kind"], `${what}, so nothing of it was read; ${right}`);
  }
  for (const manifest of filled) {
    const part = parts.get(manifest.file);
    if (part) report.kept(manifest, ["kind"], `not read: it is ${part}`);
  }
  const all = once(
    report,
    filled.filter((manifest) => !parts.has(manifest.file)),
  );
  const misfits = new Map(all.map((manifest) => [manifest, misfit(manifest)]));
  const usable = all.filter((manifest) => misfits.get(manifest) === undefined);
  for (const [manifest, why] of misfits)
    if (why !== undefined) report.lost(manifest, ["spec"], why);
  return written(new Context(usable, report, gateways, bounds), repository);
}

function written(context: Context, repository: string): Migrated {
  const { report } = context;
  migrateAuthorization(context);
  keepSecurityPolicies(context);
  const patches = context.ofKind("networking.istio.io", "EnvoyFilter");
  migrateLocalRateLimits(context);
  migrateBackendTraffic(context);
  for (const manifest of patches.filter((one) => !report.mentions(one)))
    report.kept(manifest, ["spec"], otherPatchNote(manifest.value.spec));
  migrateVirtualServices(context);
  migrateFlagger(context);
  for (const manifest of context.manifests.filter(hasAccessLog))
    migrateMeshAccessLog(context, manifest);
  for (const manifest of context.ofKind("telemetry.istio.io", "Telemetry"))
    migrateTelemetry(context, manifest);
  keepOtherTraffic(context);
  reportContradictions(context);
  for (const manifest of context.manifests) reportUnread(report, manifest);
  const drafts = context.drafts.all().filter((draft) => !draft.isEmpty);
  const readers = context.ofKind("security.istio.io", "AuthorizationPolicy").filter(readsToken);
  for (const draft of drafts) {
    for (const manifest of draft.sources.filter((one) => isReplaced(context, one)))
      replace(context, draft, manifest);
    draft.seen = readersNear(context, readers, draft);
  }
  const policies = drafts.map((draft) => ({
    value: draft.toPolicy(repository),
    from: draft.sources,
  }));
  return {
    documents: [
      ...policies,
      ...context.rewritten.map(({ value, source }) => ({ value, from: [source] })),
    ],
    report,
    replaced: context.replaced,
    rewritten: context.rewritten,
    proofs: context.proofs,
  };
}

/** Kinds whose limits a plugin takes over: both would count. */
const limiters = ["EnvoyFilter", "BackendTrafficPolicy"];

/** True for a limiter of which nothing stays. */
function isReplaced({ report }: Context, manifest: Manifest): boolean {
  const own = report.entriesOf(manifest);
  const isWhole = own.every(({ outcome }) => outcome === "carried" || outcome === "changed");
  return limiters.includes(manifest.kind) && isWhole;
}

function replace(context: Context, draft: Draft, manifest: Manifest): void {
  if (!draft.replaces.includes(manifest)) draft.replaces.push(manifest);
  if (!context.replaced.includes(manifest)) context.replaced.push(manifest);
}

/** Policies that see no token once the RequestAuthentications of a draft are gone. */
function readersNear(context: Context, readers: readonly Manifest[], draft: Draft): Manifest[] {
  const root = context.mesh.rootNamespace;
  const own = new Set(draft.replaces.map(({ namespace }) => namespace));
  // What is in the root namespace is for all, and meets the policies of all.
  if (own.has(root)) return [...readers];
  return readers.filter(({ namespace }) => namespace === root || own.has(namespace));
}
