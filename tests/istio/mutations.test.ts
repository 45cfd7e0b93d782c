// `gatehouse validate` and the cluster, about the same thousands of documents: the API server with
// the CRDs, and istiod's webhook behind it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import crds from "../../deploy/core/crds/schemas.json" with { type: "json" };
import { textOf } from "../../deploy/core/problem.ts";
import { schemaOf } from "../../deploy/core/resources.ts";
import { parse as manifestsOf } from "../../deploy/core/source.ts";
import { admit } from "../../deploy/validate/admission/admission.ts";
import { Random } from "../support/random.ts";
import { parse, type Resource } from "./cluster.ts";
import { Mutator } from "./mutations.ts";
import { world } from "./world.ts";

const { stack } = await world();

/** More of them, or others: GATEHOUSE_MUTATIONS=20000 GATEHOUSE_SEED=7. */
const perSeed = Number(process.env.GATEHOUSE_MUTATIONS ?? 100);
const seed = Number(process.env.GATEHOUSE_SEED ?? 20261201);
const parallel = 12;

interface Difference {
  resource: Resource;
  ours: string;
  theirs: string;
}

/** What the tool says: the errors, and what only other CRDs have. Empty is "accepted". */
async function ours(resource: Resource): Promise<string> {
  const [manifest] = manifestsOf(JSON.stringify(resource), "mutated.json").manifests;
  const found = await admit(manifest!);
  const counted = found.filter((one) => one.severity === "error" || one.rule === "further");
  return counted.map((one) => textOf(one)).join("\n");
}

const seeds = parse(readFileSync(join(import.meta.dirname, "mutation-seeds.yaml"), "utf8"));

test("the mutations start from a document of every kind that the tool knows", () => {
  const known = Object.keys(crds.kinds).map((key) => key.split("/")[1]!);
  assert.deepEqual([...new Set(seeds.map(({ kind }) => kind))].sort(), [...new Set(known)].sort());
});

test("every document that the mutations start from is accepted by both", async () => {
  for (const resource of seeds) {
    const title = `${resource.kind} ${resource.metadata.name}`;
    assert.equal(await stack.cluster.evaluate(resource), undefined, title);
    assert.equal(await ours(resource), "", title);
  }
});

test("the tool accepts and refuses what the API server and the webhook do", async () => {
  const random = new Random(seed);
  const mutator = new Mutator(random);
  const documents = seeds.flatMap((resource) => {
    const [manifest] = manifestsOf(JSON.stringify(resource), "seed.json").manifests;
    const schema = schemaOf(manifest!)!;
    return Array.from({ length: perSeed }, () => mutator.mutate(resource, schema));
  });
  assert.ok(documents.length >= 1000);
  const differences: Difference[] = [];
  let refused = 0;
  const queue = documents.entries();
  const worker = async () => {
    for (const [index, resource] of queue) {
      resource.metadata.name = `mutated-${index}`;
      const [said, theirs = ""] = [await ours(resource), await stack.cluster.evaluate(resource)];
      if (theirs) refused++;
      if ((said === "") !== (theirs === "")) differences.push({ resource, ours: said, theirs });
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  console.log(
    `istio: ${documents.length} mutations, ${refused} refused, ${differences.length} differ`,
  );
  // Both verdicts must be frequent, or the comparison would show little.
  assert.ok(refused > documents.length / 10 && refused < documents.length * 0.9);
  assert.deepEqual(differences.slice(0, 20).map(shown), []);
});

function shown({ resource, ours: said, theirs }: Difference): string {
  const { kind, spec, metadata } = resource;
  const decision = said ? `we refuse: ${said}` : `they refuse: ${theirs}`;
  return `${kind} ${decision}\n${JSON.stringify({ metadata, spec })}`;
}
