import assert from "node:assert/strict";
import { test } from "node:test";
import { Cursor } from "../../deploy/migrate/cursor.ts";
import { Report } from "../../deploy/migrate/report.ts";
import { parse } from "../../deploy/core/source.ts";

function cursorOf(text: string): { cursor: Cursor; report: Report } {
  const report = new Report();
  return { cursor: Cursor.of(parse(text, "in.yaml").manifests[0]!, report), report };
}

test("a cursor gives each value its type, and nothing for a value of another type", () => {
  const { cursor } = cursorOf("a: {text: x, number: 8080, flag: true, list: [1, y]}\n");
  const inner = cursor.at("a");
  assert.deepEqual(
    [
      inner.at("text").text,
      inner.at("number").number,
      inner.at("flag").boolean,
      inner.at("list").texts,
    ],
    ["x", 8080, true, ["1", "y"]],
  );
  assert.deepEqual(
    [inner.at("number").text, inner.at("text").number, inner.at("text").items],
    [undefined, undefined, []],
  );
  assert.equal(cursor.at("a", "missing", "deeper", 3).exists, false);
});

test("a cursor knows the line of its value, and records what became of it there", () => {
  const { cursor, report } = cursorOf("spec:\n  rules:\n    - name: x\n");
  const name = cursor.at("spec", "rules", 0, "name");
  assert.equal(name.position.line, 3);
  name.carried("the name");
  cursor.at("spec").notPossible("for the test");
  assert.deepEqual(
    report.entries.map(({ path, outcome, note }) => [path, outcome, note]),
    [
      [["spec", "rules", 0, "name"], "carried", "the name"],
      [["spec"], "lost", "for the test"],
    ],
  );
});

test("a cursor finds a field in either of protobuf's spellings", () => {
  const { cursor } = cursorOf("stat_prefix: a\ntokenBucket: {max_tokens: 3}\n");
  assert.equal(cursor.at("statPrefix").text, "a");
  assert.equal(cursor.at("token_bucket", "maxTokens").number, 3);
  assert.deepEqual(cursor.at("statPrefix").path, ["stat_prefix"]);
});
