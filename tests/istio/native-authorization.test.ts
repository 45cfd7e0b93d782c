// The models of RequestAuthentication and AuthorizationPolicy against the real thing: istiod turns
// resources into filters, Envoy runs them, and each request gets the decision that the model gives.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { Keyring } from "../../deploy/compare/keyring.ts";
import { Random } from "../../deploy/compare/random.ts";
import { requestText } from "../../deploy/compare/shown.ts";
import { customAuthorization, rbac } from "../../deploy/native/authorization/rbac.ts";
import { nativeDecider } from "../../deploy/native/decider.ts";
import { jwtAuthn } from "../../deploy/native/jwt/jwt-authn.ts";
import type { Decision, NativeRequest, Workload } from "../../deploy/native/types.ts";
import { fieldCases } from "../support/authorization-fields/all.ts";
import { authorizerStatus, seenIn } from "../support/authorization-fields/cases.ts";
import {
  fieldSet,
  isMeshWide,
  mesh,
  migratedSet,
  nodeOf,
  randomSet,
  wideResources,
} from "./authorization-sets.ts";
import type { AuthorizationSet } from "./authorization-sets.ts";
import { authorizerParts, commonResources, discoveryMesh } from "./authorizer.ts";
import type { Resource } from "./cluster.ts";
import { Discovery, httpFilters } from "./discovery.ts";
import type { Node } from "./discovery.ts";
import { FilterChains, networks } from "./filter-chains.ts";
import type { Outcome } from "./filter-chains.ts";
import { withModules } from "./modules-inline.ts";
import { addNetworks } from "./namespace.ts";
import { world } from "./world.ts";

const { stack } = await world();
/** In each but the first, resources for the whole mesh come on top. */
const rounds = 5;
const setsPerRound = 84;
const requestsPerSet = 50;
const firstSeed = 20_261_201;
/** Headers that the models say something about. */
const shown = [":path", "authorization", "cookie", "x-nested", "x-payload", "x-role", "x-token"];

const keyring = new Keyring();
let discovery: Discovery;
let chains: FilterChains;
/** Lists of filters, each once, and which workload of which set has which. */
const lists: Buffer[][] = [];
const listNumbers = new Map<string, number>();
const chainOf = new Map<AuthorizationSet, Map<Workload, number>>();

const fieldSets = fieldCases.map((each, at) => fieldSet(each, 5000 + at, { keyring }));
const randomSets: AuthorizationSet[] = [];
/** Random sets that `migrate` changes → what it makes of them. */
const migratedSets = new Map<AuthorizationSet, AuthorizationSet>();
const migratedMax = 60;

before(async () => {
  addNetworks(...networks);
  discovery = await Discovery.start(stack, discoveryMesh);
  await deploy(
    "fields",
    fieldSets.filter((_, at) => !isMeshWide(fieldCases[at]!)),
  );
  for (const [at, set] of fieldSets.entries())
    if (isMeshWide(fieldCases[at]!)) await deploy(`field-${at}`, [set]);
  for (let round = 0; round < rounds; round++) {
    const random = new Random(firstSeed - rounds + round);
    const wide = round === 0 ? [] : wideResources(random, keyring, `wide-${round}`);
    const sets = Array.from({ length: setsPerRound }, (_, at) => {
      const number = round * setsPerRound + at;
      return randomSet(number, firstSeed + number, requestsPerSet, { keyring, wide });
    });
    await deploy(`round-${round}`, sets, wide);
    randomSets.push(...sets);
  }
  for (const set of randomSets.slice(0, setsPerRound)) {
    const migrated = migratedSets.size < migratedMax ? migratedSet(set) : undefined;
    if (migrated) migratedSets.set(set, migrated);
  }
  await deploy("migrated", [...migratedSets.values()]);
  const statics = authorizerParts();
  chains = await FilterChains.start(stack, "filter-chains", lists, { shown, statics });
});

after(async () => {
  await chains?.stop();
  await discovery?.stop();
});

/**
 * Gives these sets to istiod, without those before them, and keeps the filters of their workloads.
 */
async function deploy(
  round: string,
  sets: readonly AuthorizationSet[],
  wide: readonly Resource[] = [],
): Promise<void> {
  const resources = [...commonResources, ...wide, ...sets.flatMap(({ documents }) => documents)];
  await discovery.replace([...resources, ...markers(round)], () => isKnown(round));
  const places = sets.flatMap((set) =>
    [...new Set(set.requests.map(({ workload }) => workload))].map((workload) => ({
      set,
      workload,
    })),
  );
  const nodes = places.map(({ workload }, at) => nodeOf(workload, `${round}-${at}`));
  const found = await discovery.listeners(nodes);
  for (const [at, { set, workload }] of places.entries()) {
    const own = chainOf.get(set) ?? new Map<Workload, number>();
    const filters = filtersOf(found[at]!, workload);
    const whole = await withModules(filters, discovery, nodes[at]!);
    chainOf.set(set, own.set(workload, listNumber(whole)));
  }
}

function filtersOf(listeners: readonly Buffer[], { kind }: Workload): Buffer[] {
  return httpFilters(listeners, kind === "gateway" ? "0.0.0.0_8000" : "virtualInbound");
}

function listNumber(filters: Buffer[]): number {
  const text = Buffer.concat(filters).toString("base64");
  const known = listNumbers.get(text);
  if (known !== undefined) return known;
  listNumbers.set(text, lists.push(filters) - 1);
  return lists.length - 1;
}

/** A workload with one resource of each kind that says which round it is. */
const markerNode: Node = { type: "sidecar", name: "marker", namespace: "marker", labels: {} };

function markers(round: string): object[] {
  const metadata = { name: "marker", namespace: "marker" };
  const apiVersion = "security.istio.io/v1";
  const jwtRules = [{ issuer: `issuer-${round}`, jwks: keyring.keySet("marker") }];
  const rules = [{ to: [{ operation: { paths: [`/path-${round}`] } }] }];
  return [
    { apiVersion, kind: "RequestAuthentication", metadata, spec: { jwtRules } },
    { apiVersion, kind: "AuthorizationPolicy", metadata, spec: { rules } },
    {
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "TrafficExtension",
      metadata: { ...metadata, name: `plugin-${round}` },
      spec: { wasm: { url: "oci://registry.example.com/marker" } },
    },
  ];
}

async function isKnown(round: string): Promise<boolean> {
  const [listeners] = await discovery.listeners([markerNode]);
  const text = Buffer.concat(httpFilters(listeners!, "virtualInbound")).toString("latin1");
  const wanted = [`issuer-${round}`, `/path-${round}`, `plugin-${round}`];
  return wanted.every((each) => text.includes(each));
}

async function outcomesOf(set: AuthorizationSet): Promise<Outcome[]> {
  const own = chainOf.get(set)!;
  const sent = set.requests.map((request) => chains.send(own.get(request.workload)!, request));
  const outcomes = await Promise.all(sent);
  await chains.disconnect();
  return outcomes;
}

test("each field decides as its table says", async () => {
  for (const [at, set] of fieldSets.entries()) {
    const each = fieldCases[at]!;
    const outcomes = await outcomesOf(set);
    const asked = (index: number) => `${each.name}: ${JSON.stringify(each.asks[index]![0])}`;
    for (const [index, { status }] of outcomes.entries())
      assert.equal(status, each.asks[index]![1], asked(index));
    for (const [name, value] of Object.entries(each.seen ?? {}))
      assert.equal(outcomes[0]!.seen[name] ?? "", value, `${asked(0)}: ${name}`);
  }
});

test(`${rounds * setsPerRound} random sets decide as their models say`, async () => {
  const statuses = new Map<number, number>();
  const differences: string[] = [];
  for (const set of randomSets) {
    const model = nativeDecider([customAuthorization, jwtAuthn, rbac], set.manifests, mesh);
    for (const [at, outcome] of (await outcomesOf(set)).entries()) {
      const request = set.requests[at]!;
      statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
      const what = differenceOf(request, model.decide(request), outcome);
      if (what !== "")
        differences.push(
          `${set.name}: ${what}\n${requestText(request)}\n${stringify(set.documents)}`,
        );
    }
  }
  assert.deepEqual(differences.slice(0, 5), [], `${differences.length} requests differ`);
  // Sets that all answer alike would tell nothing.
  for (const status of [200, 401, 403, authorizerStatus])
    assert.ok((statuses.get(status) ?? 0) > 100, `${statuses.get(status)} answers ${status}`);
});

test("what migrate makes of random sets lets no request pass that was refused", async () => {
  const weaker: string[] = [];
  let [same, all] = [0, 0];
  for (const [set, migrated] of migratedSets) {
    const [before, after] = [await outcomesOf(set), await outcomesOf(migrated)];
    for (const [at, { status }] of after.entries()) {
      all++;
      if (status === before[at]!.status) same++;
      else if (status === 200)
        weaker.push(
          `${set.name}: was ${before[at]!.status}\n${requestText(set.requests[at]!)}\n${stringify(migrated.documents)}`,
        );
    }
  }
  assert.deepEqual(weaker.slice(0, 3), [], `${weaker.length} requests pass`);
  assert.ok(migratedSets.size >= 30, `${migratedSets.size} sets were migrated`);
  // A mesh that refuses everything is never weaker.
  assert.ok(same > all * 0.95, `${same} of ${all} have the same status`);
});

/** Why what Envoy did is not what the model says; empty where it is. */
function differenceOf(request: NativeRequest, decision: Decision, outcome: Outcome): string {
  const { effects, refusal } = decision;
  const wanted = effects?.ext_authz === undefined ? (refusal?.status ?? 200) : authorizerStatus;
  if (outcome.status !== wanted)
    return `${outcome.status}, not ${wanted} (${refusal?.reason ?? "allowed"})`;
  if (wanted !== 200) return "";
  const differing = shown.filter(
    (name) => (outcome.seen[name] ?? "") !== seenIn(request, decision, name),
  );
  return differing
    .map((name) => `${name} ${outcome.seen[name]}, not ${seenIn(request, decision, name)}`)
    .join("; ");
}
