// The settings file: `kind: Policy`, parsed once into something that cannot be wrong. Knows its
// envelope; what is inside a filter's settings is that filter's own schema's business.
import envelope from "./policy.schema.json" with { type: "json" };
import { filterNames, modeOf } from "./catalog.ts";
import type { Direction, FilterName, Mode, PlacementKind } from "./catalog.ts";
import { schemaOf, validatorOf } from "./filter-schemas.ts";
import type { Finding } from "./problem.ts";
import { check, compile } from "./schema.ts";
import { millisOf, stamped } from "../render/schedule.ts";
import type { Manifest, Path } from "./source.ts";
import { variantsOf } from "./variants.ts";

export const policyVersion = "gatehouse.dev/v1";

export interface TargetRef {
  group?: string;
  kind: string;
  name: string;
}

export interface Placement {
  kind: PlacementKind;
  selector?: Record<string, string>;
  targetRefs?: TargetRef[];
  direction: Direction;
  /** Undefined is all. */
  ports?: number[];
}

export interface Image {
  repository?: string;
  url?: string;
  tag?: string;
  form: "image" | "artifact";
  digests: Partial<Record<FilterName, string>>;
  pullPolicy?: string;
  pullSecret?: string;
}

export interface Variable {
  name: string;
  value?: string;
  valueFrom?: "INLINE" | "HOST";
}

export interface Variant {
  host?: string;
  port?: number;
  subset?: string;
  labels?: Record<string, string>;
  trafficPolicy?: object;
  http?: object;
}

/** What surrounds one canary route. */
export interface Traffic {
  route: string;
  name: string;
  namespace: string;
  hosts: string[];
  gateways?: string[];
  exportTo?: string[];
  /** Rules that come before those of the variants, verbatim. */
  first?: object[];
  host: string;
  port?: number;
  trafficPolicy?: object;
  http?: object;
  variants: Record<string, Variant>;
}

export interface Policy {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  placement: Placement;
  image: Image;
  /** The oldest Istio of the mesh, when the file names one. */
  istio?: string;
  env: Variable[];
  traffic: Traffic[];
  /** Each installed filter's settings as the user wrote them, in chain order. */
  filters: Map<FilterName, any>;
  manifest: Manifest;
}

const envelopeValidator = compile(envelope);

/** True for a settings file of any version of ours. */
export function isPolicy(manifest: Manifest): boolean {
  return manifest.apiVersion.startsWith("gatehouse.dev/") && manifest.kind === "Policy";
}

/**
 * Checks a settings file against the envelope's and the filters' schemas. `policy` is there only
 * if nothing is wrong.
 */
export function parsePolicy(manifest: Manifest): { policy?: Policy; findings: Finding[] } {
  const findings = check(envelopeValidator, manifest, manifest.value, [], "settings");
  if (findings.length > 0) return { findings };
  const { metadata, spec } = manifest.value;
  const installed = filterNames.filter((name) => spec[name] !== undefined);
  if (installed.length === 0) {
    const what = "no filter is installed by this policy";
    const right = `set one of ${filterNames.join(", ")} below spec`;
    return {
      findings: [
        { severity: "error", rule: "settings", place: manifest.place(["spec"]), what, right },
      ],
    };
  }
  for (const name of installed) {
    findings.push(...checkSettings(name, manifest, spec[name], ["spec", name]));
  }
  const namespace = metadata.namespace ?? "default";
  const policy: Policy = {
    name: metadata.name,
    namespace,
    labels: metadata.labels ?? {},
    placement: placementOf(spec.placement),
    image: { form: "image", digests: {}, ...spec.image },
    istio: spec.istio,
    env: spec.env ?? [],
    traffic: (spec.traffic ?? []).map((entry: any) => trafficOf(entry, namespace)),
    filters: new Map(installed.map((name) => [name, spec[name]])),
    manifest,
  };
  findings.push(...checkTraffic(policy));
  return findings.length > 0 ? { findings } : { policy, findings };
}

/**
 * A filter's settings against its schema; `after` in a schedule counts as the moment that it will
 * become.
 */
export function checkSettings(
  filter: FilterName,
  manifest: Manifest,
  settings: any,
  at: Path,
): Finding[] {
  const findings: Finding[] = [];
  const routes: any[] =
    filter === "canary" && Array.isArray(settings?.routes) ? settings.routes : [];
  routes.forEach((route, index) => {
    if (!Array.isArray(route?.schedule)) return;
    route.schedule.forEach((step: any, stepIndex: number) => {
      if (step?.after === undefined || millisOf(String(step.after)) !== undefined) return;
      const place = manifest.place([...at, "routes", index, "schedule", stepIndex, "after"]);
      const right = "write one like 10m or 1h30m";
      findings.push({
        severity: "error",
        rule: filter,
        place,
        what: `"${step.after}" is no duration`,
        right,
      });
    });
  });
  if (findings.length > 0) return findings;
  const value = routes.length > 0 ? stamped(settings, new Date(0)) : settings;
  return schemaOf(filter) ? check(validatorOf(filter), manifest, value, at, filter) : [];
}

function placementOf(written: any): Placement {
  const kind = Object.keys(written)[0] as PlacementKind;
  if (kind === "targetRefs") return { kind, targetRefs: written.targetRefs, direction: "inbound" };
  return { kind, direction: "inbound", ...written[kind] };
}

function trafficOf(entry: any, namespace: string): Traffic {
  return {
    ...entry,
    name: entry.name ?? entry.route,
    namespace: entry.namespace ?? namespace,
    host: entry.host ?? entry.hosts[0],
  };
}

/** Each `traffic` entry must name a canary route, and exactly that route's variants. */
function checkTraffic(policy: Policy): Finding[] {
  const findings: Finding[] = [];
  const routes: any[] = policy.filters.get("canary")?.routes ?? [];
  policy.traffic.forEach((traffic, at) => {
    const place = (...path: (string | number)[]) =>
      policy.manifest.place(["spec", "traffic", at, ...path]);
    const error = (where: string[], what: string, right?: string) =>
      findings.push({ severity: "error", rule: "traffic", place: place(...where), what, right });
    const route = routes.find((candidate) => candidate.name === traffic.route);
    if (!route) {
      const names = routes.map((candidate) => candidate.name).join(", ");
      error(
        ["route"],
        `no canary route is called "${traffic.route}"`,
        names ? `write one of ${names}` : "add it to spec.canary.routes",
      );
      return;
    }
    if (!route.split && !route.base) {
      const what = `route "${route.name}" has neither base nor split: what no rule takes would go nowhere`;
      error(["route"], what, "add base: <variant> to the route");
    }
    const wanted = variantsOf(route);
    for (const name of wanted.filter((candidate) => !(candidate in traffic.variants))) {
      error(
        ["variants"],
        `variant "${name}" of route "${route.name}" has no destination`,
        `add ${name}: {labels: {version: …}}`,
      );
    }
    for (const name of Object.keys(traffic.variants).filter(
      (candidate) => !wanted.includes(candidate),
    )) {
      error(
        ["variants", name],
        `route "${route.name}" has no variant "${name}"`,
        `its variants are ${wanted.join(", ")}`,
      );
    }
  });
  return findings;
}

/** Where in the mesh a filter of the policy runs; undefined is every listener of the workload. */
export function modeIn(policy: Policy, filter: FilterName): Mode | undefined {
  return modeOf(filter, policy.placement.kind, policy.placement.direction);
}
