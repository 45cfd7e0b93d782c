// The schema that editors use says what the tool says.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseAllDocuments } from "yaml";
import { policySchema } from "../../deploy/core/policy-schema.ts";
import { parse } from "../../deploy/core/source.ts";
import { parsePolicy } from "../../deploy/core/policy-parser.ts";
import { randomPolicy } from "../support/random-policy.ts";
import { Random } from "../support/random.ts";

const root = join(import.meta.dirname, "../..");
const validator = new Ajv2020({ strict: false, validateFormats: false }).compile(policySchema());

const policies = globSync(
  ["deploy/istio/gatehouse/**/policy.yaml", "{examples,docs}/**/edge.yaml"],
  {
    cwd: root,
  },
)
  .flatMap((file) => parseAllDocuments(readFileSync(join(root, file), "utf8")))
  .map((document) => document.toJS())
  .filter((value) => value?.kind === "Policy");

/** What the tool's schemas say, without what follows from more than one setting. */
function isAccepted(policy: unknown): boolean {
  const { manifests } = parse(JSON.stringify(policy), "policy.json");
  const { findings } = parsePolicy(manifests[0]!);
  return findings.every(({ rule, what }) => rule === "traffic" || /bundle|no filter/.test(what));
}

test("the editors' schema accepts every example, and generated settings with `after`", () => {
  assert.ok(policies.length > 10);
  const random = new Random(7);
  const generated = Array.from({ length: 50 }, (_, at) => randomPolicy(random, `p${at}`));
  assert.ok(JSON.stringify(generated).includes('"after"'));
  for (const policy of [...policies, ...generated])
    assert.ok(validator(policy), JSON.stringify(validator.errors?.slice(0, 2)));
});

/** Every path to a value that can be spoilt. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (value === null || typeof value !== "object") return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

function spoilt(policy: unknown, path: string[], value: unknown): unknown {
  const copy = structuredClone(policy) as Record<string, any>;
  let holder = copy;
  for (const step of path.slice(0, -1)) holder = holder[step];
  if (value === undefined) delete holder[path.at(-1)!];
  else holder[path.at(-1)!] = value;
  return copy;
}

test("the editors' schema and the tool agree on every setting that is spoilt or left out", () => {
  const random = new Random(11);
  let refused = 0;
  for (const policy of policies) {
    for (const path of pathsIn(policy).filter((one) => one.length > 0)) {
      if (random.next() < 0.7) continue;
      const value = random.one([undefined, 7, "x y", true, [], {}, { unknown: 1 }, null, -1.5]);
      const changed = spoilt(policy, path, value);
      const isRefused = !isAccepted(changed);
      refused += Number(isRefused);
      assert.equal(!validator(changed), isRefused, `${path.join(".")} = ${JSON.stringify(value)}`);
    }
  }
  assert.ok(refused > 100, String(refused));
});
