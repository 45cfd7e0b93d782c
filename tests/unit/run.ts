// Runs the as-pect specs (all, or those whose path contains an argument) and closes with the
// plain line CI reads.
import { spawn } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/**
 * as-pect's compiler settings; written out because asc resolves a transform by absolute path
 * only.
 */
function writeCompilerConfig(): string {
  const folder = join(root, "build/unit");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "as-pect.asconfig.json");
  const release = JSON.parse(readFileSync(join(root, "asconfig.json"), "utf8")).options;
  const options = {
    // As released, so that the specs run what ships.
    runtime: release.runtime,
    exportStart: release.exportStart,
    optimizeLevel: release.optimizeLevel,
    shrinkLevel: release.shrinkLevel,
    noAssert: release.noAssert,
    // What as-pect needs to find its tests and to name what failed.
    exportMemory: true,
    outFile: "output.wasm",
    bindings: "raw",
    exportRuntime: true,
    exportTable: true,
    use: ["RTRACE=1"],
    debug: true,
  };
  const transforms: string[] = [...release.transform, "tests/unit/transform.js"];
  const targets = { noCoverage: { transform: transforms.map((file) => join(root, file)) } };
  const entries = [join(root, "node_modules/@as-pect/assembly/assembly/index.ts")];
  writeFileSync(file, JSON.stringify({ targets, options, entries }));
  return file;
}

interface Outcome {
  passed: number;
  failed: number;
}

/** One spec in its own process: a trap in one cannot hide the others. */
function runSpec(spec: string, compilerConfig: string): Promise<Outcome> {
  const args = [
    "node_modules/.bin/asp",
    "--no-logo",
    "--summary",
    "--config",
    "tests/unit/as-pect.config.js",
  ];
  return new Promise((done) => {
    const child = spawn(
      process.execPath,
      [...args, "--as-config", compilerConfig.slice(root.length + 1), spec],
      {
        cwd: root,
      },
    );
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code) => {
      const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
      const tally = tallyOf(plain);
      const failed = tally.failed || (code !== 0 || tally.passed === 0 ? 1 : 0);
      console.log(`${failed ? "not ok" : "ok"} ${spec}: ${tally.passed} passed, ${failed} failed`);
      if (failed || process.env.VERBOSE) console.log(plain);
      done({ passed: tally.passed, failed });
    });
  });
}

/** Reads as-pect's summary line, `[Tests]: 5 / 5`. */
function tallyOf(plain: string): Outcome {
  const [, passed = "0", all = "0"] = plain.match(/\[Tests\]: *(\d+) *\/ *(\d+)/) ?? [];
  return { passed: Number(passed), failed: Number(all) - Number(passed) };
}

const wanted = process.argv.slice(2);
const specs = globSync("tests/unit/**/*.spec.ts", { cwd: root })
  .filter((spec) => wanted.length === 0 || wanted.some((part) => spec.includes(part)))
  .sort();
const compilerConfig = writeCompilerConfig();
const total: Outcome = { passed: 0, failed: 0 };
const queue = [...specs];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), 4) }, async () => {
    for (let spec = queue.shift(); spec; spec = queue.shift()) {
      const outcome = await runSpec(spec, compilerConfig);
      total.passed += outcome.passed;
      total.failed += outcome.failed;
    }
  }),
);
console.log(`unit: ${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
