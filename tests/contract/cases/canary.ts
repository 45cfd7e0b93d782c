// Documents for the contract of canary's settings.
import type { Cases } from "../cases.ts";
import { everyMatch } from "../match-cases.ts";

const split = { stable: 90, canary: 10 };
/** A document of one route. */
const route = (more: object) => ({ routes: [{ name: "shop", ...more }] });
const guarded = (guard: object) => route({ split, guard: { variant: "canary", ...guard } });
const cookie = (more: object) => route({ split, sticky: { cookie: { name: "release", ...more } } });

const cases: Cases = {
  valid: [
    {},
    route({ weights: { stable: 9, canary: 1 } }),
    route({
      weights: { stable: 2, canary: 1 },
      schedule: [{ at: "2026-12-01T09:00:00Z", weights: { stable: 0, canary: 3 } }],
    }),
    {
      instance: "shop/edge",
      mode: "report",
      normalizeAuthority: false,
      normalizePath: true,
      ambiguousPaths: "refuse",
      routes: [
        {
          name: "product-service",
          match: everyMatch,
          vary: false,
          header: "X-Release",
          variants: [
            { name: "canary", match: [{ headers: { "x-canary": { exact: "true" } } }] },
            { name: "mobile-optimized", match: everyMatch },
            { name: "next" },
          ],
          split: { stable: 89.99, canary: 10.01, next: 0 },
          base: "stable",
          sticky: {
            cookie: {
              name: "__Host-release",
              path: "/",
              maxAge: "24h",
              sameSite: "None",
              secure: true,
              httpOnly: false,
              partitioned: true,
            },
          },
          schedule: [
            { at: "2026-11-24T09:00:00Z", split: { stable: 50, canary: 50 } },
            { at: "2026-11-24T10:00:00.5+01:00", split: { canary: 100 } },
          ],
          trust: [
            { sourcePrincipals: [{ exact: "spiffe://cluster.local/ns/istio-system/sa/gateway" }] },
          ],
          force: { header: "x-force", trust: [{ sourceAddresses: ["10.0.0.0/8"] }] },
          guard: {
            variant: "canary",
            fallback: "stable",
            maxFailurePercent: 2.5,
            minRequests: 50,
            window: "30s",
            ejectFor: "5m",
            slowerThan: "500ms",
            exemptForced: false,
          },
          responseHeader: "x-served-by",
          baggage: "release",
        },
        { name: "other.shop", split, sticky: { header: "x-user" } },
      ],
    },
    cookie({
      path: "/shop",
      domain: ".example.com",
      maxAge: "0s",
      sameSite: "Strict",
      secure: false,
    }),
    route({ split, sticky: { claim: "sub" } }),
    route({ split, sticky: { claim: ["https://example.com/tenant", "id"] } }),
    route({ split, sticky: { sourceAddress: { v4Prefix: 24, v6Prefix: 64 } } }),
    route({ variants: [{ name: "beta", match: [{}] }], base: "stable" }),
    guarded({}),
  ],
  onlyWasm: [
    {
      reason: "percentages that do not add up to 100",
      document: route({ split: { stable: 90, canary: 9.5 } }),
      message: /\/routes\/\d+(\/schedule\/\d+)?\/split: percentages add up to [\d.]+, expected 100/,
    },
    {
      reason: "a weight that would be rounded to nothing",
      document: route({ weights: { stable: 1_000_000, canary: 1 } }),
      message: /\/routes\/\d+(\/schedule\/\d+)?\/weights\/.*: \d+ of \d+ is less than 0[.]01 %/,
    },
    {
      reason: "weights that are all 0",
      document: route({ weights: { stable: 0, canary: 0 } }),
      message: /\/routes\/\d+(\/schedule\/\d+)?\/weights: all weights are 0/,
    },
    {
      reason: "a weight of more than two decimals",
      document: route({ split: { stable: 90.001, canary: 9.999 } }),
      message: /\/routes\/\d+(\/schedule\/\d+)?\/split\/.*: expected at most two decimals/,
    },
    {
      reason: "a percentage of more than two decimals",
      document: guarded({ maxFailurePercent: 1.005 }),
      message: /\/maxFailurePercent: expected at most two decimals/,
    },
    {
      reason: "a base that is no variant",
      document: route({ split, base: "next" }),
      message: /\/routes\/0\/base: expected the name of a variant/,
    },
    {
      reason: "a guard of no variant",
      document: guarded({ variant: "next" }),
      message: /\/routes\/0\/guard\/variant: expected the name of a variant/,
    },
    {
      reason: "a fallback that is no variant",
      document: guarded({ fallback: "next" }),
      message: /\/routes\/0\/guard\/fallback: expected the name of a variant/,
    },
    {
      reason: "a fallback to itself",
      document: guarded({ fallback: "canary" }),
      message: /\/routes\/0\/guard\/fallback: expected another variant/,
    },
    {
      reason: "no fallback where there is no base",
      document: route({ variants: [{ name: "beta", match: [{}] }], guard: { variant: "beta" } }),
      message: /\/routes\/0\/guard\/fallback: missing/,
    },
    {
      reason: "two routes of one name",
      document: {
        routes: [
          { name: "shop", split },
          { name: "shop", split },
        ],
      },
      message: /\/routes\/\d+\/name: the name of another route too/,
    },
    {
      reason: "two variants of one name",
      document: route({ variants: [{ name: "beta" }, { name: "beta" }] }),
      message: /\/routes\/0\/variants\/\d+\/name: the name of another variant too/,
    },
    {
      reason: "names whose metrics overlap",
      document: {
        routes: [
          { name: "a", split: { "b.c": 100 } },
          { name: "a.b", split: { c: 100 } },
        ],
      },
      message: /\/routes\/1\/name: the metric "a\.b\.c" would count two things/,
    },
    {
      reason: "more variants than there may be, over all splits",
      document: route({
        split: Object.fromEntries(
          Array.from({ length: 32 }, (_, i) => [`v${i}`, i === 0 ? 100 : 0]),
        ),
        schedule: [{ at: "2026-11-24T09:00:00Z", split: { w: 100 } }],
      }),
      message: /\/routes\/0: expected at most 32 variants/,
    },
    {
      reason: "text that is no instant",
      document: route({ split, schedule: [{ at: "tomorrow", split }] }),
      message: /\/routes\/0\/schedule\/\d+\/at: expected an instant/,
    },
    {
      reason: "a schedule out of order",
      document: route({
        split,
        schedule: [
          { at: "2026-11-24T09:00:00Z", split },
          { at: "2026-11-24T09:00:00+01:00", split },
        ],
      }),
      message: /\/routes\/0\/schedule\/\d+\/at: expected to be later/,
    },
    {
      reason: "durations beyond their bounds",
      document: guarded({ window: "100ms" }),
      message: /\/(window|ejectFor|slowerThan|maxAge): expected (at (least|most)|a duration)/,
    },
    {
      reason: "a cookie that browsers drop, for want of Secure",
      document: cookie({ sameSite: "None", secure: false }),
      message: /\/sticky\/cookie\/secure: expected true/,
    },
    {
      reason: "a __Host- cookie with a domain",
      document: route({ split, sticky: { cookie: { name: "__Host-a", domain: "example.com" } } }),
      message: /\/sticky\/cookie\/domain: expected none/,
    },
    {
      reason: "a __Host- cookie with another path",
      document: route({ split, sticky: { cookie: { name: "__Host-a", path: "/shop" } } }),
      message: /\/sticky\/cookie\/path: expected \//,
    },
    {
      reason: "a header that the proxy lives by",
      document: route({ split, header: "Content-Length" }),
      message: /\/(header|responseHeader): expected a header of your own/,
    },
  ],
};

export default cases;
