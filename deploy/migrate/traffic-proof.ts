// Before limits or routes are migrated: requests made from the resources get the same decisions from the model of what runs
// today and from the real filters with what stays native.
import { collectedKinds } from "../compare/shown.ts";
import type { Comparison } from "../compare/compare.ts";
import { Keyring } from "../compare/keyring.ts";
import { placesOf } from "../compare/places.ts";
import { shown } from "../compare/shown.ts";
import { Mesh } from "../compare/state.ts";
import { compareBursts, limitInterests } from "../compare/traffic.ts";
import { policyVersion } from "../core/policy.ts";
import { parse } from "../core/source.ts";
import type { Manifest } from "../core/source.ts";
import { yamlText } from "../core/yaml-text.ts";
import type { Context } from "./context.ts";
import type { Resource } from "./resource.ts";

/** Requests for all limits of one run together, and for each. */
const requestsTotal = 24_000;
const requestsLeast = 200;
const requestsMost = 800;

/** What a policy will hold, at its place. */
export interface Planned {
  namespace: string;
  placement: Resource;
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
  const keyring = new Keyring();
  const services = context.ofKind("", "Service");
  const old = new Mesh([...before, ...services], mesh, keyring);
  const next = new Mesh(policiesOf(planned), mesh, keyring);
  const plugins = [...old.plugins, ...next.plugins];
  const workloads = placesOf(before, plugins, mesh);
  const interests = limitInterests(old.resources, plugins, workloads, mesh, keyring);
  const result = compareBursts(old, next, interests, { max: requestsFor(share) });
  return proofOf(result, ["weaker", "different"]);
}

function requestsFor(share: number): number {
  return Math.min(Math.max(Math.floor(requestsTotal / share), requestsLeast), requestsMost);
}

function proofOf(result: Comparison, failing: readonly string[]): Proof {
  const failure = result.rows.find(({ outcome }) => failing.includes(outcome));
  return {
    result,
    ...(failure && { failed: `its proof failed: ${failure.outcome}: ${shown(failure)}` }),
    examples: collectedKinds(result.rows).map((row) => `${row.outcome}: ${shown(row)}`),
  };
}

function policiesOf(planned: readonly Planned[]): Manifest[] {
  const values = planned.map(({ namespace, placement, filters, traffic }, at) => ({
    value: {
      apiVersion: policyVersion,
      kind: "Policy",
      metadata: { name: `proof-${at}`, namespace },
      spec: {
        placement,
        image: { repository: "example.com/proof" },
        ...filters,
        ...(traffic && { traffic }),
      },
    },
  }));
  return parse(yamlText(values), "migrated").manifests;
}
