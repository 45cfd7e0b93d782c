// The arithmetic below the curves against BigInt: the numbers at the edges, and long chains of
// operations, in which the numbers are never the smallest of their class.
import assert from "node:assert/strict";
import { test } from "node:test";
import { edwards, p256, p384, p521 } from "./curves.ts";
import { exports, machine, modulo, noise, noiseBelow, put, toBigInt, toBytes } from "./machine.ts";

const fields: [name: string, modulus: bigint][] = [
  ["p of P-256", p256.p],
  ["n of P-256", p256.n],
  ["p of P-384", p384.p],
  ["n of P-384", p384.n],
  ["p of edwards25519", edwards.p],
  ["L of edwards25519", edwards.l],
  ["p of P-521", p521.p],
];

const reversed = (data: Buffer) => Buffer.from(data).reverse();

function read(number: bigint, length: number, to: number): void {
  machine.clear();
  exports.fieldRead(put(reversed(toBytes(number, length))), to);
}

function write(from: number, length: number): bigint {
  machine.clear();
  const out = machine.room(80);
  exports.fieldWrite(from, out);
  return toBigInt(reversed(machine.read(out, length)));
}

for (const [index, [name, modulus]] of fields.entries()) {
  test(`products and sums modulo ${name} are right at the edges`, () => {
    const length = exports.fieldUse(index);
    const edges = [0n, 1n, 2n, 3n, modulus - 1n, modulus - 2n, modulus >> 1n, (modulus >> 1n) + 1n];
    for (let bit = 28n; bit < BigInt(length * 8) - 1n; bit += 29n)
      edges.push(modulo((1n << bit) - 1n, modulus));
    for (let i = 0; i < 8; i++) edges.push(noiseBelow(`${name} ${i}`, modulus));
    for (const a of edges) {
      read(a, length, 0);
      assert.equal(write(0, length), a);
      for (const b of edges) {
        read(b, length, 1);
        exports.fieldMultiply(0, 1, 2);
        assert.equal(write(2, length), (a * b) % modulus);
        exports.fieldCombine(0, 1, 1, -1, 2);
        assert.equal(write(2, length), modulo(a - b, modulus));
        exports.fieldCombine(0, 8, 1, 8, 2);
        assert.equal(write(2, length), modulo(8n * a + 8n * b, modulus));
        exports.fieldCombine(0, -8, 1, -8, 2);
        assert.equal(write(2, length), modulo(-8n * a - 8n * b, modulus));
        assert.equal(exports.fieldEquals(0, 1), a === b ? 1 : 0);
      }
    }
  });

  test(`chains of operations modulo ${name} stay right`, () => {
    const length = exports.fieldUse(index);
    const values = Array.from({ length: 8 }, (_, i) => noiseBelow(`${name} start ${i}`, modulus));
    values[0] = modulus - 1n;
    values[1] = 0n;
    values.forEach((value, i) => read(value, length, i));
    const choices = noise(`${name} program`, 6 * 3000);
    for (let step = 0; step < 3000; step++) {
      const [operation = 0, a = 0, b = 0, to = 0, ka = 0, kb = 0] = choices
        .subarray(6 * step)
        .map((byte) => byte & 15);
      const [i, j, k] = [a & 7, b & 7, to & 7];
      if (operation < 6) {
        exports.fieldMultiply(i, j, k);
        values[k] = (values[i]! * values[j]!) % modulus;
      } else {
        const [m, n] = [ka - 8, kb - 8];
        exports.fieldCombine(i, m, j, n, k);
        values[k] = modulo(BigInt(m) * values[i]! + BigInt(n) * values[j]!, modulus);
      }
      if (step % 16 === 0) assert.equal(write(k, length), values[k], `step ${step}`);
    }
    values.forEach((value, i) => assert.equal(write(i, length), value));
  });
}
