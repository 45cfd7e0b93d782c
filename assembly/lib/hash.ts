// SipHash-1-3 (Aumasson and Bernstein, 2012; the variant of Rust's and Python's tables): a keyed 64-bit hash whose
// collisions a client cannot choose without the key. For tables and deterministic splits, not a cryptographic digest.
import { Bytes, lengthOf, pointerOf } from "./bytes";

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** The hash of `view` under the 128-bit key (`k0`, `k1`). Same bytes, same key: same result on every machine. */
export function siphash(view: Bytes, k0: u64, k1: u64): u64 {
  v0 = 0x736f6d6570736575 ^ k0;
  v1 = 0x646f72616e646f6d ^ k1;
  v2 = 0x6c7967656e657261 ^ k0;
  v3 = 0x7465646279746573 ^ k1;
  const length = lengthOf(view);
  let pointer = pointerOf(view);
  const wordsEnd = pointer + (length & ~7);
  for (; pointer < wordsEnd; pointer += 8) compress(load<u64>(pointer));
  let last = (<u64>length) << 56;
  for (let i = 0; i < (length & 7); i++) last |= (load<u8>(pointer + i) as u64) << (8 * i);
  compress(last);
  v2 ^= 0xff;
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

// @ts-ignore: decorator
@inline
function compress(word: u64): void {
  v3 ^= word;
  round();
  v0 ^= word;
}

// @ts-ignore: decorator
@inline
function round(): void {
  let a = v0;
  let b = v1;
  let c = v2;
  let d = v3;
  a += b;
  c += d;
  b = rotl<u64>(b, 13) ^ a;
  d = rotl<u64>(d, 16) ^ c;
  a = rotl<u64>(a, 32);
  a += d;
  c += b;
  d = rotl<u64>(d, 21) ^ a;
  b = rotl<u64>(b, 17) ^ c;
  c = rotl<u64>(c, 32);
  v0 = a;
  v1 = b;
  v2 = c;
  v3 = d;
}

/** SplitMix64's finalizer (Steele, Lea and Flood 2014): spreads a seed over all 64 bits. */
export function mix(seed: u64): u64 {
  let x = seed + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
