// Which workloads are gateways, as far as what was read says it. A plugin for sidecars does not run
// at a gateway, so where nothing tells what a selector means, what stands there stays native.
import { ToolError } from "../core/problem.ts";
import type { Manifest } from "../core/source.ts";
import { at, listOf, mapsOf, textAt, textsOf } from "../core/value.ts";
import { gatewayNameLabel } from "../native/attachment.ts";
import type { Mesh } from "../native/types.ts";

type Labels = Readonly<Record<string, string>>;

/** A gateway's pods: their labels, or some of them; where they run, if that is known. */
export interface KnownGateway {
  labels: Labels;
  namespace?: string;
  /** What says so, for a reason. */
  title: string;
}

/** Where gateways are looked for. */
export interface GatewaySources {
  readonly manifests: readonly Manifest[];
  readonly mesh: Mesh;
  /** What the user says is a gateway. */
  readonly gateways: readonly KnownGateway[];
}

/** What a selector means: `unclear` says why nobody can tell. */
export type ProxyKind = "sidecar" | "gateway" | { unclear: string };

/**
 * Labels that only gateways and waypoints have: of istiod, of Istio's charts, of older releases.
 */
const gatewayLabels = new Set([gatewayNameLabel, "istio.io/gateway-name", "istio"]);
const gatewayWord = /gateway/;
/** May be a gateway of Istio, or an ingress controller of another kind that has a sidecar. */
const unclearWord = /ingress|egress/;

/** `key=value[,key=value][@namespace]`, as `--gateway` has it. */
export function gatewayOf(text: string): KnownGateway {
  const match = /^([^@]+)(?:@([a-z0-9-]+))?$/.exec(text);
  const pairs = (match?.[1] ?? "").split(",").map((pair) => /^([^=]+)=([^=]*)$/.exec(pair.trim()));
  if (!match || pairs.some((pair) => !pair))
    throw new ToolError(
      "usage",
      `--gateway ${text}: not labels; write key=value[,key=value][@namespace]; for example istio=ingressgateway@istio-ingress`,
    );
  const labels = Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
  return { labels, title: `--gateway ${text}`, ...(match[2] && { namespace: match[2] }) };
}

/** What kind of proxies have these labels, of which there is at least one. */
export function proxyKind(sources: GatewaySources, namespace: string, labels: Labels): ProxyKind {
  if (Object.entries(labels).some(isOfGateway)) return "gateway";
  const isNear = (other: string | undefined) =>
    other === undefined || other === namespace || namespace === sources.mesh.rootNamespace;
  const known = knownGateways(sources).filter((each) => isNear(each.namespace));
  if (known.some((gateway) => isPart(gateway.labels, labels))) return "gateway";
  const similar = known.find((gateway) => shares(gateway.labels, labels));
  if (similar)
    return {
      unclear: `its selector has labels of ${similar.title}, but not all: nobody can tell whether it means that gateway`,
    };
  const isReadAsSidecar = podsIn(sources).some(
    (pod) => !pod.isGateway && isNear(pod.namespace) && isPart(labels, pod.labels),
  );
  const odd = Object.entries(labels).find(([key, value]) => unclearWord.test(`${key} ${value}`));
  if (odd && !isReadAsSidecar)
    return {
      unclear: `a workload with ${odd[0]}=${odd[1]} may be a gateway or not: read its Deployment too`,
    };
  return "sidecar";
}

/** What says that a gateway runs in a namespace; undefined if nothing that was read does. */
export function gatewayIn(sources: GatewaySources, namespace: string): string | undefined {
  const known = [...sources.gateways, ...gatewayPods(sources)].find(
    (each) => each.namespace === namespace,
  );
  if (known) return known.title;
  const elsewhere = sources.gateways.filter((each) => each.namespace !== undefined);
  const found = sources.manifests.find((manifest) => {
    if (manifest.namespace !== namespace) return false;
    const labels = selectorOf(manifest);
    if (Object.keys(labels).length === 0) return false;
    if (elsewhere.some((each) => isPart(each.labels, labels))) return false;
    return isIstioGateway(manifest) || Object.entries(labels).some(isOfGateway);
  });
  return found?.title;
}

function isOfGateway([key, value]: [string, string]): boolean {
  return gatewayLabels.has(key) || gatewayWord.test(key) || gatewayWord.test(value);
}

function knownGateways(sources: GatewaySources): KnownGateway[] {
  const selected = sources.manifests.filter(isIstioGateway).map((manifest) => ({
    labels: selectorOf(manifest),
    title: manifest.title,
  }));
  const all = [...sources.gateways, ...selected, ...gatewayPods(sources)];
  // A Gateway without selector is for every gateway, and says of none which it is.
  return all.filter(({ labels }) => Object.keys(labels).length > 0);
}

function isIstioGateway({ group, kind }: Manifest): boolean {
  return group === "networking.istio.io" && kind === "Gateway";
}

function selectorOf(manifest: Manifest): Labels {
  return textsOf(
    manifest.at("spec", "selector", "matchLabels") ??
      manifest.at("spec", "workloadSelector", "labels") ??
      (isIstioGateway(manifest) ? manifest.at("spec", "selector") : undefined),
  );
}

interface Pods {
  namespace: string;
  labels: Labels;
  isGateway: boolean;
  title: string;
}

const controllers = new Set(["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"]);

function podsIn(sources: GatewaySources): Pods[] {
  return sources.manifests.flatMap((manifest): Pods[] => {
    const { kind, namespace, title } = manifest;
    if (kind !== "Pod" && !controllers.has(kind)) return [];
    const template = kind === "Pod" ? manifest.fields : manifest.at("spec", "template");
    const labels = textsOf(at(template, "metadata", "labels"));
    return [{ namespace, title, labels, isGateway: isGatewayTemplate(template) }];
  });
}

function gatewayPods(sources: GatewaySources): Pods[] {
  return podsIn(sources).filter(({ isGateway }) => isGateway);
}

/** Injected as a gateway, or a proxy that says of itself that it is one. */
function isGatewayTemplate(template: unknown): boolean {
  const annotations = at(template, "metadata", "annotations");
  const templates = textAt(annotations, "inject.istio.io/templates") ?? "";
  if (gatewayWord.test(templates)) return true;
  return mapsOf(at(template, "spec", "containers")).some(
    ({ name, args }) => name === "istio-proxy" && listOf(args).includes("router"),
  );
}

/** Every label of `part` is among those of `whole`. */
function isPart(part: Labels, whole: Labels): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}

/** At least one label is the same, and none is another. */
function shares(a: Labels, b: Labels): boolean {
  const both = Object.keys(a).filter((key) => key in b);
  return both.length > 0 && both.every((key) => a[key] === b[key]);
}
