// The same provider through Envoy's own jwt_authn and through ours, side by side in one proxy:
// the same decision, status, text and forwarded headers for every case, except for the
// differences that are meant, each of which must show.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formOf } from "../support/chain.ts";
import { bootstrap, cluster, listener, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";
import {
  AUDIENCE,
  type Case,
  ISSUER,
  OTHER_ISSUER,
  generateCases,
  keys,
  otherKey,
  searchCases,
} from "./jwt-cases.ts";
import { jwksOf } from "./jwt-forge.ts";

const JWKS = JSON.stringify(jwksOf(...Object.values(keys)));
const OTHER_JWKS = JSON.stringify(jwksOf(otherKey));
const CONCURRENT = 24;

/** Each way of doing a provider, in both languages. */
const providers = {
  main: { native: {}, ours: {} },
  forward: { native: { forward: true }, ours: { forwardOriginalToken: true } },
  second: {
    native: { issuer: OTHER_ISSUER, local_jwks: { inline_string: OTHER_JWKS } },
    ours: { issuer: OTHER_ISSUER, jwks: OTHER_JWKS },
  },
  slashed: {
    native: { audiences: [`https://${AUDIENCE}/`] },
    ours: { audiences: [`https://${AUDIENCE}/`] },
  },
  several: { native: { audiences: ["x-api", AUDIENCE] }, ours: { audiences: ["x-api", AUDIENCE] } },
  anyone: { native: { audiences: [] }, ours: { audiences: [] } },
  subject: {
    native: { subjects: { prefix: "spiffe://" } },
    ours: { subjects: { prefix: "spiffe://" } },
  },
  expires: { native: { require_expiration: true }, ours: { requireExpiration: true } },
  lifetime: { native: { max_lifetime: "1800s" }, ours: { maxLifetime: "30m" } },
  places: {
    native: {
      from_headers: [{ name: "x-token" }, { name: "x-prefixed", value_prefix: "jwt:" }],
      from_params: ["t"],
      from_cookies: ["c"],
    },
    ours: {
      fromHeaders: [{ name: "x-token" }, { name: "x-prefixed", prefix: "jwt:" }],
      fromParams: ["t"],
      fromCookies: ["c"],
    },
  },
  kept: {
    native: {
      from_headers: [{ name: "x-token" }],
      from_params: ["t"],
      from_cookies: ["c"],
      forward: true,
    },
    ours: {
      fromHeaders: [{ name: "x-token" }],
      fromParams: ["t"],
      fromCookies: ["c"],
      forwardOriginalToken: true,
    },
  },
  claims: {
    native: {
      forward_payload_header: "x-payload",
      claim_to_headers: [
        { header_name: "x-role", claim_name: "role" },
        { header_name: "x-deep", claim_name: "deep.er" },
        { header_name: "x-url", claim_name: "https://example.com/role" },
      ],
    },
    ours: {
      outputPayloadToHeader: "x-payload",
      outputClaimToHeaders: [
        { header: "x-role", claim: "role" },
        { header: "x-deep", claim: "deep.er" },
        { header: "x-url", claim: "https://example.com/role" },
      ],
    },
  },
};

type Name = keyof typeof providers;
const named = (name: Name) => ({ provider_name: name });
const rules: Record<string, { native: object | undefined; ours: object }> = {
  any: {
    native: { requires_any: { requirements: [named("main"), named("second")] } },
    ours: { anyOf: [{ provider: "main" }, { provider: "second" }] },
  },
  all: {
    native: { requires_all: { requirements: [named("main"), named("kept")] } },
    ours: { allOf: [{ provider: "main" }, { provider: "kept" }] },
  },
  missing: {
    native: { requires_any: { requirements: [named("claims"), { allow_missing: {} }] } },
    ours: { provider: "claims", allowMissing: true },
  },
  failed: {
    native: { requires_any: { requirements: [named("claims"), { allow_missing_or_failed: {} }] } },
    ours: { provider: "claims", allowMissingOrFailed: true },
  },
  open: { native: undefined, ours: { none: true } },
  ...Object.fromEntries(
    (Object.keys(providers) as Name[]).map((name) => [
      name,
      { native: named(name), ours: { provider: name } },
    ]),
  ),
};

function nativeConfig() {
  const common = {
    issuer: ISSUER,
    audiences: [AUDIENCE],
    local_jwks: { inline_string: JWKS },
    clock_skew_seconds: 60,
  };
  return {
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, { native }]) => [name, { ...common, ...native }]),
    ),
    rules: Object.entries(rules).map(([name, { native }]) => ({
      match: { prefix: `/${name}` },
      ...(native && { requires: native }),
    })),
    bypass_cors_preflight: true,
  };
}

function ourConfig(more: object = {}) {
  const algorithms = Object.keys(keys);
  const common = { issuer: ISSUER, audiences: [AUDIENCE], jwks: JWKS, algorithms, ...more };
  return {
    providers: Object.entries(providers).map(([name, { ours }]) => ({ name, ...common, ...ours })),
    rules: Object.entries(rules).map(([name, { ours }]) => ({
      match: [{ uri: { prefix: `/${name}` } }],
      requires: ours,
    })),
    response: { realm: "same" },
    maxVerificationsPerSecond: 1_000_000,
  };
}

interface Outcome {
  status: number;
  /** Of a refusal, else what reached the upstream. */
  body: string;
  challenge: string;
  path: string;
  headers: [string, string][];
}

/** What every request has, or what differs for reasons of its own. */
const ignored = new Set([
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-envoy-expected-rq-timeout-ms",
]);

async function outcomeOf(port: number, { path, method, headers }: Case): Promise<Outcome> {
  const got = await send(port, { path, method, headers });
  // The native realm is the request's address: only what follows it is compared.
  const challenge = got.header("www-authenticate")?.match(/error="([^"]*)"/)?.[1] ?? "";
  if (got.status !== 200)
    return { status: got.status, body: got.body, challenge, path: "", headers: [] };
  const seen = JSON.parse(got.body) as { path: string; headers: [string, string][] };
  const kept = seen.headers
    .filter(([name]) => !ignored.has(name))
    .sort(([a, x], [b, y]) => (a + x < b + y ? -1 : 1));
  return { status: 200, body: "", challenge, path: seen.path, headers: kept };
}

/**
 * The differences that are meant: the name in the cases, and the row of the README's table that
 * says why.
 */
const differences: Record<
  string,
  {
    row: string;
    native: (outcome: Outcome) => boolean;
    ours: (outcome: Outcome, native: Outcome) => boolean;
  }
> = {
  "exp-zero": {
    row: "`exp: 0`",
    native: ({ status }) => status === 200,
    ours: ({ body }) => body === "Jwt is expired",
  },
  "scheme-case": {
    row: "`bearer` in any case",
    native: ({ body }) => body === "Jwt is missing",
    ours: ({ body }) => body !== "Jwt is missing",
  },
  "list-of-tokens": {
    row: "several credentials in one header",
    native: ({ status }) => status === 401,
    ours: ({ status }) => status === 200,
  },
  "prefix-inside": {
    row: "a prefix is a prefix",
    native: ({ body }) => body !== "Jwt is missing",
    ours: ({ body }) => body === "Jwt is missing",
  },
  "every-value": {
    row: "every value of a parameter",
    native: ({ status }) => status === 200,
    ours: ({ body }) => body === "Jwt is expired",
  },
  "cookie-removed": {
    row: "a cookie's token is removed",
    native: ({ status, headers }) =>
      status === 200 && headers.some(([, value]) => /(^|; )c=/.test(value)),
    ours: ({ status, headers }) =>
      status === 200 && !headers.some(([, value]) => /(^|; )c=/.test(value)),
  },
  "claim-as-json": {
    row: "arrays, objects and null",
    native: ({ headers }) =>
      headers.some(([name, value]) => name === "x-role" && isBase64Json(value)),
    ours: ({ headers }) => headers.some(([name]) => name === "x-role"),
  },
  "large-numbers": {
    row: "integers above 2^53",
    native: ({ headers }) => !headers.some(([, value]) => value === "12345678901234567890"),
    ours: ({ headers }) =>
      headers.some(([name, value]) => name === "x-role" && value === "12345678901234567890"),
  },
  "numbers-as-written": {
    row: "numbers as written",
    native: ({ headers }) =>
      headers.some(([name, value]) => name === "x-role" && value.includes("00000")),
    ours: ({ headers }) =>
      headers.some(([name, value]) => name === "x-role" && !value.includes("00000")),
  },
  "header-once": {
    row: "a header once",
    native: ({ status }) => status === 200,
    ours: ({ headers }) => headers.filter(([name]) => name === "x-payload").length === 1,
  },
  "one-bad-of-several": {
    row: "one bad token of several",
    native: ({ headers }) => headers.some(([name]) => name === "x-payload"),
    ours: ({ headers }) => !headers.some(([name]) => name === "x-payload"),
  },
  "own-texts": {
    row: "reasons of their own",
    native: ({ body }) => body === "Jwt verification fails",
    ours: ({ status, body }, native) =>
      native.status === status && !body.includes("verification fails"),
  },
  "strict-json": {
    row: "strict JSON",
    native: ({ status }) => status === 401,
    ours: ({ status }, native) => status === 401 && native.status === 401,
  },
  "strict-base64": {
    row: "strict base64url",
    native: ({ status }) => status === 401,
    ours: ({ status }, native) => status === 401 && native.status === 401,
  },
  "stray-dots": {
    row: "stray dots",
    native: ({ body }) => !body.startsWith("Jwt is not in the form"),
    ours: ({ body }) => body.startsWith("Jwt is not in the form"),
  },
  crit: {
    row: "`crit`",
    native: ({ status }) => status === 200,
    ours: ({ status }) => status === 401,
  },
  typ: {
    row: "`typ`",
    native: ({ status }) => status === 200,
    ours: ({ status }) => status === 401,
  },
  padded: {
    row: "padding in base64url",
    native: ({ status }) => status === 200,
    ours: ({ body }) => body === "Jwt header is an invalid Base64url encoded",
  },
  "url-claim": {
    row: "a claim named by a URL",
    native: ({ headers }) => !headers.some(([name]) => name === "x-url"),
    ours: ({ headers }) => headers.some(([name, value]) => name === "x-url" && value === "admin"),
  },
  "longer-ecdsa": {
    row: "bytes behind an ECDSA signature",
    native: ({ status }) => status === 200,
    ours: ({ status }) => status === 401,
  },
};

function isBase64Json(value: string): boolean {
  try {
    return typeof JSON.parse(Buffer.from(value, "base64").toString()) === "object";
  } catch {
    return false;
  }
}

let envoy: RunningEnvoy;
let upstream: Upstream;

before(async () => {
  upstream = await startUpstream();
  const native = nativeFilter(
    "envoy.filters.http.jwt_authn",
    "jwt_authn.v3.JwtAuthentication",
    nativeConfig(),
  );
  envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({ name: "native", filters: [native] }),
        listener({
          name: "ours",
          filters: [wasmFilter(formOf({ name: "jwt-auth", config: ourConfig() }))],
        }),
        listener({
          name: "search",
          filters: [
            wasmFilter(formOf({ name: "jwt-auth", config: ourConfig({ tokenSearch: "envoy" }) })),
          ],
        }),
      ],
      clusters: [cluster({ name: "upstream", endpoints: [upstream.endpoint] })],
    }),
  );
});

after(async () => {
  await envoy?.stop();
  closeConnections();
  await upstream?.close();
});

/** Differences of where tokens are looked for, which `tokenSearch: envoy` does not have. */
const ofSearch = new Set([
  "scheme-case",
  "list-of-tokens",
  "prefix-inside",
  "every-value",
  "cookie-removed",
]);

test("both filters do the same, but for the differences that are meant", async () => {
  const cases = generateCases();
  assert.ok(cases.length >= 2_000, `${cases.length} cases`);
  const shown = await compareAll(cases, "ours", differences);
  assert.deepEqual([...shown].sort(), Object.keys(differences).sort());
  console.log(`${cases.length} cases, ${shown.size} deliberate differences`);
});

test("with tokenSearch envoy both filters find the same tokens in every place", async () => {
  const known = Object.entries(differences).filter(([name]) => !ofSearch.has(name));
  const cases = [...generateCases(), ...searchCases()];
  const shown = await compareAll(cases, "search", Object.fromEntries(known));
  assert.deepEqual([...shown].sort(), known.map(([name]) => name).sort());
});

/** Sends all cases to both filters; gives the differences that showed, fails on any other. */
async function compareAll(
  cases: Case[],
  listenerName: string,
  known: typeof differences,
): Promise<Set<string>> {
  const unexpected: string[] = [];
  const shown = new Set<string>();
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [native, ours] = await Promise.all([
        outcomeOf(envoy.port("native"), next),
        outcomeOf(envoy.port(listenerName), next),
      ]);
      if (next.anyText) native.body = ours.body = "";
      const same = JSON.stringify(native) === JSON.stringify(ours);
      const difference = next.difference === undefined ? undefined : known[next.difference];
      const shows = difference?.native(native) && difference.ours(ours, native);
      if (difference && !same && shows) shown.add(next.difference!);
      else if (difference || !same) unexpected.push(describe(next, native, ours));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  if (process.env.VERBOSE) console.log([...new Set(unexpected)].join("\n"));
  assert.deepEqual(unexpected.slice(0, 40), [], `${unexpected.length} of ${cases.length} cases`);
  assert.doesNotMatch(envoy.log(), /trap/);
  return shown;
}

function describe(what: Case, native: Outcome, ours: Outcome): string {
  const brief = (outcome: Outcome) =>
    outcome.status === 200
      ? `200 ${outcome.path} ${JSON.stringify(outcome.headers)}`
      : `${outcome.status} ${outcome.body}`;
  return `${what.name} [${what.difference ?? ""}]\n  native ${brief(native)}\n  ours   ${brief(ours)}`;
}

test("the README's table has every difference", () => {
  const readme = readFileSync(
    join(import.meta.dirname, "../../assembly/filters/jwt-auth/README.md"),
    "utf8",
  );
  const missing = Object.values(differences).filter(({ row }) => !readme.includes(`| ${row}`));
  assert.deepEqual(
    missing.map(({ row }) => row),
    [],
  );
});
