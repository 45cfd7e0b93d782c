// Key sets as issuers publish them, through Envoy's own jwt_authn and through ours: what the native
// filter reads is read, except where a key was not made for signatures.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  bootstrap,
  directResponse,
  listener,
  nativeFilter,
  wasmFilter,
} from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { selfSigned } from "../support/certificate.ts";
import { closeConnections, send } from "../support/client.ts";
import { type ForgeKey, forge, makeKey } from "./jwt-forge.ts";

const ISSUER = "https://auth.example.com";
const rsa = makeKey("RS256", "rsa");
const ec = shortKey("ES256", "x");
const shortY = shortKey("ES384", "y");
const ed = makeKey("EdDSA", "ed");
const secret = makeKey("HS256", "secret");
/** In every set, so that it is never empty. */
const other = makeKey("ES256", "other");

/** A key one of whose coordinates begins with a zero byte: one in 256 does. */
function shortKey(algorithm: string, member: "x" | "y"): ForgeKey {
  for (;;) {
    const key = makeKey(algorithm, algorithm.toLowerCase());
    if (Buffer.from(key.jwk[member] as string, "base64url")[0] === 0) return key;
  }
}

const withoutZero = (value: unknown) =>
  Buffer.from(value as string, "base64url")
    .subarray(1)
    .toString("base64url");
const withZeros = (value: unknown) =>
  Buffer.concat([Buffer.alloc(3), Buffer.from(value as string, "base64url")]).toString("base64url");
const padded = (value: unknown) => {
  const text = value as string;
  return text + "=".repeat((4 - (text.length % 4)) % 4);
};
const without = ({ jwk }: ForgeKey, ...members: string[]) =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !members.includes(name)));

interface Sample {
  name: string;
  key: ForgeKey;
  /** The JWK instead of the key's own, or the whole set as text. */
  jwk?: object;
  set?: string;
  /** The token's header, where it is not the key's. */
  header?: Record<string, unknown>;
  /** What the native filter does, where it differs; it may not even take the settings. */
  native?: number | "invalid settings";
  ours: number;
}

const optional = [null, "", 7, true, [], {}];
const samples: Sample[] = [
  ...["alg", "use", "key_ops", "kid"].flatMap((member) =>
    optional.map((value) => ({
      name: `${member} is ${JSON.stringify(value)}`,
      key: rsa,
      jwk: { ...rsa.jwk, [member]: value },
      ours: 200,
    })),
  ),
  {
    name: "x lacks its zero byte",
    key: ec,
    jwk: { ...ec.jwk, x: withoutZero(ec.jwk.x) },
    ours: 200,
  },
  {
    name: "y lacks its zero byte",
    key: shortY,
    jwk: { ...shortY.jwk, y: withoutZero(shortY.jwk.y) },
    ours: 200,
  },
  { name: "x has zeros in front", key: ec, jwk: { ...ec.jwk, x: withZeros(ec.jwk.x) }, ours: 200 },
  {
    name: "n has zeros in front",
    key: rsa,
    jwk: { ...rsa.jwk, n: withZeros(rsa.jwk.n) },
    ours: 200,
  },
  { name: "n is padded", key: rsa, jwk: { ...rsa.jwk, n: padded(rsa.jwk.n) }, ours: 200 },
  {
    name: "x and y are padded",
    key: ec,
    jwk: { ...ec.jwk, x: padded(ec.jwk.x), y: padded(ec.jwk.y) },
    ours: 200,
  },
  { name: "x of Ed25519 is padded", key: ed, jwk: { ...ed.jwk, x: padded(ed.jwk.x) }, ours: 200 },
  { name: "k is padded", key: secret, jwk: { ...secret.jwk, k: padded(secret.jwk.k) }, ours: 200 },
  { name: "use is jwt-svid", key: ec, jwk: { ...ec.jwk, use: "jwt-svid" }, ours: 200 },
  { name: "use is SIG", key: ec, jwk: { ...ec.jwk, use: "SIG" }, ours: 200 },
  { name: "key_ops has sign alone", key: ec, jwk: { ...ec.jwk, key_ops: ["sign"] }, ours: 200 },
  { name: "crv is missing", key: ec, jwk: without(ec, "crv"), ours: 200 },
  { name: "crv and alg are missing", key: ec, jwk: without(ec, "crv", "alg"), ours: 200 },
  { name: "crv is missing beside ES384", key: shortY, jwk: without(shortY, "crv"), ours: 200 },
  {
    name: "crv and alg are missing on P-384",
    key: shortY,
    jwk: without(shortY, "crv", "alg"),
    native: 401,
    ours: 200,
  },
  {
    name: "crv of Ed25519 is missing beside EdDSA",
    key: ed,
    jwk: without(ed, "crv"),
    native: 401,
    ours: 200,
  },
  {
    name: "everything optional is missing",
    key: rsa,
    jwk: without(rsa, "alg", "use", "kid"),
    ours: 200,
  },
  {
    name: "a map of key id to certificate",
    key: rsa,
    set: JSON.stringify({
      older: selfSigned("older", makeKey("RS256").privateKey).certificate,
      rsa: selfSigned("issuer", rsa.privateKey).certificate,
    }),
    ours: 200,
  },
  {
    name: "a map of key id to certificate of an EC key",
    key: ec,
    set: JSON.stringify({ es256: selfSigned("issuer", ec.privateKey).certificate }),
    native: "invalid settings",
    ours: 200,
  },
  {
    name: "PEM",
    key: rsa,
    set: createPublicKey(rsa.privateKey!).export({ type: "spki", format: "pem" }) as string,
    native: "invalid settings",
    ours: 200,
  },
  {
    name: "alg of the token is Ed25519",
    key: ed,
    header: { alg: "Ed25519" },
    native: 401,
    ours: 200,
  },
  {
    name: "alg of key and token is Ed25519",
    key: ed,
    jwk: { ...ed.jwk, alg: "Ed25519" },
    header: { alg: "Ed25519" },
    native: 401,
    ours: 200,
  },
  {
    name: "alg of the key is Ed25519, of the token EdDSA",
    key: ed,
    jwk: { ...ed.jwk, alg: "Ed25519" },
    native: 401,
    ours: 200,
  },
  // Keys that were not made for these signatures.
  { name: "use is enc", key: rsa, jwk: { ...rsa.jwk, use: "enc" }, native: 200, ours: 401 },
  {
    name: "use is x509-svid",
    key: ec,
    jwk: { ...ec.jwk, use: "x509-svid" },
    native: 200,
    ours: 401,
  },
  {
    name: "key_ops has encrypt alone",
    key: rsa,
    jwk: { ...rsa.jwk, key_ops: ["encrypt"] },
    native: 200,
    ours: 401,
  },
  { name: "alg is another one", key: rsa, jwk: { ...rsa.jwk, alg: "RS384" }, ours: 401 },
  { name: "alg is for encryption", key: rsa, jwk: { ...rsa.jwk, alg: "RSA-OAEP" }, ours: 401 },
  { name: "crv is another one", key: ec, jwk: { ...ec.jwk, crv: "P-384", alg: null }, ours: 401 },
  { name: "kid is another one", key: ec, jwk: { ...ec.jwk, kid: "another" }, ours: 401 },
  { name: "x is of another point", key: ec, jwk: { ...ec.jwk, x: other.jwk.x }, ours: 401 },
];

const pathOf = (index: number) => `/${index}/`;
const setOf = ({ key, jwk, set }: Sample) =>
  set ?? JSON.stringify({ keys: [jwk ?? key.jwk, other.jwk] });

const nativeSetOf = (sample: Sample) =>
  sample.native === "invalid settings" ? JSON.stringify({ keys: [other.jwk] }) : setOf(sample);

describe("a key set as issuers publish it", () => {
  let envoy: RunningEnvoy;

  before(async () => {
    const native = nativeFilter("envoy.filters.http.jwt_authn", "jwt_authn.v3.JwtAuthentication", {
      providers: Object.fromEntries(
        samples.map((sample, i) => [
          `p${i}`,
          { issuer: ISSUER, local_jwks: { inline_string: nativeSetOf(sample) } },
        ]),
      ),
      rules: samples.map((_, i) => ({
        match: { prefix: pathOf(i) },
        requires: { provider_name: `p${i}` },
      })),
    });
    const algorithms = ["RS256", "ES256", "ES384", "EdDSA", "HS256"];
    const ours = wasmFilter({
      name: "jwt-auth",
      config: {
        providers: samples.map((sample, i) => ({
          name: `p${i}`,
          issuer: ISSUER,
          algorithms,
          jwks: setOf(sample),
        })),
        rules: samples.map((_, i) => ({
          match: [{ uri: { prefix: pathOf(i) } }],
          requires: { provider: `p${i}` },
        })),
      },
    });
    envoy = await launchEnvoy(
      bootstrap({
        listeners: [
          listener({ name: "native", filters: [native], routes: [directResponse(200, "in")] }),
          listener({ name: "ours", filters: [ours], routes: [directResponse(200, "in")] }),
        ],
      }),
      { concurrency: 1 },
    );
  });

  after(async () => {
    await envoy?.stop();
    closeConnections();
  });

  for (const [index, { name, key, header, native, ours }] of samples.entries()) {
    it(`${ours === 200 ? "is used" : "is not used"} where ${name}`, async () => {
      const exp = Math.floor(Date.now() / 1000) + 600;
      const authorization = `Bearer ${forge(key, { iss: ISSUER, exp }, header)}`;
      const ask = async (port: number) =>
        (await send(port, { path: pathOf(index), headers: { authorization } })).status;
      assert.equal(await ask(envoy.port("ours")), ours, "ours");
      const nativeStatus = native === "invalid settings" ? 401 : (native ?? ours);
      assert.equal(await ask(envoy.port("native")), nativeStatus, "native");
      const forged = `Bearer ${forge({ ...other, kid: key.kid }, { iss: ISSUER, exp }, { kid: key.kid, alg: key.algorithm })}`;
      const refused = await send(envoy.port("ours"), {
        path: pathOf(index),
        headers: { authorization: forged },
      });
      assert.equal(refused.status, 401, "signed by another key");
    });
  }
});
