// The kinds of the mesh: which apiVersions a current Istio serves, and what their fields may be
// (from the CRDs).
import schemas from "./crds/schemas.json" with { type: "json" };
import type { Finding } from "./problem.ts";
import { check, suggestion, validatorNamed } from "./schema.ts";
import type { Manifest } from "./source.ts";
import { stored } from "./structural.ts";
import type { CrdSchema } from "./structural.ts";

/** A schema, and the versions that have it. */
export interface Served {
  versions: string[];
  schema: CrdSchema;
}

export interface Kind {
  plural: string;
  scope: string;
  /** What a cluster needs for it beyond the pinned releases. */
  needs?: string;
  schemas: Served[];
}

const kinds = schemas.kinds as unknown as Record<string, Kind>;

/**
 * Groups that appear beside ours and whose kinds their owners validate: Kubernetes' own by the
 * API server, the others by their operators. A list admits these kinds alone, `all` every kind of
 * the group and of those below it.
 */
const foreign: Record<string, string[] | "all"> = {
  "": "all",
  apps: "all",
  autoscaling: "all",
  batch: "all",
  extensions: "all",
  policy: "all",
  // Kubernetes' own; the Gateway API and kustomize, which are not, stand below.
  "k8s.io": "all",
  "x-k8s.io": "all",
  "kustomize.config.k8s.io": ["Kustomization", "Component"],
  "gateway.networking.k8s.io": [],
  "install.istio.io": ["IstioOperator"],
  "sailoperator.io": "all",
  "kiali.io": "all",
  "monitoring.coreos.com": "all",
  "argoproj.io": "all",
  "cert-manager.io": "all",
  "external-secrets.io": "all",
  "bitnami.com": "all",
  "fluxcd.io": "all",
  "keda.sh": "all",
  "kyverno.io": "all",
  "jaegertracing.io": "all",
  "opentelemetry.io": "all",
  "integreatly.org": "all",
};

/**
 * The group itself, or the nearest one that it lies below: `rbac.authorization.k8s.io` below
 * `k8s.io`.
 */
function ownerOf(group: string): string[] | "all" | undefined {
  for (let name = group; ; name = name.slice(name.indexOf(".") + 1)) {
    if (foreign[name] !== undefined) return foreign[name];
    if (!name.includes(".")) return undefined;
  }
}

/** Versions that Istio or another owner has stopped to serve, and what to write instead. */
const gone: Record<string, string> = {
  "networking.istio.io/v1alpha1": "networking.istio.io/v1",
  "authentication.istio.io/v1alpha1":
    "security.istio.io/v1 (PeerAuthentication, RequestAuthentication)",
  "rbac.istio.io/v1alpha1": "security.istio.io/v1 (AuthorizationPolicy)",
  "config.istio.io/v1alpha2": "telemetry.istio.io/v1",
};

/** A structural schema prunes unknown fields; a file with one is a file with a mistake. */
function closed(schema: CrdSchema): CrdSchema {
  const result: CrdSchema = { ...schema };
  if (schema.properties) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [key, closed(value)]),
    );
    if (
      !schema["x-kubernetes-preserve-unknown-fields"] &&
      schema.additionalProperties === undefined
    ) {
      result.additionalProperties = false;
    }
  }
  if (schema.items) result.items = closed(schema.items);
  if (typeof schema.additionalProperties === "object")
    result.additionalProperties = closed(schema.additionalProperties);
  return result;
}

/** The schema of a resource's kind and version among those of `kinds`. */
export function servedIn(
  known: Record<string, Kind>,
  { group, kind, apiVersion }: Manifest,
): Served | undefined {
  const version = apiVersion.split("/")[1] ?? "";
  return known[`${group}/${kind}`]?.schemas.find(({ versions }) => versions.includes(version));
}

/** What a resource's own CRD says of it; undefined for a kind or a version that is not held. */
export function schemaOf(manifest: Manifest): CrdSchema | undefined {
  return servedIn(kinds, manifest)?.schema;
}

/** Every field, as the API server would keep it, against the schema of one version. */
export function checkFields(manifest: Manifest, served: Served, source = "pinned"): Finding[] {
  const key = `${manifest.group}/${manifest.kind}/${served.versions[0]}`;
  const name = source === "pinned" ? key : `${key}/${source}`;
  const validator = validatorNamed(name, () => resourceSchema(served));
  return check(validator, manifest, stored(served.schema, manifest.value), [], "schema");
}

/** A version's schema, closed, with what every resource has. */
function resourceSchema({ schema }: Served, isOpen = false): object {
  const fields = isOpen ? schema : closed(schema);
  const properties = {
    ...fields.properties,
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    status: {},
  };
  return { ...fields, properties };
}

/** The schema of each kind and version, by the name of its validator. */
export function resourceSchemas(): [name: string, schema: object][] {
  return Object.entries(kinds).flatMap(([key, { schemas }]) =>
    schemas.map((served): [string, object] => [
      `${key}/${served.versions[0]}`,
      resourceSchema(served),
    ]),
  );
}

/**
 * What of a resource has another type than its kind wants, whatever its version; unknown fields
 * do not count.
 */
export function checkShape(manifest: Manifest): Finding[] {
  const key = `${manifest.group}/${manifest.kind}`;
  const served = kinds[key]?.schemas[0];
  if (!served) return [];
  const validator = validatorNamed(`${key}/open`, () => resourceSchema(served, true));
  return check(validator, manifest, manifest.value, [], "schema");
}

/** True if we hold the schema of this kind. */
export function isKnown(manifest: Manifest): boolean {
  return `${manifest.group}/${manifest.kind}` in kinds;
}

/** The REST name of a kind we hold (`wasmplugins`), or undefined. */
export function pluralOf(group: string, kind: string): string | undefined {
  return kinds[`${group}/${kind}`]?.plural;
}

/**
 * Kind, apiVersion, name and every field of a resource, against the CRDs; kinds of `ignored`
 * groups are left to others.
 */
export function checkResource(
  manifest: Manifest,
  ignored: ReadonlySet<string> = new Set(),
): Finding[] {
  const { group, kind, apiVersion } = manifest;
  if (!apiVersion || !kind) {
    const missing = apiVersion ? "kind" : "apiVersion";
    return [
      {
        severity: "error",
        rule: "kind",
        place: manifest.place(),
        what: `no ${missing}`,
        why: "every resource needs one",
      },
    ];
  }
  const key = `${group}/${kind}`;
  if (!kinds[key]) return checkForeign(manifest, ignored);
  const served = servedIn(kinds, manifest);
  if (!served) {
    const versions = kinds[key].schemas
      .flatMap((entry) => entry.versions)
      .map((name) => `${group}/${name}`);
    const what = `${kind} has no version ${apiVersion}`;
    return [
      {
        severity: "error",
        rule: "kind",
        place: manifest.place(["apiVersion"]),
        what,
        right: `write ${versions.join(" or ")}`,
      },
    ];
  }
  return [...checkName(manifest), ...checkFields(manifest, served)];
}

function checkName(manifest: Manifest): Finding[] {
  const { name } = manifest;
  const place = manifest.place(["metadata", "name"]);
  if (!name)
    return [
      {
        severity: "error",
        rule: "name",
        place,
        what: `this ${manifest.kind} has no name`,
        right: "set metadata.name",
      },
    ];
  if (
    name.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  )
    return [];
  const why = "a name is lower-case letters, digits, - and . (RFC 1123), 253 at most";
  return [
    { severity: "error", rule: "name", place, what: `"${name}" is no name for a resource`, why },
  ];
}

function checkForeign(manifest: Manifest, ignored: ReadonlySet<string>): Finding[] {
  const { group, kind, apiVersion } = manifest;
  const place = manifest.place(["kind"]);
  const allowed = ignored.has(group) ? "all" : ownerOf(group);
  if (allowed === "all" || allowed?.includes(kind)) {
    const what = `${kind} is not checked here`;
    return [
      {
        severity: "note",
        rule: "foreign",
        place,
        what,
        why: "its owner validates it when it is applied",
      },
    ];
  }
  if (gone[apiVersion]) {
    return [
      {
        severity: "error",
        rule: "kind",
        place: manifest.place(["apiVersion"]),
        what: `${apiVersion} is gone`,
        right: `write ${gone[apiVersion]}`,
      },
    ];
  }
  const sameKind = Object.keys(kinds).filter((key) => key.endsWith(`/${kind}`));
  const known = Object.keys(kinds).map((one) => one.split("/")[1]!);
  const right =
    sameKind.length > 0
      ? `${kind} belongs to ${sameKind.map((key) => key.split("/")[0]).join(" or ")}`
      : (suggestion(kind, known) ??
        (group ? `leave it to its owner with --ignore ${group}` : undefined));
  return [
    { severity: "error", rule: "kind", place, what: `unknown kind ${apiVersion} ${kind}`, right },
  ];
}
