// Patterns that nobody would write, and bytes that are no text: refused or compiled, matched or
// not, never a trap, and always the same answer.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Machine, start } from "../differential/compile.ts";
import { Random } from "../support/random.ts";

interface Exports {
  compile(pattern: bigint, ignoreCase: number): number;
  matches(value: bigint): number;
  contains(value: bigint): number;
  find(value: bigint, from: number): bigint;
  memoryBytes(): number;
}

let machine: Machine<Exports>;
before(async () => {
  machine = await start<Exports>("regex");
});

function withBytes<T>(bytes: Uint8Array, call: (view: bigint) => T): T {
  machine.clear();
  return call(machine.put(bytes));
}

const pieces = (
  "( ) (? (?: (?i) (?P<n> [ ] [^ [: :] [[:alpha:]] { } {2} {0,} {1000} {,} * + ? *? | || \\ \\d \\W \\pL \\p{Lu} \\P{^N} " +
  "\\x{ff} \\x \\Q \\E \\b \\B \\A \\z ^ $ . - a b aa é 日 😀 \\1 (?= (?<! \\C 0 9"
).split(" ");

function pattern(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let count = random.below(14); count >= 0; count--) {
    parts.push(
      random.below(12) === 0 ? random.bytes(random.below(4)) : Buffer.from(random.one(pieces)),
    );
  }
  return Buffer.concat(parts);
}

const value = (random: Random): Buffer =>
  random.below(2)
    ? random.bytes(random.below(30))
    : Buffer.from(random.one(["", "a", "aab", "éa日", "\n", "a\nb", "0 9"]));

test("nothing traps, and a search agrees with itself", () => {
  const random = new Random(99);
  let compiled = 0;
  for (let round = 0; round < 6_000; round++) {
    const source = pattern(random);
    if (withBytes(source, (view) => machine.exports.compile(view, random.below(2))) !== 0) continue;
    compiled++;
    for (let i = 0; i < 4; i++) {
      const text = value(random);
      const [whole, part, found] = withBytes(text, (view) => [
        machine.exports.matches(view) !== 0,
        machine.exports.contains(view) !== 0,
        machine.exports.find(view, 0),
      ]);
      const said = `${JSON.stringify(source.toString("latin1"))} on ${JSON.stringify(text.toString("latin1"))}`;
      assert.equal(part, found >= 0n, said);
      // What matches as a whole holds a match, which begins at the very beginning and, being the
      // longest, ends at the end.
      if (whole) assert.equal(found, BigInt(text.length), said);
    }
  }
  assert.ok(compiled > 700, `${compiled}`);
});

test("memory stays where it is, whatever is compiled and thrown away", () => {
  const random = new Random(7);
  const round = () => {
    for (let i = 0; i < 2000; i++)
      withBytes(pattern(random), (view) => machine.exports.compile(view, 0));
  };
  round();
  const before = machine.exports.memoryBytes();
  round();
  round();
  assert.ok(
    machine.exports.memoryBytes() - before <= 2 << 20,
    `${machine.exports.memoryBytes() - before}`,
  );
});
