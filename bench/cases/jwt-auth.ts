// jwt-auth beside Envoy's jwt_authn: tokens seen before, and tokens seen for the first time.
import { generateKeyPairSync, type KeyObject, sign as signBytes, constants } from "node:crypto";
import { type Json, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, type Variant, wire } from "../compare.ts";
import { type Finding, finding } from "../report.ts";

interface Algorithm {
  name: string;
  privateKey: KeyObject;
  jwk: Json;
  sign: (input: Buffer) => Buffer;
}

/** One key per algorithm, and how a JWS is signed with it. */
function algorithm(name: string): Algorithm {
  const pair =
    name === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : name === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privateKey = pair.privateKey;
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), alg: name, kid: name, use: "sig" };
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const options =
    name === "PS256" ? pss : name === "ES256" ? { dsaEncoding: "ieee-p1363" as const } : {};
  const hash = name === "EdDSA" ? null : "sha256";
  return {
    name,
    privateKey,
    jwk,
    sign: (input) => signBytes(hash, input, { key: privateKey, ...options }),
  };
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of about 620 bytes with RS256, as identity providers issue them. */
export function token(by: Algorithm, index: number): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: "https://auth.example.com",
    aud: ["product-api", "account"],
    sub: `user-${index}`,
    iat: now,
    exp: now + 12 * 3600,
    scope: "openid profile email",
    tier: "premium",
    realm_access: { roles: ["offline_access", "uma_authorization"] },
  };
  const input = `${base64url({ alg: by.name, typ: "JWT", kid: by.name })}.${base64url(payload)}`;
  return `${input}.${by.sign(Buffer.from(input)).toString("base64url")}`;
}

export const RS256 = algorithm("RS256");

/** A request with a bearer token. */
export const request = (bearer: string) =>
  wire("/api/products/7", {
    "user-agent": "bench/1.0",
    accept: "*/*",
    authorization: `Bearer ${bearer}`,
  });

/** The guide's policy in Envoy's own filter, as Istio configures it. */
export function native(by: Algorithm, cacheSize = 0): Json {
  const provider: Json = {
    issuer: "https://auth.example.com",
    audiences: ["product-api"],
    forward: true,
    forward_payload_header: "x-jwt-payload",
    payload_in_metadata: "payload",
    local_jwks: { inline_string: JSON.stringify({ keys: [by.jwk] }) },
  };
  if (cacheSize > 0) provider.jwt_cache_config = { jwt_cache_size: cacheSize };
  return nativeFilter("envoy.filters.http.jwt_authn", "jwt_authn.v3.JwtAuthentication", {
    providers: { example: provider },
    rules: [{ match: { prefix: "/" }, requires: { provider_name: "example" } }],
    bypass_cors_preflight: true,
  });
}

/** The same policy in ours. */
export function own(by: Algorithm, entries = 1024): Json {
  const provider = {
    name: "example",
    issuer: "https://auth.example.com",
    audiences: ["product-api"],
    algorithms: [by.name],
    forwardOriginalToken: true,
    outputPayloadToHeader: "x-jwt-payload",
    jwks: { keys: [by.jwk] },
  };
  return wasmFilter({ name: "jwt-auth", config: { providers: [provider], cache: { entries } } });
}

async function seen(by: Algorithm, effort: Effort): Promise<Finding[]> {
  const bearer = request(token(by, 0));
  const variants: Variant[] = [
    { name: "none", request: () => bearer },
    { name: "native", filters: [native(by)], request: () => bearer },
    { name: "native-cache", filters: [native(by, 1000)], request: () => bearer },
    { name: "own", filters: [own(by)], request: () => bearer },
  ];
  const measured = await measure(variants, effort);
  const [ours, plain, cached] = ["own", "native", "native-cache"].map((name) =>
    added(measured, name),
  ) as [number, number, number];
  const detail = `own +${ours.toFixed(2)} µs, native +${plain.toFixed(2)}, with its cache +${cached.toFixed(2)}`;
  const findings = [finding(`jwt-auth/seen-${by.name}`, ours / plain, detail)];
  if (by.name === "RS256")
    findings.push(finding("jwt-auth/seen-against-native-cache", ours / cached, detail));
  return findings;
}

/** More tokens in turn than our smallest cache holds, so that each is verified each time. */
async function first(by: Algorithm, effort: Effort): Promise<Finding> {
  const tokens = Array.from({ length: 300 }, (_, index) => request(token(by, index)));
  const next = (index: number) => tokens[index % tokens.length]!;
  const measured = await measure(
    [
      { name: "none", request: next },
      { name: "native", filters: [native(by)], request: next },
      { name: "own", filters: [own(by, 16)], request: next },
    ],
    { ...effort, requests: Math.ceil(effort.requests / 2) },
  );
  const [ours, plain] = [added(measured, "own"), added(measured, "native")];
  return finding(
    `jwt-auth/first-${by.name}`,
    ours / plain,
    `own +${ours.toFixed(2)} µs, native +${plain.toFixed(2)}`,
  );
}

/**
 * Ten thousand tokens in turn, ten times as many as the cache keeps: what the proxy grows by once
 * it is full.
 */
async function distinct(by: Algorithm, effort: Effort): Promise<Finding> {
  const requests = Math.min(10_000, effort.requests);
  const tokens = Array.from({ length: requests }, (_, index) => request(token(by, index)));
  const resident: number[] = [];
  const variant: Variant = { name: "own", filters: [own(by)], request: (index) => tokens[index]! };
  const onRound = (bytes: number) => void resident.push(bytes);
  await measure([variant], { connections: effort.connections, requests, rounds: 5, onRound });
  const [full, last] = [resident[1]!, resident.at(-1)!].map((bytes) => bytes / 1024 / 1024) as [
    number,
    number,
  ];
  const detail = `${full.toFixed(1)} MiB resident after two rounds of ${requests}, ${last.toFixed(1)} after six`;
  return finding("jwt-auth/distinct-tokens", Math.max(0, last - full), detail);
}

export async function run(effort: Effort): Promise<Finding[]> {
  const [es, ps, ed] = ["ES256", "PS256", "EdDSA"].map(algorithm) as [
    Algorithm,
    Algorithm,
    Algorithm,
  ];
  const findings: Finding[] = [];
  for (const by of [RS256, es, ed]) findings.push(...(await seen(by, effort)));
  for (const by of [RS256, es, ps, ed]) findings.push(await first(by, effort));
  findings.push(await distinct(es, effort));
  return findings;
}
