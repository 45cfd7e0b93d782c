// Tokens and keys for tests, made by another library than what is tested. Keys are generated once
// per process.
import * as jose from "jose";

/** Key name → its algorithm. `*2` are second keys of the same kind, for rotation and mix-ups. */
const algorithms = {
  rs1: "RS256",
  rs2: "RS256",
  rs384: "RS384",
  rs512: "RS512",
  ps1: "PS256",
  ps384: "PS384",
  ps512: "PS512",
  es1: "ES256",
  es2: "ES256",
  es384: "ES384",
  es512: "ES512",
  ed1: "EdDSA",
  ed2: "EdDSA",
  hs1: "HS256",
  hs2: "HS256",
  hs384: "HS384",
  hs512: "HS512",
} as const;

export type KeyName = keyof typeof algorithms;
export const keyNames = Object.keys(algorithms) as KeyName[];

interface TestKey {
  algorithm: string;
  signing: jose.CryptoKey | Uint8Array;
  jwk: jose.JWK;
}

const made = new Map<KeyName, Promise<TestKey>>();

/** The key of that name; its `kid` is the name. */
export function keyNamed(name: KeyName): Promise<TestKey> {
  let key = made.get(name);
  if (!key) made.set(name, (key = makeKey(name)));
  return key;
}

async function makeKey(name: KeyName): Promise<TestKey> {
  const algorithm = algorithms[name];
  if (!algorithm) throw new Error(`no test key ${name}; there are ${keyNames.join(", ")}`);
  if (algorithm.startsWith("HS")) {
    const secret = Buffer.alloc(Number(algorithm.slice(2)) / 8, `secret of ${name} `);
    return {
      algorithm,
      signing: secret,
      jwk: { kty: "oct", k: secret.toString("base64url"), alg: algorithm, kid: name },
    };
  }
  const { publicKey, privateKey } = await jose.generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: name, alg: algorithm, use: "sig" };
  return { algorithm, signing: privateKey, jwk };
}

/** The public key set of these keys; default: all asymmetric ones. */
export async function jwks(...names: KeyName[]): Promise<{ keys: jose.JWK[] }> {
  const wanted = names.length > 0 ? names : keyNames.filter((name) => !name.startsWith("hs"));
  return { keys: await Promise.all(wanted.map(async (name) => (await keyNamed(name)).jwk)) };
}

export interface TokenOptions {
  key?: KeyName;
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
}

/**
 * A signed token in compact form. Nothing is added to the claims; the header gets `alg` and `kid`
 * unless given.
 */
export async function token({
  key = "rs1",
  claims = {},
  header = {},
}: TokenOptions = {}): Promise<string> {
  const { algorithm, signing } = await keyNamed(key);
  const protectedHeader = { alg: algorithm, kid: key as string | undefined, ...header };
  if (protectedHeader.kid === null || protectedHeader.kid === "none") delete protectedHeader.kid;
  return new jose.SignJWT(claims).setProtectedHeader(protectedHeader).sign(signing);
}

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

/** `+1h`, `-90s` from `nowSeconds`; a plain number stays. */
function time(text: string, nowSeconds: number): number {
  const match = text.match(/^([+-])(\d+)([smhd])$/);
  if (!match) return Number(text);
  return nowSeconds + (match[1] === "-" ? -1 : 1) * Number(match[2]) * seconds[match[3]!]!;
}

const registered: Record<string, string> = { issuer: "iss", audience: "aud", subject: "sub" };

/**
 * The words of a placeholder as token options: `issuer=… audience=a,b subject=… exp=+1h key=rs1
 * kid=… alg=… tamper=signature`; any other `name=value` is a claim, whose value may be JSON.
 * Without `exp` the token is valid for an hour, `exp=none` has none.
 */
export async function tokenFromWords(words: string[], nowSeconds: number): Promise<string> {
  const options: TokenOptions = { claims: { exp: nowSeconds + 3600 }, header: {} };
  let tamper = "";
  for (const word of words) {
    const cut = word.indexOf("=");
    if (cut < 1) throw new Error(`token: expected name=value, got ${word}`);
    const [name, value] = [word.slice(0, cut), word.slice(cut + 1)];
    if (name === "key") options.key = value as KeyName;
    else if (name === "kid" || name === "alg" || name === "typ") options.header![name] = value;
    else if (name === "tamper") tamper = value;
    else options.claims![registered[name] ?? name] = claimValue(name, value, nowSeconds);
  }
  for (const [name, value] of Object.entries(options.claims!))
    if (value === undefined) delete options.claims![name];
  return tampered(await token(options), tamper);
}

function claimValue(name: string, value: string, nowSeconds: number): unknown {
  if (value === "none") return undefined;
  if (["exp", "nbf", "iat"].includes(name)) return time(value, nowSeconds);
  if (name === "audience" && value.includes(",")) return value.split(",");
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * `signature`: one bit of the signature is other; `payload`: another payload under the same
 * signature; `none`: no signature.
 */
function tampered(compact: string, how: string): string {
  const [header, payload, signature] = compact.split(".") as [string, string, string];
  if (how === "") return compact;
  if (how === "none") return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
  if (how === "payload") {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    return `${header}.${Buffer.from(JSON.stringify({ ...claims, admin: true })).toString("base64url")}.${signature}`;
  }
  if (how !== "signature") throw new Error(`token: tamper=${how} is not known`);
  const bytes = Buffer.from(signature, "base64url");
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  return `${header}.${payload}.${bytes.toString("base64url")}`;
}

/**
 * Replaces `{{token …}}`, `{{jwks}}`, `{{jwks rs1 es1}}` and `{{secret hs1}}` in every text of a
 * document. A text that is nothing but a key set placeholder becomes the object itself.
 */
export async function fillPlaceholders<T>(
  document: T,
  nowSeconds = Math.floor(Date.now() / 1000),
): Promise<T> {
  if (typeof document === "string") return (await fillText(document, nowSeconds)) as T;
  if (Array.isArray(document)) {
    return (await Promise.all(document.map((each) => fillPlaceholders(each, nowSeconds)))) as T;
  }
  if (document === null || typeof document !== "object") return document;
  const entries = Object.entries(document).map(async ([name, value]) => [
    name,
    await fillPlaceholders(value, nowSeconds),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as T;
}

async function fillText(text: string, nowSeconds: number): Promise<unknown> {
  const whole = text.match(/^\{\{jwks((?: \w+)*)\}\}$/);
  if (whole) return jwks(...(words(whole[1]!) as KeyName[]));
  let filled = "";
  let at = 0;
  for (const match of text.matchAll(/\{\{(\w+)((?:[^}]|\}(?!\}))*)\}\}/g)) {
    filled +=
      text.slice(at, match.index) + (await replacement(match[1]!, words(match[2]!), nowSeconds));
    at = match.index + match[0].length;
  }
  return filled + text.slice(at);
}

/** Words by spaces, except inside double quotes, as JSON values may have them. */
const words = (text: string): string[] => text.match(/(?:"(?:[^"\\]|\\.)*"|\S)+/g) ?? [];

async function replacement(kind: string, given: string[], nowSeconds: number): Promise<string> {
  if (kind === "token") return tokenFromWords(given, nowSeconds);
  if (kind === "jwks") return JSON.stringify(await jwks(...(given as KeyName[])));
  if (kind === "secret") return String((await keyNamed(given[0] as KeyName)).jwk.k);
  throw new Error(`no placeholder {{${kind}}}`);
}
