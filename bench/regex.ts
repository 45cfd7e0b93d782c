// `node bench/regex.ts [--smoke]`: how fast the regular expressions walk input that does not
// match, which is what nearly all requests are to nearly all conditions, in MB/s; and what
// hostile patterns cost on 10 kB, in µs per kB. Each beside its target; ends with 1 when one
// misses it.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/build.ts";

const root = join(import.meta.dirname, "..");
const TARGET_MB_PER_S = 200;
const INPUT_BYTES = 1 << 20;

/**
 * How long one case is measured; the best of several rounds counts, since whatever else runs only
 * slows.
 */
const ROUND_MS = process.argv.includes("--smoke") ? 5 : 150;
const ROUNDS = 5;

interface Exports {
  memory: WebAssembly.Memory;
  _start(): void;
  room(length: number): number;
  compile(pointer: number, length: number): number;
  matches(pointer: number, length: number): number;
}

async function load(): Promise<Exports> {
  mkdirSync(join(root, "build/bench"), { recursive: true });
  const output = "build/bench/regex.wasm";
  await compile("bench/entries/regex.ts", output, ["assembly/host/abort.ts"]);
  const module = await WebAssembly.instantiate(readFileSync(join(root, output)), {
    env: { proxy_log: () => 0 },
  });
  const exports = module.instance.exports as unknown as Exports;
  exports._start();
  return exports;
}

const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 ";

const cases: [name: string, pattern: string, input: string][] = [
  ["a word anywhere, which is looked for first", ".*Mobile.*", userAgent],
  ["a word in two forms", ".*[Mm]obile.*", userAgent],
  ["an alternation", ".*(?:Googlebot|bingbot|DuckDuckBot|YandexBot|Baiduspider).*", userAgent],
  ["an alternation, any case", "(?i).*(?:googlebot|bingbot|duckduckbot|yandexbot).*", userAgent],
  [
    "a Unicode class",
    "[\\p{L}\\p{Zs},]+[!?]",
    "Größe über alles, Ελληνικά και русский язык, 日本語 ",
  ],
  ["nested repetition", "(a+)+$[bc]", "a"],
];

const exports = await load();
const pattern = exports.room(1024);
const input = exports.room(INPUT_BYTES);

function write(pointer: number, text: string): number {
  return new TextEncoder().encodeInto(
    text,
    new Uint8Array(exports.memory.buffer, pointer, INPUT_BYTES),
  ).written;
}

/** MB/s of one round over the input, which must not match. */
function round(length: number): number {
  const started = performance.now();
  let walks = 0;
  do {
    if (exports.matches(input, length) !== 0) throw new Error("the input of a case must not match");
    walks++;
  } while (performance.now() - started < ROUND_MS);
  return (walks * length) / 1000 / (performance.now() - started);
}

/**
 * Patterns that backtrackers never come back from, and such whose automaton would have 2^12 to
 * 2^900 states. None has a character that every match must hold: with one the input would not be
 * walked at all.
 */
const hostile: [pattern: string, unit: string, microsPerKilobyteMax: number][] = [
  ["(a+)+$", "a", 10],
  ["(a|aa)+$[bc]", "a", 10],
  ["(x+x+)+[yz]", "x", 10],
  [".*.*.*.*[=;].*", "abcdefgh", 10],
  ["(?:a?){300}a{300}[bc]", "a", 500],
  ["(?:a|b)*a(?:a|b){12}[cd]", "random ab", 500],
  ["(?:a|b)*a(?:a|b){200}[cd]", "random ab", 5_000],
  ["(?:a|b)*a(?:a|b){900}[cd]", "random ab", 20_000],
];
const HOSTILE_BYTES = 10_000;

let missed = 0;
function report(met: boolean, figure: string, what: string): void {
  if (!met) missed++;
  console.log(`${met ? "ok  " : "MISS"} ${figure}  ${what}`);
}

for (const [name, source, unit] of cases) {
  const length = write(input, unit.repeat(Math.floor(INPUT_BYTES / Buffer.byteLength(unit))));
  if (exports.compile(pattern, write(pattern, source)) === 0)
    throw new Error(`${source} does not compile`);
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) best = Math.max(best, round(length));
  const figure = `${best.toFixed(0).padStart(6)} MB/s (at least ${TARGET_MB_PER_S})`;
  report(best >= TARGET_MB_PER_S, figure, `${name}: ${source}`);
}

/** Letters that look random and are the same each time. */
function lettersOf(unit: string): string {
  if (unit !== "random ab") return unit.repeat(Math.floor(HOSTILE_BYTES / unit.length));
  let state = 1;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 31;
  return Array.from({ length: HOSTILE_BYTES }, () => "ab"[next()]).join("");
}

for (const [source, unit, most] of hostile) {
  const length = write(input, lettersOf(unit));
  if (exports.compile(pattern, write(pattern, source)) === 0)
    throw new Error(`${source} does not compile`);
  const before = exports.memory.buffer.byteLength;
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now();
    exports.matches(input, length);
    best = Math.min(best, ((performance.now() - started) * 1000) / (length / 1000));
  }
  const grown = (exports.memory.buffer.byteLength - before) / 1024;
  const figure = `${best.toFixed(1).padStart(8)} µs/kB (at most ${most}), ${grown} KiB grown`;
  report(best <= most && grown <= 1024, figure, source);
}
process.exitCode = missed > 0 ? 1 : 0;
