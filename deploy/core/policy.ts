// The settings file, `kind: Policy`, parsed once into something that cannot be wrong: its shape,
// and what follows from it. Reading one is policy-parser.ts's.
import { modeOf } from "./catalog.ts";
import type { Direction, FilterName, Mode, ModuleName, PlacementKind } from "./catalog.ts";
import type { Manifest } from "./source.ts";
import type { Fields } from "./value.ts";

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
  digests: Partial<Record<ModuleName, string>>;
  /** One module, `edge`, in place of one for each filter. */
  bundle: boolean;
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
  http?: Fields;
  /** Of the destination itself: what Istio changes in headers. */
  headers?: Fields;
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
  first?: Fields[];
  /** All HTTP rules; the one with `variants` instead of `route` is written for each of them. */
  rules?: Fields[];
  tcp?: Fields[];
  tls?: Fields[];
  host: string;
  port?: number;
  trafficPolicy?: object;
  http?: Fields;
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
  filters: Map<FilterName, Fields>;
  manifest: Manifest;
}

/** True for a settings file of any version of ours. */
export function isPolicy(manifest: Manifest): boolean {
  return manifest.apiVersion.startsWith("gatehouse.dev/") && manifest.kind === "Policy";
}

/** Where in the mesh a filter of the policy runs; undefined is every listener of the workload. */
export function modeIn(policy: Policy, filter: FilterName): Mode | undefined {
  return modeOf(filter, policy.placement.kind, policy.placement.direction);
}

/** The modules that the policy's proxies load. */
export function modulesOf(policy: Policy): ModuleName[] {
  return policy.image.bundle ? ["edge"] : [...policy.filters.keys()];
}
