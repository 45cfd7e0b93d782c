// SHA-512 and SHA-384 (FIPS 180-4 sections 6.4 and 6.5): one compression, two initial values and
// lengths.
import { Bytes } from "../bytes";
import { Digest } from "./digest";
import { SHA256_K } from "./sha256";

/** The lower halves of the first 64 words of `K`: the upper ones are SHA-256's. */
// prettier-ignore
const K_LOWER = memory.data<u32>([
  0xd728ae22, 0x23ef65cd, 0xec4d3b2f, 0x8189dbbc, 0xf348b538, 0xb605d019, 0xaf194f9b, 0xda6d8118,
  0xa3030242, 0x45706fbe, 0x4ee4b28c, 0xd5ffb4e2, 0xf27b896f, 0x3b1696b1, 0x25c71235, 0xcf692694,
  0x9ef14ad2, 0x384f25e3, 0x8b8cd5b5, 0x77ac9c65, 0x592b0275, 0x6ea6e483, 0xbd41fbd4, 0x831153b5,
  0xee66dfab, 0x2db43210, 0x98fb213f, 0xbeef0ee4, 0x3da88fc2, 0x930aa725, 0xe003826f, 0x0a0e6e70,
  0x46d22ffc, 0x5c26c926, 0x5ac42aed, 0x9d95b3df, 0x8baf63de, 0x3c77b2a8, 0x47edaee6, 0x1482353b,
  0x4cf10364, 0xbc423001, 0xd0f89791, 0x0654be30, 0xd6ef5218, 0x5565a910, 0x5771202a, 0x32bbd1b8,
  0xb8d2d0c8, 0x5141ab53, 0xdf8eeb99, 0xe19b48a8, 0xc5c95a63, 0xe3418acb, 0x7763e373, 0xd6b2b8a3,
  0x5defb2fc, 0x43172f60, 0xa1f0ab72, 0x1a6439ec, 0x23631e28, 0xde82bde9, 0xb2c67915, 0xe372532b,
]);
/** The last 16. */
// prettier-ignore
const K_LAST = memory.data<u64>([
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]);

/**
 * Section 4.2.3: the fractional parts of the cube roots of the first 80 primes. SHA-256 has the
 * same, to 32 bits.
 */
const K = memory.data(640, 16);
for (let i: usize = 0; i < 64; i++)
  store<u64>(K + 8 * i, ((<u64>load<u32>(SHA256_K + 4 * i)) << 32) | load<u32>(K_LOWER + 4 * i));
memory.copy(K + 8 * 64, K_LAST, 8 * 16);

const ROUNDS: usize = 80;
const WORD: usize = 8;
const BLOCK: usize = 16 * WORD;

/** Section 5.3.5: the square roots of the first eight primes. */
// prettier-ignore
const INITIAL_512 = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

/** Section 5.3.4: the square roots of the ninth to sixteenth primes. */
// prettier-ignore
const INITIAL_384 = memory.data<u64>([
  0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
  0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
]);

export const SHA384_BYTES = 48;
export const SHA512_BYTES = 64;

/** W of section 6.4: the message schedule of the block at hand. */
const schedule = memory.data(640, 16);

// The functions of section 4.1.3.
// @ts-ignore: decorator
@inline
function bigSigma0(x: u64): u64 {
  return rotr<u64>(x, 28) ^ rotr<u64>(x, 34) ^ rotr<u64>(x, 39);
}

// @ts-ignore: decorator
@inline
function bigSigma1(x: u64): u64 {
  return rotr<u64>(x, 14) ^ rotr<u64>(x, 18) ^ rotr<u64>(x, 41);
}

// @ts-ignore: decorator
@inline
function smallSigma0(x: u64): u64 {
  return rotr<u64>(x, 1) ^ rotr<u64>(x, 8) ^ (x >> 7);
}

// @ts-ignore: decorator
@inline
function smallSigma1(x: u64): u64 {
  return rotr<u64>(x, 19) ^ rotr<u64>(x, 61) ^ (x >> 6);
}

// @ts-ignore: decorator
@inline
function choose(e: u64, f: u64, g: u64): u64 {
  return ((f ^ g) & e) ^ g;
}

// @ts-ignore: decorator
@inline
function majority(a: u64, b: u64, c: u64): u64 {
  return (a & b) | (c & (a | b));
}

/** Section 6.4.2 step 1. */
// @ts-ignore: decorator
@inline
function expand(block: usize): void {
  for (let t: usize = 0; t < 16 * WORD; t += WORD) {
    store<u64>(schedule + t, bswap<u64>(load<u64>(block + t)));
  }
  for (let w = schedule; w < schedule + (ROUNDS - 16) * WORD; w += WORD) {
    const next =
      smallSigma1(load<u64>(w, 14 * WORD)) +
      load<u64>(w, 9 * WORD) +
      smallSigma0(load<u64>(w, WORD)) +
      load<u64>(w);
    store<u64>(w, next, 16 * WORD);
  }
}

/** Steps 2 to 4, the state in eight locals. */
function compress(state: usize, blocks: usize, count: i32): void {
  let a = load<u64>(state);
  let b = load<u64>(state, 1 * WORD);
  let c = load<u64>(state, 2 * WORD);
  let d = load<u64>(state, 3 * WORD);
  let e = load<u64>(state, 4 * WORD);
  let f = load<u64>(state, 5 * WORD);
  let g = load<u64>(state, 6 * WORD);
  let h = load<u64>(state, 7 * WORD);
  for (; count > 0; count--) {
    expand(blocks);
    for (let t: usize = 0; t < ROUNDS * WORD; t += WORD) {
      const t1 = h + load<u64>(K + t) + load<u64>(schedule + t) + choose(e, f, g) + bigSigma1(e);
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
    store<u64>(state, (a += load<u64>(state)));
    store<u64>(state, (b += load<u64>(state, 1 * WORD)), 1 * WORD);
    store<u64>(state, (c += load<u64>(state, 2 * WORD)), 2 * WORD);
    store<u64>(state, (d += load<u64>(state, 3 * WORD)), 3 * WORD);
    store<u64>(state, (e += load<u64>(state, 4 * WORD)), 4 * WORD);
    store<u64>(state, (f += load<u64>(state, 5 * WORD)), 5 * WORD);
    store<u64>(state, (g += load<u64>(state, 6 * WORD)), 6 * WORD);
    store<u64>(state, (h += load<u64>(state, 7 * WORD)), 7 * WORD);
    blocks += BLOCK;
  }
}


@final
class Sha512 extends Digest {
  constructor(
    outputBytes: i32,
    private readonly initial: usize,
    state: usize,
    block: usize,
  ) {
    super(outputBytes, 128, state, 64, block);
  }

  protected initialize(): void {
    memory.copy(this.state, this.initial, 8 * WORD);
  }

  protected compress(blocks: usize, count: i32): void {
    compress(this.state, blocks, count);
  }

  protected output(out: usize): void {
    const end = <usize>this.outputBytes;
    for (let i: usize = 0; i < end; i += WORD)
      store<u64>(out + i, bswap<u64>(load<u64>(this.state + i)));
  }
}

/** The streams: `reset`, `update`…, `finish`. */
export const SHA384: Digest = new Sha512(
  SHA384_BYTES,
  INITIAL_384,
  memory.data(64, 16),
  memory.data(128, 16),
);
export const SHA512: Digest = new Sha512(
  SHA512_BYTES,
  INITIAL_512,
  memory.data(64, 16),
  memory.data(128, 16),
);

/** The 48 bytes of SHA-384 of `message` to `out`. */
export function sha384(message: Bytes, out: usize): void {
  SHA384.hash(message, out);
}

/** The 64 bytes of SHA-512 of `message` to `out`. */
export function sha512(message: Bytes, out: usize): void {
  SHA512.hash(message, out);
}
