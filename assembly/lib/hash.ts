// SipHash-1-3 (Aumasson and Bernstein, 2012; the variant of Rust's and Python's tables): a keyed
// 64-bit hash whose collisions a client cannot choose without the key. For tables and
// deterministic splits, not a cryptographic digest.
import { Bytes, lengthOf, pointerOf } from "./bytes";

/** Rounds after the last word. */
const FINAL_ROUNDS = 3;

/**
 * The hash of `view` under the 128-bit key (`k0`, `k1`). Same bytes, same key: same result on
 * every machine.
 */
export function siphash(view: Bytes, k0: u64, k1: u64): u64 {
  let a = 0x736f6d6570736575 ^ k0;
  let b = 0x646f72616e646f6d ^ k1;
  let c = 0x6c7967656e657261 ^ k0;
  let d = 0x7465646279746573 ^ k1;
  const pointer = pointerOf(view);
  const length = lengthOf(view);
  const words = length >> 3;
  let last = (<u64>length) << 56;
  for (let i = 0; i < (length & 7); i++)
    last |= (<u64>load<u8>(pointer + <usize>((words << 3) + i))) << (8 * i);
  // One round a word, and the final ones as if for words of zero, which change nothing.
  for (let i = 0; i <= words + FINAL_ROUNDS; i++) {
    const word = i < words ? load<u64>(pointer + <usize>(i << 3)) : i == words ? last : 0;
    if (i == words + 1) c ^= 0xff;
    d ^= word;
    a += b;
    c += d;
    b = rotl<u64>(b, 13) ^ a;
    d = rotl<u64>(d, 16) ^ c;
    a = rotl<u64>(a, 32) + d;
    c += b;
    d = rotl<u64>(d, 21) ^ a;
    b = rotl<u64>(b, 17) ^ c;
    c = rotl<u64>(c, 32);
    a ^= word;
  }
  return a ^ b ^ c ^ d;
}

/** SplitMix64's finalizer (Steele, Lea and Flood 2014): spreads a seed over all 64 bits. */
export function mix(seed: u64): u64 {
  let x = seed + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
