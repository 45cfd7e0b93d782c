// Which documents can be read at all: complete ones, of a kind that is known here, once each.
import type { Manifest } from "../core/source.ts";
import { checkShape, isKnown } from "../core/resources.ts";
import { at } from "../core/value.ts";
import type { Report } from "./report.ts";

/** Kind → the group of the one that migrate reads. */
const groups: Record<string, string> = {
  RequestAuthentication: "security.istio.io",
  AuthorizationPolicy: "security.istio.io",
  EnvoyFilter: "networking.istio.io",
  VirtualService: "networking.istio.io",
  Telemetry: "telemetry.istio.io",
  Canary: "flagger.app",
  BackendTrafficPolicy: "gateway.envoyproxy.io",
};

/** Groups whose resources say something about requests, so that each is named. */
const near = [
  "istio.io",
  "gateway.networking.k8s.io",
  "flagger.app",
  "argoproj.io",
  "gateway.envoyproxy.io",
  "gatehouse.dev",
];

export function isNear({ group }: Manifest): boolean {
  return near.some((name) => group === name || group.endsWith(`.${name}`));
}

/** What nobody has read: what is near stays and is named, the rest is counted. */
export function reportUnread(report: Report, manifest: Manifest): void {
  if (report.mentions(manifest)) return;
  const own = groups[manifest.kind];
  if (own !== undefined && manifest.group !== own)
    report.foreign(
      manifest,
      `it is of ${manifest.group || "no API group"}; the ${manifest.kind} that migrate reads is of ${own}`,
    );
  else if (isNear(manifest))
    report.kept(manifest, ["kind"], "none of the filters has a part in it");
  else report.foreign(manifest, "");
}

/** Why the API server would refuse a resource; undefined if it would take it. */
export function misfit(manifest: Manifest): string | undefined {
  const [found] = checkShape(manifest);
  if (found) {
    const why = found.why ? `, ${found.why}` : "";
    return `the API server would refuse it (line ${found.place.line}: ${found.what}${why})`;
  }
  if (!isKnown(manifest)) return undefined;
  if (groups[manifest.kind] === manifest.group && manifest.at("spec") === undefined)
    return "it has no spec";
  const selections = ["selector", "workloadSelector", "targetRef", "targetRefs"].filter(
    (key) => at(manifest.at("spec"), key) !== undefined,
  );
  const selects = manifest.group.endsWith("istio.io") && selections.length > 1;
  return selects && manifest.kind !== "Gateway"
    ? `istiod's webhook would refuse it: ${selections.join(" and ")} are both there, and only one may be`
    : undefined;
}

/**
 * A resource that is there several times is one in the cluster: of one file the last is what
 * `kubectl apply` leaves; of several files, such as a base and an overlay, the first is read.
 */
export function once(report: Report, manifests: readonly Manifest[]): Manifest[] {
  const chosen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const before = chosen.get(keyOf(manifest));
    if (!before || before.file === manifest.file) chosen.set(keyOf(manifest), manifest);
  }
  return manifests.filter((manifest) => {
    const read = manifest.name ? chosen.get(keyOf(manifest))! : manifest;
    if (read === manifest) return true;
    const { file, line } = read.place();
    report.kept(
      manifest,
      ["metadata", "name"],
      `not read: the same resource is at ${file}:${line}, and the cluster has it once`,
    );
    return false;
  });
}

function keyOf({ group, kind, namespace, name }: Manifest): string {
  return [group, kind, namespace, name].join("\0");
}
