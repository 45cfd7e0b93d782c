// What settings fall back on when they are not written: told by a build of the same sources that
// notes it down.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../tools/build.ts";
import type { FilterName } from "../../deploy/core/catalog.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";

const root = join(import.meta.dirname, "../..");

export interface Fallback {
  /** JSON pointer of the setting that was not there. */
  pointer: string;
  value: unknown;
}

/** Builds the filter with its notes exported. */
export async function recordingModule(filter: FilterName): Promise<Uint8Array> {
  mkdirSync(join(root, "build/contract"), { recursive: true });
  const entry = `build/contract/${filter}.ts`;
  const output = `build/contract/${filter}.wasm`;
  const source = [
    `export * from "../../assembly/filters/${filter}/filter";`,
    `import { fallbacks } from "../../assembly/lib/config/reader";`,
    `export function fallbackNotes(): string { return fallbacks; }`,
  ];
  writeFileSync(join(root, entry), source.join("\n"));
  await compile(entry, output, ["--use", "RECORD_FALLBACKS=ASC_TARGET"]);
  return readFileSync(join(root, output));
}

/** What each setting that `config` leaves out falls back on. */
export function fallbacksOf(
  filter: FilterName,
  bytes: Uint8Array,
  config: object,
  env: Record<string, string>,
): Fallback[] {
  const proxy = new Proxy({ onCall: () => "never" });
  try {
    const plugin = proxy.install({ module: Module.from(bytes, filter), config, env });
    const context = proxy.workers[0]!.currentRoot(plugin)!;
    return textAt(context.vm, context.vm.call(context, "fallbackNotes"))
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const space = line.indexOf(" ");
        return { pointer: line.slice(0, space), value: JSON.parse(line.slice(space + 1)) };
      });
  } finally {
    proxy.shutdown();
  }
}

/** An AssemblyScript string: UTF-16, its length in bytes in the header before it. */
function textAt(
  vm: { read(pointer: number, length: number): Buffer | undefined },
  pointer: number,
): string {
  const length = vm.read(pointer - 4, 4)!.readUInt32LE();
  return vm.read(pointer, length)!.toString("utf16le");
}
