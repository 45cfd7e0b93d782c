// What people run today → settings. Reads every resource, gives each to who knows it, and keeps the report complete.
import type { Manifest } from "../core/source.ts";
import { partsOf } from "../core/kustomize.ts";
import { checkShape } from "../core/resources.ts";
import { hasAccessLog, migrateMeshAccessLog, migrateTelemetry } from "./access-log.ts";
import { migrateAuthorization } from "./authorization/authorization.ts";
import { migrateBackendTraffic } from "./backend-traffic.ts";
import type { Comparison } from "../compare/compare.ts";
import { Context } from "./context.ts";
import { migrateFlagger } from "./flagger.ts";
import { migrateLocalRateLimits, otherPatchNote } from "./local-rate-limit.ts";
import { keepOtherTraffic } from "./other-traffic.ts";
import { readsToken } from "./authorization/rule.ts";
import type { Draft } from "./drafts.ts";
import type { Report } from "./report.ts";
import { migrateVirtualServices } from "./virtual-service.ts";
import type { Resource } from "./resource.ts";

export interface Migrated {
  /** Settings files, then resources of the mesh that change with them. */
  documents: { value: Resource; from: Manifest[] }[];
  report: Report;
  /** Native resources that the settings stand for: to be deleted once the plugins enforce. */
  replaced: Manifest[];
  /** What was compared, and how it came out. */
  proofs: { title: string; result: Comparison }[];
}

/** Reads everything at once: one resource often explains another. */
export function migrate(manifests: Manifest[], repository: string): Migrated {
  const parts = partsOf(manifests);
  const all = once(manifests.filter((manifest) => !parts.has(manifest.file)));
  const misfits = new Map(all.map((manifest) => [manifest, misfit(manifest)]));
  const context = new Context(all.filter((manifest) => misfits.get(manifest) === undefined));
  const { report } = context;
  for (const [manifest, why] of misfits)
    if (why !== undefined) report.lost(manifest, ["spec"], why);
  migrateAuthorization(context);
  const patches = context.ofKind("networking.istio.io", "EnvoyFilter");
  migrateLocalRateLimits(context);
  migrateBackendTraffic(context);
  for (const manifest of patches.filter((one) => !report.speaksOf(one)))
    report.kept(manifest, ["spec"], otherPatchNote(manifest.value.spec));
  migrateVirtualServices(context);
  migrateFlagger(context);
  for (const manifest of context.manifests.filter(hasAccessLog))
    migrateMeshAccessLog(context, manifest);
  for (const manifest of context.ofKind("telemetry.istio.io", "Telemetry"))
    migrateTelemetry(context, manifest);
  keepOtherTraffic(context);
  for (const manifest of context.manifests) reportUnread(context, manifest);
  const drafts = context.drafts.all().filter((draft) => !draft.isEmpty);
  for (const draft of drafts) {
    for (const manifest of draft.sources.filter((one) => isReplaced(context, one)))
      replace(context, draft, manifest);
    draft.seen = tokenReaders(context);
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
    proofs: context.proofs,
  };
}

/** Kinds whose limits a plugin takes over: both would count. */
const limiters = ["EnvoyFilter", "BackendTrafficPolicy"];

/** True for a limiter of which nothing stays. */
function isReplaced({ report }: Context, manifest: Manifest): boolean {
  const own = report.entries.filter((entry) => entry.manifest === manifest);
  const isWhole = own.every(({ fate }) => fate === "carried" || fate === "changed");
  return limiters.includes(manifest.kind) && isWhole;
}

function replace(context: Context, draft: Draft, manifest: Manifest): void {
  if (!draft.replaces.includes(manifest)) draft.replaces.push(manifest);
  if (!context.replaced.includes(manifest)) context.replaced.push(manifest);
}

/** Policies that see no token once a RequestAuthentication is gone. */
function tokenReaders(context: Context): Manifest[] {
  return context.ofKind("security.istio.io", "AuthorizationPolicy").filter(readsToken);
}

/** Why a resource cannot be read at all; undefined if it can. */
function misfit(manifest: Manifest): string | undefined {
  const [found] = checkShape(manifest);
  if (found)
    return `the API server would refuse it (line ${found.place.line}: ${found.what}${found.why ? `, ${found.why}` : ""})`;
  const isRead = [
    "security.istio.io",
    "networking.istio.io",
    "telemetry.istio.io",
    "flagger.app",
  ].includes(manifest.group);
  return isRead && manifest.value.spec === undefined ? "it has no spec" : undefined;
}

/** What nobody read stays as it is, and that is said too. */
function reportUnread({ report }: Context, manifest: Manifest): void {
  if (report.speaksOf(manifest) || !manifest.kind) return;
  if (manifest.group === "kustomize.config.k8s.io") return;
  report.kept(manifest, ["kind"], "none of the filters has a part in it");
}

/** A resource that a base and an overlay both hold is read once: the first wins. */
function once(manifests: Manifest[]): Manifest[] {
  const seen = new Set<string>();
  return manifests.filter((manifest) => {
    if (!manifest.name) return true;
    const key = [manifest.group, manifest.kind, manifest.namespace, manifest.name].join("\0");
    return seen.has(key) ? false : seen.add(key);
  });
}
