// A million requests leave a machine as large as the first hundred thousand made it: nothing is
// left behind per request.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { filters } from "../../tools/build.ts";
import { BareHost, type BareRequest, encodeHeaders } from "../support/bare-host.ts";

const root = join(import.meta.dirname, "../..");
const REQUESTS = 1_000_000;
/** Caches, pools and tables are full by then. */
const WARM_UP = 100_000;

const encode = (value: object | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token for the bare host, which says of every signature that it holds. */
function token(subject: string, expires = 4_000_000_000): string {
  const claims = {
    iss: "https://auth.example.com",
    aud: "product-api",
    sub: subject,
    exp: expires,
  };
  return `${encode({ alg: "RS256", kid: "a" })}.${encode(claims)}.${"A".repeat(342)}`;
}

const settings: Record<string, object> = {
  "jwt-auth": {
    providers: [
      {
        name: "example",
        issuer: "https://auth.example.com",
        audiences: ["product-api"],
        jwks: { keys: [{ kty: "RSA", kid: "a", n: `${"w".repeat(341)}w`, e: "AQAB" }] },
        outputPayloadToHeader: "x-jwt-payload",
        outputClaimToHeaders: [{ header: "x-sub", claim: "sub" }],
      },
    ],
    rules: [{ match: [{ uri: { prefix: "/open" } }], requires: { none: true } }],
    cache: { entries: 64 },
  },
  "rate-limit": {
    limits: [
      {
        name: "all",
        tokenBucket: { maxTokens: 100_000_000, tokensPerFill: 100_000, fillInterval: "1s" },
      },
      {
        name: "client",
        key: [{ header: "x-api-key" }, { sourceAddress: {} }],
        tokenBucket: { maxTokens: 50, tokensPerFill: 5, fillInterval: "1s" },
      },
    ],
    maxKeys: 100,
    headers: "draft03",
  },
  canary: {
    routes: [
      {
        name: "product",
        variants: [
          { name: "mobile", match: [{ headers: { "user-agent": { regex: ".*Mobile.*" } } }] },
        ],
        split: { stable: 90, canary: 10 },
        sticky: { cookie: { name: "release" } },
        responseHeader: "x-served-by",
        baggage: "variant",
        guard: {
          variant: "canary",
          fallback: "stable",
          maxFailurePercent: 10,
          minRequests: 100,
          window: "10s",
          ejectFor: "10s",
        },
      },
    ],
  },
  "access-log": {
    format: {
      json: {
        time: "%START_TIME%",
        method: "%REQ(:METHOD)%",
        path: "%REQ(:PATH)%",
        status: "%RESPONSE_CODE%",
      },
    },
    sample: { percent: 50 },
    sinks: [{ proxyLog: {} }, { envoyLog: {} }],
  },
};

/** Clients of all kinds: good and bad tokens, keys, cookies, agents, paths. */
const requests: BareRequest[] = Array.from({ length: 500 }, (_, i) => ({
  headers: encodeHeaders([
    [":method", i % 50 === 0 ? "OPTIONS" : "GET"],
    [":path", i % 7 === 0 ? `/open/${i}` : `/api/products/${i}?access=${"x".repeat(i % 90)}`],
    [":authority", "products.example.com"],
    [":scheme", "https"],
    ["user-agent", i % 3 === 0 ? "A Mobile Phone" : `Agent/${i}`],
    ["x-api-key", `client-${i % 170}`],
    ["cookie", i % 4 === 0 ? `release=client-${i}` : `other=${i}`],
    [
      "authorization",
      i % 11 === 0
        ? "Bearer damaged"
        : `Bearer ${token(`user-${i}`, i % 13 === 0 ? 1 : undefined)}`,
    ],
  ]),
}));

for (const name of filters) {
  test(`${name}: ${REQUESTS.toLocaleString("en")} requests, and not a page more`, () => {
    const module = new WebAssembly.Module(readFileSync(join(root, `build/${name}.wasm`)));
    const host = new BareHost(module, settings[name]!);
    const run = (count: number) => {
      for (let i = 0; i < count; i++) host.exchange(requests[i % requests.length]!);
    };
    run(WARM_UP);
    const before = host.memoryBytes;
    run(REQUESTS - WARM_UP);
    assert.equal(host.memoryBytes, before);
    // Both kinds of answer were there to be given.
    if (name !== "access-log") assert.ok(host.writes > 0);
    if (name === "jwt-auth" || name === "rate-limit")
      assert.ok(host.refusals > 0 && host.refusals < REQUESTS);
    assert.ok(before <= 8 << 20, `${before} bytes after the warm-up`);
  });
}
