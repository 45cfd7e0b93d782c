// The reference of errors is read from the sources: it has to find them, and each must help.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterErrors, findings, toolErrors } from "../../docs/errors.ts";

/** Faults that lie with a cluster, a registry or this program: the cause is the message. */
const others = new Set(["cluster", "registry", "timeout", "internal"]);

test("each error of the tool that its user made says how to go on", () => {
  const errors = toolErrors();
  assert.ok(errors.length > 60, `${errors.length} errors found`);
  // A text that ends with a value has its fix in that value.
  const silent = errors.filter(({ code, text }) => !others.has(code) && !/[;:] ./.test(text));
  assert.deepEqual(silent, []);
});

test("each finding of validate gives a reason or a fix", () => {
  const found = findings();
  assert.ok(found.length > 40, `${found.length} findings found`);
  // A text that ends with a value has the words of another check.
  const silent = found.filter(
    ({ problem, reason, fix }) => reason === "" && fix === "" && !problem.endsWith("…"),
  );
  assert.deepEqual(
    silent.map(({ problem }) => problem),
    [],
  );
});

test("the errors of each filter are found, texts made of several parts too", () => {
  const byFilter = new Map(filterErrors().map(({ filter, errors }) => [filter, errors]));
  for (const filter of ["access-log", "jwt-auth", "rate-limit", "canary"])
    assert.ok((byFilter.get(filter)?.length ?? 0) > 10, filter);
  assert.ok(
    byFilter
      .get("rate-limit")!
      .some(({ text }) => text === 'duplicate limit name "…"; names must be unique'),
    JSON.stringify(byFilter.get("rate-limit")),
  );
});
