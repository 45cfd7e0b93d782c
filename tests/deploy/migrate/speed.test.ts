// How long a migration takes, as a ratio to `validate` of the same files in the same process, and
// what its time limit does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../../deploy/core/source.ts";
import { countsText, reportText } from "../../../deploy/cli/migration-text.ts";
import { migrate } from "../../../deploy/migrate/migrate.ts";
import { planOf } from "../../../deploy/migrate/plan.ts";
import { validate } from "../../../deploy/validate/validate.ts";
import { nativeDocuments } from "../../support/native-documents.ts";

const repository = "registry.example.com/gatehouse";
/** 5 was measured, nearly all of it for the proofs; 3 is the goal. */
const ratioMost = 7;

/** Seconds of this process alone. */
async function seconds(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

test("1,000 documents are migrated, compared and reported within 7 times what validate takes", async () => {
  const text = nativeDocuments(1000);
  const check = () => validate(parse(text, "many.yaml").manifests);
  const move = () => {
    const migrated = migrate(parse(text, "many.yaml").manifests, repository);
    assert.equal(migrated.replaced.length, 100);
    assert.equal(migrated.proofs.length, 200);
    return [reportText(migrated.report, 100), countsText(migrated.report), planOf(migrated)];
  };
  const checked = await seconds(check);
  const moved = await seconds(move);
  console.log(`migrate: ${moved.toFixed(1)} s, validate: ${checked.toFixed(1)} s of CPU`);
  assert.ok(moved <= ratioMost * checked, `${moved} s beside ${checked} s`);
});

test("what is not proved in time stays native, and the report says how to go on", () => {
  const { manifests } = parse(nativeDocuments(20), "few.yaml");
  const told: string[] = [];
  const { replaced, report } = migrate(manifests, repository, [], {
    deadlineMillis: performance.now() - 1,
    onProof: (title) => told.push(title),
  });
  assert.deepEqual(replaced, []);
  assert.ok(told.includes("RequestAuthentication team-0/tokens"), told.join());
  const notes = report.entries.map(({ note }) => note);
  assert.ok(notes.some((note) => note.includes("no time left to compare it; give --seconds more")));
});
