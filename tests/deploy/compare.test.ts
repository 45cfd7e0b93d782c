import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../deploy/compare/compare.ts";
import { Random } from "../../deploy/compare/random.ts";
import { generate, near, withHeader } from "../../deploy/compare/requests.ts";
import type { Decider, Decision, NativeRequest } from "../../deploy/native/types.ts";

const plain: NativeRequest = {
  method: "GET",
  scheme: "http",
  host: "shop.example.com",
  path: "/",
  headers: [],
  source: { direct: "10.0.0.1", remote: "10.0.0.1" },
  destination: { address: "10.0.0.2", port: 8080 },
  direction: "inbound",
  workload: { namespace: "shop", labels: { app: "shop" }, kind: "sidecar" },
  timeMillis: 0,
  tokens: [],
};

const decider = (decide: (request: NativeRequest) => Decision): Decider => ({ decide });
const refuse = (status: number): Decision => ({ refusal: { status, reason: "for the test" } });
const pass: Decision = { headers: [] };

test("a request that only the new side lets pass is weaker, one that only it refuses is stricter", () => {
  const requests = ["/a", "/b", "/c", "/d"].map((path) => ({ ...plain, path }));
  const old = decider(
    ({ path }) => ({ "/a": pass, "/b": refuse(403), "/c": refuse(403) })[path] ?? pass,
  );
  const next = decider(
    ({ path }) => ({ "/a": refuse(401), "/b": pass, "/c": refuse(401) })[path] ?? pass,
  );
  const { counts, rows } = compare(old, next, requests);
  assert.deepEqual(counts, { same: 1, stricter: 1, weaker: 1, different: 1 });
  assert.deepEqual(
    rows.map(({ outcome, request }) => [outcome, request.path]),
    [
      ["stricter", "/a"],
      ["weaker", "/b"],
      ["different", "/c"],
    ],
  );
});

test("another header, destination or effect of a request that passes is different", () => {
  const cases: [Decision, RegExp][] = [
    [{ headers: [["x-a", "1"]] }, /header x-a: "1" instead of none/],
    [
      { headers: [], destinations: [{ host: "b", weight: 1 }] },
      /destinations \[\{"host":"b","weight":1\}\]/,
    ],
    [{ headers: [], effects: { path: "/y" } }, /path "\/y" instead of undefined/],
  ];
  for (const [changed, words] of cases) {
    const { rows } = compare(
      decider(() => pass),
      decider(() => changed),
      [plain],
    );
    assert.equal(rows[0]?.outcome, "different");
    assert.match(rows[0].what, words);
  }
  const ignored = { ignoredHeaders: new Set(["x-a"]) };
  assert.deepEqual(
    compare(
      decider(() => pass),
      decider(() => cases[0]![0]),
      [plain],
      ignored,
    ).rows,
    [],
  );
});

test("a comparison whose time is over says that it is not complete", () => {
  const { count, isComplete } = compare(
    decider(() => pass),
    decider(() => pass),
    [plain],
    { deadlineMillis: 0 },
  );
  assert.deepEqual([count, isComplete], [0, false]);
});

test("the generator makes each start, then each single edit, no request twice, and the same for the same seed", () => {
  const axes = [
    {
      name: "path",
      edits: near("/admin").map((path) => (request: NativeRequest) => ({ ...request, path })),
    },
    {
      name: "header x-a",
      edits: [withHeader("x-a"), withHeader("x-a", "1"), withHeader("x-a", "1", "2")],
    },
  ];
  const made = (seed: number) => [...generate([{ starts: [plain], axes }], { seed, max: 500 })];
  const requests = made(7);
  assert.equal(requests[0], plain);
  for (const path of ["/admin", "/ADMIN", "/adminx", "/admi", ""])
    assert.ok(
      requests.some((request) => request.path === path && request.headers.length === 0),
      path,
    );
  const texts = requests.map((request) => JSON.stringify(request));
  assert.equal(new Set(texts).size, texts.length);
  // Seven paths and three sets of headers, each with each.
  assert.equal(texts.length, 21);
  assert.deepEqual(made(7), requests);
});

test("the random source gives the same numbers for a seed, and stays in its range", () => {
  const [one, two] = [new Random(3), new Random(3)];
  for (let count = 0; count < 1000; count++) {
    const value = one.below(10);
    assert.equal(value, two.below(10));
    assert.ok(value >= 0 && value < 10);
  }
  assert.ok(new Random(1).some(["a", "b", "c"], 2, 2).length === 2);
});
