// What one header of 55 KB, or a token of that size, costs rate-limit and canary in configurations
// of a hundred rules. Memory accesses are counted instead of time, since a clock is not the same on
// a busy machine. Two and a half million of them take about a millisecond.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "../../tools/build.ts";
import { encodeHeaders } from "../support/bare-host.ts";
import { instrumented, observedHost } from "../support/instrumented.ts";

await build(["rate-limit", "canary"]);

const HEADER_BYTES = 55_000;
/** Before there were bounds these took 3 to 400 million. */
const ACCESSES_MAX = 2_500_000;
const RULES = 100;

const many = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
const full = (unit: string) => unit.repeat(Math.floor(HEADER_BYTES / unit.length));

type Rule = (index: number) => object;

/** A pattern whose automaton builds a state with dozens of members for each byte. */
const costly = (index: number) => ({ regex: `.*x.{${20 + index}}yx*` });

interface Kind {
  /** The condition of the rule with this number. */
  rule: Rule;
  /** The headers that cost it most, one at a time. */
  headers?: [name: string, value: string][];
  /** Or the claims. */
  claims?: object[];
}

const letters: [string, string][] = [
  ["x-value", full("x")],
  ["x-value", full("xy")],
];
const claims = [
  { groups: many(1_200, (index) => `group-${index}-0123456789abcdef0123456789abcdef`) },
  { groups: many(8_000, (index) => `g${index % 100}`) },
  Object.fromEntries(many(4_000, (index) => [`claim${index}`, index])),
];

const kinds: Record<string, Kind> = {
  "an exact header": {
    rule: (i) => ({ headers: { "x-value": { exact: `x${i}` } } }),
    headers: letters,
  },
  "a part of a header": {
    rule: (i) => ({ headers: { "x-value": { contains: `xyy${i}` } } }),
    headers: letters,
  },
  "a part of a header without its case": {
    rule: (i) => ({ headers: { "x-value": { contains: `XYY${i}`, ignoreCase: true } } }),
    headers: letters,
  },
  "a long part of a header": {
    rule: (i) => ({ headers: { "x-value": { contains: `${"x".repeat(2_000)}y${i}` } } }),
    headers: letters,
  },
  "a pattern for a header": {
    rule: (i) => ({ headers: { "x-value": costly(i) } }),
    headers: letters,
  },
  "an inverted pattern": {
    rule: (i) => ({
      headers: { "x-value": { ...costly(i), invert: true }, "x-no": { present: true } },
    }),
    headers: letters,
  },
  "a header that is not there": {
    rule: (i) => ({ withoutHeaders: { "x-value": { regex: `[^y]*x{${i + 1}}` } } }),
    headers: letters,
  },
  cookies: {
    rule: (i) => ({ cookies: { [`a${i}`]: { exact: "1" } } }),
    headers: [
      ["cookie", full("a=b;")],
      ["cookie", full("a1=b; ")],
      ["cookie", full(";")],
    ],
  },
  "a pattern for a cookie": {
    rule: (i) => ({ cookies: { session: costly(i) } }),
    headers: [["cookie", `session=${full("x")}`]],
  },
  "query parameters": {
    rule: (i) => ({ queryParams: { [`a${i}`]: { exact: "1" } } }),
    headers: [
      [":path", `/?${full("a=b&")}`],
      [":path", `/?${full("%61%31=%62&")}`],
    ],
  },
  "a pattern for a query parameter": {
    rule: (i) => ({ queryParams: { session: costly(i) } }),
    headers: [[":path", `/?session=${full("%78")}`]],
  },
  "a pattern for the path": {
    rule: (i) => ({ uri: costly(i) }),
    headers: [[":path", `/${full("x")}`]],
  },
  "a pattern for the host": {
    rule: (i) => ({ authority: costly(i) }),
    headers: [[":authority", full("X")]],
  },
  "a pattern for the method": {
    rule: (i) => ({ method: costly(i) }),
    headers: [[":method", full("x")]],
  },
  "an item of a claim": {
    rule: (i) => ({ claims: [{ claim: "groups", exact: `x${i}` }] }),
    claims,
  },
  "a pattern for an item": {
    rule: (i) => ({ claims: [{ claim: "groups", regex: `.*x${i}` }] }),
    claims,
  },
  "a claim that is there": {
    rule: (i) => ({ claims: [{ claim: `c${i}`, present: true }] }),
    claims,
  },
};

const paths: [string, string][] = ["a/../", "%61", ";", "/", "//a;b/./%2f"].map((unit) => [
  ":path",
  `/${full(unit)}`,
]);

const tokenBucket = { maxTokens: 1_000_000, tokensPerFill: 1_000, fillInterval: "1s" };
/** As many limits as there can be. */
const limits = (of: Rule, more: object = {}) => ({
  limits: many(64, (index) => ({ name: `limit-${index}`, tokenBucket, ...of(index) })),
  ...more,
});
const repeated = (part: object) => many(8, () => part);

/** Configurations that the rules of a kind go into. */
const forms: Record<string, { filter: string; config: (rule: Rule) => object }> = {
  "limits and overrides": {
    filter: "rate-limit",
    config: (rule) => ({
      limits: [
        ...limits((index) => ({ match: [rule(index)] })).limits.slice(1),
        {
          name: "more",
          tokenBucket,
          overrides: many(RULES - 64, (index) => ({ match: [rule(index + 64)], tokenBucket })),
        },
      ],
    }),
  },
  "rules and trust": {
    filter: "canary",
    config: (rule) => ({
      routes: [
        {
          name: "route",
          split: { a: 50, b: 50 },
          variants: [{ name: "a", match: many(RULES, rule) }],
          trust: [rule(0)],
        },
      ],
    }),
  },
};

const others: Record<string, { filter: string; config: object; headers: [string, string][] }> = {
  "keys of one header": {
    filter: "rate-limit",
    config: limits(() => ({ key: repeated({ header: "x-value" }), whenRepeated: "joined" })),
    headers: letters,
  },
  "keys of one cookie": {
    filter: "rate-limit",
    config: limits(() => ({ key: repeated({ cookie: "session" }) })),
    headers: [["cookie", `session=${full("x")}`]],
  },
  "keys of one parameter": {
    filter: "rate-limit",
    config: limits(() => ({ key: repeated({ queryParam: "session" }) })),
    headers: [[":path", `/?session=${full("%78")}`]],
  },
  "keys of normalized paths": {
    filter: "rate-limit",
    config: limits(
      (index) => ({ key: repeated({ uri: true }), match: [{ uri: { prefix: "/" } }] }),
      {
        normalizePath: true,
      },
    ),
    headers: paths,
  },
  "costs of a header": {
    filter: "rate-limit",
    config: limits(() => ({ cost: { header: "x-value", max: 10 } })),
    headers: [["x-value", full("0")]],
  },
  "questions to the service": {
    filter: "rate-limit",
    config: limits(() => ({ key: repeated({ header: "x-value" }) }), {
      global: { cluster: "service", domain: "edge" },
    }),
    headers: letters,
  },
  "sticky headers and baggage": {
    filter: "canary",
    config: {
      routes: [
        { name: "r", split: { a: 50, b: 50 }, sticky: { header: "x-value" }, baggage: "release" },
      ],
    },
    headers: [...letters, ["baggage", full("a=b,")], ["baggage", full(",")]],
  },
  "sticky cookies": {
    filter: "canary",
    config: { routes: [{ name: "r", split: { a: 50, b: 50 }, sticky: { cookie: { name: "c" } } }] },
    headers: [
      ["cookie", `c=${full("x")}`],
      ["cookie", full("a=b;")],
    ],
  },
  "routes by normalized paths": {
    filter: "canary",
    config: {
      normalizePath: true,
      routes: many(RULES, (index) => ({
        name: `route-${index}`,
        split: { a: 100 },
        match: [{ uri: { prefix: `/r${index}` } }],
      })),
    },
    headers: paths,
  },
};

const modules = new Map(["rate-limit", "canary"].map((name) => [name, instrumented(name)]));

/** The most accesses that one of the inputs takes. */
function worst(filter: string, config: object, headers: [string, string][], tokens: object[] = []) {
  let accesses = 0;
  const host = observedHost(modules.get(filter)!, config, () => void accesses++);
  const base = { ":authority": "a.example", ":path": "/", ":method": "GET", "x-variant": "a" };
  let most = 0;
  const send = (more: [string, string][]) => {
    const request = {
      headers: encodeHeaders(Object.entries({ ...base, ...Object.fromEntries(more) })),
    };
    accesses = 0;
    host.exchange(request);
    most = Math.max(most, accesses);
  };
  for (const header of headers) send([header]);
  for (const token of tokens) {
    host.properties.gatehouse_claims = Buffer.from(JSON.stringify(token));
    send([]);
  }
  return most;
}

for (const [where, { filter, config }] of Object.entries(forms)) {
  for (const [what, { rule, headers = [], claims: tokens }] of Object.entries(kinds)) {
    test(`${filter}: ${what} in ${where} costs no more than a millisecond`, (context) => {
      const accesses = worst(filter, config(rule), headers, tokens);
      context.diagnostic(`${accesses} accesses`);
      assert.ok(accesses <= ACCESSES_MAX, `${accesses} accesses`);
    });
  }
}

for (const [what, { filter, config, headers }] of Object.entries(others)) {
  test(`${filter}: ${what} cost no more than a millisecond`, (context) => {
    const accesses = worst(filter, config, headers);
    context.diagnostic(`${accesses} accesses`);
    assert.ok(accesses <= ACCESSES_MAX, `${accesses} accesses`);
  });
}
