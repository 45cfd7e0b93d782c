// Makes tokens, good and bad: signed with node:crypto, so by another implementation than the one
// under test, and with every part open to spoiling, which proper libraries do not allow.
import {
  type JsonWebKey,
  type KeyObject,
  constants,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign as signBytes,
} from "node:crypto";

export type Claims = Record<string, unknown>;

export interface ForgeKey {
  kid: string;
  algorithm: string;
  /** What a JWKS publishes of it. */
  jwk: JsonWebKey & Record<string, unknown>;
  sign: (input: Buffer) => Buffer;
  /** Not of an HMAC secret. */
  privateKey?: KeyObject;
}

const hashOf = (algorithm: string) => `sha${algorithm === "EdDSA" ? "512" : algorithm.slice(2)}`;

/** A fresh key for a JWS algorithm; RSA keys can be shared between RS and PS by `from`. */
export function makeKey(
  algorithm: string,
  kid = `key-${algorithm.toLowerCase()}`,
  from?: KeyObject,
): ForgeKey {
  if (algorithm.startsWith("HS")) return makeSecret(algorithm, kid);
  const privateKey = from ?? generate(algorithm);
  const {
    d: _d,
    p: _p,
    q: _q,
    dp: _dp,
    dq: _dq,
    qi: _qi,
    ...open
  } = privateKey.export({ format: "jwk" }) as Record<string, unknown>;
  return {
    kid,
    algorithm,
    jwk: { ...open, kid, alg: algorithm, use: "sig" },
    privateKey,
    sign: (input) =>
      signBytes(
        algorithm === "EdDSA" ? null : hashOf(algorithm),
        input,
        signing(algorithm, privateKey),
      ),
  };
}

function makeSecret(algorithm: string, kid: string): ForgeKey {
  const secret = randomBytes(64);
  return {
    kid,
    algorithm,
    jwk: { kty: "oct", k: secret.toString("base64url"), kid, alg: algorithm },
    sign: (input) => createHmac(hashOf(algorithm), secret).update(input).digest(),
  };
}

function generate(algorithm: string): KeyObject {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519").privateKey;
  if (!algorithm.startsWith("ES"))
    return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const namedCurve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[algorithm]!;
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

function signing(algorithm: string, key: KeyObject) {
  if (algorithm.startsWith("PS")) {
    return {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    };
  }
  return algorithm.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" as const } : { key };
}

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part), "utf8").toString("base64url");

/**
 * A signed token; `header` and `payload` may be raw text to be encoded as it is, however broken.
 */
export function forge(
  key: ForgeKey,
  payload: Claims | string,
  header: Claims | string = {},
): string {
  const full =
    typeof header === "string"
      ? header
      : { alg: key.algorithm, kid: key.kid, typ: "JWT", ...header };
  return signed(key, `${encode(full)}.${encode(payload)}`);
}

/** `input` as it stands, with a dot and its signature. */
export function signed(key: ForgeKey, input: string): string {
  return `${input}.${key.sign(Buffer.from(input, "latin1")).toString("base64url")}`;
}

export function jwksOf(...keys: ForgeKey[]): { keys: object[] } {
  return { keys: keys.map((key) => key.jwk) };
}

const asymmetric = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/** A fresh key for each algorithm. */
export function keyOfEach(): Record<string, ForgeKey> {
  const algorithms = [...asymmetric, "HS256", "HS384", "HS512"];
  return Object.fromEntries(algorithms.map((algorithm) => [algorithm, makeKey(algorithm)]));
}
