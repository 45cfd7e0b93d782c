// Our cryptography as plain functions, for the differential test and the micro benchmark.
import "../../assembly/host/abort";
import { Bytes, EMPTY } from "../../assembly/lib/bytes";
import { equalConstantTime } from "../../assembly/lib/crypto/constant-time";
import { P256, P384 } from "../../assembly/lib/crypto/curves";
import { Digest } from "../../assembly/lib/crypto/digest";
import { EcdsaPublicKey } from "../../assembly/lib/crypto/ecdsa";
import { Ed25519PublicKey } from "../../assembly/lib/crypto/ed25519";
import { HmacKey } from "../../assembly/lib/crypto/hmac";
import { RsaPublicKey } from "../../assembly/lib/crypto/rsa";
import { SHA256, sha256 } from "../../assembly/lib/crypto/sha256";
import { SHA384, SHA512, sha384, sha512 } from "../../assembly/lib/crypto/sha512";

export { equalConstantTime, sha256, sha384, sha512 };

function digestOf(bits: i32): Digest {
  return bits == 256 ? SHA256 : bits == 384 ? SHA384 : SHA512;
}

/** The same message in two parts, to try every place where a stream can be cut. */
export function hashInTwo(bits: i32, first: Bytes, second: Bytes, out: usize): void {
  const digest = digestOf(bits);
  digest.reset();
  digest.update(first);
  digest.update(second);
  digest.finish(out);
}

let hmacKey = new HmacKey(SHA256, EMPTY);

export function hmacPrepare(bits: i32, key: Bytes): void {
  hmacKey = new HmacKey(digestOf(bits), key);
}

export function hmacSign(message: Bytes, out: usize): void {
  hmacKey.sign(message, out);
}

export function hmacVerify(message: Bytes, tag: Bytes): bool {
  return hmacKey.verify(message, tag);
}

let rsaKey = new RsaPublicKey(EMPTY, EMPTY);

/** The RsaKeyStatus. */
export function rsaPrepare(modulus: Bytes, exponent: Bytes): i32 {
  rsaKey = new RsaPublicKey(modulus, exponent);
  return rsaKey.status;
}

export function rsaVerifyPkcs1(bits: i32, message: Bytes, signature: Bytes): bool {
  return rsaKey.verifyPkcs1(digestOf(bits), message, signature);
}

export function rsaVerifyPss(bits: i32, message: Bytes, signature: Bytes): bool {
  return rsaKey.verifyPss(digestOf(bits), message, signature);
}

let ecdsaKey = new EcdsaPublicKey(P256, EMPTY, EMPTY);

/** Whether it is a point. */
export function ecdsaPrepare(curveBits: i32, x: Bytes, y: Bytes): bool {
  ecdsaKey = new EcdsaPublicKey(curveBits == 256 ? P256 : P384, x, y);
  return ecdsaKey.isGood;
}

export function ecdsaVerify(bits: i32, message: Bytes, signature: Bytes): bool {
  return ecdsaKey.verify(digestOf(bits), message, signature);
}

let ed25519Key = new Ed25519PublicKey(EMPTY);

/** The Ed25519KeyStatus. */
export function ed25519Prepare(key: Bytes): i32 {
  ed25519Key = new Ed25519PublicKey(key);
  return ed25519Key.status;
}

export function ed25519Verify(message: Bytes, signature: Bytes): bool {
  return ed25519Key.verify(message, signature);
}
