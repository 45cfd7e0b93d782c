// Runs the as-pect specs (all, or those whose path contains an argument) and closes with the
// plain line CI reads.
import { spawn } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";

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

/** Specs that are compiled together: the compiler's start costs more than a spec. */
const GROUP_SPECS_MAX = 10;

interface Run extends Outcome {
  output: string;
}

/** Compiles and runs one entry in a process of its own. */
function runEntry(entry: string, compilerConfig: string): Promise<Run> {
  const args = ["--no-logo", "--summary", "--config", "tests/unit/as-pect.config.js"];
  const config = ["--as-config", relative(root, compilerConfig)];
  return new Promise((done) => {
    const child = spawn(process.execPath, ["node_modules/.bin/asp", ...args, ...config, entry], {
      cwd: root,
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code) => {
      const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
      const { passed, failed } = tallyOf(plain);
      done({ passed, failed: failed || (code !== 0 || passed === 0 ? 1 : 0), output: plain });
    });
  });
}

async function runSpec(spec: string, compilerConfig: string): Promise<Outcome> {
  const { passed, failed, output } = await runEntry(spec, compilerConfig);
  console.log(`${failed ? "not ok" : "ok"} ${spec}: ${passed} passed, ${failed} failed`);
  if (failed || process.env.VERBOSE) console.log(output);
  return { passed, failed };
}

/** Specs in one module. When anything fails, each runs alone: a trap must not hide the others. */
async function runGroup(group: string[], index: number, compilerConfig: string): Promise<Outcome> {
  const entry = `build/unit/group-${index}.spec.ts`;
  const imports = group.map((spec) => `import "../../${spec.replace(/\.ts$/, "")}";\n`);
  writeFileSync(join(root, entry), imports.join(""));
  const { passed, failed } = await runEntry(entry, compilerConfig);
  if (failed === 0 && group.length > 1) {
    console.log(`ok ${group[0]} to ${group.at(-1)}: ${passed} passed, 0 failed`);
    return { passed, failed };
  }
  const total: Outcome = { passed: 0, failed: 0 };
  for (const spec of group) {
    const outcome = await runSpec(spec, compilerConfig);
    total.passed += outcome.passed;
    total.failed += outcome.failed;
  }
  return total;
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
const groups = Array.from({ length: Math.ceil(specs.length / GROUP_SPECS_MAX) }, (_, index) =>
  specs.slice(index * GROUP_SPECS_MAX, (index + 1) * GROUP_SPECS_MAX),
);
const queue = [...groups.entries()];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), 4) }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, group] = next;
      const outcome = await runGroup(group, index, compilerConfig);
      total.passed += outcome.passed;
      total.failed += outcome.failed;
    }
  }),
);
console.log(`unit: ${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
