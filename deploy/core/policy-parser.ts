// Reads a settings file. Knows its envelope; what is inside a filter's settings is the business of
// that filter's own schema.
import { routesIn } from "./canary.ts";
import { filterNames } from "./catalog.ts";
import type { FilterName, PlacementKind } from "./catalog.ts";
import { envelope } from "./envelope.ts";
import { schemaOf, validatorOf, version } from "./filter-schemas.ts";
import { modeIn, policyVersion } from "./policy.ts";
import type { Image, Placement, Policy, TargetRef, Traffic, Variable } from "./policy.ts";
import type { Finding } from "./problem.ts";
import { millisOf, stamped } from "./schedule.ts";
import { check, validatorNamed } from "./schema.ts";
import type { Manifest, Path } from "./source.ts";
import { checkTraffic } from "./traffic-check.ts";
import { at, fieldsOf, isFields, listOf } from "./value.ts";
import type { Fields } from "./value.ts";

/** A settings file that the envelope's schema has accepted (`policy.schema.json`). */
interface Written {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec: {
    placement: Partial<Record<PlacementKind, unknown>>;
    image: Partial<Image>;
    istio?: string;
    env?: Variable[];
    traffic?: WrittenTraffic[];
  } & Partial<Record<FilterName, Fields>>;
}

type WrittenTraffic = Omit<Traffic, "name" | "namespace" | "host"> & Partial<Traffic>;

/**
 * Checks a settings file against the envelope's and the filters' schemas. `policy` is there only
 * if nothing is wrong.
 */
export function parsePolicy(manifest: Manifest): { policy?: Policy; findings: Finding[] } {
  if (manifest.apiVersion !== policyVersion) return { findings: [otherVersion(manifest)] };
  const validator = validatorNamed("policy", () => envelope);
  const findings = check(validator, manifest, manifest.fields, [], "settings").map(orNewer);
  if (findings.length > 0) return { findings };
  const { metadata, spec } = manifest.fields as unknown as Written;
  const installed = filterNames.filter((name) => spec[name] !== undefined);
  if (installed.length === 0) return { findings: [nothingInstalled(manifest)] };
  for (const name of installed)
    findings.push(...checkSettings(name, manifest, spec[name], ["spec", name]).map(orNewer));
  const namespace = metadata.namespace ?? "default";
  const policy: Policy = {
    name: metadata.name,
    namespace,
    labels: metadata.labels ?? {},
    placement: placementOf(spec.placement),
    image: { form: "image", digests: {}, bundle: false, ...spec.image },
    istio: spec.istio,
    env: spec.env ?? [],
    traffic: (spec.traffic ?? []).map((entry) => trafficOf(entry, namespace)),
    filters: new Map(installed.map((name) => [name, spec[name]!])),
    manifest,
  };
  findings.push(...checkTraffic(policy), ...checkBundle(policy));
  return findings.length > 0 ? { findings } : { policy, findings };
}

/** Settings of a version that this tool does not read: an older tool must not guess. */
function otherVersion(manifest: Manifest): Finding {
  const what = `these settings are ${manifest.apiVersion}, and Gatehouse ${version} reads ${policyVersion}`;
  const right = `install the Gatehouse that wrote them, or write apiVersion: ${policyVersion}`;
  const place = manifest.place(["apiVersion"]);
  return { severity: "error", rule: "settings", place, what, right };
}

/** An unknown field without a near name may be of a newer version. */
function orNewer(finding: Finding): Finding {
  if (!/unknown field/.test(finding.what) || finding.right?.startsWith("did you mean"))
    return finding;
  const newer = `remove it, or install the newer Gatehouse that knows it (this is ${version})`;
  return { ...finding, right: finding.right ? `${finding.right}; or ${newer}` : newer };
}

/** One module runs on one kind of listener; its filters must agree on it. */
function checkBundle(policy: Policy): Finding[] {
  const filters = [...policy.filters.keys()];
  const modes = new Map(filters.map((name) => [name, modeIn(policy, name) ?? "any"]));
  if (!policy.image.bundle || new Set(modes.values()).size === 1) return [];
  const place = policy.manifest.place(["spec", "image", "bundle"]);
  const listed = [...modes].map(([name, mode]) => `${name} ${mode}`).join(", ");
  const what = `the filters run on different listeners here (${listed}), and one module runs on one`;
  const right = "remove bundle, or put the filters of each direction into a policy of their own";
  return [{ severity: "error", rule: "settings", place, what, right }];
}

function nothingInstalled(manifest: Manifest): Finding {
  const what = "no filter is installed by this policy";
  const right = `set one of ${filterNames.join(", ")} below spec`;
  return { severity: "error", rule: "settings", place: manifest.place(["spec"]), what, right };
}

/**
 * A filter's settings against its schema; `after` in a schedule counts as the moment that it will
 * become.
 */
export function checkSettings(
  filter: FilterName,
  manifest: Manifest,
  settings: unknown,
  path: Path,
): Finding[] {
  const findings = filter === "canary" ? checkDurations(manifest, settings, path) : [];
  if (findings.length > 0) return findings;
  const value =
    filter === "canary" && isFields(settings) ? stamped(settings, new Date(0)) : settings;
  return schemaOf(filter) ? check(validatorOf(filter), manifest, value, path, filter) : [];
}

/** Every `after` of a canary's schedules. */
function checkDurations(manifest: Manifest, settings: unknown, path: Path): Finding[] {
  return routesIn(settings).flatMap((route, index) =>
    listOf(at(route, "schedule")).flatMap((step, stepIndex): Finding[] => {
      const after = at(step, "after");
      if (after === undefined || millisOf(String(after)) !== undefined) return [];
      const place = manifest.place([...path, "routes", index, "schedule", stepIndex, "after"]);
      const what = `"${String(after)}" is no duration`;
      const right = "write one like 10m or 1h30m";
      return [{ severity: "error", rule: "canary", place, what, right }];
    }),
  );
}

function placementOf(written: Written["spec"]["placement"]): Placement {
  const [kind, value] = Object.entries(written)[0] as [PlacementKind, unknown];
  if (kind === "targetRefs")
    return { kind, targetRefs: value as TargetRef[], direction: "inbound" };
  return { kind, direction: "inbound", ...fieldsOf(value) };
}

function trafficOf(entry: WrittenTraffic, namespace: string): Traffic {
  return {
    ...entry,
    name: entry.name ?? entry.route,
    namespace: entry.namespace ?? namespace,
    host: entry.host ?? entry.hosts[0]!,
  };
}
