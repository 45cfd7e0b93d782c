// A Kubernetes resource, as the tool renders, applies and reads it.
import { isFields } from "./value.ts";
import type { Fields } from "./value.ts";

/** Which resource is meant. */
export interface Header {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  resourceVersion?: string;
  generation?: number;
  [field: string]: unknown;
}

export interface Resource extends Header {
  metadata: Metadata;
  spec?: Fields;
  [field: string]: unknown;
}

/** The two APIs by which Istio loads a plugin. */
export type Api = "WasmPlugin" | "TrafficExtension";

/** What people call it: `WasmPlugin istio-system/edge-jwt-auth`. */
export function titleOf({ kind, metadata }: Header): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}

/** The part of a plugin's spec that names the module and its configuration. */
export function moduleIn({ kind, spec = {} }: Resource): Fields {
  if (kind !== "TrafficExtension") return spec;
  return isFields(spec.wasm) ? spec.wasm : {};
}
