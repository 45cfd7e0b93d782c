// The cryptography, compiled once for all files of this folder, and what they all need to ask it
// something.
import { createHash } from "node:crypto";
import { type Machine, start } from "../compile.ts";

export interface Exports {
  sha256(message: bigint, out: number): void;
  sha384(message: bigint, out: number): void;
  sha512(message: bigint, out: number): void;
  equalConstantTime(a: bigint, b: bigint): number;
  hashInTwo(bits: number, first: bigint, second: bigint, out: number): void;
  hmacPrepare(bits: number, key: bigint): void;
  hmacSign(message: bigint, out: number): void;
  hmacVerify(message: bigint, tag: bigint): number;
  rsaPrepare(modulus: bigint, exponent: bigint): number;
  rsaVerifyPkcs1(bits: number, message: bigint, signature: bigint): number;
  rsaVerifyPss(bits: number, message: bigint, signature: bigint): number;
  ecdsaPrepare(curveBits: number, x: bigint, y: bigint): number;
  ecdsaVerify(bits: number, message: bigint, signature: bigint): number;
  ed25519Prepare(key: bigint): number;
  ed25519Verify(message: bigint, signature: bigint): number;
  p521Has(x: bigint, y: bigint): number;
  fieldUse(index: number): number;
  fieldRead(number: bigint, to: number): void;
  fieldWrite(from: number, out: number): void;
  fieldMultiply(a: number, b: number, to: number): void;
  fieldCombine(a: number, ka: number, b: number, kb: number, to: number): void;
  fieldEquals(a: number, b: number): number;
}

export const machine: Machine<Exports> = await start<Exports>("crypto");
export const { exports } = machine;
/** Copies bytes to the module; all earlier ones are gone after `machine.clear()`. */
export const put = (data: Uint8Array): bigint => machine.put(data);

export const hashes = [256, 384, 512] as const;
export type HashBits = (typeof hashes)[number];

/** Bytes that look random and are the same on every run. */
export function noise(seed: string, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; parts.length * 64 < length; i++)
    parts.push(createHash("sha512").update(`${seed} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** A number below `limit`, as `noise`. */
export function noiseBelow(seed: string, limit: bigint): bigint {
  return toBigInt(noise(seed, limit.toString(16).length + 8)) % limit;
}

export const toBigInt = (bigEndian: Uint8Array): bigint =>
  BigInt(`0x0${Buffer.from(bigEndian).toString("hex")}`);
export const toBytes = (number: bigint, length: number): Buffer =>
  Buffer.from(number.toString(16).padStart(2 * length, "0"), "hex");
export const modulo = (a: bigint, n: bigint): bigint => ((a % n) + n) % n;

export function power(base: bigint, exponent: bigint, n: bigint): bigint {
  let result = 1n;
  let square = modulo(base, n);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return result;
}

/** 1/a modulo n, which has no factor in common with a. */
export function inverse(a: bigint, n: bigint): bigint {
  let [r, nextR] = [modulo(a, n), n];
  let [s, nextS] = [1n, 0n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [s, nextS] = [nextS, s - quotient * nextS];
  }
  return modulo(s, n);
}
