// The cryptography as plain functions, for the benchmark.
import { Bytes, EMPTY, bytes } from "../../assembly/lib/bytes";
import { P256, P384 } from "../../assembly/lib/crypto/curves";
import { EcdsaPublicKey } from "../../assembly/lib/crypto/ecdsa";
import { Ed25519PublicKey } from "../../assembly/lib/crypto/ed25519";
import { HmacKey } from "../../assembly/lib/crypto/hmac";
import { RsaPublicKey } from "../../assembly/lib/crypto/rsa";
import { SHA256, sha256 } from "../../assembly/lib/crypto/sha256";
import { SHA384, sha512 } from "../../assembly/lib/crypto/sha512";

export { sha256, sha512 };

/** Room for what the benchmark writes. */
export function room(length: i32): usize {
  return heap.alloc(<usize>length);
}

export function viewOf(pointer: usize, length: i32): Bytes {
  return bytes(pointer, length);
}

let hmac = new HmacKey(SHA256, EMPTY);
let rsa = new RsaPublicKey(EMPTY, EMPTY);
let p256 = new EcdsaPublicKey(P256, EMPTY, EMPTY);
let p384 = new EcdsaPublicKey(P384, EMPTY, EMPTY);
let ed25519 = new Ed25519PublicKey(EMPTY);

/**
 * Keys are made ready once, as the filter does it; each with two members, of which some use one.
 */
export function hmacKey(key: Bytes, _: Bytes): void {
  hmac = new HmacKey(SHA256, key);
}

export function rsaKey(modulus: Bytes, exponent: Bytes): void {
  rsa = new RsaPublicKey(modulus, exponent);
}

export function p256Key(x: Bytes, y: Bytes): void {
  p256 = new EcdsaPublicKey(P256, x, y);
}

export function p384Key(x: Bytes, y: Bytes): void {
  p384 = new EcdsaPublicKey(P384, x, y);
}

export function ed25519Key(x: Bytes, _: Bytes): void {
  ed25519 = new Ed25519PublicKey(x);
}

export function hs256(message: Bytes, tag: Bytes): bool {
  return hmac.verify(message, tag);
}

export function rs256(message: Bytes, signature: Bytes): bool {
  return rsa.verifyPkcs1(SHA256, message, signature);
}

export function ps256(message: Bytes, signature: Bytes): bool {
  return rsa.verifyPss(SHA256, message, signature);
}

export function es256(message: Bytes, signature: Bytes): bool {
  return p256.verify(SHA256, message, signature);
}

export function es384(message: Bytes, signature: Bytes): bool {
  return p384.verify(SHA384, message, signature);
}

export function edDsa(message: Bytes, signature: Bytes): bool {
  return ed25519.verify(message, signature);
}
