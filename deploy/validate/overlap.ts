// Whether two things of the mesh can meet in one proxy. Selectors are all we have: no cluster is
// asked.
import { clusterParts } from "../render/clusters.ts";

export type Labels = Record<string, string> | undefined;

/** The namespace whose resources without a selector are for the whole mesh. */
export const rootNamespace = "istio-system";

/** What decides where something applies. */
export interface Scope {
  namespace: string;
  selector?: Labels;
  targetRefs?: { kind?: string; name?: string }[];
  modes?: string[];
}

/**
 * True if there may be a proxy for both: same place, and one selector asks for nothing that the
 * other does not.
 */
export function mayMeet(a: Scope, b: Scope): boolean {
  const isMeshWide = (scope: Scope) =>
    scope.namespace === rootNamespace && !scope.selector && !scope.targetRefs?.length;
  if (a.namespace !== b.namespace && !isMeshWide(a) && !isMeshWide(b)) return false;
  const modesA = a.modes ?? [];
  const modesB = b.modes ?? [];
  const isBoth = (modes: string[]) => modes.length === 0 || modes.includes("CLIENT_AND_SERVER");
  if (!isBoth(modesA) && !isBoth(modesB) && !modesA.some((mode) => modesB.includes(mode)))
    return false;
  const refsA = a.targetRefs ?? [];
  const refsB = b.targetRefs ?? [];
  if (refsA.length > 0 || refsB.length > 0) {
    return refsA.some((one) =>
      refsB.some((other) => one.kind === other.kind && one.name === other.name),
    );
  }
  return isSubset(a.selector, b.selector) || isSubset(b.selector, a.selector);
}

/** True if everything that `inner` applies to, `outer` applies to as well. */
export function covers(outer: Scope, inner: Scope): boolean {
  const isMeshWide =
    outer.namespace === rootNamespace && !outer.selector && !outer.targetRefs?.length;
  if (outer.namespace !== inner.namespace && !isMeshWide) return false;
  if (!outer.targetRefs?.length) return isSubset(outer.selector, inner.selector);
  const names = (scope: Scope) =>
    (scope.targetRefs ?? []).map(({ kind, name }) => `${kind}/${name}`);
  return names(inner).length > 0 && names(inner).every((name) => names(outer).includes(name));
}

/** True if every label of `a` is in `b`; no labels are a subset of anything. */
export function isSubset(a: Labels, b: Labels): boolean {
  return Object.entries(a ?? {}).every(([key, value]) => b?.[key] === value);
}

/** True if a host name is meant by a pattern: itself, `*`, or `*.domain`. */
export function hostMatches(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.endsWith(pattern.slice(1));
}

/** The host behind an Envoy cluster's name, if Istio named it. */
export function hostOf(cluster: string): string | undefined {
  return clusterParts(cluster)?.host;
}
