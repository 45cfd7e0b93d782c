// One filter of a policy as the resource that Istio loads it by: WasmPlugin, or TrafficExtension
// from Istio 1.30 on.
import { entryOf } from "../core/catalog.ts";
import type { FilterName, ModuleName } from "../core/catalog.ts";
import { schemaOf } from "../core/filter-schemas.ts";
import { modeIn } from "../core/policy.ts";
import type { Policy, Variable } from "../core/policy.ts";
import type { Api, Resource } from "../core/resource.ts";
import { stamped } from "../core/schedule.ts";
import type { Fields } from "../core/value.ts";
import { ordered } from "./order.ts";

/** What a render depends on besides the policy. */
export interface Pins {
  /**
   * The digest that pins a filter's module: of the manifest for a registry, of the module for
   * http(s).
   */
  digestOf(module: ModuleName): string;
  /** The moment that `after` in a schedule counts from. */
  start: Date;
}

/** The labels by which the tool finds its own resources again. */
export function labelsOf(policy: Policy): Record<string, string> {
  const own = {
    "app.kubernetes.io/managed-by": "gatehouse",
    "gatehouse.dev/policy": policy.name,
    "gatehouse.dev/policy-namespace": policy.namespace,
  };
  return { ...own, ...ordered(policy.labels), ...own };
}

/** The name of a module's resource: a namespace may hold several policies. */
export function pluginNameOf(policy: Policy, filter: ModuleName): string {
  return `${policy.name}-${filter}`;
}

export function renderPlugin(policy: Policy, filter: ModuleName, api: Api, pins: Pins): Resource {
  const { phase, priority, failStrategy } = entryOf(filter);
  const filters = filter === "edge" ? [...policy.filters.keys()] : [filter];
  const match = matchOf(policy, filters[0]!);
  const env = environmentOf(policy, filters);
  const module = {
    ...imageOf(policy, filter, pins),
    pluginName: filter,
    failStrategy,
    ...(env.length > 0 && { vmConfig: { env } }),
    pluginConfig:
      filter === "edge"
        ? Object.fromEntries(filters.map((name) => [name, configOf(policy, name, pins.start)]))
        : configOf(policy, filter, pins.start),
  };
  const place = {
    ...targetOf(policy),
    phase,
    priority,
    ...(match && { match: [match] }),
  };
  return {
    apiVersion: "extensions.istio.io/v1alpha1",
    kind: api,
    metadata: {
      name: pluginNameOf(policy, filter),
      namespace: policy.namespace,
      labels: labelsOf(policy),
    },
    spec: api === "WasmPlugin" ? { ...place, ...module } : { ...place, wasm: module },
  };
}

/** On which listeners it runs; undefined is all. */
function matchOf(policy: Policy, filter: FilterName): Fields | undefined {
  const mode = modeIn(policy, filter);
  const { ports } = policy.placement;
  if (!mode && !ports) return undefined;
  return { ...(mode && { mode }), ...(ports && { ports: ports.map((number) => ({ number })) }) };
}

function targetOf(policy: Policy): Fields {
  const { selector, targetRefs } = policy.placement;
  if (targetRefs)
    return {
      targetRefs: targetRefs.map((reference) => ({
        group: groupOf(reference),
        kind: reference.kind,
        name: reference.name,
      })),
    };
  return selector ? { selector: { matchLabels: ordered(selector) } } : {};
}

function groupOf(reference: { group?: string; kind: string }): string {
  const groups: Record<string, string> = { Service: "", ServiceEntry: "networking.istio.io" };
  return reference.group ?? groups[reference.kind] ?? "gateway.networking.k8s.io";
}

/**
 * Where a proxy fetches the module, pinned: `sha256` is the manifest's digest for oci, the
 * module's for http(s).
 */
function imageOf(policy: Policy, filter: ModuleName, pins: Pins): Fields {
  const { repository, url, pullPolicy, pullSecret } = policy.image;
  const secret = pullSecret ? { imagePullSecret: pullSecret } : {};
  const pull = { imagePullPolicy: pullPolicy ?? "IfNotPresent", ...secret };
  if (url) {
    const resolved = url.replaceAll("{filter}", filter);
    return resolved.startsWith("file:")
      ? { url: resolved }
      : { url: resolved, sha256: hex(pins.digestOf(filter)), ...pull };
  }
  const digest = pins.digestOf(filter);
  const base = repository!.replace(/^oci:\/\//, "").replace(/\/$/, "");
  return { url: `oci://${base}/${filter}@${digest}`, sha256: hex(digest), ...pull };
}

function hex(digest: string): string {
  return digest.replace(/^sha256:/, "");
}

/**
 * The filter's settings with what only the tool knows: its own name in the mesh, and the
 * schedule's moments.
 */
function configOf(policy: Policy, filter: FilterName, start: Date): Fields {
  const settings = {
    instance: `${policy.namespace}/${policy.name}`,
    ...policy.filters.get(filter),
  };
  const config = filter === "canary" ? stamped(settings, start) : settings;
  return ordered(config, schemaOf(filter));
}

/**
 * Variables that the filters' settings name (`secretFromEnv: NAME`), from the policy or else from
 * the proxy's own.
 */
function environmentOf(policy: Policy, filters: FilterName[]): Variable[] {
  const settings = filters.map((filter) => policy.filters.get(filter));
  const names = [...new Set(namesIn(settings))].sort();
  return names.map((name) => {
    const written = policy.env.find((variable) => variable.name === name);
    if (!written) return { name, valueFrom: "HOST" };
    const valueFrom = written.valueFrom ?? (written.value === undefined ? "HOST" : "INLINE");
    return valueFrom === "HOST"
      ? { name, valueFrom }
      : { name, valueFrom, value: written.value ?? "" };
  });
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key.endsWith("FromEnv") && typeof inner === "string" ? [inner] : namesIn(inner),
  );
}
