// SHA-2 and HMAC against node:crypto, and the examples of FIPS 180.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { type HashBits, exports, hashes, machine, noise, put } from "./machine.ts";

function hash(bits: HashBits, message: Uint8Array): string {
  machine.clear();
  const out = machine.room(64);
  exports[`sha${bits}`](put(message), out);
  return machine.read(out, bits / 8).toString("hex");
}

const expected = (bits: number, message: Uint8Array) =>
  createHash(`sha${bits}`).update(message).digest("hex");

/** FIPS 180-2 appendices B to D, the million times "a" included. */
const examples: [HashBits, string, string][] = [
  [256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    256,
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [256, "a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  [
    384,
    "abc",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    384,
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
  ],
  [
    384,
    "a".repeat(1_000_000),
    "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985",
  ],
  [
    512,
    "abc",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
  [
    512,
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
  ],
  [
    512,
    "a".repeat(1_000_000),
    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
  ],
];

test("the hashes give what FIPS 180 prints, a million times a included", () => {
  for (const [bits, message, digest] of examples)
    assert.equal(hash(bits, Buffer.from(message)), digest);
});

test("the hashes agree with node:crypto on every length over several blocks", () => {
  const data = noise("hash", 1000);
  for (const bits of hashes) {
    for (let length = 0; length <= 600; length++) {
      const message = data.subarray(0, length);
      assert.equal(hash(bits, message), expected(bits, message), `SHA-${bits} of ${length} bytes`);
    }
  }
});

test("a message in parts hashes like the whole, wherever it is cut", () => {
  const data = noise("parts", 300);
  for (const bits of hashes) {
    for (const length of [1, 63, 64, 65, 111, 112, 127, 128, 129, 255, 256, 257, 300]) {
      const message = data.subarray(0, length);
      const whole = expected(bits, message);
      for (let cut = 0; cut <= length; cut++) {
        machine.clear();
        const out = machine.room(64);
        exports.hashInTwo(bits, put(message.subarray(0, cut)), put(message.subarray(cut)), out);
        assert.equal(
          machine.read(out, bits / 8).toString("hex"),
          whole,
          `SHA-${bits}, ${cut} of ${length}`,
        );
      }
    }
  }
});

test("HMAC agrees with node:crypto on keys shorter and longer than a block", () => {
  for (const bits of hashes) {
    for (let length = 0; length <= 300; length += length < 140 ? 1 : 7) {
      const key = noise(`key ${length}`, length);
      const message = noise(`message ${length}`, (length * 5) % 257);
      const tag = createHmac(`sha${bits}`, key).update(message).digest();
      machine.clear();
      exports.hmacPrepare(bits, put(key));
      const out = machine.room(64);
      const view = put(message);
      // Twice, since a prepared key must not be used up.
      for (let i = 0; i < 2; i++) {
        exports.hmacSign(view, out);
        assert.ok(
          machine.read(out, bits / 8).equals(tag),
          `HS${bits} with a key of ${length} bytes`,
        );
      }
      assert.equal(exports.hmacVerify(view, put(tag)), 1);
    }
  }
});

test("HMAC refuses tags that are changed, cut short, empty or longer", () => {
  const key = noise("key", 64);
  const message = noise("message", 100);
  for (const bits of hashes) {
    machine.clear();
    exports.hmacPrepare(bits, put(key));
    const view = put(message);
    const tag = createHmac(`sha${bits}`, key).update(message).digest();
    const verifies = (candidate: Uint8Array) => exports.hmacVerify(view, put(candidate)) === 1;
    assert.ok(verifies(tag));
    for (let bit = 0; bit < bits; bit++) {
      const changed = Buffer.from(tag);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!verifies(changed), `bit ${bit}`);
    }
    for (let length = 0; length < tag.length; length++)
      assert.ok(!verifies(tag.subarray(0, length)));
    assert.ok(!verifies(Buffer.concat([tag, Buffer.alloc(1)])));
  }
});

test("comparison in constant time finds a difference in every place, and in the length", () => {
  const data = noise("compare", 70);
  for (let length = 0; length <= data.length; length++) {
    machine.clear();
    const a = put(data.subarray(0, length));
    assert.equal(exports.equalConstantTime(a, put(data.subarray(0, length))), 1);
    assert.equal(
      exports.equalConstantTime(a, put(Buffer.concat([data.subarray(0, length), Buffer.alloc(1)]))),
      0,
    );
    for (let at = 0; at < length; at++) {
      const changed = Buffer.from(data.subarray(0, length));
      changed[at]! ^= 1 << (at & 7);
      assert.equal(exports.equalConstantTime(a, put(changed)), 0);
    }
  }
});
