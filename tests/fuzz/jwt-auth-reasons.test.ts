// Each reason that refusal.ts names, provoked once, with its status, text and challenge.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { type CallOutcome, Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type Claims, forge, jwksOf, makeKey, signed } from "../envoy/jwt-forge.ts";

const rows = readFileSync(
  join(import.meta.dirname, "../../assembly/filters/jwt-auth/answers/refusal.ts"),
  "utf8",
);
const named = [...rows.matchAll(/^ {2}row\(JwtStatus\.\w+, \d+, \w+, "([a-z0-9_]+)",/gm)].map(
  ([, reason]) => reason!,
);

const ISSUER = "https://auth.example.com";
const key = makeKey("ES256");
const ed = makeKey("EdDSA");
const module = Module.load("build/jwt-auth.wasm");
const now = Math.floor(Date.now() / 1000);
const claims = (more: Claims = {}): Claims => ({
  iss: ISSUER,
  aud: "api",
  sub: "ada",
  exp: now + 600,
  ...more,
});
const good = (more: Claims = {}, header: Claims = {}) => forge(key, claims(more), header);
const encoded = (text: string) => Buffer.from(text).toString("base64url");
const parts = (token: string) => token.split(".") as [string, string, string];
const withPart = (part: number, text: string) =>
  parts(good())
    .map((each, i) => (i === part ? text : each))
    .join(".");

interface Provoked {
  token?: string;
  headers?: Record<string, string | string[]>;
  path?: string;
  method?: string;
  status?: number;
  provider?: object;
  config?: object;
  call?: CallOutcome;
}

const shut = { provider: { jwks: undefined, jwksUri: "https://auth.example.com/keys" } };

/** By reason. Status 401 unless said. */
const provoked: Record<string, Provoked | undefined> = {
  missing: {},
  too_long: { token: good({ filler: "x".repeat(60_000) }) },
  bad_format: { token: "a.b" },
  header_bad_base64: { token: withPart(0, "a*") },
  header_bad_json: { token: withPart(0, encoded('{"alg":"ES256"')) },
  header_bad_alg: { token: withPart(0, encoded('{"alg":1}')) },
  alg_unsupported: { token: withPart(0, encoded('{"alg":"none"}')) },
  header_bad_kid: { token: withPart(0, encoded('{"alg":"ES256","kid":1}')) },
  header_bad_typ: { token: withPart(0, encoded('{"alg":"ES256","typ":1}')) },
  typ_not_accepted: { token: good({}, { typ: "logout+jwt" }) },
  crit_unsupported: { token: good({}, { crit: ["exp"] }) },
  alg_not_allowed: { token: good(), provider: { algorithms: ["RS256"] } },
  payload_bad_base64: { token: withPart(1, "e3=") },
  payload_bad_json: { token: withPart(1, encoded("[]")) },
  iss_not_string: { token: good({ iss: 1 }) },
  sub_not_string: { token: good({ sub: null }) },
  jti_not_string: { token: good({ jti: {} }) },
  aud_not_string: { token: good({ aud: [1] }) },
  iat_not_integer: { token: good({ iat: "1" }) },
  iat_out_of_range: { token: good({ iat: -1 }) },
  nbf_not_integer: { token: good({ nbf: true }) },
  nbf_out_of_range: { token: good({ nbf: -1 }) },
  exp_not_integer: { token: good({ exp: "soon" }) },
  exp_out_of_range: { token: good({ exp: 1e300 }) },
  signature_bad_base64: { token: withPart(2, "a") },
  signature_wrong_length: { token: `${forge(ed, claims())}AAAA` },
  verification_fails: { token: withPart(2, encoded("x".repeat(64))) },
  key_not_found: { token: good({}, { kid: "nobody's" }) },
  keys_unavailable: { ...shut, token: good(), status: 503, call: { status: 500 } },
  waiting_full: { ...shut, token: good(), status: 503, config: { maxWaiting: 0 }, call: "never" },
  verification_limit: { token: good(), status: 503, config: { maxVerificationsPerSecond: 1 } },
  issuer_unknown: { token: good({ iss: "https://other.example.com" }) },
  audience_not_allowed: { token: good({ aud: "other" }), status: 403 },
  subject_not_allowed: { token: good(), provider: { subjects: { exact: "bob" } } },
  not_yet_valid: { token: good({ nbf: now + 300 }) },
  expired: { token: good({ exp: now - 300 }) },
  expiration_missing: { token: good({ exp: undefined }), provider: { requireExpiration: true } },
  lifetime_too_long: { token: good(), provider: { maxLifetime: "1m" } },
  denied: { token: good({ jti: "stolen" }), provider: { denyTokens: [{ jti: "stolen" }] } },
  claim_missing: { token: good(), provider: { requiredClaims: ["tenant"] }, status: 403 },
  claim_not_allowed: {
    token: good(),
    config: { rules: [{ claims: [{ claim: "scope", contains: "write" }] }] },
    status: 403,
  },
  too_many_tokens: { path: `/?${"access_token=a&".repeat(9)}`, status: 400 },
  path_ambiguous: {
    path: "/a;b",
    config: { ambiguousPaths: "refuse", rules: [{ match: [{ uri: { exact: "/a" } }] }] },
    status: 400,
  },
  method_unknown: {
    method: "post",
    config: { rules: [{ match: [{ method: { exact: "POST" } }] }] },
    status: 400,
  },
  search_limit: {
    headers: { "x-a": "a".repeat(50_000) },
    config: {
      rules: Array.from({ length: 20 }, (_, i) => ({
        match: [{ headers: { "x-a": { regex: `.*a${i}b.*` } } }],
      })),
    },
    status: 400,
  },
  // The emulator always hands the map over; a proxy does not when it has more than 1,024 headers.
  headers_unreadable: undefined,
};

const errors: Record<string, string> = {
  audience_not_allowed: "invalid_token",
  claim_missing: "insufficient_scope",
  claim_not_allowed: "insufficient_scope",
  too_many_tokens: "invalid_request",
  path_ambiguous: "invalid_request",
  method_unknown: "invalid_request",
  search_limit: "invalid_request",
};

test("every reason there is, and no other, is provoked here", () => {
  assert.ok(named.length > 40);
  assert.deepEqual(Object.keys(provoked).sort(), [...named].sort());
});

describe("a request is refused for", () => {
  for (const [reason, how] of Object.entries(provoked)) {
    if (how) it(reason, () => provoke(reason, how));
  }
});

function provoke(
  reason: string,
  { token, headers, path, method, status = 401, provider, config, call }: Provoked,
): void {
  const jwks = jwksOf(key, ed);
  const proxy = new Proxy({ onCall: () => call ?? "never" });
  const main = { name: "main", issuer: ISSUER, audiences: ["api"], jwks, ...provider };
  proxy.install({ module, config: { providers: [main], ...config } });
  proxy.clock.advance(1_500);
  // What counts against a limit of one a second.
  if (reason === "verification_limit")
    proxy.exchange({ headers: { authorization: `Bearer ${good({ n: 1 })}` } });
  const sent = { ...headers, ...(token && { authorization: `Bearer ${token}` }) };
  const stream = proxy.exchange({ path, method, headers: sent });
  assert.equal(stream.filterState.get("gatehouse_reason")?.toString(), reason);
  assert.equal(stream.responseCode, status);
  const body = stream.responseBody.toString();
  assert.match(stream.details ?? "", /^jwt_authn_access_denied\{[^ ]+\}$/);
  assert.equal(stream.details, `jwt_authn_access_denied{${body.replaceAll(" ", "_")}}`);
  const about = ["path_ambiguous", "method_unknown", "search_limit"].includes(reason)
    ? "none"
    : "main";
  assert.equal(proxy.metrics.get(`gatehouse.jwt-auth.${about}.${reason}`), 1);
  const challenge = stream.responseHeaders!.get("www-authenticate");
  if (status === 503) {
    assert.match(stream.responseHeaders!.get("retry-after") ?? "", /^[1-9]\d*$/);
    return assert.equal(challenge, undefined);
  }
  const error = reason === "missing" ? undefined : (errors[reason] ?? "invalid_token");
  assert.equal(challenge?.match(/ error="(\w+)"/)?.[1], error);
  if (error) assert.equal(challenge?.match(/error_description="([^"]*)"/)?.[1], body);
}

test("no token, key or claim value is in what a refusal says or logs", () => {
  for (const how of Object.values(provoked)) {
    if (!how?.token) continue;
    const proxy = new Proxy();
    const provider = { name: "main", ...how.provider, jwks: jwksOf(key), jwksUri: undefined };
    proxy.install({ module, config: { providers: [provider] } });
    const stream = proxy.exchange({ headers: { authorization: `Bearer ${how.token}` } });
    const told = [
      ...proxy.log.map(({ message }) => message),
      stream.responseBody.toString(),
      stream.details,
    ].join("\n");
    for (const secret of [how.token, "ada", "stolen", signed(key, "x").slice(-20)])
      assert.ok(!told.includes(secret));
  }
});
