// Manifests with one thing wrong in each: whatever stands where it should not, validate, migrate,
// render and try answer in words, and never with a fault of their own.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { Random } from "../support/random.ts";
import { fixtures, gatehouse } from "./helper.ts";
import { workspace } from "./workspace.ts";

const file = workspace();
const root = join(import.meta.dirname, "../..");
const rounds = Number(process.env.DAMAGE_ROUNDS ?? 320);

const odd: unknown[] = [
  null,
  5,
  -1,
  1e300,
  true,
  "",
  "x",
  "*",
  "a/b",
  "%",
  [],
  {},
  [null],
  [[]],
  [5],
  { x: null },
  ["x", {}],
];

/** Replaces, drops or doubles one node somewhere below. */
function damage(value: any, random: (below: number) => number): any {
  const keys = value !== null && typeof value === "object" ? Object.keys(value) : [];
  if (keys.length === 0 || random(6) === 0) return structuredClone(odd[random(odd.length)]);
  const key = keys[random(keys.length)]!;
  const copy = structuredClone(value);
  if (random(8) === 0) {
    if (Array.isArray(copy)) copy.push(structuredClone(copy[Number(key)]));
    else delete copy[key];
  } else copy[key] = damage(value[key], random);
  return copy;
}

const sources = [
  ...globSync("guide/*.yaml", { cwd: fixtures }).map((name) => join(fixtures, name)),
  ...globSync("policies/*.yaml", { cwd: fixtures }).map((name) => join(fixtures, name)),
  ...globSync("deploy/istio/{gatehouse,traffic,security,progressive}/**/*.yaml", { cwd: root }).map(
    (name) => join(root, name),
  ),
].sort();
const documents = sources.flatMap((path) =>
  parseAllDocuments(readFileSync(path, "utf8")).map((document) => document.toJS() as unknown),
);

test("damaged manifests", { timeout: 300_000 }, async () => {
  assert.ok(documents.length > 40);
  for (let seed = 1; seed <= rounds; seed++) {
    const chance = new Random(seed);
    const random = (below: number) => chance.below(below);
    const chosen = documents[random(documents.length)];
    const path = file("damaged.yaml", stringify(damage(chosen, random)));
    const verbs = [
      ["validate", path],
      ["migrate", path],
      ["render", "-f", path],
      ["try", "-f", path],
    ];
    for (const args of verbs) {
      const { code, err } = await gatehouse(...args);
      assert.ok(
        code >= 0 && code <= 3,
        `seed ${seed}: ${args[0]} ended with ${code}\n${err}\n${readFileSync(path, "utf8")}`,
      );
    }
  }
});
