// Whether a setting that is left out means the schema's default: the filter's own parser reads the
// document without the setting and with the default spelled out, and both settings objects must be
// equal, with everything that they refer to.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../tools/build.ts";
import type { FilterName } from "../../deploy/core/catalog.ts";

const root = join(import.meta.dirname, "../..");

/** The function that reads a filter's settings, where it is not `Config.read`. */
const readers: Partial<Record<FilterName, [imports: string, call: string]>> = {
  "jwt-auth": ["Config, readSettings", "readSettings"],
};

/** Compiles the settings parser of one filter alone, without the rest of the filter. */
export async function compileSettings(filter: FilterName): Promise<WebAssembly.Module> {
  mkdirSync(join(root, "build/contract"), { recursive: true });
  const [imports, call] = readers[filter] ?? ["Config", "Config.read"];
  const entry = `build/contract/${filter}.ts`;
  const output = `build/contract/${filter}.wasm`;
  const source = [
    `import { ${imports} } from "../../assembly/filters/${filter}/config";`,
    `import "../../assembly/host/abort";`,
    `import { ConfigErrors } from "../../assembly/lib/config/reader";`,
    `const parsed: Config[] = [];`,
    `export function room(size: i32): StaticArray<u8> { return new StaticArray<u8>(size); }`,
    `/** 0 when the document is refused. */`,
    `export function parse(document: StaticArray<u8>): usize {`,
    `  const errors = new ConfigErrors();`,
    `  const config = ${call}(document, errors);`,
    `  parsed.push(config);`,
    `  return errors.any ? 0 : changetype<usize>(config);`,
    `}`,
  ];
  writeFileSync(join(root, entry), source.join("\n"));
  // A runtime that frees nothing: what lies between the fields of an object is zero.
  await compile(entry, output, ["--runtime", "stub"]);
  return new WebAssembly.Module(readFileSync(join(root, output)));
}

/** One machine with the parser in it. */
export class Settings {
  readonly #memory: WebAssembly.Memory;
  readonly #room: (size: number) => number;
  readonly #parse: (document: number) => number;

  constructor(module: WebAssembly.Module) {
    const imports: Record<string, Record<string, () => number>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module))
      (imports[from] ??= {})[name] = () => 0;
    const { exports } = new WebAssembly.Instance(module, imports);
    this.#memory = exports.memory as WebAssembly.Memory;
    this.#room = exports.room as (size: number) => number;
    this.#parse = exports.parse as (document: number) => number;
    (exports._start as () => void)();
  }

  /** Whether both documents are taken and mean the same. */
  sameFor(left: object, right: object): boolean {
    const [one, other] = [this.#read(left), this.#read(right)];
    return one !== 0 && other !== 0 && this.#equal(one, other);
  }

  #read(document: object): number {
    const bytes = Buffer.from(JSON.stringify(document));
    const pointer = this.#room(bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, pointer);
    return this.#parse(pointer);
  }

  /** Compares two objects word for word; a word that points to an object is followed. */
  #equal(one: number, other: number): boolean {
    const view = new DataView(this.#memory.buffer);
    const seen = new Set<string>();
    const queue: [number, number][] = [[one, other]];
    for (let pair = queue.pop(); pair; pair = queue.pop()) {
      const [left, right] = pair;
      if (seen.has(pair.join())) continue;
      seen.add(pair.join());
      const size = objectBytes(view, left);
      if (size === undefined || size !== objectBytes(view, right)) return false;
      if (view.getUint32(left - 8, true) !== view.getUint32(right - 8, true)) return false;
      for (let at = 0; at < size; at++) {
        const isWord = at % 4 === 0 && at + 4 <= size;
        const words = isWord && [view.getUint32(left + at, true), view.getUint32(right + at, true)];
        if (words && words[0] !== words[1] && objectBytes(view, words[0]!) !== undefined) {
          queue.push([words[0]!, words[1]!]);
          at += 3;
        } else if (view.getUint8(left + at) !== view.getUint8(right + at)) return false;
      }
    }
    return true;
  }
}

/**
 * How long the object at a pointer is; undefined where there can be none. The header before it:
 *
 *   | block size u32 | two words of the collector | class u32 | object size u32 |
 */
function objectBytes(view: DataView, pointer: number): number | undefined {
  if (pointer % 16 !== 0 || pointer < 64 || pointer >= view.byteLength) return undefined;
  const block = view.getUint32(pointer - 20, true) & ~3;
  const size = view.getUint32(pointer - 4, true);
  return size <= block && pointer + size <= view.byteLength ? size : undefined;
}

/**
 * The document with each setting spelled out, one at a time, that it leaves out and `defaultOf`
 * knows.
 */
export function* spelledOut(
  document: object,
  settingsAt: (pointer: string) => Record<string, unknown>,
): Generator<[pointer: string, document: object]> {
  const visit = function* (value: unknown, pointer: string): Generator<[string, string, unknown]> {
    if (value === null || typeof value !== "object") return;
    for (const [name, inner] of Object.entries(value))
      yield* visit(inner, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    if (Array.isArray(value)) return;
    for (const [name, promised] of Object.entries(settingsAt(pointer)))
      if (!(name in value)) yield [pointer, name, promised];
  };
  for (const [pointer, name, promised] of visit(document, "")) {
    const copy = structuredClone(document);
    const steps = pointer.split("/").slice(1);
    const names = steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const place = names.reduce((node: any, step) => node[step], copy);
    place[name] = promised;
    yield [`${pointer}/${name}`, copy];
  }
}
