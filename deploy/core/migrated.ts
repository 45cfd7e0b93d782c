// What `migrate` notes on the documents that it writes, so that `apply` knows which native
// resources they stand for, which documents belong together, and what was read.
import { createHash } from "node:crypto";
import type { Header, Resource } from "./resource.ts";
import { at, isFields, textAt } from "./value.ts";

/** On a settings file: native resources that go once it enforces, as `kind/namespace/name`. */
export const replacesAnnotation = "gatehouse.dev/replaces";
/** On a settings file: native resources that were rewritten with it, as `kind/namespace/name`. */
export const rewritesAnnotation = "gatehouse.dev/rewrites";
/** On a settings file: what was read of native resources, as `kind/namespace/name=fingerprint`. */
export const readAnnotation = "gatehouse.dev/read";
/** On a rewritten resource: the policies that set its headers, as `namespace/name`. */
export const policiesAnnotation = "gatehouse.dev/policies";
/**
 * On a resource that was written beside another one, which stays: `kind/namespace/name` of that.
 */
export const besideAnnotation = "gatehouse.dev/beside";

/** What a settings file says of the native resources that it stands for. */
export interface Marks {
  /** Native resources that go, as `kind/namespace/name`. */
  replaces: string[];
  /** Native resources that are rewritten with it. */
  rewrites: string[];
  /** `kind/namespace/name` → fingerprint of what was read. */
  read: Record<string, string>;
}

/** The API version of each kind that `migrate` replaces or rewrites. */
const versions: Record<string, string> = {
  RequestAuthentication: "security.istio.io/v1",
  AuthorizationPolicy: "security.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  BackendTrafficPolicy: "gateway.envoyproxy.io/v1alpha1",
};

export function wordsIn(document: unknown, annotation: string): string[] {
  const text = textAt(document, "metadata", "annotations", annotation);
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

/** `kind/namespace/name` of a resource. */
export function referenceOf({ kind, metadata }: Header): string {
  return `${kind}/${metadata.namespace ?? "default"}/${metadata.name}`;
}

/** The resource that `kind/namespace/name` means; undefined for a kind that is never replaced. */
export function headerOf(reference: string): Header | undefined {
  const [kind = "", namespace = "", name = ""] = reference.split("/");
  const apiVersion = versions[kind];
  if (!apiVersion || !namespace || !name) return undefined;
  return { apiVersion, kind, metadata: { namespace, name } };
}

/** Of a resource's meaning: the same for any order of keys, and for whatever a cluster adds. */
export function fingerprintOf(resource: unknown): string {
  const text = JSON.stringify(sorted(at(resource, "spec") ?? {}));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isFields(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

export function marksIn(document: unknown): Marks {
  const pairs = wordsIn(document, readAnnotation).map((word) => word.split("="));
  return {
    replaces: wordsIn(document, replacesAnnotation),
    rewrites: wordsIn(document, rewritesAnnotation),
    read: Object.fromEntries(pairs.map(([reference = "", mark = ""]) => [reference, mark])),
  };
}

/** True for a native resource that `migrate` has rewritten. */
export function isRewritten(resource: Resource | undefined): boolean {
  return wordsIn(resource, policiesAnnotation).length > 0;
}
