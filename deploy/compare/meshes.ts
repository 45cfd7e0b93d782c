// Two sets of resources compared as whole meshes: who is asked, what is asked, and what is left
// out.
import { asksForLine } from "../core/log-line.ts";
import { isPolicy } from "../core/policy.ts";
import type { Manifest } from "../core/source.ts";
import { at, mapsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { logGaps } from "../native/log/loggers.ts";
import { meshConfigsIn } from "../native/log/providers.ts";
import { meshOf } from "../native/mesh.ts";
import { ruleOf } from "../native/jwt/rules.ts";
import type { JwtRule } from "../native/jwt/rules.ts";
import { authorizationInterest } from "./authorization.ts";
import { collected, together } from "./compare.ts";
import type { CompareOptions, Comparison } from "./compare.ts";
import { Keyring } from "./keyring.ts";
import { logRows } from "./log-lines.ts";
import { matchInterest } from "./matches.ts";
import { placesOf } from "./places.ts";
import { Mesh, nativeModels, pluginsIn } from "./state.ts";
import { compareBursts, compareSingly, limitInterests, variantHeaders } from "./traffic.ts";

/** How often a request that is split is sent. */
const draws = 1_000;

export interface MeshOptions extends CompareOptions {
  /** The most requests. */
  max?: number;
  seed?: number;
}

export interface MeshComparison extends Comparison {
  /** Resources that decide something and that no model knows, in words. */
  unmodelled: string[];
}

export function compareMeshes(
  old: readonly Manifest[],
  next: readonly Manifest[],
  options: MeshOptions = {},
): MeshComparison {
  const keyring = new Keyring();
  const [before, after] = [
    new Mesh(old, meshOf(old), keyring),
    new Mesh(next, meshOf(next), keyring),
  ];
  const plugins = [...before.plugins, ...after.plugins];
  const mesh = meshOf(old);
  const workloads = placesOf([...old, ...next], plugins, mesh);
  const interests = [old, next].flatMap((resources) => [
    authorizationInterest(resources, workloads, mesh, keyring, providerRules(resources)),
    matchInterest(resources, workloads, keyring),
  ]);
  const single = compareSingly(before, after, interests, {
    ...options,
    ignoredHeaders: statusHeaders([...old, ...next]),
    draws,
  });
  const limits = limitInterests([...old, ...next], plugins, workloads, mesh, keyring);
  const bursts = compareBursts(before, after, limits, options);
  const lines = collected(logRows(before, after, workloads, mesh), options);
  const all = together(together(single, bursts), lines);
  return { ...all, unmodelled: gapsIn([...old, ...next]) };
}

/**
 * Headers that only tell policies and routes what a filter decided: what those decide is compared.
 */
function statusHeaders(resources: readonly Manifest[]): Set<string> {
  const claims = providersIn(resources)
    .flatMap(({ outputMatchToHeaders }) => mapsOf(outputMatchToHeaders))
    .flatMap(({ header }) => (typeof header === "string" ? [header] : []));
  return new Set([...claims, ...variantHeaders(pluginsIn(resources))]);
}

function providersIn(resources: readonly Manifest[]): Fields[] {
  return pluginsIn(resources)
    .filter(({ filter }) => filter === "jwt-auth")
    .flatMap(({ config }) => mapsOf(at(config, "providers")));
}

/** Providers of jwt-auth take tokens as rules of a RequestAuthentication do. */
function providerRules(resources: readonly Manifest[]): JwtRule[] {
  return providersIn(resources).map(ruleOf);
}

function gapsIn(resources: readonly Manifest[]): string[] {
  const gaps = [
    ...nativeModels.flatMap((model) => model.gaps?.(resources) ?? []),
    ...logGaps(resources, asksForLine),
  ];
  const words = gaps.map(({ manifest, path, why }) => {
    const { file, line } = manifest.place(path);
    return `${file}:${line}: ${manifest.title}: ${path.join(".")} ${why}; it is left out on both sides`;
  });
  return [...new Set(words)];
}

/** True if there is anything that decides requests. */
export function decidesAnything(resources: readonly Manifest[]): boolean {
  const kinds = new Set([
    "RequestAuthentication",
    "AuthorizationPolicy",
    "EnvoyFilter",
    "VirtualService",
    "BackendTrafficPolicy",
    "HTTPRoute",
    "GRPCRoute",
    "Telemetry",
  ]);
  return (
    resources.some((manifest) => kinds.has(manifest.kind) || isPolicy(manifest)) ||
    meshConfigsIn(resources).length > 0 ||
    pluginsIn(resources).length > 0
  );
}
