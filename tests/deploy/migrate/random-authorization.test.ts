// Random sets of RequestAuthentications and AuthorizationPolicies: what migrate makes of them
// decides every request as before, or stricter and the report says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizationInterest } from "../../../deploy/compare/authorization.ts";
import { compare } from "../../../deploy/compare/compare.ts";
import { Keyring } from "../../../deploy/compare/keyring.ts";
import { Random } from "../../../deploy/compare/random.ts";
import { generate } from "../../../deploy/compare/requests.ts";
import { shown } from "../../../deploy/compare/shown.ts";
import { applied, stateOf } from "../../../deploy/compare/state.ts";
import { workloadsFor } from "../../../deploy/compare/workloads.ts";
import { parse } from "../../../deploy/core/source.ts";
import { yamlText } from "../../../deploy/core/yaml-text.ts";
import { migrate } from "../../../deploy/migrate/migrate.ts";
import { attachmentOf } from "../../../deploy/native/attachment.ts";
import { meshOf } from "../../../deploy/native/mesh.ts";
import { randomAuthorization } from "../../support/random-authorization.ts";

const sets = Number(process.env.SETS ?? 500);
const requestsPerSet = 400;
const firstSeed = 20_261_201;

test(`${sets} random authorization sets: nothing weaker, nothing silently different`, () => {
  const failures: string[] = [];
  let migratedSets = 0;
  for (let number = 0; number < sets; number++) {
    const seed = firstSeed + number;
    const { failed, isMigrated } = checked(seed);
    if (isMigrated) migratedSets++;
    failures.push(...failed.map((text) => `seed ${seed}: ${text}`));
  }
  assert.deepEqual(failures.slice(0, 10), [], `${failures.length} failures`);
  // A tool that leaves everything native would pass this test and be of no use.
  assert.ok(migratedSets > sets / 5, `${migratedSets} of ${sets} sets were migrated`);
});

function checked(seed: number): { failed: string[]; isMigrated: boolean } {
  const documents = randomAuthorization(new Random(seed));
  const text = yamlText(documents.map((value) => ({ value })));
  const before = parse(text, "in.yaml").manifests;
  const migrated = migrate(before, "registry.example.com/gatehouse");
  const made = yamlText(migrated.documents.map(({ value }) => ({ value })));
  const after = applied(before, parse(made, "out.yaml").manifests);
  const mesh = meshOf(before);
  const keyring = new Keyring();
  const policies = before.filter(({ group }) => group === "security.istio.io");
  const workloads = workloadsFor(
    policies.map(attachmentOf),
    mesh,
    ({ labels }) => ("istio" in labels ? "gateway" : "sidecar"),
    () => documents.some((each) => (each as { kind: string }).kind === "Gateway"),
  );
  const interests = [before, after].map((resources) =>
    authorizationInterest(resources, workloads, mesh, keyring),
  );
  const old = stateOf(before, mesh, keyring);
  const next = stateOf(after, mesh, keyring);
  const notes = migrated.report.entries.map(({ note }) => note).join("\n");
  try {
    const ignoredHeaders = new Set(notes.match(/x-gatehouse-jwt-[a-z0-9-]+/g));
    const requests = generate(interests, { seed, max: requestsPerSet });
    const { rows } = compare(old.decider, next.decider, requests, { ignoredHeaders });
    const failed = rows
      .filter(({ outcome, what }) => outcome === "weaker" || !isNamed(notes, what))
      .map((row) => `${row.outcome}: ${shown(row)}\n${text}`);
    return { failed, isMigrated: migrated.replaced.length > 0 };
  } finally {
    old.close();
    next.close();
  }
}

/**
 * The report has an example of such a difference, or says how a header that is written may differ.
 */
function isNamed(notes: string, what: string): boolean {
  const kind = what.replaceAll(/"[^"]*"/g, "").replaceAll(/ {2,}/g, " ");
  if (notes.replaceAll(/"[^"]*"/g, "").includes(kind)) return true;
  if (/^40[13] instead of 40[13]$/.test(what)) return notes.includes("several bad tokens");
  const isOfOutput = (part: string) => /^header x-(payload|role): /.test(part);
  return what.split("; ").every(isOfOutput) && notes.includes("the first one's alone");
}
