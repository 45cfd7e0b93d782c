// Compiles an AssemblyScript entry of this folder with the release options and runs it in Node,
// so that a test can ask our code and an independent implementation the same question. Knows
// nothing of what the entry exports.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../tools/build.ts";

const root = join(import.meta.dirname, "../..");

/** Room for the arguments and results of one call. */
const ROOM = 1 << 20;

interface Memory {
  memory: WebAssembly.Memory;
  __new(size: number, id: number): number;
  __pin(pointer: number): number;
}

/** A running entry: its exports, and room in its memory that `clear` gives back. */
export class Machine<Exports> {
  readonly exports: Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #start: number;
  #used = 0;

  constructor(instance: WebAssembly.Instance) {
    this.exports = instance.exports as Exports;
    const { memory, __new, __pin } = instance.exports as unknown as Memory;
    this.#memory = memory;
    const arrayBufferId = 1;
    this.#start = __pin(__new(ROOM, arrayBufferId));
  }

  /** A pointer to `length` free bytes. They hold what the last call left there. */
  room(length: number): number {
    const pointer = this.#start + this.#used;
    this.#used += (length + 15) & ~15;
    if (this.#used > ROOM) throw new Error("a test's data does not fit: clear() between calls");
    return pointer;
  }

  /** Copies `data` into the memory; the result is a `Bytes` of lib/bytes.ts. */
  put(data: Uint8Array): bigint {
    const pointer = this.room(data.length);
    new Uint8Array(this.#memory.buffer).set(data, pointer);
    return (BigInt(data.length) << 32n) | BigInt(pointer);
  }

  /** A copy of what lies at `pointer`. */
  read(pointer: number, length: number): Buffer {
    return Buffer.from(new Uint8Array(this.#memory.buffer, pointer, length));
  }

  /** Gives back all room: views of earlier calls are no longer good. */
  clear(): void {
    this.#used = 0;
  }
}

/**
 * Compiles `<name>-entry.ts` of this folder into build/ and starts it. Throws with the compiler's
 * text.
 */
export async function start<Exports>(name: string): Promise<Machine<Exports>> {
  mkdirSync(join(root, "build/differential"), { recursive: true });
  const output = `build/differential/${name}.wasm`;
  await compile(`tests/differential/${name}-entry.ts`, output, [
    "assembly/host/abort.ts",
    "--exportRuntime",
  ]);
  const { instance } = await WebAssembly.instantiate(readFileSync(join(root, output)), {
    env: {
      // The one import of abort(): it traps next, and the trap is what fails the test.
      proxy_log: () => 0,
    },
  });
  (instance.exports._start as () => void)();
  return new Machine<Exports>(instance);
}
