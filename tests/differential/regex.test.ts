// Our regular expressions against Go's (fixtures, made by regex-fixtures/main.go: RE2's syntax
// and semantics), against JavaScript's where the semantics coincide, and where both are silent
// against RE2's documentation.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { generate } from "../../assembly/lib/regex/unicode-tables.gen.ts";
import { Random } from "../support/random.ts";
import { type Machine, start } from "./compile.ts";

interface Exports {
  compile(pattern: bigint, ignoreCase: number): number;
  matches(value: bigint): number;
  contains(value: bigint): number;
  find(value: bigint, from: number): bigint;
  memoryBytes(): number;
}

/** Of RegexStatus. */
const REPETITION_SIZE = 10;
const TOO_DEEP = 17;
const TOO_LARGE = 18;

let machine: Machine<Exports>;
before(async () => {
  machine = await start<Exports>("regex");
});

const utf8 = (text: string | Uint8Array) =>
  typeof text === "string" ? new TextEncoder().encode(text) : text;

/** One call with one text in the module's memory. */
function withText<T>(text: string | Uint8Array, call: (view: bigint) => T): T {
  machine.clear();
  return call(machine.put(utf8(text)));
}

const compile = (pattern: string | Uint8Array, ignoreCase = false) =>
  withText(pattern, (view) => machine.exports.compile(view, ignoreCase ? 1 : 0));
const matches = (text: string | Uint8Array) =>
  withText(text, (view) => machine.exports.matches(view) !== 0);
const contains = (text: string | Uint8Array) =>
  withText(text, (view) => machine.exports.contains(view) !== 0);
function find(text: string | Uint8Array, from = 0): [number, number] {
  const found = withText(text, (view) => machine.exports.find(view, from));
  return found < 0n ? [-1, -1] : [Number(found >> 32n), Number(found & 0xffffffffn)];
}

type Row = [
  pattern: string,
  results: [text: string, whole: 0 | 1, start: number, end: number][] | null,
];

/**
 * Where Go accepts what RE2 refuses: categories in lower case or by alias (`LC`), and a group
 * name given twice.
 */
const refusedByRe2Only = (pattern: string) =>
  /\\[pP](?:[a-z]|\{\^?(?:[a-z]|[A-Z]{2}))/.test(pattern) || pattern === "(?P<a>b)(?P<a>c)";

test("thousands of patterns mean what they mean in Go", () => {
  const file = join(import.meta.dirname, "fixtures/regex.json");
  const rows = JSON.parse(readFileSync(file, "utf8")) as Row[];
  assert.ok(rows.length > 2000);
  const wrong: string[] = [];
  let compared = 0;
  for (const [pattern, results] of rows) {
    const refused = compile(pattern) !== 0;
    if (refused !== (results === null)) {
      if (!refused || !refusedByRe2Only(pattern))
        wrong.push(`${JSON.stringify(pattern)} is ${refused ? "refused" : "accepted"}`);
      continue;
    }
    for (const [text, whole, start, end] of results ?? []) {
      compared++;
      if (matches(text) !== (whole === 1)) wrong.push(`${JSON.stringify([pattern, text])}: whole`);
      // RE2 sees a non-boundary between the bytes of a character, where Go does not look (Go's
      // own tests skip these).
      if (pattern.includes("\\B") && /[^\0-\x7f]/.test(text)) continue;
      if (contains(text) !== start >= 0) wrong.push(`${JSON.stringify([pattern, text])}: contains`);
      const found = find(text);
      if (found[0] !== start || found[1] !== end)
        wrong.push(`${JSON.stringify([pattern, text])}: ${found}`);
    }
  }
  assert.deepEqual(wrong.slice(0, 20), []);
  assert.ok(compared > 15_000, `${compared}`);
});

test("thousands of patterns mean what they mean in JavaScript", () => {
  const chance = new Random(20261124);
  const random = (bound: number) => chance.below(bound);
  const pick = <T>(choices: T[]) => chance.one(choices);
  const atoms = [
    "a",
    "b",
    "c",
    "é",
    "日",
    "😀",
    ".",
    "\\d",
    "[ab]",
    "[^ab]",
    "[a-cé-ö]",
    "\\p{L}",
    "\\P{L}",
    "\\p{Nd}",
  ];
  atoms.push("[\\p{Lu}0-5]", "[^\\d]", "\\.", "\\x62", "[😀-😎]");
  const item = (depth: number): string => {
    if (random(12) === 0) return pick(["^", "$"]);
    const base =
      depth > 0 && random(3) === 0 ? `${pick(["(", "(?:"])}${pattern(depth - 1)})` : pick(atoms);
    return random(3) === 0
      ? base + pick(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?"])
      : base;
  };
  const pattern = (depth: number): string => {
    const items = Array.from({ length: 1 + random(4) }, () => item(depth)).join("");
    return random(4) === 0 ? `${items}|${item(depth)}` : items;
  };
  const letters = ["a", "b", "c", "A", "é", "É", "日", "😀", "0", "7", ".", " ", "\n"];
  const wrong: string[] = [];
  let compared = 0;
  for (let round = 0; round < 2000; round++) {
    const source = pattern(2);
    const ignoreCase = random(3) === 0;
    const flags = ignoreCase ? "isu" : "su";
    // \P{L} under "iu" is JavaScript's own matter.
    if (ignoreCase && /\\[pP]/.test(source)) continue;
    const status = compile(`(?s)${source}`, ignoreCase);
    // Nested counts of large classes may exceed our size limit, which JavaScript has not.
    if (status === TOO_LARGE && /\\[pP]/.test(source)) continue;
    assert.equal(status, 0, source);
    compared++;
    const whole = new RegExp(`^(?:${source})$`, flags);
    const part = new RegExp(source, flags);
    for (let i = 0; i < 5; i++) {
      const text = Array.from({ length: random(8) }, () => pick(letters)).join("");
      const seen = [matches(text), contains(text)];
      if (seen[0] !== whole.test(text) || seen[1] !== part.test(text)) {
        wrong.push(`/${source}/${flags} on ${JSON.stringify(text)}: ${seen}`);
      }
    }
  }
  assert.deepEqual(wrong.slice(0, 20), []);
  assert.ok(compared > 1500, `${compared}`);
});

test("every character is in exactly the general categories that Unicode gives it", () => {
  const categories = [
    "L",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "M",
    "Mn",
    "N",
    "Nd",
    "Nl",
    "P",
    "Ps",
    "S",
    "Sm",
    "Z",
    "Zs",
    "Cc",
  ];
  for (const category of categories) {
    assert.equal(compile(`\\p{${category}}`), 0);
    const pattern = new RegExp(`^\\p{${category}}$`, "u");
    for (let c = 0; c < 0x20000; c += c < 0x3000 ? 1 : 7) {
      if (c >= 0xd800 && c <= 0xdfff) continue;
      const text = String.fromCodePoint(c);
      assert.equal(matches(text), pattern.test(text), `U+${c.toString(16)} in ${category}`);
    }
  }
});

test("case folds as Unicode's simple case folding does", () => {
  const folding: number[] = [];
  for (let c = 0; c < 0x1f000; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    const text = String.fromCodePoint(c);
    if (text.toLowerCase() !== text || text.toUpperCase() !== text) folding.push(c);
  }
  assert.ok(folding.length > 2000);
  for (const c of folding) {
    const text = String.fromCodePoint(c);
    const source = `\\x{${c.toString(16)}}`;
    assert.equal(compile(source, true), 0);
    const oracle = new RegExp(`^\\u{${c.toString(16)}}$`, "iu");
    for (const other of [
      text.toLowerCase(),
      text.toUpperCase(),
      text.toUpperCase().toLowerCase(),
      "k",
      "s",
      "i",
    ]) {
      assert.equal(matches(other), oracle.test(other), `${source} on ${JSON.stringify(other)}`);
    }
  }
});

const notUtf8 = [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]].map(
  (bytes) => Uint8Array.from(bytes),
);

test("what is not UTF-8 is no character, as in RE2", () => {
  for (const pattern of [
    "(?s).",
    "(?s).?",
    "[^b]",
    "\\W",
    "\\PL",
    "[\\x00-\\x{10FFFF}]{0,5}",
    "\\x{ff}",
    "\\p{L}*",
  ]) {
    assert.equal(compile(pattern), 0);
    for (const text of notUtf8) assert.equal(matches(text), false, `${pattern} on ${text}`);
    assert.equal(matches(Uint8Array.from([0x61, 0xe2, 0x82])), false);
  }
  compile("a+");
  assert.deepEqual(find(Uint8Array.from([0xff, 0x61, 0x61, 0xc3])), [1, 3]);
  assert.notEqual(compile(Uint8Array.from([0x61, 0xff])), 0);
});

test("but loops over everything walk over it, as in Go: a stray byte gets nobody past them", () => {
  const surrounded = (text: Uint8Array) => Buffer.concat([text, Buffer.from("Mobile"), text]);
  for (const pattern of [
    "(?s).*",
    ".*",
    "[^x]*",
    "[\\x00-\\x{10FFFF}]*",
    "(.*|x)",
    ".*Mobile.*",
    "(?i).*MOBILE[^x]*",
  ]) {
    assert.equal(compile(pattern), 0);
    for (const text of notUtf8)
      assert.equal(matches(surrounded(text)), true, `${pattern} on ${text}`);
  }
  compile("[^b]*é.*");
  assert.equal(matches("日é日"), true);
  // A character is not torn apart: its second byte alone is no beginning of anything.
  compile(".*\\x{a9}.*");
  assert.equal(matches("é"), false);
  compile(".*..");
  assert.equal(matches("é"), false);
  assert.equal(matches("éa"), true);
});

test("words and lines are looked at with what lies before the place where a search begins", () => {
  compile("\\bfoo");
  assert.deepEqual(find("xfoo foo", 1), [5, 8]);
  compile("^a");
  assert.deepEqual(find("aa", 1), [-1, -1]);
  compile("(?m)^a");
  assert.deepEqual(find("b\na", 2), [2, 3]);
  assert.deepEqual(find("aa", 1), [-1, -1]);
  assert.deepEqual(find("a", 2), [-1, -1]);
});

test("time is linear, whatever the pattern", () => {
  const text = `${"a".repeat(400_000)}!`;
  for (const pattern of [
    "(a+)+$",
    "(a|aa)+$",
    "(a*)*b",
    "(a|a)*b",
    "a{0,100}a{0,100}$",
    "(?:a?){50}a{50}b",
    ".*.*.*=.*",
  ]) {
    assert.equal(compile(pattern), 0);
    const started = performance.now();
    assert.equal(matches(text), false, pattern);
    const milliseconds = performance.now() - started;
    // 400 kB: a table walk takes one millisecond; even 2.5 µs a kB of constructions would pass, a
    // backtracker never.
    assert.ok(milliseconds < 1000, `${pattern}: ${milliseconds} ms`);
  }
});

test("memory is bounded where the table would be exponential", () => {
  const random = new Random(7);
  // Its deterministic automaton has 2^13 states: each position of the last 13 letters counts.
  assert.equal(compile("(?:a|b)*a(?:a|b){12}"), 0);
  const text = Array.from({ length: 200_000 }, () => "ab"[random.below(2)]).join("");
  assert.equal(matches(text), text.at(-13) === "a");
  const before = machine.exports.memoryBytes();
  for (let cut = 1; cut <= 13; cut++) {
    const part = text.slice(0, text.length - cut);
    assert.equal(matches(part), part.at(-13) === "a");
  }
  assert.equal(machine.exports.memoryBytes(), before);
});

test("a pattern that would not fit is refused, and quickly", () => {
  const started = performance.now();
  assert.equal(compile("((a{1000}){1000})"), REPETITION_SIZE);
  assert.equal(compile("(\\p{L}{500}){2}"), TOO_LARGE);
  assert.equal(compile(`${"(abc)*".repeat(2731)}`), TOO_LARGE);
  assert.equal(compile("a".repeat(16 * 1024 + 1)), TOO_LARGE);
  assert.equal(compile("(".repeat(1000) + ")".repeat(1000)), TOO_DEEP);
  assert.equal(compile("(".repeat(250) + ")".repeat(250)), 0);
  assert.equal(compile("((((((((((x{2}){2}){2}){2}){2}){2}){2}){2}){2}){2})"), REPETITION_SIZE);
  assert.equal(compile(`${"[^\\x00]".repeat(2000)}`), TOO_LARGE);
  assert.ok(performance.now() - started < 2000);
});

test("the Unicode tables are those of the pinned Node", () => {
  const file = join(import.meta.dirname, "../../assembly/lib/regex/unicode-tables.ts");
  assert.equal(readFileSync(file, "utf8"), generate());
});
