// Cases and what is expected of them: a wrong observation must be told, a misspelt expectation
// refused.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import {
  type Expectation,
  type Observed,
  durationMillis,
  growth,
  readCases,
} from "../../deploy/emulator/cases.ts";
import { asAddress, normalizePath } from "../../deploy/emulator/exchange.ts";
import { differences } from "../../deploy/emulator/expectation.ts";
import { HeaderMap, marshalPairs, unmarshalPairs } from "../../deploy/emulator/headers.ts";

const observed: Observed = {
  status: 200,
  headers: [
    ["x-a", "1"],
    ["set-cookie", "a"],
    ["set-cookie", "b"],
  ],
  body: "hello",
  upstreamHeaders: [["x-up", "yes"]],
  details: "via_upstream",
  variant: "canary",
  claims: '{"sub":"alice","n":1}',
  log: '{"status":200,"path":"/a"}',
  metrics: { requests: 2 },
};

const right: Expectation[] = [
  {
    status: 200,
    body: "hello",
    forwarded: true,
    details: "via_upstream",
    variant: "canary",
    limit: false,
  },
  { headers: { "x-a": 1, "X-A": true, "set-cookie": ["a", "b"] }, absentHeaders: ["x-b"] },
  {
    headers: { "set-cookie": "b" },
    upstreamHeaders: { "x-up": { prefix: "y", suffix: "s", contains: "e" } },
  },
  {
    body: { regex: "h.l+o" },
    upstreamAbsent: ["x-a"],
    claims: { sub: "alice", n: 1 },
    log: { path: { prefix: "/" } },
  },
  { log: { contains: '"status":200' }, metrics: { requests: 2, others: 0 } },
];

const wrong: [Expectation, RegExp][] = [
  [{ status: 401 }, /status: expected 401, got 200/],
  [{ headers: { "x-a": "2" } }, /header x-a: expected "2", got "1"/],
  [{ headers: { "x-a": false } }, /header x-a: expected nothing/],
  [{ headers: { "x-b": true } }, /header x-b: expected true, got nothing/],
  [{ headers: { "set-cookie": ["b", "a"] } }, /set-cookie/],
  [{ absentHeaders: ["x-a"] }, /header x-a: expected nothing, got "1"/],
  [{ body: { regex: "h" } }, /body/],
  [{ body: { exact: "hell" } }, /body/],
  [{ forwarded: false }, /forwarded/],
  [{ upstreamHeaders: { "x-up": "no" } }, /upstream header x-up/],
  [{ upstreamAbsent: ["x-up"] }, /upstream header x-up/],
  [{ variant: "stable" }, /variant/],
  [{ limit: "per-client" }, /limit: expected "per-client", got nothing/],
  [{ reason: true }, /reason/],
  [{ claims: { sub: "bob" } }, /claims\.sub/],
  [{ details: "x" }, /details/],
  [{ log: { status: "200" } }, /log\.status/],
  [{ log: false }, /log: expected nothing/],
  [{ metrics: { requests: 1 } }, /metric requests grew by: expected 1, got 2/],
];

describe("an expectation", () => {
  for (const each of right)
    it(`holds: ${JSON.stringify(each)}`, () => assert.deepEqual(differences(observed, each), []));
  for (const [each, why] of wrong) {
    it(`is told when it fails: ${JSON.stringify(each)}`, () => {
      const told = differences(observed, each);
      assert.equal(told.length, 1);
      assert.match(told[0]!, why);
    });
  }
  it("of upstream headers fails when the request never got there", () => {
    const refused = { ...observed, upstreamHeaders: undefined };
    assert.equal(differences(refused, { upstreamAbsent: ["x-a"] }).length, 1);
  });
});

describe("reading cases", () => {
  it("points at a misspelt key, wherever it is", () => {
    assert.throws(
      () => readCases([{ name: "a", expect: { statsu: 1 } }]),
      /\/0\/expect\/statsu: unknown key/,
    );
    assert.throws(
      () => readCases([{ name: "a", request: { header: {} } }]),
      /\/0\/request\/header/,
    );
    assert.throws(() => readCases([{ name: "a", respones: {} }]), /\/0\/respones/);
    assert.throws(() => readCases([{ request: {} }]), /\/0\/name/);
    assert.throws(() => readCases([{ name: "a", advance: "soon" }]), /\/0\/advance/);
    assert.throws(() => readCases({ cases: [] }), /expected a list/);
    assert.throws(() => readCases([null]), /\/0: expected a mapping/);
  });
});

test("durations are Istio's", () => {
  assert.deepEqual(["500ms", "10s", "1m", "24h", "1.5s", "1d", "10", ""].map(durationMillis), [
    500,
    10_000,
    60_000,
    86_400_000,
    1_500,
    undefined,
    undefined,
    undefined,
  ]);
});

test("growth tells what changed alone", () =>
  assert.deepEqual(growth({ a: 1, b: 2 }, { a: 1, b: 5, c: 1 }), { b: 3, c: 1 }));

test("paths are normalised as the proxy does", () => {
  const paths = [
    "/a/./b/../c",
    "/..",
    "/a/%2e%2e/b?x=/../y",
    "/a//b",
    "/a\\b",
    "/a/..",
    "*",
    "/a/b/.",
  ];
  assert.deepEqual(paths.map(normalizePath), [
    "/a/c",
    "/",
    "/b?x=/../y",
    "/a//b",
    "/a/b",
    "/",
    "*",
    "/a/b/",
  ]);
});

test("addresses get a port in Envoy's form", () => {
  assert.deepEqual(
    ["10.0.0.1", "10.0.0.1:5", "2001:db8::1", "[::1]:7"].map((each) => asAddress(each, 9)),
    ["10.0.0.1:9", "10.0.0.1:5", "[2001:db8::1]:9", "[::1]:7"],
  );
});

test("header pairs survive the way to the module and back; broken ones are none", () => {
  const pairs: [string, Buffer][] = [
    ["a", Buffer.from([0, 255])],
    ["", Buffer.alloc(0)],
  ];
  const bytes = marshalPairs(pairs);
  assert.deepEqual(unmarshalPairs(bytes), pairs);
  for (let length = 0; length < bytes.length; length++)
    assert.deepEqual(unmarshalPairs(bytes.subarray(0, length)), []);
});

test("header maps join what Envoy holds once and keep the rest apart", () => {
  const map = new HeaderMap({ Authorization: ["a", "b"], "x-own": ["a", "b"], cookie: ["a", "b"] });
  assert.deepEqual(map.toObject(), { authorization: "a,b", "x-own": "a, b", cookie: "a, b" });
  assert.equal(map.get("X-Own"), "a");
  map.set("x-own", "c");
  map.remove("cookie");
  assert.deepEqual([map.getAll("x-own"), map.has("cookie"), map.size], [["c"], false, 2]);
});
