// Two sets of resources compared as whole meshes: who is asked, what is asked, and what is left out.
import { isPolicy } from "../core/policy.ts";
import type { Manifest } from "../core/source.ts";
import { at, mapsOf, textsOf } from "../core/value.ts";
import type { Fields } from "../core/value.ts";
import { attachmentOf } from "../native/attachment.ts";
import type { Attachment } from "../native/attachment.ts";
import { meshOf } from "../native/mesh.ts";
import { ruleOf } from "../native/jwt/rules.ts";
import type { JwtRule } from "../native/jwt/rules.ts";
import type { Mesh, Workload } from "../native/types.ts";
import { authorizationInterest } from "./authorization.ts";
import { compare } from "./compare.ts";
import type { CompareOptions, Comparison } from "./compare.ts";
import { Keyring } from "./keyring.ts";
import { matchInterest } from "./matches.ts";
import { generate } from "./requests.ts";
import { nativeModels, pluginsIn, stateOf } from "./state.ts";
import { workloadsFor } from "./workloads.ts";

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
  const [oldMesh, nextMesh] = [meshOf(old), meshOf(next)];
  const workloads = workloadsOf([...old, ...next], oldMesh);
  const interests = [old, next].flatMap((resources) => [
    authorizationInterest(resources, workloads, oldMesh, keyring, providerRules(resources)),
    matchInterest(resources, workloads, keyring),
  ]);
  const before = stateOf(old, oldMesh, keyring);
  const after = stateOf(next, nextMesh, keyring);
  try {
    const requests = generate(interests, options);
    const ignoredHeaders = matchHeadersIn([...old, ...next]);
    const result = compare(before.decider, after.decider, requests, { ...options, ignoredHeaders });
    return { ...result, unmodelled: gapsIn([...old, ...next]) };
  } finally {
    before.close();
    after.close();
  }
}

/** Headers that only say for a policy whether claims match: what the policy decides is compared. */
function matchHeadersIn(resources: readonly Manifest[]): Set<string> {
  const providers = providersIn(resources).flatMap(({ outputMatchToHeaders }) =>
    mapsOf(outputMatchToHeaders),
  );
  return new Set(providers.flatMap(({ header }) => (typeof header === "string" ? [header] : [])));
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
  const gaps = nativeModels.flatMap((model) => model.gaps?.(resources) ?? []);
  const words = gaps.map(({ manifest, path, why }) => {
    const { file, line } = manifest.place(path);
    return `${file}:${line}: ${manifest.title}: ${path.join(".")} ${why}; it is left out on both sides`;
  });
  return [...new Set(words)];
}

/** Labels that Istio's charts and people give to gateways. */
const gatewayWords = /gateway|^istio$/;

function workloadsOf(resources: readonly Manifest[], mesh: Mesh): Workload[] {
  const attachments = [
    ...resources.filter(({ group }) => group === "security.istio.io").map(attachmentOf),
    ...pluginsIn(resources).map((plugin): Attachment => ({
      namespace: plugin.namespace,
      labels: plugin.selector ?? {},
      refs: plugin.targetRefs.map(({ group = "", kind = "", name = "" }) => ({
        group,
        kind,
        name,
      })),
    })),
    ...resources.filter(({ kind }) => kind === "EnvoyFilter").map(selectedBy),
    ...resources.filter(({ kind }) => kind === "Gateway").map(selectedBy),
  ];
  const gateways = resources.filter(
    ({ kind, group }) => kind === "Gateway" && group === "networking.istio.io",
  );
  const waypoints = new Set(
    resources
      .filter((manifest) => /waypoint/.test(String(manifest.at("spec", "gatewayClassName") ?? "")))
      .map(({ namespace, name }) => `${namespace}/${name}`),
  );
  const isGateway = ({ labels }: Attachment) =>
    Object.entries(labels).some(
      ([key, value]) => gatewayWords.test(key) || /gateway/.test(value),
    ) || gateways.some((gateway) => isSame(textsOf(gateway.at("spec", "selector")), labels));
  const found = workloadsFor(
    attachments.length > 0 ? attachments : [{ namespace: "default", labels: {}, refs: [] }],
    mesh,
    (attachment) => (isGateway(attachment) ? "gateway" : "sidecar"),
    (namespace, name) => waypoints.has(`${namespace}/${name}`),
  );
  return found.map((workload) =>
    workload.kind === "gateway"
      ? { ...workload, gateways: gateways.filter((each) => serves(each, workload)).map(fullName) }
      : workload,
  );
}

function selectedBy(manifest: Manifest): Attachment {
  const labels =
    manifest.at("spec", "workloadSelector", "labels") ?? manifest.at("spec", "selector");
  return { namespace: manifest.namespace, labels: textsOf(labels), refs: [] };
}

function serves(gateway: Manifest, { labels }: Workload): boolean {
  const wanted = Object.entries(textsOf(gateway.at("spec", "selector")));
  return wanted.every(([key, value]) => labels[key] === value);
}

function fullName({ namespace, name }: Manifest): string {
  return `${namespace}/${name}`;
}

function isSame(a: Record<string, string>, b: Attachment["labels"]): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** True if there is anything that decides requests. */
export function decidesAnything(resources: readonly Manifest[]): boolean {
  const kinds = new Set([
    "RequestAuthentication",
    "AuthorizationPolicy",
    "EnvoyFilter",
    "VirtualService",
    "BackendTrafficPolicy",
  ]);
  return (
    resources.some((manifest) => kinds.has(manifest.kind) || isPolicy(manifest)) ||
    pluginsIn(resources).length > 0
  );
}
