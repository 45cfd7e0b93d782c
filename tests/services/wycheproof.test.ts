// All of Project Wycheproof's vectors that are about the algorithms of JWS, out of its Go module.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { start } from "../differential/compile.ts";
import { type File, readCorpus, readFixture } from "../differential/wycheproof/corpus.ts";
import { judgeSignatures } from "../differential/wycheproof/primitives.ts";
import {
  type Exports,
  judgeHostForms,
  judgePoints,
  judgeTokens,
} from "../differential/wycheproof/tokens.ts";
import { goModule } from "./binaries.ts";
import { reasonsForMalformed, reasonsForTokens } from "./wycheproof-filter.ts";

const VERSION = "v0.0.0-20260902155932-3fa63dd0344a";
const SUM = "h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c=";

let files: File[];
before(async () => {
  await build(["jwt-auth"]);
  files = readCorpus(join(goModule("github.com/c2sp/wycheproof", VERSION, SUM), "testvectors_v1"));
});

test("every signature and tag is decided as Wycheproof says", () => {
  const { asked, wrong } = judgeSignatures(files);
  assert.deepEqual(wrong, []);
  assert.ok(asked > 5000, `${asked}`);
});

test("every token and key is decided as Wycheproof says, and every signature in the form that hosts get", async () => {
  const machine = await start<Exports>("jose");
  const tokens = judgeTokens(machine, files);
  assert.deepEqual(tokens.wrong, []);
  assert.equal(tokens.asked, 427);
  const points = judgePoints(machine, files);
  assert.deepEqual(points.wrong, []);
  assert.ok(points.asked > 1500, `${points.asked}`);
  const forms = judgeHostForms(machine, files);
  assert.deepEqual(forms.wrong, []);
  assert.ok(forms.asked > 4000, `${forms.asked}`);
});

test("no token passes the filter, none of them having claims, and the host makes no difference", () => {
  const all = reasonsForTokens(Module.load("build/jwt-auth.wasm"), files);
  assert.equal(all.length, 427);
  for (const [host, own] of all) assert.equal(host, own);
  assert.ok(all.every(([host]) => host !== "ok"));
});

test("every malformed encoding is refused over a token with claims too", () => {
  const [good, ...malformed] = reasonsForMalformed(Module.load("build/jwt-auth.wasm"), files);
  assert.deepEqual(good, ["ok", "ok"]);
  assert.ok(malformed.length > 150, `${malformed.length}`);
  for (const each of malformed)
    assert.deepEqual(each, ["verification_fails", "verification_fails"]);
});

test("the fixture of the quick tests is cut from these vectors", () => {
  const known = new Map(files.map((file) => [file.name, new Map(casesOf(file))]));
  for (const file of readFixture()) {
    for (const [id, text] of casesOf(file))
      assert.equal(known.get(file.name)?.get(id), text, `${file.name}#${id}`);
  }
});

function casesOf(file: File): [number, string][] {
  return file.testGroups.flatMap(({ tests }) =>
    tests.map((test): [number, string] => [
      test.tcId,
      JSON.stringify(test, Object.keys(test).sort()),
    ]),
  );
}
