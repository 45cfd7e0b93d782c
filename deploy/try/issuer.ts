// Tokens for requests that never leave this machine: keys made in each run, and the key set
// that goes with them. Knows JWS; refuses to know which filter reads them.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { ToolError } from "../core/problem.ts";

interface Algorithm {
  make(): { privateKey: KeyObject; publicKey: KeyObject };
  /** Of the digest; EdDSA has its own. */
  hash: string | null;
}

const algorithms: Record<string, Algorithm> = {
  ES256: { make: () => generateKeyPairSync("ec", { namedCurve: "P-256" }), hash: "sha256" },
  RS256: { make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }), hash: "sha256" },
  EdDSA: { make: () => generateKeyPairSync("ed25519"), hash: null },
};

/** What a provider asks of its tokens: taken where a token's words do not say otherwise. */
export interface Defaults {
  issuer?: string;
  audience?: string;
  algorithm?: string;
}

export class Issuer {
  private readonly keys = new Map<string, { kid: string; privateKey: KeyObject; jwk: object }>();
  private readonly defaults: Defaults;

  constructor(defaults: Defaults = {}) {
    this.defaults = defaults;
  }

  /** True once a token was made: only then is there a reason to answer for anybody's keys. */
  get isUsed(): boolean {
    return this.keys.size > 0;
  }

  /** The public halves (RFC 7517). */
  keySet(): { keys: object[] } {
    return { keys: [...this.keys.values()].map(({ jwk }) => jwk) };
  }

  /**
   * A signed token in compact form (RFC 7515). Words: `issuer=… audience=a,b subject=… exp=+1h
   * nbf=… iat=… alg=RS256 kid=… tamper=signature`; any other `name=value` is a claim, whose value
   * may be JSON; `name=none` leaves it out. Throws `usage`.
   */
  token(words: string[], nowSeconds: number): string {
    const given = new Map(words.map(pairOf));
    const take = (name: string, otherwise?: string) => {
      const value = given.get(name) ?? otherwise;
      given.delete(name);
      return value;
    };
    const algorithm = take("alg", this.defaults.algorithm ?? "ES256")!;
    const key = this.keyFor(algorithm);
    const kid = take("kid", key.kid);
    const tamper = take("tamper");
    const audience = take("audience", this.defaults.audience);
    const claims: Record<string, unknown> = {
      iss: take("issuer", this.defaults.issuer),
      aud: audience?.includes(",") ? audience.split(",") : audience,
      sub: take("subject", "alice"),
      iat: nowSeconds,
      exp: nowSeconds + 3600,
    };
    for (const [name, value] of given) claims[name] = claimOf(name, value, nowSeconds);
    for (const [name, value] of Object.entries(claims))
      if (value === undefined || value === "none") delete claims[name];
    const header = { alg: algorithm, typ: "JWT", ...(kid !== "none" && { kid }) };
    const text = `${encoded(header)}.${encoded(claims)}`;
    const options = { key: key.privateKey, dsaEncoding: "ieee-p1363" } as const;
    return tampered(text, sign(algorithms[algorithm]!.hash, Buffer.from(text), options), tamper);
  }

  private keyFor(algorithm: string) {
    const known = this.keys.get(algorithm);
    if (known) return known;
    const names = Object.keys(algorithms).join(", ");
    if (!algorithms[algorithm])
      throw new ToolError(
        "usage",
        `alg=${algorithm}: no token can be made with it; allowed: ${names}`,
      );
    const { privateKey, publicKey } = algorithms[algorithm].make();
    const kid = `try-${algorithm}-${randomBytes(3).toString("hex")}`;
    const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" };
    const key = { kid, privateKey, jwk };
    this.keys.set(algorithm, key);
    return key;
  }
}

/** The algorithms that tokens can be made with, the quickest first. */
export const madeAlgorithms: readonly string[] = Object.keys(algorithms);

/** Words are divided by blanks, except inside quotes, braces and brackets, as JSON has them. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let depth = 0;
  let isInWord = false;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|./gs)) {
    if (depth === 0 && /^\s$/.test(part)) {
      isInWord = false;
      continue;
    }
    if (part === "{" || part === "[") depth++;
    if ((part === "}" || part === "]") && depth > 0) depth--;
    if (isInWord) words[words.length - 1] += part;
    else words.push(part);
    isInWord = true;
  }
  return words;
}

function pairOf(word: string): [string, string] {
  const cut = word.indexOf("=");
  if (cut < 1)
    throw new ToolError(
      "usage",
      `"${word}" does not describe a token; write words like subject=alice`,
    );
  return [word.slice(0, cut), word.slice(cut + 1)];
}

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

function claimOf(name: string, value: string, nowSeconds: number): unknown {
  const moment = ["exp", "nbf", "iat"].includes(name) ? /^([+-])(\d+)([smhd])$/.exec(value) : null;
  if (moment)
    return nowSeconds + (moment[1] === "-" ? -1 : 1) * Number(moment[2]) * seconds[moment[3]!]!;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * `signature`: one bit is other; `payload`: another payload under the same signature; `none`:
 * unsigned.
 */
function tampered(text: string, signature: Buffer, how: string | undefined): string {
  const [header = "", payload = ""] = text.split(".");
  if (how === "none") return `${encoded({ alg: "none" })}.${payload}.`;
  if (how === "payload") {
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    return `${header}.${encoded({ ...claims, admin: true })}.${signature.toString("base64url")}`;
  }
  if (how === "signature") signature[signature.length >> 1]! ^= 1;
  else if (how !== undefined)
    throw new ToolError("usage", `tamper=${how}: write signature, payload or none`);
  return `${text}.${signature.toString("base64url")}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
