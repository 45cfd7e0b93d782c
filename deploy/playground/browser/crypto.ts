// node:crypto in the browser, as much as the emulator and the token maker need. Signing must be
// synchronous, which WebCrypto is not: EC and EdDSA come from noble-curves, RSA is one power.
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";

type Jwk = Record<string, string>;

export interface KeyObject {
  asymmetricKeyType: string;
  secret?: Uint8Array;
  jwk: Jwk;
  export(options: { format: "jwk" }): Jwk;
}

const url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

function keyOf(asymmetricKeyType: string, jwk: Jwk, secret?: Uint8Array): KeyObject {
  return { asymmetricKeyType, jwk, secret, export: () => jwk };
}

let rsaKey: JsonWebKey | undefined;

/**
 * WebCrypto makes the RSA key, which takes it a tenth of a second; the worker waits for it once.
 */
export async function prepareRsa(): Promise<void> {
  if (!globalThis.crypto.subtle) return;
  const publicExponent = new Uint8Array([1, 0, 1]);
  const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent };
  const pair = await crypto.subtle.generateKey({ ...algorithm, hash: "SHA-256" }, true, ["sign"]);
  rsaKey = await crypto.subtle.exportKey("jwk", pair.privateKey);
}

export function generateKeyPairSync(kind: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === "rsa") {
    if (!rsaKey) throw new Error("RSA keys need https or a loopback address in this browser");
    const { kty, n, e } = rsaKey as Jwk;
    return {
      privateKey: keyOf("rsa", rsaKey as Jwk),
      publicKey: keyOf("rsa", { kty: kty!, n: n!, e: e! }),
    };
  }
  if (kind === "ed25519") {
    const { secretKey, publicKey } = ed25519.keygen();
    const jwk = { kty: "OKP", crv: "Ed25519", x: url(publicKey) };
    return { privateKey: keyOf("ed25519", jwk, secretKey), publicKey: keyOf("ed25519", jwk) };
  }
  const secret = p256.utils.randomSecretKey();
  const point = p256.getPublicKey(secret, false);
  const jwk = { kty: "EC", crv: "P-256", x: url(point.slice(1, 33)), y: url(point.slice(33)) };
  return { privateKey: keyOf("ec", jwk, secret), publicKey: keyOf("ec", jwk) };
}

export function sign(
  _hash: string | null,
  text: Uint8Array,
  options: KeyObject | { key: KeyObject },
): Buffer {
  const key = "key" in options ? options.key : options;
  if (key.asymmetricKeyType === "ed25519") return Buffer.from(ed25519.sign(text, key.secret!));
  if (key.asymmetricKeyType === "ec") return Buffer.from(p256.sign(text, key.secret!));
  return signRsa(text, key.jwk);
}

const number = (text: string) => BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`);

/** RFC 8017, 8.2.1 with SHA-256. The key lives for one session and protects nothing. */
function signRsa(text: Uint8Array, jwk: Jwk): Buffer {
  const prefix = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const info = Buffer.concat([prefix, Buffer.from(sha256(text))]);
  const modulus = number(jwk.n!);
  const length = Buffer.from(jwk.n!, "base64url").length;
  const padded = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(length - info.length - 3, 0xff),
    Buffer.from([0]),
    info,
  ]);
  const value = power(BigInt(`0x${padded.toString("hex")}`), number(jwk.d!), modulus);
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let factor = base % modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}

/**
 * No key is taken: `verify_signature` then fails its known answer, and jwt-auth verifies every
 * signature with the code that is in the module.
 */
export function createPublicKey(): never {
  throw new Error("verified in the module");
}

export function verify(): boolean {
  return false;
}

export function randomBytes(length: number): Buffer {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(length)));
}

export function randomFillSync(place: Uint8Array): Uint8Array {
  return globalThis.crypto.getRandomValues(place as Uint8Array<ArrayBuffer>);
}

interface Digest {
  update(data: string | Uint8Array): Digest;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
}

function hashOf(name: string) {
  const hash = { sha256, sha384, sha512 }[name];
  if (!hash) throw new Error(`hash ${name} is not available in the browser`);
  return hash;
}

export function createHash(name: string): Digest {
  return digestOf(hashOf(name).create());
}

export function createHmac(name: string, key: Uint8Array): Digest {
  return digestOf(hmac.create(hashOf(name), key));
}

function digestOf(state: { update(data: Uint8Array): unknown; digest(): Uint8Array }): Digest {
  const digest = (encoding?: BufferEncoding) => {
    const bytes = Buffer.from(state.digest());
    return encoding ? bytes.toString(encoding) : bytes;
  };
  const self: Digest = {
    update(data) {
      state.update(typeof data === "string" ? Buffer.from(data, "utf8") : data);
      return self;
    },
    digest: digest as Digest["digest"],
  };
  return self;
}
