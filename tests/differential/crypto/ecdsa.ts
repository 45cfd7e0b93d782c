// ECDSA over P-256 and P-384 against node:crypto, and against the definition where a library
// signs nothing: scalars and points at the edges, sums that meet themselves, the neutral point.
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { test } from "node:test";
import {
  type Point,
  type Weierstrass,
  add,
  multiply,
  p256,
  p384,
  p521,
  pointWithX,
} from "./curves.ts";
import {
  type HashBits,
  exports,
  hashes,
  inverse,
  machine,
  modulo,
  noise,
  noiseBelow,
  put,
} from "./machine.ts";
import { toBigInt, toBytes } from "./machine.ts";

const curves = [p256, p384];

function jwkOf(curve: Weierstrass, [x, y]: [bigint, bigint], d?: bigint): crypto.JsonWebKey {
  const member = (number: bigint) => toBytes(number, curve.bytes).toString("base64url");
  return {
    kty: "EC",
    crv: curve.name,
    x: member(x),
    y: member(y),
    ...(d === undefined ? {} : { d: member(d) }),
  };
}

function prepare(curve: Weierstrass, [x, y]: [bigint, bigint]): boolean {
  machine.clear();
  return (
    exports.ecdsaPrepare(curve.bits, put(toBytes(x, curve.bytes)), put(toBytes(y, curve.bytes))) ===
    1
  );
}

/** What we say to a signature with the key that was prepared last. */
function ours(hash: HashBits, message: Uint8Array, signature: Uint8Array): boolean {
  machine.clear();
  return exports.ecdsaVerify(hash, put(message), put(signature)) === 1;
}

function theirs(
  curve: Weierstrass,
  q: [bigint, bigint],
  hash: HashBits,
  message: Uint8Array,
  signature: Uint8Array,
) {
  const key = crypto.createPublicKey({ key: jwkOf(curve, q), format: "jwk" });
  return crypto.verify(`sha${hash}`, message, { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** d · G by node:crypto, which is quicker at it than BigInt. */
function timesG(curve: Weierstrass, scalar: bigint): Point {
  const d = modulo(scalar, curve.n);
  if (d === 0n) return null;
  const exchange = crypto.createECDH(curve === p256 ? "prime256v1" : "secp384r1");
  exchange.setPrivateKey(toBytes(d, curve.bytes));
  const point = exchange.getPublicKey();
  return [toBigInt(point.subarray(1, 1 + curve.bytes)), toBigInt(point.subarray(1 + curve.bytes))];
}

function signer(curve: Weierstrass, d: bigint): (hash: HashBits, message: Uint8Array) => Buffer {
  const key = crypto.createPrivateKey({ key: jwkOf(curve, timesG(curve, d)!, d), format: "jwk" });
  return (hash, message) => crypto.sign(`sha${hash}`, message, { key, dsaEncoding: "ieee-p1363" });
}

/** The number that a message is to ECDSA: the leftmost bits of its hash. */
function numberOf(curve: Weierstrass, hash: HashBits, message: Uint8Array): bigint {
  return toBigInt(crypto.hash(`sha${hash}`, message, "buffer").subarray(0, curve.bytes));
}

const pair = (curve: Weierstrass, r: bigint, s: bigint) =>
  Buffer.concat([toBytes(r, curve.bytes), toBytes(s, curve.bytes)]);

for (const curve of curves) {
  const usual = curve.bits as HashBits;

  test(`${curve.name}: good signatures hold, with hashes shorter and longer than the order too`, () => {
    for (let i = 0; i < 60; i++) {
      const d = noiseBelow(`${curve.name} ${i}`, curve.n - 1n) + 1n;
      const sign = signer(curve, d);
      assert.ok(prepare(curve, timesG(curve, d)!));
      for (const hash of hashes) {
        const message = noise(`message ${i}`, i * 3);
        const signature = sign(hash, message);
        assert.ok(ours(hash, message, signature), `SHA-${hash} with d = ${d}`);
        assert.ok(!ours(hash, Buffer.concat([message, Buffer.alloc(1)]), signature));
      }
    }
  });

  test(`${curve.name}: every flipped bit, every shorter and longer signature is refused`, () => {
    const d = noiseBelow(`${curve.name} flips`, curve.n);
    const message = noise("flips", 100);
    const signature = signer(curve, d)(usual, message);
    prepare(curve, timesG(curve, d)!);
    assert.ok(ours(usual, message, signature));
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const changed = Buffer.from(signature);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!ours(usual, message, changed), `bit ${bit}`);
    }
    for (let length = 0; length < signature.length; length++) {
      assert.ok(!ours(usual, message, signature.subarray(0, length)));
    }
    assert.ok(!ours(usual, message, Buffer.concat([signature, Buffer.alloc(1)])));
    assert.ok(!ours(usual, message, Buffer.concat([Buffer.alloc(1), signature])));
    const der = crypto.sign(`sha${usual}`, message, {
      key: crypto.createPrivateKey({ key: jwkOf(curve, timesG(curve, d)!, d), format: "jwk" }),
    });
    assert.ok(!ours(usual, message, der), "DER is not what JWS has");
  });

  test(`${curve.name}: r and s must be from 1 to n - 1`, () => {
    const { n, p } = curve;
    const d = noiseBelow(`${curve.name} range`, n);
    const q = timesG(curve, d)!;
    const message = noise("range", 50);
    const signature = signer(curve, d)(usual, message);
    const r = toBigInt(signature.subarray(0, curve.bytes));
    const s = toBigInt(signature.subarray(curve.bytes));
    const top = (1n << BigInt(8 * curve.bytes)) - 1n;
    const edges = [0n, 1n, 2n, n >> 1n, n - 1n, n, n + 1n, p - 1n, p, p + 1n, p - n, top];
    const candidates = edges.flatMap((a) => [...edges.map((b) => [a, b]), [a, s], [r, a]]);
    prepare(curve, q);
    for (const [a, b] of candidates as [bigint, bigint][]) {
      const candidate = pair(curve, a, b);
      assert.equal(
        ours(usual, message, candidate),
        theirs(curve, q, usual, message, candidate),
        `r ${a}, s ${b}`,
      );
      assert.ok(!ours(usual, message, candidate));
    }
    // n - s is as good as s: ECDSA itself is malleable, which is why no cache may go by the
    // signature alone.
    assert.ok(ours(usual, message, pair(curve, r, n - s)));
    assert.ok(!ours(usual, message, pair(curve, n - r, s)));
    for (const [a, b] of [
      [r + n, s],
      [r, s + n],
    ] as const) {
      if (a <= top && b <= top) assert.ok(!ours(usual, message, pair(curve, a, b)));
    }
  });

  test(`${curve.name}: signatures whose r and s begin with zeros`, () => {
    const d = noiseBelow(`${curve.name} zeros`, curve.n);
    const sign = signer(curve, d);
    prepare(curve, timesG(curve, d)!);
    let short = 0;
    for (let i = 0; short < 4 && i < 3000; i++) {
      const message = noise(`zeros ${i}`, 20);
      const signature = sign(usual, message);
      if (signature[0] !== 0 && signature[curve.bytes] !== 0) continue;
      short++;
      assert.ok(ours(usual, message, signature));
    }
    assert.ok(short > 0);
  });

  test(`${curve.name}: keys whose multiples meet those of the generator`, () => {
    const { n } = curve;
    const scalars = [
      1n,
      2n,
      3n,
      4n,
      5n,
      7n,
      8n,
      15n,
      16n,
      17n,
      31n,
      32n,
      33n,
      63n,
      64n,
      65n,
      127n,
      128n,
    ];
    for (const bit of [20n, 31n, 64n, 127n, 128n, 200n, 255n])
      scalars.push(1n << bit, (1n << bit) - 1n);
    const keys = scalars.filter((d) => d < n).flatMap((d) => [d, n - d, inverse(d, n)]);
    for (const d of keys) {
      const sign = signer(curve, d);
      assert.ok(prepare(curve, timesG(curve, d)!));
      for (let i = 0; i < 4; i++) {
        const message = noise(`meet ${d} ${i}`, 30);
        assert.ok(ours(usual, message, sign(usual, message)), `d = ${d}`);
      }
      // u1 and u2 are chosen, and what must come out is worked out by hand: equal, opposite and
      // small sums.
      const message = noise(`chosen ${d}`, 10);
      const z = numberOf(curve, usual, message);
      for (const [u1, u2] of [
        [1n, 1n],
        [1n, n - 1n],
        [n - 1n, 1n],
        [2n, 1n],
        [1n, 2n],
        [d, 1n],
        [n - d, 1n],
        [1n << 100n, 1n << 100n],
        [n - 1n, n - 1n],
      ] as const) {
        // s = z / u1 and r = u2 · s: a signature exactly if the sum has this r for its x.
        const s = modulo(z * inverse(u1, n), n);
        const r = modulo(u2 * s, n);
        const sum = timesG(curve, u1 + u2 * d);
        const isGood = sum !== null && modulo(sum[0], n) === r;
        assert.equal(ours(usual, message, pair(curve, r, s)), isGood, `d ${d}, u1 ${u1}, u2 ${u2}`);
      }
    }
  });

  test(`${curve.name}: signatures made to any sum by choosing the key`, () => {
    const { n, p, g } = curve;
    const message = noise("key recovery", 40);
    const z = numberOf(curve, usual, message);
    /** The key with which (r, s) leads to `sum`. */
    const keyFor = (sum: Point, r: bigint, s: bigint) =>
      multiply(
        curve,
        inverse(r, n),
        add(curve, multiply(curve, s, sum), multiply(curve, n - z, g)),
      );
    const check = (sum: Point, r: bigint, s: bigint, isGood: boolean, why: string) => {
      const q = keyFor(sum, r, s)!;
      assert.ok(prepare(curve, q));
      const signature = pair(curve, r, s);
      assert.equal(ours(usual, message, signature), isGood, why);
      assert.equal(theirs(curve, q, usual, message, signature), isGood, `${why}, node:crypto`);
    };
    let above = 0;
    for (let x = n + 1n; above < 4 && x < p; x++) {
      const point = pointWithX(curve, x);
      if (!point) continue;
      above++;
      check(point, x - n, 5n + x - n, true, "x between n and p: r is x - n");
    }
    assert.equal(above, 4);
    let low = 0;
    for (let x = 1n; low < 4; x++) {
      const point = pointWithX(curve, x);
      if (!point) continue;
      low++;
      check(point, x, 7n, true, "a small x is r itself");
      // r + n is x + p: the same number of the field, but not the x of any point.
      if (x + p - n < n) check(point, x + p - n, 7n, false, "r + n must be below p");
    }
    // The neutral point has no x: u1 G + u2 Q = 0 for Q = dG with z + r · d = 0.
    const d = noiseBelow(`${curve.name} neutral`, n);
    const r = modulo(-z * inverse(d, n), n);
    prepare(curve, timesG(curve, d)!);
    for (const s of [1n, 2n, r, n - 1n]) assert.ok(!ours(usual, message, pair(curve, r, s)));
  });

  test(`${curve.name}: points off the curve and coordinates that are not below p are no keys`, () => {
    const { p, bytes } = curve;
    const [x, y] = curve.g!;
    const top = 1n << BigInt(8 * bytes);
    assert.ok(prepare(curve, [x, y]));
    assert.ok(prepare(curve, [x, p - y]));
    const bad: [bigint, bigint][] = [
      [0n, 0n],
      [0n, 1n],
      [1n, 0n],
      [x, y + 1n],
      [x + 1n, y],
      [y, x],
      [x, 0n],
      [p, y],
      [x, p],
      [p - 1n, p - 1n],
      [top - 1n, top - 1n],
      [p, p],
    ];
    if (x + p < top) bad.push([x + p, y]);
    if (y + p < top) bad.push([x, y + p]);
    let small = 1n;
    let point = pointWithX(curve, small);
    while (!point) point = pointWithX(curve, ++small);
    assert.ok(prepare(curve, point));
    // The only encodings of x + p that fit are those of small ones.
    if (small + p < top) bad.push([small + p, point[1]]);
    for (const [a, b] of bad) assert.ok(!prepare(curve, [a, b]), `(${a}, ${b})`);
    for (let i = 0; i < 200; i++) {
      const candidate: [bigint, bigint] = [noiseBelow(`x ${i}`, p), noiseBelow(`y ${i}`, p)];
      assert.ok(!prepare(curve, candidate));
    }
    assert.ok(
      !ours(usual, noise("no key", 10), pair(curve, 1n, 1n)),
      "what is no key verifies nothing",
    );
  });
}

test("curves in turn: nothing is left of the longer numbers of the other", () => {
  for (let i = 0; i < 200; i++) {
    for (const curve of [p384, p256]) {
      const d = noiseBelow(`turn ${i}`, curve.n - 1n) + 1n;
      const message = noise(`turn ${i}`, 10);
      const signature = signer(curve, d)(curve.bits as HashBits, message);
      prepare(curve, timesG(curve, d)!);
      assert.ok(ours(curve.bits as HashBits, message, signature), `${curve.name}, ${i}`);
    }
  }
});

// One good signature in two thousand was refused while the carry into the ninth word lost what is
// above 32 bits.
test("P-384: signatures whose products carry more than a word from their middle hold", () => {
  const [x, y, message, signature] = [
    "3zDRytx9AwOXSv_SDay3sUiTshgVxUJOATLAOV7EpSYtnTWqPXg-9UzVRs-iIaJ-",
    "GGZWBgKa57DGqde0ul6FSpJqvOLs2uY8jR_C79yVBGp21XAQC6OpYXPTUbJqr8id",
    "_uMU5ejK2HC9Yg",
    "adMGAHs2jKGo-l891R6IQU-nqZswPxdGFX2SPPwz6FOEMm9Q824dPKxW9xV_IhO6E43Vm8tvcVG" +
      "GfMdFKL1Pi70EYo62EbLSJmHw0ISjjaCg6B-1tp9dxki1l6riAa5Q",
  ].map((part) => Buffer.from(part, "base64url")) as [Buffer, Buffer, Buffer, Buffer];
  assert.ok(prepare(p384, [toBigInt(x), toBigInt(y)]));
  assert.ok(theirs(p384, [toBigInt(x), toBigInt(y)], 384, message, signature));
  assert.ok(ours(384, message, signature));
  // As many as it takes to meet it again by chance.
  for (let i = 0; i < 1600; i++) {
    if (i % 200 === 0) prepare(p384, timesG(p384, BigInt(i) + 7n)!);
    const each = noise(`carry ${i}`, 8);
    assert.ok(ours(384, each, signer(p384, BigInt(i - (i % 200)) + 7n)(384, each)), `${i}`);
  }
});

test("P-521: points are checked, although only the host verifies with them", () => {
  const has = (x: Buffer, y: Buffer) => {
    machine.clear();
    return exports.p521Has(put(x), put(y)) === 1;
  };
  for (let i = 0; i < 8; i++) {
    const { publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-521" });
    const jwk = publicKey.export({ format: "jwk" });
    const [x, y] = [Buffer.from(jwk.x!, "base64url"), Buffer.from(jwk.y!, "base64url")];
    assert.ok(has(x, y));
    assert.ok(has(x, toBytes(p521.p - toBigInt(y), p521.bytes)));
    assert.ok(!has(y, x));
    for (let bit = 0; bit < 528; bit += 13) {
      const changed = Buffer.from(x);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!has(changed, y));
    }
  }
  const zero = Buffer.alloc(66);
  assert.ok(!has(zero, zero));
  assert.ok(!has(toBytes(p521.p, 66), zero));
  assert.ok(!has(Buffer.alloc(66, 0xff), Buffer.alloc(66, 0xff)));
});
