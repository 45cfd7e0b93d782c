// Our cryptography as plain functions, for the differential test and the micro benchmark.
import "../../assembly/host/abort";
import { Bytes, EMPTY, lengthOf, pointerOf } from "../../assembly/lib/bytes";
import { equalConstantTime } from "../../assembly/lib/crypto/constant-time";
import { P256, P384, P521 } from "../../assembly/lib/crypto/curves";
import { Digest } from "../../assembly/lib/crypto/digest";
import { EcdsaPublicKey } from "../../assembly/lib/crypto/ecdsa";
import { Ed25519PublicKey } from "../../assembly/lib/crypto/ed25519";
import { edwards25519, scalars } from "../../assembly/lib/crypto/edwards25519";
import { Field } from "../../assembly/lib/crypto/field";
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

/** Whether (x, y) is on P-521. */
export function p521Has(x: Bytes, y: Bytes): bool {
  return P521.has(pointerOf(x), pointerOf(y));
}

const fields: Field[] = [
  P256.field,
  P256.order,
  P384.field,
  P384.order,
  edwards25519.field,
  scalars,
  P521.field,
];
let field = fields[0];
/** Numbers of the field at hand, by index. */
const registers = memory.data(1280, 16);

function register(index: i32): usize {
  return registers + <usize>index * 80;
}

/** Chooses one of the fields; gives the length of its numbers in bytes. */
export function fieldUse(index: i32): i32 {
  field = fields[index];
  return field.byteLength;
}

/** Registers hold Montgomery form. */
export function fieldRead(number: Bytes, to: i32): void {
  field.readLittleEndian(pointerOf(number), lengthOf(number), register(to));
  field.enter(register(to), register(to));
}

export function fieldWrite(from: i32, out: usize): void {
  field.leave(register(from), register(15));
  field.writeLittleEndian(register(15), out);
}

export function fieldMultiply(a: i32, b: i32, to: i32): void {
  field.multiply(register(a), register(b), register(to));
}

export function fieldCombine(a: i32, ka: i32, b: i32, kb: i32, to: i32): void {
  field.combine(register(a), ka, register(b), kb, register(to));
}

export function fieldEquals(a: i32, b: i32): bool {
  return field.equals(register(a), register(b));
}
