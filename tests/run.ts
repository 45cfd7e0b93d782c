// Runs every part of the test suite that needs no Go toolchain and closes with the plain line CI
// reads. `node tests/run.ts [part…]` runs some; `--quick` leaves out the parts that need a real
// Envoy.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

interface Part {
  name: string;
  /** Arguments to Node. */
  args: string[];
  /** Starts real Envoys: left out of the quick run. */
  envoy?: boolean;
  environment?: NodeJS.ProcessEnv;
}

/** A part whose files are node:test suites. */
function suite(name: string, patterns: string[], more: Partial<Part> = {}): Part {
  const files = globSync(patterns, { cwd: root }).sort();
  // Without a file Node would look for tests everywhere: a part that lost its files has to fail.
  const missing = files.length === 0 ? [patterns[0]!] : [];
  return {
    name,
    args: ["--test", "--test-reporter=spec", "--test-concurrency=2", ...files, ...missing],
    ...more,
  };
}

const edge = { GATEHOUSE_EDGE: "1" };

const parts: Part[] = [
  suite("tidy", ["tests/tidy/*.test.ts"]),
  { name: "unit", args: ["tests/unit/run.ts"] },
  suite("contract", ["tests/contract/*.test.ts"]),
  suite("host", ["tests/host/*.test.ts"]),
  suite("scenarios", ["tests/scenarios/emulator.test.ts"]),
  suite("fuzz", ["tests/fuzz/*.test.ts"]),
  suite("differential", ["tests/differential/*.test.ts"]),
  suite("deploy", ["tests/deploy/*.test.ts"]),
  suite("docs", ["tests/docs/*.test.ts"]),
  // The same differentials with each filter as a section of the composed module.
  suite("edge", ["tests/envoy/*-differential.test.ts"], { envoy: true, environment: edge }),
  suite("envoy", ["tests/scenarios/envoy.test.ts", "tests/envoy/*.test.ts"], { envoy: true }),
];

interface Tally {
  passed: number;
  failed: number;
}

/** Reads the closing figures of node:test's reporter, or of the unit runner. */
function tallyOf(output: string): Tally {
  const count = (word: string) =>
    Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
  const plain = output.match(/^unit: (\d+) passed, (\d+) failed$/m);
  if (plain) return { passed: Number(plain[1]), failed: Number(plain[2]) };
  return { passed: count("pass"), failed: count("fail") + count("cancelled") };
}

function runPart(part: Part): Promise<Tally> {
  console.log(`\n── ${part.name}`);
  const started = performance.now();
  return new Promise((done) => {
    const child = spawn(process.execPath, part.args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1", ...part.environment },
    });
    let output = "";
    const take = (data: Buffer) => {
      output += data;
      process.stdout.write(data);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("close", (code) => {
      const tally = tallyOf(output);
      // A part that ran nothing, or broke off, has failed whatever it counted.
      if (tally.failed === 0 && (code !== 0 || tally.passed === 0)) tally.failed = 1;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `── ${part.name}: ${tally.passed} passed, ${tally.failed} failed in ${seconds} s`,
      );
      done(tally);
    });
  });
}

const options = process.argv.slice(2);
const wanted = options.filter((option) => !option.startsWith("--"));
const chosen = parts.filter(
  (part) =>
    (wanted.length === 0 || wanted.includes(part.name)) &&
    !(part.envoy && options.includes("--quick")),
);
const total: Tally = { passed: 0, failed: 0 };
const broken: string[] = [];
for (const part of chosen) {
  const tally = await runPart(part);
  total.passed += tally.passed;
  total.failed += tally.failed;
  if (tally.failed > 0) broken.push(part.name);
}
if (broken.length > 0) console.log(`\nfailed: ${broken.join(", ")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
