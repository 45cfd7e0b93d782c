// A few of every kind of Project Wycheproof's signatures and tags; the services' suite asks about
// all of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFixture } from "../wycheproof/corpus.ts";
import { judgeSignatures } from "../wycheproof/primitives.ts";

test("Wycheproof's signatures and tags are decided as it says", () => {
  const { asked, wrong } = judgeSignatures(readFixture());
  assert.deepEqual(wrong, []);
  assert.ok(asked > 200);
});
