// The curves in affine coordinates with BigInt, as they are defined: slow, short, and written
// apart from our code, to make the keys and signatures that no library makes.
import { inverse, modulo, power } from "./machine.ts";

/** Null: the neutral point. */
export type Point = [x: bigint, y: bigint] | null;

export interface Weierstrass {
  name: string;
  bits: number;
  bytes: number;
  p: bigint;
  n: bigint;
  b: bigint;
  g: Point;
}

export const p256: Weierstrass = {
  name: "P-256",
  bits: 256,
  bytes: 32,
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  g: [
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  ],
};

export const p384: Weierstrass = {
  name: "P-384",
  bits: 384,
  bytes: 48,
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  g: [
    0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  ],
};

export const p521 = { p: 2n ** 521n - 1n, bytes: 66 };

export function add({ p }: Weierstrass, a: Point, b: Point): Point {
  if (!a) return b;
  if (!b) return a;
  if (a[0] === b[0] && modulo(a[1] + b[1], p) === 0n) return null;
  const slope =
    a[0] === b[0]
      ? (3n * a[0] * a[0] - 3n) * inverse(2n * a[1], p)
      : (b[1] - a[1]) * inverse(b[0] - a[0], p);
  const x = modulo(slope * slope - a[0] - b[0], p);
  return [x, modulo(slope * (a[0] - x) - a[1], p)];
}

export function multiply(curve: Weierstrass, scalar: bigint, point: Point): Point {
  let sum: Point = null;
  let doubled = point;
  for (let rest = modulo(scalar, curve.n); rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(curve, sum, doubled);
    doubled = add(curve, doubled, doubled);
  }
  return sum;
}

/** A point with this x, if there is one: p is 3 modulo 4, so a square root is a power. */
export function pointWithX({ p, b }: Weierstrass, x: bigint): Point {
  const square = modulo(x ** 3n - 3n * x + b, p);
  const y = power(square, (p + 1n) / 4n, p);
  return (y * y) % p === square ? [x, y] : null;
}

const p25519 = 2n ** 255n - 19n;
/** RFC 8032 section 5.1. */
export const edwards = {
  p: p25519,
  d: modulo(-121665n * inverse(121666n, p25519), p25519),
  l: 2n ** 252n + 27742317777372353535851937790883648493n,
  b: [
    15112221349535400772501151409588531511454012693041857206046113283949847762202n,
    46316835694926478169428394003475163141307993866256225615783033603165251855960n,
  ] as [bigint, bigint],
};

export function addEdwards(a: [bigint, bigint], b: [bigint, bigint]): [bigint, bigint] {
  const { p, d } = edwards;
  const product = modulo(d * a[0] * b[0] * a[1] * b[1], p);
  return [
    modulo((a[0] * b[1] + a[1] * b[0]) * inverse(1n + product, p), p),
    modulo((a[1] * b[1] + a[0] * b[0]) * inverse(1n - product, p), p),
  ];
}

export function multiplyEdwards(scalar: bigint, point: [bigint, bigint]): [bigint, bigint] {
  let sum: [bigint, bigint] = [0n, 1n];
  let doubled = point;
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = addEdwards(sum, doubled);
    doubled = addEdwards(doubled, doubled);
  }
  return sum;
}

/** Section 5.1.2. */
export function encodeEdwards([x, y]: [bigint, bigint]): Buffer {
  const encoded = Buffer.from((y | ((x & 1n) << 255n)).toString(16).padStart(64, "0"), "hex");
  return encoded.reverse();
}
