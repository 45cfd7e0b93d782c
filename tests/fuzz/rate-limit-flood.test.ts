// A million clients, each seen once, through the module on a host of nothing but the few calls
// that rate-limit makes: the emulator would take minutes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "../../tools/build.ts";

const CLIENTS = 1_000_000;
const MAX_KEYS = 10_000;
const OK = 0;
const NOT_FOUND = 1;
const CAS_MISMATCH = 8;

type Exports = Record<string, (...parameters: number[]) => number> & { memory: WebAssembly.Memory };

/** One machine, one shared store, one request at a time. */
class BareHost {
  refusals = 0;
  readonly shared = new Map<string, { value: Buffer; version: number }>();
  #exports: Exports;
  #key = "";
  #config = Buffer.alloc(0);
  #nanos = 1_000_000_000n;
  #versions = 0;
  #next = 2;

  constructor(code: WebAssembly.Module, config: object) {
    const env = Object.fromEntries(
      WebAssembly.Module.imports(code).map(({ name }) => [name, () => OK]),
    );
    Object.assign(env, {
      proxy_get_buffer_bytes: (
        _type: number,
        _start: number,
        _length: number,
        data: number,
        size: number,
      ) => this.#give(this.#config, data, size),
      proxy_get_shared_data: (
        key: number,
        length: number,
        data: number,
        size: number,
        version: number,
      ) => {
        const found = this.shared.get(this.#text(key, length));
        if (!found) return NOT_FOUND;
        this.#view().setUint32(version, found.version, true);
        return this.#give(found.value, data, size);
      },
      proxy_set_shared_data: (
        key: number,
        length: number,
        value: number,
        size: number,
        version: number,
      ) => {
        const name = this.#text(key, length);
        const found = this.shared.get(name);
        if (found && version !== 0 && version !== found.version) return CAS_MISMATCH;
        const bytes = Buffer.from(new Uint8Array(this.#exports.memory.buffer, value, size));
        this.shared.set(name, { value: bytes, version: ++this.#versions });
        return OK;
      },
      proxy_get_header_map_pairs: (_map: number, data: number, size: number) =>
        this.#give(this.#headers(), data, size),
      proxy_send_local_response: () => {
        this.refusals++;
        return OK;
      },
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        this.#view().setBigUint64(at, this.#nanos, true);
        return OK;
      },
    });
    this.#exports = new WebAssembly.Instance(code, {
      env,
      wasi_snapshot_preview1: env,
    } as WebAssembly.Imports).exports as Exports;
    this.#config = Buffer.from(JSON.stringify(config));
    this.#exports._start!();
    this.#exports.proxy_on_context_create!(1, 0);
    assert.equal(this.#exports.proxy_on_configure!(1, this.#config.length), 1);
  }

  /** One request of a client; true when it was admitted. */
  ask(key: string): boolean {
    const before = this.refusals;
    this.#key = key;
    const id = this.#next++;
    this.#exports.proxy_on_context_create!(id, 1);
    this.#exports.proxy_on_request_headers!(id, 1, 1);
    this.#exports.proxy_on_delete!(id);
    return this.refusals === before;
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  get sharedBytes(): number {
    return [...this.shared.values()].reduce((sum, { value }) => sum + value.length, 0);
  }

  /** The header map: a count, the lengths, then each name and value with a zero byte behind. */
  #headers(): Buffer {
    const map = Buffer.alloc(14 + 5 + this.#key.length);
    map.writeUInt32LE(1, 0);
    map.writeUInt32LE(5, 4);
    map.writeUInt32LE(this.#key.length, 8);
    map.write("x-key\0", 12, "latin1");
    map.write(this.#key, 18, "latin1");
    return map;
  }

  #give(bytes: Buffer, data: number, size: number): number {
    const pointer = this.#exports.proxy_on_memory_allocate!(bytes.length);
    new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
    this.#view().setUint32(data, pointer, true);
    this.#view().setUint32(size, bytes.length, true);
    return OK;
  }

  #text(pointer: number, length: number): string {
    return Buffer.from(this.#exports.memory.buffer, pointer, length).toString("latin1");
  }

  #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }
}

let code: WebAssembly.Module;
before(async () => {
  await build(["rate-limit"]);
  code = new WebAssembly.Module(
    readFileSync(join(import.meta.dirname, "../../build/rate-limit.wasm")),
  );
});

test("a million clients change neither memory nor the bucket of a client that was limited before", () => {
  const limit = {
    name: "per-client",
    key: [{ header: "x-key" }],
    tokenBucket: { maxTokens: 1, fillInterval: "1h" },
  };
  const host = new BareHost(code, { limits: [limit], maxKeys: MAX_KEYS });
  assert.deepEqual([host.ask("victim"), host.ask("victim")], [true, false]);
  for (let i = 0; i < MAX_KEYS; i++) host.ask(`early-${i}`);
  const before = { memory: host.memoryBytes, keys: host.shared.size, bytes: host.sharedBytes };
  let admitted = 0;
  for (let i = 0; i < CLIENTS; i++) {
    if (host.ask(`client-${i}`)) admitted++;
    if (i % 100_000 === 0) assert.equal(host.ask("victim"), false);
  }
  assert.deepEqual(
    { memory: host.memoryBytes, keys: host.shared.size, bytes: host.sharedBytes },
    before,
  );
  // As many as there were slots left, and one from the overflow bucket.
  const slots = (host.sharedBytes / 16) | 0;
  assert.ok(admitted <= slots - MAX_KEYS + 1, `${admitted} of ${slots} slots`);
  for (let i = 0; i < MAX_KEYS; i += 7) assert.equal(host.ask(`early-${i}`), false, `early-${i}`);
  assert.equal(host.ask("victim"), false);
});

test("maxKeys clients at once all get a bucket of their own", () => {
  const limit = {
    name: "per-client",
    key: [{ header: "x-key" }],
    tokenBucket: { maxTokens: 1, fillInterval: "1h" },
  };
  for (const maxKeys of [1, 23, 24, 25, 500, 20_000]) {
    const host = new BareHost(code, { limits: [limit], maxKeys });
    for (let i = 0; i < maxKeys; i++) assert.equal(host.ask(`client-${i}`), true);
    for (let i = 0; i < maxKeys; i++) assert.equal(host.ask(`client-${i}`), false);
  }
});
