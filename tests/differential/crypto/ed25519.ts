// Ed25519 against node:crypto, the vectors of RFC 8032, and what a strict verifier refuses:
// second encodings, S above L, keys of small order.
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { test } from "node:test";
import { addEdwards, edwards, encodeEdwards, multiplyEdwards } from "./curves.ts";
import { vectors } from "./ed25519-vectors.ts";
import { exports, inverse, machine, modulo, noise, noiseBelow, power, put } from "./machine.ts";

/** Of Ed25519KeyStatus. */
const [OK, WRONG_LENGTH, NOT_A_POINT, SMALL_ORDER] = [0, 1, 2, 3];
const { p, l, b, d } = edwards;

function prepare(key: Uint8Array): number {
  machine.clear();
  return exports.ed25519Prepare(put(key));
}

function ours(message: Uint8Array, signature: Uint8Array): boolean {
  machine.clear();
  return exports.ed25519Verify(put(message), put(signature)) === 1;
}

function theirs(key: Buffer, message: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") };
  return crypto.verify(
    null,
    message,
    crypto.createPublicKey({ key: jwk, format: "jwk" }),
    signature,
  );
}

const littleEndian = (number: bigint) =>
  Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse();
const fromLittleEndian = (data: Uint8Array) =>
  BigInt(`0x${Buffer.from(data).reverse().toString("hex")}`);
const hashed = (...parts: Uint8Array[]) =>
  modulo(fromLittleEndian(crypto.hash("sha512", Buffer.concat(parts), "buffer")), l);

/** What the owner of `a` can make of any encodings of R and A: S = r + k · a. */
function signWith(
  a: bigint,
  r: bigint,
  encodedR: Buffer,
  encodedA: Buffer,
  message: Uint8Array,
): Buffer {
  return Buffer.concat([
    encodedR,
    littleEndian(modulo(r + hashed(encodedR, encodedA, message) * a, l)),
  ]);
}

/** The eight points of small order: multiples of one of order 8. */
function smallOrderPoints(): [bigint, bigint][] {
  for (let y = 2n; ; y++) {
    const square = modulo((y * y - 1n) * inverse(d * y * y + 1n, p), p);
    let x = power(square, (p + 3n) / 8n, p);
    if ((x * x) % p !== square) x = (x * power(2n, (p - 1n) / 4n, p)) % p;
    if ((x * x) % p !== square) continue;
    const generator = multiplyEdwards(l, [x, y]);
    const points = Array.from({ length: 8 }, (_, i) => multiplyEdwards(BigInt(i), generator));
    if (new Set(points.map(String)).size === 8) return points;
  }
}

const weak = smallOrderPoints();

test("the vectors of RFC 8032 section 7.1 hold, and not for another message", () => {
  assert.equal(vectors.length, 5);
  for (const { key, message, signature } of vectors) {
    const text = Buffer.from(message, "hex");
    assert.equal(prepare(Buffer.from(key, "hex")), OK);
    assert.ok(ours(text, Buffer.from(signature, "hex")));
    assert.ok(!ours(Buffer.concat([text, Buffer.of(0)]), Buffer.from(signature, "hex")));
  }
});

test("what node:crypto signs holds, for messages of every length over several blocks", () => {
  for (let i = 0; i < 300; i++) {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
    const message = noise(`ed ${i}`, i);
    const signature = crypto.sign(null, message, privateKey);
    assert.equal(prepare(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url")), OK);
    assert.ok(ours(message, signature));
  }
});

test("every flipped bit, every shorter and longer signature is refused", () => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  prepare(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  const message = noise("flips", 80);
  const signature = crypto.sign(null, message, privateKey);
  assert.ok(ours(message, signature));
  for (let bit = 0; bit < 512; bit++) {
    const changed = Buffer.from(signature);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.ok(!ours(message, changed), `bit ${bit}`);
  }
  for (let length = 0; length < 64; length++)
    assert.ok(!ours(message, signature.subarray(0, length)));
  assert.ok(!ours(message, Buffer.concat([signature, Buffer.alloc(1)])));
});

test("S must be below L: no second signature from a first", () => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  prepare(key);
  for (let i = 0; i < 20; i++) {
    const message = noise(`malleable ${i}`, 30);
    const signature = crypto.sign(null, message, privateKey);
    const s = fromLittleEndian(signature.subarray(32));
    for (let multiple = 1n; s + multiple * l < 1n << 256n; multiple++) {
      const other = Buffer.concat([signature.subarray(0, 32), littleEndian(s + multiple * l)]);
      assert.ok(!ours(message, other), `S + ${multiple} L`);
    }
    assert.ok(!ours(message, Buffer.concat([signature.subarray(0, 32), littleEndian(l - s)])));
  }
  for (const s of [
    0n,
    1n,
    l - 1n,
    l,
    l + 1n,
    2n * l,
    (1n << 252n) - 1n,
    1n << 255n,
    (1n << 256n) - 1n,
  ]) {
    const message = noise("edges", 10);
    const candidate = Buffer.concat([noise("r", 32), littleEndian(s)]);
    assert.equal(ours(message, candidate), theirs(key, message, candidate));
    assert.ok(!ours(message, candidate));
  }
});

test("the scalars at their edges give the right sums", () => {
  const scalars = [
    1n,
    2n,
    3n,
    8n,
    15n,
    16n,
    31n,
    63n,
    64n,
    127n,
    l - 1n,
    l - 2n,
    (l - 1n) / 2n,
    1n << 251n,
  ];
  for (let i = 0; i < 10; i++) scalars.push(noiseBelow(`scalar ${i}`, l));
  for (const a of scalars) {
    const encodedA = encodeEdwards(multiplyEdwards(a, b));
    assert.equal(prepare(encodedA), OK);
    for (const r of [1n, a, l - a, l - 1n, noiseBelow(`r ${a}`, l)]) {
      const encodedR = encodeEdwards(multiplyEdwards(r, b));
      const message = noise(`edge ${a} ${r}`, 25);
      const signature = signWith(a, r, encodedR, encodedA, message);
      assert.ok(ours(message, signature), `a ${a}, r ${r}`);
      assert.ok(theirs(encodedA, message, signature));
    }
    // r = 0: the sum is the neutral point, for every message.
    const message = noise(`neutral ${a}`, 25);
    const signature = signWith(a, 0n, encodeEdwards([0n, 1n]), encodedA, message);
    assert.ok(!ours(message, signature));
    assert.ok(!theirs(encodedA, message, signature));
  }
});

test("R is compared by its one encoding: another one of the same point is refused", () => {
  const a = noiseBelow("owner", l);
  const encodedA = encodeEdwards(multiplyEdwards(a, b));
  prepare(encodedA);
  const message = noise("second encoding", 20);
  const flipSign = (data: Buffer) =>
    Buffer.concat([data.subarray(0, 31), Buffer.of(data[31]! ^ 0x80)]);
  const seconds = [
    littleEndian(p + 1n),
    flipSign(littleEndian(p + 1n)),
    flipSign(littleEndian(1n)),
    littleEndian(1n + (1n << 255n)),
  ];
  for (const encodedR of seconds) {
    // The neutral point, written in another way, signed by the key's owner.
    assert.ok(
      !ours(message, signWith(a, 0n, encodedR, encodedA, message)),
      encodedR.toString("hex"),
    );
  }
});

test("a point of small order in R or hidden in a key decides as the equation without cofactor says", () => {
  const a = noiseBelow("owner", l);
  const pure = multiplyEdwards(a, b);
  let accepted = 0;
  for (const [i, torsion] of weak.entries()) {
    const r = noiseBelow(`r ${i}`, l);
    const good = multiplyEdwards(r, b);
    const message = noise(`torsion ${i}`, 33);
    prepare(encodeEdwards(pure));
    const mixedR = signWith(
      a,
      r,
      encodeEdwards(addEdwards(good, torsion)),
      encodeEdwards(pure),
      message,
    );
    assert.equal(ours(message, mixedR), i === 0, "R");
    const mixedA = encodeEdwards(addEdwards(pure, torsion));
    assert.equal(prepare(mixedA), OK);
    for (let j = 0; j < 24; j++) {
      const text = noise(`small R ${i} ${j}`, 12);
      const signature = signWith(a, 0n, encodeEdwards(weak[j & 7]!), mixedA, text);
      assert.ok(!ours(text, signature), "R of small order");
      assert.ok(!theirs(mixedA, text, signature));
    }
    for (let j = 0; j < 24; j++) {
      const text = noise(`torsion ${i} ${j}`, 12);
      const signature = signWith(a, r, encodeEdwards(good), mixedA, text);
      const decision = ours(text, signature);
      if (decision && i > 0) accepted++;
      assert.equal(decision, theirs(mixedA, text, signature), `key with torsion ${i}`);
    }
  }
  assert.ok(accepted > 0, "where k is a multiple of the order, the equation holds");
});

test("keys of small order are refused, in each of their encodings", () => {
  for (const point of weak) {
    const encoding = encodeEdwards(point);
    assert.equal(prepare(encoding), SMALL_ORDER, encoding.toString("hex"));
    assert.ok(!ours(noise("weak", 5), Buffer.concat([encoding, Buffer.alloc(32)])));
  }
});

test("what is not the one encoding of a point is no key", () => {
  const sign = 1n << 255n;
  // y from p up to what 255 bits hold, and x = 0 with the sign of an odd x.
  const bad = Array.from({ length: 19 }, (_, i) => littleEndian(p + BigInt(i)));
  bad.push(...bad.map((data) => littleEndian(fromLittleEndian(data) + sign)));
  bad.push(littleEndian(1n + sign), littleEndian(p - 1n + sign));
  for (const data of bad) assert.equal(prepare(data), NOT_A_POINT, data.toString("hex"));
  for (let length = 0; length < 40; length++) {
    if (length !== 32) assert.equal(prepare(Buffer.alloc(length, 9)), WRONG_LENGTH);
  }
  let points = 0;
  for (let i = 0; i < 400; i++) {
    const y = noiseBelow(`y ${i}`, p);
    const square = modulo((y * y - 1n) * inverse(d * y * y + 1n, p), p);
    const isSquare = square === 0n || power(square, (p - 1n) / 2n, p) === 1n;
    if (isSquare) points++;
    for (const encoding of [y, y + sign])
      assert.equal(prepare(littleEndian(encoding)), isSquare ? OK : NOT_A_POINT);
  }
  assert.ok(points > 100 && points < 300);
});
