// Documents of rate-limit: what schema and module take, and what only the module can refuse.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Cases } from "../cases.ts";
import { everyMatch } from "../match-cases.ts";

const bucket = { maxTokens: 10, tokensPerFill: 5, fillInterval: "1s" };
const limit = { name: "one", tokenBucket: bucket };
const limits = (...changed: object[]) => ({
  limits: changed.map((change) => ({ ...limit, ...change })),
});

/** The settings that the README shows. */
const readme = readFileSync(
  join(import.meta.dirname, "../../../assembly/filters/rate-limit/README.md"),
  "utf8",
);
const shown = [...readme.matchAll(/```yaml\n([^]*?)```/g)]
  .map(([, text]) => parse(text!))
  .filter((each) => each.limits);

export default {
  valid: [
    ...shown,
    {},
    limits({}),
    {
      instance: "istio-system/edge",
      mode: "report",
      normalizeAuthority: false,
      normalizePath: true,
      ambiguousPaths: "refuse",
      charging: "inOrder",
      limits: [
        {
          name: "every.setting_of-1",
          match: everyMatch,
          key: [
            { header: "X-Api-Key" },
            { claim: "tenant.id" },
            { claim: ["https://example.com/tenant"] },
            { cookie: "session" },
            { queryParam: "user" },
            { sourceAddress: { v4Prefix: 24, v6Prefix: 56 } },
            { method: true },
            { uri: true },
          ],
          tokenBucket: { maxTokens: 4294967295, tokensPerFill: 4294967295, fillInterval: "50ms" },
          overrides: [
            { match: [{ headers: { "x-tier": { exact: "premium" } } }], tokenBucket: bucket },
          ],
          enabled: 99.99,
          enforced: 0.01,
          shadow: true,
          cost: { header: "x-cost", min: 0, max: 10, default: 2 },
          whenRepeated: "first",
          whenMissing: "reject",
          maxKeys: 5000,
        },
        {
          name: "2",
          key: [{ authority: true }, { literal: "é" }, { claim: "https://example.com/plan" }],
          tokenBucket: { maxTokens: 1, fillInterval: "1h30m" },
          cost: 1,
        },
      ],
      maxKeys: 100,
      cors: {
        allowOrigins: [{ exact: "https://a.example" }, { suffix: ".b.example" }],
        allowCredentials: true,
        exposeHeaders: ["X-Limit"],
      },
      chargePreflights: true,
      status: 503,
      body: '{"error":"slow down"}',
      headers: "ietf",
      retryAfter: false,
      responseHeaders: [{ name: "X-Rate-Limit-Limit", value: "1000" }],
      responseHeadersAlways: [{ name: "x-served-by", value: "" }],
      requestHeadersWhenNotEnforced: [{ name: "x-would-be-limited", value: "true" }],
      grpcResourceExhausted: true,
      global: {
        cluster: "outbound|8081||ratelimit.example.com",
        domain: "edge",
        timeout: "250ms",
        onFailure: "deny",
        disableXEnvoyRatelimitedHeader: true,
      },
    },
  ],
  onlyWasm: [
    {
      reason: "two limits of one name",
      document: limits({}, {}),
      message: /\/limits\/\d+\/name: duplicate limit name "\S+"; names must be unique/,
    },
    {
      reason: "a bucket that takes more than a year to fill",
      document: limits({ tokenBucket: { maxTokens: 1000000, fillInterval: "24h" } }),
      message: /\/limits\/\d+(\/overrides\/\d+)?\/tokenBucket: takes more than a year to fill/,
    },
    {
      reason: "an interval shorter than Envoy's shortest",
      document: limits({ tokenBucket: { maxTokens: 1, fillInterval: "49ms" } }),
      message: /\/tokenBucket\/fillInterval: expected at least 50ms/,
    },
    {
      reason: "an interval longer than a year",
      document: limits({ tokenBucket: { maxTokens: 1, fillInterval: "9000h" } }),
      message: /\/tokenBucket\/fillInterval: expected at most/,
    },
    {
      reason: "a duration of more digits than any clock has",
      document: limits({ tokenBucket: { maxTokens: 1, fillInterval: `${"9".repeat(30)}s` } }),
      message: /\/fillInterval: expected a duration/,
    },
    {
      reason: "more room for clients than all limits may have together",
      document: limits(
        { name: "a", key: [{ method: true }], maxKeys: 3000000 },
        { name: "b", key: [{ method: true }], maxKeys: 3000000 },
      ),
      message: /\/limits: the limits' maxKeys together are too many; expected at most 4000000/,
    },
    {
      reason: "a cost that no bucket of the limit can ever hold",
      document: limits({ cost: 11 }),
      message: /\/limits\/\d+\/cost: expected at most maxTokens/,
    },
    {
      reason: "a least cost above the most",
      document: limits({ cost: { header: "x-cost", min: 3, max: 2 } }),
      message: /\/limits\/\d+\/cost\/min: expected at most max/,
    },
    {
      reason: "a default cost above the most",
      document: limits({ cost: { header: "x-cost", max: 2, default: 3 } }),
      message: /\/limits\/\d+\/cost\/default: expected at most max/,
    },
    {
      reason: "a timeout of nothing",
      document: { global: { cluster: "c", domain: "d", timeout: "0s" } },
      message: /\/global\/timeout: expected at least 1ms/,
    },
    {
      reason: "a timeout beyond a minute",
      document: { global: { cluster: "c", domain: "d", timeout: "2m" } },
      message: /\/global\/timeout: expected at most 60s/,
    },
  ],
} satisfies Cases;
