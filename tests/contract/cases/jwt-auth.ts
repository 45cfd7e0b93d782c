// Settings of jwt-auth for the contract test.
import type { Cases } from "../cases.ts";
import { everyMatch, matchReasons } from "../match-cases.ts";

/** The RSA key of RFC 7515, appendix A.2.1. */
const rsa = {
  kty: "RSA",
  kid: "rfc7515-a2",
  use: "sig",
  alg: "RS256",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  e: "AQAB",
};
const jwks = { keys: [rsa] };
const inline = (name: string, more: object = {}) => ({
  name,
  issuer: `https://${name}.example.com`,
  jwks,
  ...more,
});

const everything = {
  instance: "edge/auth",
  mode: "report",
  providers: [
    {
      name: "remote",
      issuer: "https://auth.example.com",
      audiences: ["product-api", "https://product-api/"],
      subjects: { regex: "[a-z]+" },
      jwksUri: "https://auth.example.com/.well-known/jwks.json",
      jwksCluster: "outbound|443||auth.example.com",
      jwksHeaders: [{ name: "X-Api-Key", value: "key" }],
      timeout: "2s",
      cacheDuration: "5m",
      staleFor: "12h",
      algorithms: ["RS256", "ES256", "EdDSA", "Ed25519", "PS512"],
      types: ["JWT", "at+jwt", "application/secevent+jwt"],
      fromHeaders: [
        { name: "Authorization", prefix: "Bearer " },
        { name: "x-token" },
        { name: "sec-websocket-protocol", prefix: "bearer, " },
        { name: "sec-websocket-protocol", prefix: "base64url.bearer.authorization.k8s.io." },
      ],
      fromParams: ["access_token"],
      fromCookies: ["session"],
      forwardOriginalToken: true,
      tokenSearch: "envoy",
      outputMatchToHeaders: [{ header: "x-admin", claims: [{ claim: "role", exact: "admin" }] }],
      outputPayloadToHeader: "x-jwt-payload",
      outputClaimToHeaders: [
        { header: "x-user", claim: "sub" },
        { header: "x-roles", claim: ["https://example.com/claims", "roles"] },
        { header: "x-tenant", claim: "https://example.com/tenant" },
      ],
      spaceDelimitedClaims: ["groups"],
      clockSkew: "30s",
      requireExpiration: true,
      maxLifetime: "24h",
      requiredClaims: ["sub", ["https://example.com/claims", "tenant"]],
      denyTokens: [{ issuer: "https://auth.example.com", jti: "stolen" }, { jti: "lost" }],
    },
    {
      name: "tenants",
      issuerPattern: { regex: "https://login\\.example\\.com/[0-9a-f-]+/v2\\.0" },
      jwks,
    },
    {
      name: "found",
      issuer: "https://accounts.example.com",
      discovery: true,
      discoveryCluster: "accounts",
      jwksHeaders: [{ name: "x-key", valueFromEnv: "KEYS_KEY" }],
    },
    { name: "text", jwks: JSON.stringify(jwks) },
    { name: "secret", issuer: "internal", secretFromEnv: "JWT_SECRET", algorithms: ["HS256"] },
  ],
  rules: [
    { name: "health", match: [{ uri: { exact: "/health" } }], requires: { none: true } },
    {
      match: everyMatch,
      requires: {
        anyOf: [
          { provider: "remote", audiences: ["admin-api"] },
          {
            allOf: [{ provider: "tenants" }, { provider: "text", allowMissingOrFailed: true }],
            allowMissing: true,
          },
        ],
      },
      claims: [
        { claim: "scope", contains: "write" },
        { claim: "level", equals: 3 },
        { claim: "ratio", equals: 0.5 },
        { claim: ["https://example.com/claims", "roles"], oneOf: ["admin", 7, true] },
        { claim: "email", suffix: "@example.com", ignoreCase: true },
        { claim: "sub", prefix: "user-", invert: true },
        { claim: "zone", exact: "eu" },
        { claim: "tenant", regex: "[a-z]{3,}" },
        { claim: "act", present: true, invert: true },
      ],
    },
    { requires: { provider: "found" }, allowMissing: true },
    { match: [{ uri: { prefix: "/open/" } }], allowMissingOrFailed: true },
  ],
  response: {
    realm: "products",
    body: "problem+json",
    cors: {
      allowOrigins: [{ exact: "https://app.example.com" }, { suffix: ".example.com" }],
      allowCredentials: true,
      exposeHeaders: ["WWW-Authenticate"],
    },
  },
  bypassCorsPreflight: false,
  ambiguousPaths: "refuse",
  cache: { entries: 4096, maxTokenBytes: 16384 },
  maxWaiting: 50,
  maxVerificationsPerSecond: 500,
};

export default {
  valid: [
    everything,
    { providers: [inline("least")] },
    { providers: [inline("a"), inline("b")], rules: [{}] },
  ],
  env: { JWT_SECRET: "a secret of at least thirty-two bytes", KEYS_KEY: "k" },
  onlyWasm: [
    {
      reason: "two providers of one name",
      document: { providers: [inline("twice"), inline("twice")] },
      message: /\/providers\/\d+\/name: expected a name no other provider has/,
    },
    {
      reason: "a provider that nobody defines",
      document: { providers: [inline("a")], rules: [{ requires: { provider: "b" } }] },
      message: /\/requires(\/\w+)*\/provider: expected the name of one of the providers/,
    },
    {
      reason: "a key set without a key that can be used",
      document: { providers: [inline("a", { jwks: { keys: [{ ...rsa, e: "AQ" }] } })] },
      message: /\/providers\/\d+\/jwks: expected a key set; /,
    },
    {
      reason: "an address that cannot be fetched",
      document: { providers: [{ name: "a", jwksUri: "https://auth.example.com:99999/keys" }] },
      message: /\/providers\/\d+\/(jwksUri|issuer): expected an http or https address/,
    },
    {
      reason: "a variable that is not set, or holds no secret",
      document: { providers: [{ name: "a", secretFromEnv: "NOT_SET" }] },
      message: /\/providers\/\d+\/secretFromEnv: expected /,
    },
    {
      reason: "a variable of a header that is not set",
      document: {
        providers: [
          {
            name: "a",
            jwksUri: "https://auth.example.com/",
            jwksHeaders: [{ name: "x-key", valueFromEnv: "NOT_SET" }],
          },
        ],
      },
      message: /\/providers\/\d+\/jwksHeaders\/\d+\/valueFromEnv: the variable is missing or empty/,
    },
    {
      reason: "a private key",
      document: { providers: [inline("a", { jwks: { keys: [{ ...rsa, d: "AQAB" }] } })] },
      message: /\/providers\/\d+\/jwks: private key at \/keys\/0; expected public keys/,
    },
    {
      reason: "a secret without an algorithm that takes it",
      document: { providers: [{ name: "a", secretFromEnv: "JWT_SECRET" }] },
      message: /\/providers\/\d+\/secretFromEnv: expected algorithms to list HS256/,
    },
    {
      reason: "durations out of bounds",
      document: { providers: [{ name: "a", jwksUri: "https://auth.example.com/", timeout: "2m" }] },
      message:
        /\/providers\/\d+\/(timeout|cacheDuration|staleFor|clockSkew|maxLifetime): expected at (least|most) /,
    },
    {
      reason: "claims where no token is needed",
      document: {
        providers: [inline("a")],
        rules: [{ requires: { none: true }, claims: [{ claim: "a", equals: 1 }] }],
      },
      message: /\/claims: expected none where no token is needed/,
    },
    {
      reason: "requirements in requirements, too many",
      document: {
        providers: [inline("a")],
        rules: [
          {
            requires: Array.from({ length: 9 }).reduce((inner) => ({ anyOf: [inner] }), {
              provider: "a",
            }),
          },
        ],
      },
      message: /\/anyOf: expected at most 8 levels/,
    },
    {
      reason: "a regular expression that is none",
      document: { providers: [inline("a", { subjects: { regex: "(" } })] },
      message: matchReasons[0]!,
    },
  ],
} satisfies Cases;
