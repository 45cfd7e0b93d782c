// SHA-256 (FIPS 180-4 section 6.2).
// One round a pass over a schedule in memory: sixteen rounds written out with the schedule in
// locals are 15 % faster, and 3 KB larger in each module.
import { Bytes } from "../bytes";
import { Digest } from "./digest";

/** Section 4.2.2: the fractional parts of the cube roots of the first 64 primes. */
// prettier-ignore
export const SHA256_K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

const ROUNDS: usize = 64;
const WORD: usize = 4;
const BLOCK: usize = 16 * WORD;

/** Section 5.3.3: the square roots of the first eight primes. */
// prettier-ignore
const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

export const SHA256_BYTES = 32;

/** W of section 6.2: the message schedule of the block at hand. */
const schedule = memory.data(256, 16);

// The functions of section 4.1.2.
// @ts-ignore: decorator
@inline
function bigSigma0(x: u32): u32 {
  return rotr<u32>(x, 2) ^ rotr<u32>(x, 13) ^ rotr<u32>(x, 22);
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25);
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: u32): u32 {
  return rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: u32): u32 {
  return rotr<u32>(x, 17) ^ rotr<u32>(x, 19) ^ (x >> 10);
}

// @ts-ignore: decorator
@inline
function choose(e: u32, f: u32, g: u32): u32 {
  return ((f ^ g) & e) ^ g;
}

// @ts-ignore: decorator
@inline
function majority(a: u32, b: u32, c: u32): u32 {
  return (a & b) | (c & (a | b));
}

/** Section 6.2.2 step 1. */
// @ts-ignore: decorator
@inline
function expand(block: usize): void {
  for (let t: usize = 0; t < 16 * WORD; t += WORD) {
    store<u32>(schedule + t, bswap<u32>(load<u32>(block + t)));
  }
  for (let w = schedule; w < schedule + (ROUNDS - 16) * WORD; w += WORD) {
    const next =
      smallSigma1(load<u32>(w, 14 * WORD)) +
      load<u32>(w, 9 * WORD) +
      smallSigma0(load<u32>(w, WORD)) +
      load<u32>(w);
    store<u32>(w, next, 16 * WORD);
  }
}

/** Steps 2 to 4, the state in eight locals. */
function compress(state: usize, blocks: usize, count: i32): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 1 * WORD);
  let c = load<u32>(state, 2 * WORD);
  let d = load<u32>(state, 3 * WORD);
  let e = load<u32>(state, 4 * WORD);
  let f = load<u32>(state, 5 * WORD);
  let g = load<u32>(state, 6 * WORD);
  let h = load<u32>(state, 7 * WORD);
  for (; count > 0; count--) {
    expand(blocks);
    for (let t: usize = 0; t < ROUNDS * WORD; t += WORD) {
      const t1 =
        h + load<u32>(SHA256_K + t) + load<u32>(schedule + t) + choose(e, f, g) + bigSigma1(e);
      const t2 = bigSigma0(a) + majority(a, b, c);
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    store<u32>(state, (a += load<u32>(state)));
    store<u32>(state, (b += load<u32>(state, 1 * WORD)), 1 * WORD);
    store<u32>(state, (c += load<u32>(state, 2 * WORD)), 2 * WORD);
    store<u32>(state, (d += load<u32>(state, 3 * WORD)), 3 * WORD);
    store<u32>(state, (e += load<u32>(state, 4 * WORD)), 4 * WORD);
    store<u32>(state, (f += load<u32>(state, 5 * WORD)), 5 * WORD);
    store<u32>(state, (g += load<u32>(state, 6 * WORD)), 6 * WORD);
    store<u32>(state, (h += load<u32>(state, 7 * WORD)), 7 * WORD);
    blocks += BLOCK;
  }
}


@final
class Sha256 extends Digest {
  constructor() {
    super(SHA256_BYTES, 64, memory.data(32, 16), 32, memory.data(64, 16));
  }

  protected initialize(): void {
    memory.copy(this.state, INITIAL, 8 * WORD);
  }

  protected compress(blocks: usize, count: i32): void {
    compress(this.state, blocks, count);
  }

  protected output(out: usize): void {
    for (let i: usize = 0; i < <usize>SHA256_BYTES; i += WORD)
      store<u32>(out + i, bswap<u32>(load<u32>(this.state + i)));
  }
}

/** The stream: `reset`, `update`…, `finish`. */
export const SHA256: Digest = new Sha256();

/** The 32 bytes of SHA-256 of `message` to `out`. */
export function sha256(message: Bytes, out: usize): void {
  SHA256.hash(message, out);
}
