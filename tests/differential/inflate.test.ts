// Our gunzip beside zlib: the same bytes from every way of compressing, and nothing from what zlib
// refuses.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { Random } from "../support/random.ts";
import { type Machine, start } from "./compile.ts";

interface Exports {
  __collect(): void;
  unzip(source: bigint, bytesMax: number, out: number): number;
}

const SEED = 20261201;
const BYTES_MAX = 256 * 1024;
let machine: Machine<Exports>;
before(async () => (machine = await start<Exports>("inflate")));

function ours(source: Uint8Array, bytesMax = BYTES_MAX): Buffer | undefined {
  machine.clear();
  machine.exports.__collect();
  const view = machine.put(source);
  const out = machine.room(BYTES_MAX);
  const length = machine.exports.unzip(view, bytesMax, out);
  return length < 0 ? undefined : machine.read(out, length);
}

function theirs(source: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(source);
  } catch {
    return undefined;
  }
}

const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED, Z_DEFAULT_STRATEGY } = constants;

test("what zlib compressed in any way is read as it was", () => {
  const random = new Random(SEED);
  const texts = [Buffer.alloc(0), Buffer.alloc(100_000, 0x61), random.bytes(70_000)];
  for (let i = 0; i < 40; i++) {
    const words = Array.from({ length: 1 + random.below(9) }, () =>
      random.bytes(1 + random.below(40)),
    );
    const parts = Array.from(
      { length: random.below(900) },
      () => words[random.below(words.length)]!,
    );
    texts.push(Buffer.concat(parts));
  }
  for (const text of texts) {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED]) {
        const result = ours(gzipSync(text, { level, strategy }));
        assert.ok(
          result?.equals(text),
          `${text.length} bytes, level ${level}, strategy ${strategy}`,
        );
      }
    }
  }
});

test("names, comments and more of the head are skipped", () => {
  const plain = gzipSync("text");
  const head = (flags: number, ...more: number[]) =>
    Buffer.concat([
      plain.subarray(0, 3),
      Buffer.from([flags]),
      plain.subarray(4, 10),
      Buffer.from(more),
      plain.subarray(10),
    ]);
  assert.equal(ours(head(0x08, 0x61, 0x62, 0))?.toString(), "text");
  assert.equal(ours(head(0x10, 0x61, 0))?.toString(), "text");
  assert.equal(ours(head(0x04, 2, 0, 1, 2))?.toString(), "text");
  assert.equal(ours(head(0x04 | 0x08 | 0x10, 1, 0, 9, 0x61, 0, 0x62, 0))?.toString(), "text");
  assert.equal(ours(head(0x20)), undefined);
  assert.equal(ours(head(0x08, 0x61)), undefined);
});

test("damaged and cut streams give nothing but what zlib gives too, and no machine traps", () => {
  const random = new Random(SEED + 1);
  const text = Buffer.from(
    JSON.stringify({
      keys: Array.from({ length: 30 }, (_, i) => ({
        kid: `k${i}`,
        n: random.bytes(30).toString("base64url"),
      })),
    }),
  );
  for (const strategy of [Z_DEFAULT_STRATEGY, Z_FIXED]) {
    const whole = gzipSync(text, { strategy });
    for (let length = 0; length < whole.length; length++) {
      assert.equal(ours(whole.subarray(0, length)), undefined);
    }
    for (let i = 0; i < 20_000; i++) {
      const copy = Buffer.from(whole);
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        copy[random.below(copy.length)]! ^= 1 << random.below(8);
      }
      const result = ours(copy);
      // The head holds a time and a system that nobody reads.
      if (result) assert.ok(theirs(copy)?.equals(result));
    }
  }
});

test("a bomb ends at the limit", () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000));
  assert.equal(ours(bomb), undefined);
  const fits = gzipSync(Buffer.alloc(10_000));
  assert.equal(ours(fits, 9_999), undefined);
  assert.equal(ours(fits, 10_000)?.length, 10_000);
});

test("bytes behind the stream are refused", () => {
  assert.equal(ours(Buffer.concat([gzipSync("a"), Buffer.from([0])])), undefined);
  assert.equal(ours(Buffer.concat([gzipSync("a"), gzipSync("b")])), undefined);
});
