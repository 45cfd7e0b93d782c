// Before limits or routes are migrated: requests made from the resources get the same decisions
// from the model of what runs today and from the real filters with what stays native.
import type { Comparison } from "../compare/compare.ts";
import { Keyring } from "../compare/keyring.ts";
import { matchInterest } from "../compare/matches.ts";
import { placesOf } from "../compare/places.ts";
import { collectedKinds, shown } from "../compare/shown.ts";
import { Mesh } from "../compare/state.ts";
import {
  compareBursts,
  compareSingly,
  limitInterests,
  variantHeaders,
} from "../compare/traffic.ts";
import { parse } from "../core/source.ts";
import type { Manifest } from "../core/source.ts";
import { at, listOf } from "../core/value.ts";
import { yamlText } from "../core/yaml-text.ts";
import { gatewayName } from "../native/routing/hosts.ts";
import { notProved } from "./authorization/proof.ts";
import type { Context } from "./context.ts";
import { Draft } from "./drafts.ts";
import type { Placement, Resource } from "./resource.ts";

/** Requests for all limits of one run together, and for each. */
const requestsTotal = 12_000;
const requestsLeast = 50;
const requestsMost = 800;

/** What a policy will hold, at its place. */
export interface Planned {
  namespace: string;
  placement: Placement;
  filters: Resource;
  traffic?: Resource[];
}

export interface Proof {
  result: Comparison;
  /** Why it must stay native; undefined when nothing is weaker. */
  failed?: string;
  /** One request for each way in which the migrated mesh is stricter. */
  examples: string[];
}

/** `share`: how many proofs of one run there are. */
export function proveLimits(
  context: Context,
  before: readonly Manifest[],
  planned: readonly Planned[],
  share: number,
): Proof {
  const { mesh } = context;
  context.bounds.onProof?.(before[0]?.title ?? "");
  const keyring = new Keyring();
  const services = context.ofKind("", "Service");
  const old = new Mesh([...before, ...services], mesh, keyring);
  const next = new Mesh(policiesOf(planned), mesh, keyring);
  const plugins = [...old.plugins, ...next.plugins];
  const workloads = placesOf(before, plugins, mesh);
  const interests = limitInterests(old.resources, plugins, workloads, mesh, keyring);
  const result = compareBursts(old, next, interests, {
    max: requestsFor(share),
    deadlineMillis: context.bounds.deadlineMillis,
  });
  return proofOf(result, ["weaker", "different"]);
}

/** How often a split request is sent, and how many of them, for all routes together. */
const draws = 400;
const drawsLeast = 100;
const drawsTotal = 10_000;
const drawnTotal = 60;
const drawnMost = 8;

export interface RouteProofOptions {
  /** Weights may differ: only where a request may go is compared. */
  anyWeights?: boolean;
}

/** Every difference is a failure: routes are exact, or stay. */
export function proveRoutes(
  context: Context,
  before: readonly Manifest[],
  planned: readonly Planned[],
  share: number,
  { anyWeights = false }: RouteProofOptions = {},
): Proof {
  const { mesh } = context;
  context.bounds.onProof?.(before[0]?.title ?? "");
  const keyring = new Keyring();
  const gateways = [
    ...context.ofKind("networking.istio.io", "Gateway"),
    ...assumedGateways(context, planned),
  ];
  const policies = policiesOf(planned);
  const old = new Mesh([...before, ...gateways], mesh, keyring);
  const next = new Mesh([...policies, ...gateways], mesh, keyring);
  const workloads = placesOf([...before, ...gateways], next.plugins, mesh);
  const interests = [before, next.resources.filter(({ kind }) => kind === "VirtualService")].map(
    (resources) => matchInterest(resources, workloads, keyring),
  );
  const result = compareSingly(old, next, interests, {
    max: requestsFor(share),
    isSpread: true,
    draws: anyWeights ? 0 : drawsFor(share),
    drawnMax: Math.min(Math.max(Math.floor(drawnTotal / share), 1), drawnMost),
    ignoredHeaders: new Set(variantHeaders(next.plugins)),
    deadlineMillis: context.bounds.deadlineMillis,
  });
  return proofOf(result, ["weaker", "different", "stricter"]);
}

/** Gateways that were not read, at the workload that the policy takes them to be. */
function assumedGateways(context: Context, planned: readonly Planned[]): Manifest[] {
  const values = planned.flatMap(({ traffic = [], placement }) =>
    traffic
      .flatMap(({ gateways, namespace }) =>
        listOf(gateways).map((text) => gatewayName(String(text), String(namespace))),
      )
      .filter((name) => name !== "mesh")
      .map((name) => name.split("/") as [string, string])
      .filter(([of, name]) => !context.find("networking.istio.io", "Gateway", of, name))
      .map(([namespace, name]) => ({
        value: {
          apiVersion: "networking.istio.io/v1",
          kind: "Gateway",
          metadata: { name, namespace },
          spec: { selector: at(placement, "gateway", "selector") ?? { istio: "ingressgateway" } },
        },
      })),
  );
  return values.length === 0 ? [] : parse(yamlText(values), "assumed").manifests;
}

function drawsFor(share: number): number {
  return Math.min(Math.max(Math.floor(drawsTotal / share), drawsLeast), draws);
}

function requestsFor(share: number): number {
  return Math.min(Math.max(Math.floor(requestsTotal / share), requestsLeast), requestsMost);
}

function proofOf(result: Comparison, failing: readonly string[]): Proof {
  const failure = result.rows.find(({ outcome }) => failing.includes(outcome));
  return {
    result,
    ...(!result.isComplete && { failed: notProved }),
    ...(failure && { failed: `its proof failed: ${failure.outcome}: ${shown(failure)}` }),
    examples: collectedKinds(result.rows).map((row) => `${row.outcome}: ${shown(row)}`),
  };
}

function policiesOf(planned: readonly Planned[]): Manifest[] {
  const values = planned.map(({ namespace, placement, filters, traffic = [] }, at) => {
    const draft = new Draft(namespace, placement, `proof-${at}`);
    Object.assign(draft.filters, filters);
    draft.traffic.push(...traffic);
    return { value: draft.toPolicy("example.com/proof") };
  });
  return parse(yamlText(values), "migrated").manifests;
}
