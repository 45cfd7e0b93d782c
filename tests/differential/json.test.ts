// Our JSON reader beside JavaScript's: the same texts are refused but for the listed strictness,
// and what is taken means the same: texts and whole numbers exactly, other numbers to the last
// place (assembly/lib/json/double.ts says why).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { Random } from "../support/random.ts";
import { type Machine, start } from "./compile.ts";

interface Exports {
  parse(text: bigint): number;
  spell(out: number): number;
}

const SEED = 20261125;
const DEPTH_MAX = 64;
const SUITE = "fixtures/json-test-suite.json";

let machine: Machine<Exports>;
before(async () => (machine = await start<Exports>("json")));

/** What our reader says: the spelling, or undefined for a refusal. */
function ours(text: Uint8Array): string | undefined {
  machine.clear();
  if (machine.exports.parse(machine.put(text)) !== 0) return undefined;
  const out = machine.room(8 * text.length + 64);
  return machine.read(out, machine.exports.spell(out)).toString("latin1");
}

/** What JavaScript says, with our strictness on top. */
function theirs(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const keys: string[] = [];
    const value = JSON.parse(text, function (this: any, key, inner, context?: { source?: string }) {
      if (typeof inner === "string" && !inner.isWellFormed())
        throw new Error("half of a surrogate pair");
      if (!key.isWellFormed()) throw new Error("half of a surrogate pair");
      keys.push(key);
      return typeof inner === "number" ? { number: context!.source! } : inner;
    } as (this: any, key: string, value: any) => any);
    if (hasDuplicate(text) || depthOf(value) > DEPTH_MAX) return undefined;
    return spelled(value);
  } catch {
    return undefined;
  }
}

/** Whether an object of the text names a key twice: as many members as JavaScript kept, or more. */
function hasDuplicate(text: string): boolean {
  let members = 0;
  JSON.parse(text, (_, inner) => {
    if (inner !== null && typeof inner === "object" && !Array.isArray(inner))
      members += Object.keys(inner).length;
    return inner;
  });
  return colonsOutsideStrings(text) !== members;
}

function colonsOutsideStrings(text: string): number {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, "").split(":").length - 1;
}

function depthOf(value: any): number {
  if (value === null || typeof value !== "object" || "number" in value) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function spelled(value: any): string {
  if (value === null) return "n";
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "string") return `s${hex(value)}`;
  if (Array.isArray(value)) return `[${value.map((item) => `${spelled(item)},`).join("")}]`;
  if (typeof value.number === "string") return spelledNumber(value.number);
  return `{${Object.entries(value)
    .map(([key, item]) => `k${hex(key)}:${spelled(item)},`)
    .join("")}}`;
}

/** A whole number of 64 bits stays exact, however it is written; anything else is a double. */
function spelledNumber(source: string): string {
  const whole = wholeOf(source);
  if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return `i${whole}`;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Number(source));
  return `d${bits.getBigUint64(0).toString(16).padStart(16, "0")}`;
}

/** The number as an exact integer, if it is one and its exponent is not absurd. */
function wholeOf(source: string): bigint | undefined {
  const [, sign, whole, fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source)!;
  const digits = (whole! + fraction).replace(/^0+(?=\d)/, "");
  const shift = Number(exponent) - fraction.length;
  if (/^0+$/.test(digits)) return 0n;
  if (shift > 40) return undefined;
  if (shift >= 0) return BigInt(sign! + digits + "0".repeat(shift));
  const kept = digits.slice(0, shift);
  return /^0*$/.test(digits.slice(shift)) && kept ? BigInt(sign! + kept) : undefined;
}

/** Equal, but for doubles that are neighbours. */
function sameToTheLastPlace(left: string, right: string): boolean {
  const doubles = (text: string) =>
    [...text.matchAll(/d([0-9a-f]{16})/g)].map(([, bits]) => BigInt(`0x${bits}`));
  const shape = (text: string) => text.replace(/d[0-9a-f]{16}/g, "d");
  const others = doubles(right);
  const near = (bits: bigint, at: number) => bits - others[at]! >= -1n && bits - others[at]! <= 1n;
  return shape(left) === shape(right) && doubles(left).every(near);
}

function hex(text: string): string {
  return Buffer.from(text, "utf8").toString("hex");
}

function agree(text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const [left, right] = [ours(bytes), theirs(bytes)];
  if (left !== right && left && right && sameToTheLastPlace(left, right)) return;
  assert.equal(left, right, JSON.stringify(Buffer.from(bytes).toString("latin1")).slice(0, 400));
}

describe("JSON", () => {
  test("numbers mean the same, to the last place", () => {
    const random = new Random(SEED);
    const digits = (most: number) =>
      Array.from({ length: 1 + random.below(most) }, () => random.below(10)).join("");
    for (let i = 0; i < 20_000; i++) {
      const whole =
        random.below(3) === 0 ? "0" : `${1 + random.below(9)}${random.below(2) ? digits(25) : ""}`;
      const fraction = random.below(2) ? `.${digits(25)}` : "";
      const exponent = random.below(2)
        ? `${random.one(["e", "E"])}${random.one(["", "+", "-"])}${random.below(330)}`
        : "";
      agree(`${random.one(["", "-"])}${whole}${fraction}${exponent}`);
    }
    for (let i = 0; i < 20_000; i++) {
      const bits = new DataView(new ArrayBuffer(8));
      bits.setUint32(0, random.below(2 ** 32));
      bits.setUint32(4, random.below(2 ** 32));
      const value = bits.getFloat64(0);
      if (Number.isFinite(value)) agree(String(value));
    }
    for (const edge of "9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 -0 -0.0 1.0 1e3 1e-3 5e-324 2.2250738585072014e-308 1.7976931348623157e308 1e309 9007199254740993 0.1e1".split(
      " ",
    ))
      agree(edge);
  });

  test("texts made by the grammar mean the same", () => {
    const random = new Random(SEED + 1);
    for (let i = 0; i < 4_000; i++)
      agree(JSON.stringify(grown(random, 5), undefined, random.one(["", " ", "\t"])));
  });

  test("changed at any byte, both refuse or both understand the same", () => {
    const random = new Random(SEED + 2);
    for (let i = 0; i < 30_000; i++) {
      const bytes = Buffer.from(JSON.stringify(grown(random, 3)));
      for (let changes = 1 + random.below(3); changes > 0; changes--) {
        const at = random.below(bytes.length);
        bytes[at] = random.below(3) === 0 ? random.below(256) : random.one(interesting);
      }
      agree(random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes);
    }
  });

  test("JSONTestSuite: what must be refused is, and what must be taken too, but for objects that name a member twice", () => {
    const suite: Record<string, string> = JSON.parse(
      readFileSync(join(import.meta.dirname, SUITE), "utf8"),
    );
    const counts = { y: 0, n: 0, i: 0 };
    for (const [name, text] of Object.entries(suite)) {
      const decision = name[0] as keyof typeof counts;
      counts[decision]++;
      const isTaken = ours(Buffer.from(text)) !== undefined;
      // RFC 7515 section 4 and RFC 7519 section 4 let a reader refuse such a header and such
      // claims.
      const isDuplicate = name.startsWith("y_object_duplicated_key");
      if (decision !== "i") assert.equal(isTaken, decision === "y" && !isDuplicate, name);
    }
    assert.ok(counts.y > 90 && counts.n > 150, JSON.stringify(counts));
  });

  test("nesting is taken up to its limit and refused beyond", () => {
    for (const depth of [1, DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1, 100_000]) {
      assert.equal(
        ours(Buffer.from("[".repeat(depth) + "]".repeat(depth))) !== undefined,
        depth <= DEPTH_MAX,
      );
      assert.equal(ours(Buffer.from("[".repeat(depth))), undefined);
      assert.equal(ours(Buffer.from('{"a":'.repeat(depth))), undefined);
    }
  });
});

const interesting = [
  ...Buffer.from('"\\{}[],:0123456789-+.eEtrufalsn \t\n\r/bu'),
  0,
  0x1f,
  0x7f,
  0x80,
  0xc0,
  0xed,
  0xf4,
  0xff,
];

/** A value as people and attackers nest them. */
function grown(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 8 : 6);
  if (kind === 0) return random.one([null, true, false]);
  if (kind === 1)
    return random.below(2) ? random.below(1e9) : (random.next() - 0.5) * 10 ** random.below(20);
  if (kind < 6) return text(random);
  const items = Array.from({ length: random.below(6) }, () => grown(random, depth - 1));
  return kind === 6 ? items : Object.fromEntries(items.map((item) => [text(random), item]));
}

function text(random: Random): string {
  const letters = [
    "a",
    "iss",
    "\u0000",
    '"',
    "\\",
    "/",
    "\n",
    "é",
    "\u2028",
    "\u{1f600}",
    "\u007f",
    " ",
    "aud",
    "0",
  ];
  return Array.from({ length: random.below(5) }, () => random.one(letters)).join("");
}
