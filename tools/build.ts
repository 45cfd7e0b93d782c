// Compiles the modules: assembly/filters/<name>/filter.ts → build/<name>.wasm, two at a time, and
// only what changed. `node tools/build.ts [name…]` builds those; the same sources give the same
// bytes on every machine.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The filters there are, by folder. */
export const filters = globSync("assembly/filters/*/filter.ts", { cwd: root })
  .map((file) => file.split("/")[2]!)
  .sort();

/** The modules that are released: the filters, and `edge`, which composes them. */
export const modules = [...filters, "edge"];

function entryOf(module: string): string {
  return module === "edge" ? "assembly/edge/filter.ts" : `assembly/filters/${module}/filter.ts`;
}

/** Compiles a module's entry with the options it is released with. */
export function compileModule(name: string, output = `build/${name}.wasm`): Promise<void> {
  return compile(entryOf(name), output);
}

/** The sources that a module is compiled from. */
export function sourcesOfModule(name: string): string[] {
  return [...sourcesOf(entryOf(name))].sort();
}

/** The sources that a filter's entry reaches, itself among them. */
function sourcesOf(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, target] of readFileSync(join(root, entry), "utf8").matchAll(
    /(?:\bfrom|^import)\s+"(\.[^"]+)"/gm,
  )) {
    const file = `${join(dirname(entry), target!)}.ts`;
    if (existsSync(join(root, file))) sourcesOf(file, found);
  }
  return found;
}

/** What a filter's module depends on: its sources, the options, the compiler's version. */
function sourcesDigest(name: string): string {
  const digest = createHash("sha256");
  const sources = sourcesOfModule(name);
  const compiling = [
    "asconfig.json",
    "tools/transform/text.js",
    "tools/transform/syntax.js",
    "tools/build.ts",
    "package-lock.json",
  ];
  for (const file of [...sources, ...compiling]) {
    digest.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return digest.digest("hex");
}

/**
 * Compiles one entry of the tree into `output` with the release options plus `options`.
 * Throws an error that holds the compiler's own text.
 */
export async function compile(
  entry: string,
  output: string,
  options: string[] = [],
): Promise<void> {
  mkdirSync(join(root, "build"), { recursive: true });
  const partial = `${output}.${process.pid}.wasm`;
  const asc = "node_modules/assemblyscript/bin/asc.js";
  const args = [
    asc,
    entry,
    "--config",
    join(root, "asconfig.json"),
    "--outFile",
    partial,
    ...options,
  ];
  await new Promise<void>((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", fail);
    child.on("close", (code) =>
      code === 0 ? done() : fail(new Error(`${entry} does not compile:\n${output}`)),
    );
  });
  renameSync(join(root, partial), join(root, output));
}

/** The modules among `names` whose output is missing, or was built from other sources. */
export function stale(names: string[] = modules): string[] {
  return names.filter((name) => {
    const stamp = join(root, `build/${name}.stamp`);
    const isBuilt = existsSync(join(root, `build/${name}.wasm`)) && existsSync(stamp);
    return !isBuilt || readFileSync(stamp, "utf8") !== sourcesDigest(name);
  });
}

/** Builds the named filters unless their outputs are fresh. Gives the names that were compiled. */
export async function build(names: string[] = modules): Promise<string[]> {
  mkdirSync(join(root, "build"), { recursive: true });
  const changed = stale(names);
  const queue = [...changed];
  const work = async () => {
    for (let name = queue.shift(); name; name = queue.shift()) {
      const digest = sourcesDigest(name);
      await compileModule(name);
      writeFileSync(join(root, `build/${name}.stamp`), digest);
    }
  };
  await Promise.all([work(), work()]);
  return changed;
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  const built = await build(names.length > 0 ? names : modules);
  for (const name of names.length > 0 ? names : modules) {
    const size = statSync(join(root, `build/${name}.wasm`)).size;
    console.log(
      `build/${name}.wasm  ${(size / 1024).toFixed(1)} KiB${built.includes(name) ? "" : "  (already up to date)"}`,
    );
  }
}
