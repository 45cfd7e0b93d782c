// `config.schema.json` is the contract of a filter's settings, the parser in the module is who
// obeys it: here both read the same documents.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { filters } from "../../tools/build.ts";
import type { FilterName } from "../../deploy/core/catalog.ts";
import { schemaOf } from "../../deploy/core/filter-schemas.ts";
import type { Cases } from "./cases.ts";
import { Settings, compileSettings, spelledOut } from "./defaults.ts";
import { matchReasons } from "./match-cases.ts";
import { mutations } from "./mutations.ts";
import { Parser, fitsSchema } from "./parser.ts";
import { defaultsAt, settingsIn, settingsOf } from "./schema-walk.ts";

/** Seeded changes of each valid document. */
const MUTATIONS = 1500;
/** `<filter>: configuration refused: /pointer: what, and what would be right`. */
const refusalLine = /^[a-z-]+: configuration refused: \/.*: \S/;

test("every filter has cases", () => {
  const missing = filters.filter(
    (name) => !existsSync(join(import.meta.dirname, "cases", `${name}.ts`)),
  );
  assert.deepEqual(missing, []);
});

for (const name of filters as FilterName[]) {
  const file = join(import.meta.dirname, "cases", `${name}.ts`);
  if (existsSync(file))
    describe(name, async () =>
      evaluate(name, ((await import(file)) as { default: Cases }).default),
    );
}

function evaluate(name: FilterName, { valid, onlyWasm, env = {} }: Cases): void {
  const parser = new Parser(name, env);
  const reasons = [...matchReasons, ...onlyWasm.map(({ message }) => message)];
  after(() => parser.close());

  test("what the cases call valid, both take", () => {
    for (const document of valid) {
      assert.equal(
        fitsSchema(name, document),
        true,
        `the schema refuses ${JSON.stringify(document)}`,
      );
      assert.equal(parser.refusal(document), undefined);
    }
  });

  test("together they use every setting", () => {
    const schema = schemaOf(name)!;
    const used = new Set(valid.flatMap((document) => [...settingsIn(document, schema)]));
    assert.deepEqual(
      [...settingsOf(schema)].filter((setting) => !used.has(setting)),
      [],
    );
  });

  test("what the schema refuses the module refuses, saying where and what would be right", () => {
    const admitted: string[] = [];
    for (const [at, document] of valid.entries()) {
      for (const mutation of mutations(document, 1000 + at, MUTATIONS)) {
        if (fitsSchema(name, mutation)) continue;
        const refusal = parser.refusal(mutation);
        if (refusal === undefined) admitted.push(shortened(mutation, document));
        else assert.match(refusal, refusalLine);
      }
    }
    assert.deepEqual([...new Set(admitted)].slice(0, 10), [], `${admitted.length} documents`);
  });

  test("what the schema takes the module takes, but for the reasons that only it can see", () => {
    const unexplained = new Set<string>();
    for (const [at, document] of valid.entries()) {
      for (const mutation of mutations(document, 5000 + at, MUTATIONS)) {
        if (!fitsSchema(name, mutation)) continue;
        const refusal = parser.refusal(mutation);
        if (refusal !== undefined && !reasons.some((reason) => reason.test(refusal)))
          unexplained.add(refusal);
      }
    }
    assert.deepEqual([...unexplained].slice(0, 10), [], `${unexplained.size} refusals`);
  });

  for (const { reason, document, message } of onlyWasm) {
    test(`only the module can refuse: ${reason}`, () => {
      assert.equal(fitsSchema(name, document), true, "the schema refuses it already");
      assert.match(parser.refusal(document) ?? "it was taken", message);
    });
  }

  test("text that is no JSON object is refused, saying at which byte", () => {
    for (const text of [
      "{",
      "[]",
      "null",
      '"x"',
      '{"mode":"report"',
      '{"mode":"report"}x',
      '{"mode":1,"mode":2}',
      "\u0000",
    ]) {
      assert.match(parser.refusal(text) ?? "it was taken", refusalLine, text);
    }
    assert.match(parser.refusal("[".repeat(10_000)) ?? "it was taken", /nested too deeply/);
  });

  test("a setting that is left out means the schema's default", async () => {
    const schema = schemaOf(name)!;
    const module = await compileSettings(name);
    const settings = new Settings(module);
    const wrong = new Set<string>();
    let compared = 0;
    for (const document of valid) {
      assert.ok(settings.sameFor(document, structuredClone(document)), "a document equals itself");
      for (const [pointer, complete] of spelledOut(document, (at) => defaultsAt(schema, at))) {
        if (!fitsSchema(name, complete)) continue;
        compared++;
        if (!settings.sameFor(document, complete)) wrong.add(pointer);
      }
    }
    assert.deepEqual([...wrong], []);
    assert.ok(compared > valid.length, `${compared} defaults compared`);
  });
}

/** The part of a long document that differs. */
function shortened(changed: object, from: object): string {
  const [left, right] = [JSON.stringify(changed), JSON.stringify(from)];
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return `…${left.slice(Math.max(0, at - 60), at + 80)}…`;
}
