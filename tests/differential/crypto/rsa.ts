// RSA verification against node:crypto, and forged encodings. A modulus of the tests is a prime
// of RFC 3526: whoever knows that it is one can sign any encoding at once, so that every length
// is tried without making keys.
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { test } from "node:test";
import {
  type HashBits,
  exports,
  hashes,
  inverse,
  machine,
  noise,
  noiseBelow,
  power,
  put,
  toBigInt,
  toBytes,
} from "./machine.ts";

/** Of RsaKeyStatus. */
const [OK, TOO_SHORT, TOO_LONG, EVEN, FACTORABLE, EXPONENT_SMALL, EXPONENT_EVEN, EXPONENT_LONG] = [
  0, 1, 2, 3, 4, 5, 6, 7,
];
const F4 = Buffer.of(1, 0, 1);

const modulusOf = (group: string) => crypto.getDiffieHellman(group).getPrime();
const byBits = { 2048: "modp14", 3072: "modp15", 4096: "modp16", 6144: "modp17", 8192: "modp18" };

/** One bit more than whole bytes, so that PSS encodes into a byte less than the modulus has. */
const primeOf2049Bits = toBytes((1n << 2048n) + 981n, 257);

interface OwnKey {
  n: bigint;
  bytes: number;
  d: bigint;
  publicKey: crypto.KeyObject;
}

/** A key of which everything is known, made ready in our code too. */
function ownKey(modulus: Buffer, exponent: Buffer = F4): OwnKey {
  const n = toBigInt(modulus);
  machine.clear();
  assert.equal(exports.rsaPrepare(put(modulus), put(exponent)), OK);
  const jwk = { kty: "RSA", n: modulus.toString("base64url"), e: exponent.toString("base64url") };
  const publicKey = crypto.createPublicKey({ key: jwk, format: "jwk" });
  return { n, bytes: modulus.length, d: inverse(toBigInt(exponent), n - 1n), publicKey };
}

const sign = (key: OwnKey, encoded: Uint8Array) =>
  toBytes(power(toBigInt(encoded), key.d, key.n), key.bytes);

function ours(pss: boolean, hash: HashBits, message: Uint8Array, signature: Uint8Array): boolean {
  machine.clear();
  const verify = pss ? exports.rsaVerifyPss : exports.rsaVerifyPkcs1;
  return verify(hash, put(message), put(signature)) === 1;
}

function theirs(
  key: crypto.KeyObject,
  pss: boolean,
  hash: HashBits,
  message: Uint8Array,
  signature: Uint8Array,
) {
  const padding = pss ? crypto.constants.RSA_PKCS1_PSS_PADDING : crypto.constants.RSA_PKCS1_PADDING;
  return crypto.verify(`sha${hash}`, message, { key, padding, saltLength: hash / 8 }, signature);
}

const digest = (hash: HashBits, ...parts: Uint8Array[]) =>
  crypto.hash(`sha${hash}`, Buffer.concat(parts), "buffer");

/** DER of DigestInfo without the hash (RFC 8017 section 9.2, note 1), with NULL parameters. */
const digestInfo = {
  256: Buffer.from("3031300d060960864801650304020105000420", "hex"),
  384: Buffer.from("3041300d060960864801650304020205000430", "hex"),
  512: Buffer.from("3051300d060960864801650304020305000440", "hex"),
};

/** 00 01, padding, 00, and the rest. */
function frame(bytes: number, rest: Buffer, padding = 0xff): Buffer {
  return Buffer.concat([
    Buffer.of(0, 1),
    Buffer.alloc(bytes - 3 - rest.length, padding),
    Buffer.of(0),
    rest,
  ]);
}

const pkcs1 = (bytes: number, hash: HashBits, message: Uint8Array) =>
  frame(bytes, Buffer.concat([digestInfo[hash], digest(hash, message)]));

interface PssOptions {
  saltBytes?: number;
  maskHash?: HashBits;
  trailer?: number;
  separator?: number;
  /** What comes in front of the separator, else zeros. */
  padding?: (db: Buffer) => void;
  /** Leaves the bits above the modulus as they are. */
  keepsTopBits?: boolean;
}

function mgf1(seed: Buffer, length: number, hash: HashBits): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 0; parts.length * (hash / 8) < length; counter++) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    parts.push(digest(hash, seed, suffix));
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** EMSA-PSS (RFC 8017 section 9.1.1), with whatever is to be wrong with it. */
function pss(key: OwnKey, hash: HashBits, message: Uint8Array, options: PssOptions = {}): Buffer {
  const bits = key.n.toString(2).length - 1;
  const bytes = Math.ceil(bits / 8);
  const salt = noise(`salt ${hash}`, options.saltBytes ?? hash / 8);
  const h = digest(hash, Buffer.alloc(8), digest(hash, message), salt);
  const db = Buffer.alloc(bytes - h.length - 1);
  salt.copy(db, db.length - salt.length);
  db[db.length - salt.length - 1] = options.separator ?? 1;
  options.padding?.(db);
  const mask = mgf1(h, db.length, options.maskHash ?? hash);
  const masked = db.map((byte, i) => byte ^ mask[i]!);
  if (!options.keepsTopBits) masked[0]! &= 0xff >> (8 * bytes - bits);
  return Buffer.concat([
    Buffer.alloc(key.bytes - bytes),
    masked,
    h,
    Buffer.of(options.trailer ?? 0xbc),
  ]);
}

test("good signatures of every hash hold, with moduli from 2048 to 8192 bits", () => {
  for (const group of Object.values(byBits)) {
    const key = ownKey(modulusOf(group));
    for (const hash of key.bytes > 512 ? [256 as const] : hashes) {
      const message = noise(`rsa ${group} ${hash}`, 77);
      const first = sign(key, pkcs1(key.bytes, hash, message));
      const second = sign(key, pss(key, hash, message));
      for (const [isPss, signature] of [
        [false, first],
        [true, second],
      ] as const) {
        assert.ok(ours(isPss, hash, message, signature), `${group} ${hash}`);
        assert.ok(theirs(key.publicKey, isPss, hash, message, signature));
        assert.ok(!ours(!isPss, hash, message, signature), "the other padding");
        assert.ok(!ours(isPss, hash, Buffer.concat([message, Buffer.alloc(1)]), signature));
        for (const other of hashes)
          if (other !== hash) assert.ok(!ours(isPss, other, message, signature));
      }
    }
  }
});

test("moduli of lengths that are no whole bytes, and what node:crypto signs with them", () => {
  for (const modulusLength of [2049, 2052, 2055, 2056]) {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength });
    const jwk = publicKey.export({ format: "jwk" });
    machine.clear();
    assert.equal(
      exports.rsaPrepare(
        put(Buffer.from(jwk.n!, "base64url")),
        put(Buffer.from(jwk.e!, "base64url")),
      ),
      OK,
    );
    for (const hash of hashes) {
      for (let i = 0; i < 12; i++) {
        const message = noise(`lengths ${i}`, 5 * i);
        const plain = crypto.sign(`sha${hash}`, message, privateKey);
        const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
        const salted = crypto.sign(`sha${hash}`, message, {
          key: privateKey,
          padding,
          saltLength: hash / 8,
        });
        assert.ok(ours(false, hash, message, plain), `${modulusLength} ${hash}`);
        assert.ok(ours(true, hash, message, salted), `PSS ${modulusLength} ${hash}`);
        plain[i]! ^= 1;
        salted[i]! ^= 1;
        assert.ok(!ours(false, hash, message, plain));
        assert.ok(!ours(true, hash, message, salted));
      }
    }
  }
});

test("a short modulus after a long one: nothing is left of the longer numbers", () => {
  for (let i = 0; i < 6; i++) {
    const long = ownKey(modulusOf("modp18"), Buffer.of(17));
    const message = noise(`after ${i}`, 20);
    assert.ok(!ours(false, 256, message, toBytes(long.n - BigInt(i) - 2n, long.bytes)));
    const key = ownKey(primeOf2049Bits, Buffer.of(17));
    assert.ok(ours(false, 256, message, sign(key, pkcs1(key.bytes, 256, message))));
    ownKey(modulusOf("modp18"), Buffer.of(17));
    assert.ok(!ours(true, 256, message, toBytes(long.n - BigInt(i) - 2n, long.bytes)));
    ownKey(primeOf2049Bits, Buffer.of(17));
    assert.ok(ours(true, 256, message, sign(key, pss(key, 256, message))));
  }
});

test("signatures have the modulus's length and are below it", () => {
  const key = ownKey(modulusOf("modp14"));
  const message = noise("range", 20);
  for (const isPss of [false, true]) {
    const signature = sign(key, isPss ? pss(key, 256, message) : pkcs1(key.bytes, 256, message));
    assert.ok(ours(isPss, 256, message, signature));
    for (const length of [0, 1, 128, 255])
      assert.ok(!ours(isPss, 256, message, signature.subarray(0, length)));
    assert.ok(!ours(isPss, 256, message, signature.subarray(1)));
    assert.ok(!ours(isPss, 256, message, Buffer.concat([Buffer.alloc(1), signature])));
    assert.ok(!ours(isPss, 256, message, Buffer.concat([signature, Buffer.alloc(1)])));
    const edges = [0n, 1n, 2n, key.n - 1n, key.n, key.n + 1n, (1n << 2048n) - 1n];
    for (const edge of edges) assert.ok(!ours(isPss, 256, message, toBytes(edge, 256)), `${edge}`);
    for (let bit = 0; bit < 2048; bit += 5) {
      const changed = Buffer.from(signature);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!ours(isPss, 256, message, changed), `bit ${bit}`);
    }
  }
});

test("forged encodings of PKCS#1 v1.5 are refused, and node:crypto says the same", () => {
  const key = ownKey(modulusOf("modp14"));
  const message = noise("forged", 64);
  const { bytes } = key;
  const hash = digest(256, message);
  const info = digestInfo[256];
  const good = Buffer.concat([info, hash]);
  const withoutNull = Buffer.concat([
    Buffer.from("302f300b0609608648016503040201", "hex"),
    Buffer.of(4, 32),
    hash,
  ]);
  const change = (data: Buffer, at: number, value: number) => {
    const changed = Buffer.from(data);
    changed[at] = value;
    return changed;
  };
  const whole = frame(bytes, good);
  /**
   * Eight bytes of padding and the hash at once, the rest free: Bleichenbacher's forgery of 2006
   * for exponent 3.
   */
  const early = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(8, 0xff), Buffer.of(0), good]);
  const garbage = (length: number) => noise("garbage", length);
  const forged: [string, Buffer][] = [
    [
      "padding cut short, garbage behind the hash",
      Buffer.concat([early, garbage(bytes - early.length)]),
    ],
    [
      "padding cut short, zeros behind the hash",
      Buffer.concat([early, Buffer.alloc(bytes - early.length)]),
    ],
    [
      "no padding at all",
      Buffer.concat([Buffer.of(0, 1, 0), good, garbage(bytes - 3 - good.length)]),
    ],
    ["one byte behind the hash", frame(bytes, Buffer.concat([good, Buffer.of(0)]))],
    ["garbage in the parameters", frame(bytes, parametersOf(garbage(100), hash))],
    ["NULL missing", frame(bytes, withoutNull)],
    ["NULL with a byte in it", frame(bytes, parametersOf(Buffer.of(5, 1, 0), hash))],
    ["block type 2", change(whole, 1, 2)],
    ["block type 0", frame(bytes, good, 0).fill(0, 0, 2)],
    ["first byte 1", change(whole, 0, 1)],
    ["padding of zeros", frame(bytes, good, 0)],
    ["padding with another byte early", change(whole, 2, 0xfe)],
    ["padding with another byte late", change(whole, bytes - good.length - 2, 0xfe)],
    ["a zero in the padding", change(whole, 100, 0)],
    ["no separator", change(whole, bytes - good.length - 1, 0xff)],
    ["the hash alone", frame(bytes, hash)],
    ["DigestInfo of SHA-384 around SHA-256", frame(bytes, Buffer.concat([digestInfo[384], hash]))],
    ["DigestInfo of SHA-512", frame(bytes, Buffer.concat([digestInfo[512], digest(512, message)]))],
    [
      "length in two bytes",
      frame(bytes, Buffer.concat([Buffer.of(0x30, 0x81, 0x31), good.subarray(2)])),
    ],
    [
      "indefinite length",
      frame(bytes, Buffer.concat([Buffer.of(0x30, 0x80), good.subarray(2), Buffer.of(0, 0)])),
    ],
    ["hash cut by a byte", frame(bytes, good.subarray(0, good.length - 1))],
    ["tag of the hash", frame(bytes, change(good, info.length - 2, 3))],
    ["nothing but zeros", Buffer.alloc(bytes)],
  ];
  for (let at = 0; at < good.length; at++) {
    forged.push([`byte ${at} of DigestInfo`, frame(bytes, change(good, at, good[at]! ^ 1))]);
  }
  assert.ok(ours(false, 256, message, sign(key, whole)));
  for (const [why, encoded] of forged) {
    assert.equal(encoded.length, bytes, why);
    const signature = sign(key, encoded);
    assert.ok(!ours(false, 256, message, signature), why);
    assert.ok(!theirs(key.publicKey, false, 256, message, signature), `${why}, node:crypto`);
  }
});

/** DigestInfo with `parameters` in place of NULL. */
function parametersOf(parameters: Buffer, hash: Buffer): Buffer {
  const oid = Buffer.from("0609608648016503040201", "hex");
  const wrap = (tag: number, content: Buffer) =>
    Buffer.concat([Buffer.of(tag, content.length), content]);
  const body = Buffer.concat([wrap(0x30, Buffer.concat([oid, parameters])), wrap(4, hash)]);
  return body.length < 128
    ? wrap(0x30, body)
    : Buffer.concat([Buffer.of(0x30, 0x81, body.length), body]);
}

test("Bleichenbacher's forgery with exponent 3, made as an attacker makes it: by a cube root", () => {
  const modulus = modulusOf("modp14");
  const key = { n: toBigInt(modulus), bytes: 256 };
  machine.clear();
  assert.equal(exports.rsaPrepare(put(modulus), put(Buffer.of(3))), OK);
  const message = noise("cube", 30);
  const start = Buffer.concat([
    Buffer.of(0, 1),
    Buffer.alloc(8, 0xff),
    Buffer.of(0),
    digestInfo[256],
  ]);
  const wanted = Buffer.concat([start, digest(256, message)]);
  const target = toBigInt(Buffer.concat([wanted, Buffer.alloc(key.bytes - wanted.length, 0xff)]));
  let root = 1n << 680n;
  for (let step = 0; step < 2000; step++) {
    const next = (2n * root + target / (root * root)) / 3n;
    if (next === root) break;
    root = next;
  }
  while (root ** 3n > target) root--;
  const forged = toBytes(root ** 3n, key.bytes);
  assert.ok(
    forged.subarray(0, wanted.length).equals(wanted),
    "the cube begins as the encoding does",
  );
  assert.ok(!ours(false, 256, message, toBytes(root, key.bytes)));
  assert.ok(!ours(true, 256, message, toBytes(root, key.bytes)));
});

test("PSS: the salt is as long as the hash, the mask is of the same hash, and nothing else passes", () => {
  for (const modulus of [modulusOf("modp14"), primeOf2049Bits]) {
    const key = ownKey(modulus);
    for (const hash of hashes) {
      const message = noise(`pss ${hash}`, 41);
      const room = Math.floor((key.n.toString(2).length - 2) / 8) + 1 - hash / 8 - 2;
      const wrong: [string, PssOptions][] = [
        ["no salt", { saltBytes: 0 }],
        ["a salt of one byte", { saltBytes: 1 }],
        ["a salt of 20 bytes", { saltBytes: 20 }],
        ["a salt one byte short", { saltBytes: hash / 8 - 1 }],
        ["a salt one byte long", { saltBytes: hash / 8 + 1 }],
        ["the longest salt", { saltBytes: room }],
        ["a mask of another hash", { maskHash: hash === 256 ? 512 : 256 }],
        ["trailer cc", { trailer: 0xcc }],
        ["trailer zero", { trailer: 0 }],
        ["separator zero", { separator: 0 }],
        ["separator 2", { separator: 2 }],
        ["separator 81", { separator: 0x81 }],
        ["a bit early in the padding", { padding: (db) => void (db[1] = 1) }],
        [
          "a bit late in the padding",
          { padding: (db) => void (db[db.length - hash / 8 - 2]! |= 0x80) },
        ],
      ];
      assert.ok(ours(true, hash, message, sign(key, pss(key, hash, message))));
      for (const [why, options] of wrong) {
        const signature = sign(key, pss(key, hash, message, options));
        assert.ok(!ours(true, hash, message, signature), why);
        assert.ok(!theirs(key.publicKey, true, hash, message, signature), `${why}, node:crypto`);
      }
      const good = pss(key, hash, message);
      for (const at of [0, 1, 100, good.length - hash / 8 - 1, good.length - 2, good.length - 1]) {
        const changed = Buffer.from(good);
        changed[at]! ^= 0x40;
        if (toBigInt(changed) >= key.n) continue;
        assert.ok(!ours(true, hash, message, sign(key, changed)), `byte ${at}`);
      }
    }
  }
});

test("keys that are no good are refused by name", () => {
  const status = (modulus: Uint8Array, exponent: Uint8Array) => {
    machine.clear();
    return exports.rsaPrepare(put(modulus), put(exponent));
  };
  const modulus = modulusOf("modp14");
  const bits = (count: number) => toBytes((1n << BigInt(count - 1)) + 1n, Math.ceil(count / 8));
  assert.equal(status(modulus, F4), OK);
  assert.equal(
    status(Buffer.concat([Buffer.alloc(3), modulus]), Buffer.concat([Buffer.alloc(9), F4])),
    OK,
  );
  for (const count of [1, 8, 512, 1024, 2047])
    assert.equal(status(bits(count), F4), TOO_SHORT, `${count} bits`);
  assert.equal(status(Buffer.alloc(0), F4), TOO_SHORT);
  assert.equal(status(Buffer.alloc(300), F4), TOO_SHORT);
  assert.equal(status(bits(2048), F4), OK);
  assert.equal(status(bits(8192), F4), OK);
  for (const count of [8193, 16384, 65536])
    assert.equal(status(bits(count), F4), TOO_LONG, `${count} bits`);
  assert.equal(status(toBytes(1n << 2047n, 256), F4), EVEN);
  for (const small of [Buffer.alloc(0), Buffer.of(0), Buffer.of(1), Buffer.of(0, 0, 1)]) {
    assert.equal(status(modulus, small), EXPONENT_SMALL);
  }
  for (const even of [Buffer.of(2), Buffer.of(4), Buffer.of(1, 0, 0)])
    assert.equal(status(modulus, even), EXPONENT_EVEN);
  for (const odd of [Buffer.of(3), Buffer.of(17), Buffer.alloc(4, 0xff)])
    assert.equal(status(modulus, odd), OK);
  for (const long of [Buffer.of(1, 0, 0, 0, 1), modulus])
    assert.equal(status(modulus, long), EXPONENT_LONG);
  // What is refused verifies nothing: with exponent 1 every encoding is its own signature.
  status(modulus, Buffer.of(1));
  const message = noise("exponent 1", 10);
  assert.ok(!ours(false, 256, message, pkcs1(256, 256, message)));
});

test("moduli of the generator of CVE-2017-15361 are refused, and no others", () => {
  const status = (modulus: bigint) => {
    machine.clear();
    return exports.rsaPrepare(put(toBytes(modulus, 256)), put(F4));
  };
  const isPrime = (n: number) =>
    Array.from({ length: n - 2 }, (_, i) => n % (i + 2)).every((rest) => rest !== 0);
  const primes = Array.from({ length: 699 }, (_, i) => i + 2).filter(isPrime);
  const product = primes.reduce((product, prime) => product * BigInt(prime), 1n);
  /**
   * A number of 1024 bits as that generator tries them; whether it is prime makes no difference
   * to the product.
   */
  const candidate = (seed: string) => {
    const k = noiseBelow(`${seed} k`, 1n << 20n);
    const form = power(65537n, noiseBelow(`${seed} a`, product), product);
    const step = ((3n << 1022n) / product) * product;
    return step + (k % 1000n) * product + form;
  };
  for (let i = 0; i < 200; i++) {
    const modulus = candidate(`p ${i}`) * candidate(`q ${i}`);
    assert.equal(status(modulus), FACTORABLE, `${modulus}`);
    assert.equal(status(modulus + 2n), OK);
    assert.equal(status((1n << 2047n) + noiseBelow(`modulus ${i}`, 1n << 2046n) * 2n + 1n), OK);
  }
  for (const group of Object.values(byBits)) ownKey(modulusOf(group));
});

test("exponents of one to four bytes are raised to rightly", () => {
  for (const exponent of [3n, 5n, 17n, 257n, 65537n, 65539n, 4294967291n]) {
    const bytes = toBytes(exponent, exponent > 65537n ? 4 : 3);
    const modulus = modulusOf("modp14");
    const n = toBigInt(modulus);
    // Both factors of p - 1 = 2q must be foreign to e.
    if ((n - 1n) % exponent === 0n || ((n - 1n) / 2n) % exponent === 0n) continue;
    const key = ownKey(modulus, bytes);
    const message = noise(`exponent ${exponent}`, 15);
    assert.ok(ours(false, 256, message, sign(key, pkcs1(256, 256, message))), `${exponent}`);
  }
});
