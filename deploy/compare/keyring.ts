// Keys and tokens for requests that never leave this machine. Each source of keys that a resource
// names (an address, an issuer, an inline set) gets a key of its own, which nobody else has. They
// are secrets (HS256): thousands of tokens are signed and checked in no time.
import { createHmac, randomBytes } from "node:crypto";
import { listOf, textAt } from "../core/value.ts";
import type { Token } from "../native/types.ts";

interface Key {
  alg: string;
  kid: string;
  signature(input: string): Buffer;
  /** The key set that verifies it, as text. */
  set: string;
}

const secretHashes: Record<string, string> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

export class Keyring {
  private readonly keys = new Map<string, Key>();
  private readonly made = new Map<string, Token>();
  private readonly stranger = madeKey("stranger");

  /** The key set of a source (`keysOf`), to stand where the real one would be fetched. */
  keySet(source: string): string {
    return this.keyOf(source).set;
  }

  /**
   * Signed by the source's key; with `isForged` by one that no set has. The same token each time.
   */
  token(source: string, claims: Token["claims"], isForged = false): Token {
    const id = JSON.stringify([source, claims, isForged]);
    const known = this.made.get(id);
    if (known) return known;
    const key = this.keyOf(source);
    const header = { alg: isForged ? this.stranger.alg : key.alg, kid: key.kid, typ: "JWT" };
    const input = `${encoded(header)}.${encoded(claims)}`;
    const signature = (isForged ? this.stranger : key).signature(input).toString("base64url");
    const text = `${input}.${signature}`;
    const token: Token = { text, header, claims, signedBy: isForged ? undefined : source };
    this.made.set(id, token);
    return token;
  }

  private keyOf(source: string): Key {
    let key = this.keys.get(source);
    if (!key) this.keys.set(source, (key = secretIn(source) ?? madeKey(`k${this.keys.size}`)));
    return key;
  }
}

/** An inline set with a secret is used as it is: whoever reads it can sign. */
function secretIn(source: string): Key | undefined {
  if (!source.startsWith("jwks ")) return undefined;
  const set = source.slice("jwks ".length);
  const secret = keysIn(set).find((jwk) => textAt(jwk, "kty") === "oct");
  const bytes = Buffer.from(textAt(secret, "k") ?? "", "base64url");
  if (secret === undefined || bytes.length === 0) return undefined;
  const alg = textAt(secret, "alg") ?? algorithmFor(bytes.length);
  const hash = secretHashes[alg];
  if (hash === undefined) return undefined;
  const signature = (input: string) => createHmac(hash, bytes).update(input).digest();
  return { alg, kid: textAt(secret, "kid") ?? "", signature, set };
}

function algorithmFor(bytes: number): string {
  return bytes >= 64 ? "HS512" : bytes >= 48 ? "HS384" : "HS256";
}

export function keysIn(set: string): unknown[] {
  try {
    return listOf((JSON.parse(set) as { keys?: unknown } | null)?.keys);
  } catch {
    return [];
  }
}

/** The algorithm of the keys that are made here. */
export const madeAlgorithm = "HS256";

function madeKey(kid: string): Key {
  const secret = randomBytes(32);
  const jwk = { kty: "oct", kid, alg: madeAlgorithm, k: secret.toString("base64url") };
  const signature = (input: string) => createHmac("sha256", secret).update(input).digest();
  return { alg: madeAlgorithm, kid, signature, set: JSON.stringify({ keys: [jwk] }) };
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
