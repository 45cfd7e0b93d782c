// A host with nothing in it but the bare ABI, fast enough for millions of requests: what a
// filter's own memory does over time shows here. Behaviour is the emulator's and Envoy's
// business.

const OK = 0;
const NOT_FOUND = 1;
const UNSUPPORTED = 58;

export interface BareRequest {
  /**
   * The header map in the ABI's byte form: `encodeHeaders`; or the status that a host withholds
   * it with.
   */
  headers: Uint8Array | number;
  /** The root context that the host names; default: the one there is. */
  root?: number;
}

/** Header pairs as `proxy_get_header_map_pairs` hands them over. */
export function encodeHeaders(pairs: [string, string][]): Uint8Array {
  const texts = pairs.flat().map((text) => Buffer.from(text));
  const sizes = Buffer.alloc(4 + 4 * texts.length);
  sizes.writeUInt32LE(pairs.length);
  texts.forEach((text, at) => sizes.writeUInt32LE(text.length, 4 + 4 * at));
  return Buffer.concat([sizes, ...texts.flatMap((text) => [text, Buffer.alloc(1)])]);
}

type Exported = (...parameters: number[]) => number;

/** One virtual machine with one configured plugin. */
export class BareHost {
  /** Answers that the filter gave itself. */
  refusals = 0;
  /** Headers that it set. */
  writes = 0;
  /**
   * When a test puts a list here: what the filter did, a line each, like `remove x-user` and
   * `reply 503`.
   */
  journal: string[] | undefined;
  /** What the proxy knows of each request, by the path of the property. */
  readonly properties: Record<string, Uint8Array> = {
    "source\0address": Buffer.from("10.1.2.3:4567"),
    "request\0path": Buffer.from("/api/products/7"),
  };
  #exports!: Record<string, Exported>;
  #memory!: WebAssembly.Memory;
  #bytes = new Uint8Array();
  #data = new DataView(new ArrayBuffer(0));
  #request!: BareRequest;
  #configuration: Uint8Array;
  #shared = new Map<string, { value: Uint8Array; version: number }>();
  #metrics = 0;
  #nanos = 1_764_100_000_000_000_000n;
  #nextId = 2;
  /** Called for `verify_signature`: whether it holds. */
  readonly #verify: () => boolean;

  /** `more` are host functions that a module has been given to be looked into. */
  constructor(
    module: WebAssembly.Module,
    config: object,
    verify: () => boolean = () => true,
    more: WebAssembly.ModuleImports = {},
  ) {
    this.#configuration = Buffer.from(JSON.stringify(config));
    this.#verify = verify;
    const offered = { ...this.#imports(), ...more };
    const instance = new WebAssembly.Instance(module, {
      env: offered,
      wasi_snapshot_preview1: offered,
    });
    this.#exports = instance.exports as unknown as Record<string, Exported>;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#exports._start!();
    this.#exports.proxy_on_context_create!(1, 0);
    if (!this.#exports.proxy_on_configure!(1, this.#configuration.length))
      throw new Error("configuration refused");
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** One request from its creation to its end; a millisecond passes. */
  exchange(request: BareRequest): void {
    const { proxy_on_request_headers, proxy_on_response_headers, proxy_on_log } = this.#exports;
    const id = this.#nextId++;
    this.#request = request;
    this.#nanos += 1_000_000n;
    this.#exports.proxy_on_context_create!(id, request.root ?? 1);
    proxy_on_request_headers?.(id, 8, 1);
    proxy_on_response_headers?.(id, 2, 0);
    proxy_on_log?.(id);
    this.#exports.proxy_on_done?.(id);
    this.#exports.proxy_on_delete!(id);
    if (id % 1000 === 0) this.#exports.proxy_on_tick?.(1);
  }

  #view(): DataView {
    if (this.#data.buffer !== this.#memory.buffer) {
      this.#data = new DataView(this.#memory.buffer);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    return this.#data;
  }

  #give(value: Uint8Array, pointerAt: number, lengthAt: number): number {
    const pointer = value.length > 0 ? this.#exports.proxy_on_memory_allocate!(value.length) : 0;
    const view = this.#view();
    this.#bytes.set(value, pointer);
    view.setUint32(pointerAt, pointer, true);
    view.setUint32(lengthAt, value.length, true);
    return OK;
  }

  #text(pointer: number, length: number): string {
    this.#view();
    return Buffer.from(this.#bytes.buffer, pointer, length).toString("latin1");
  }

  #imports(): Record<string, Exported | ((...parameters: any[]) => number)> {
    const write =
      (verb: string) =>
      (_map: number, name: number, size: number, value: number, length: number) => {
        this.writes++;
        this.journal?.push(`${verb} ${this.#text(name, size)}: ${this.#text(value, length)}`);
        return OK;
      };
    const counted = {
      proxy_send_local_response: (status: number) => {
        this.refusals++;
        this.journal?.push(`reply ${status}`);
        return OK;
      },
      proxy_replace_header_map_value: write("replace"),
      proxy_add_header_map_value: write("add"),
      ...this.#journaled(),
    };
    const plain = Object.fromEntries(
      (
        "proxy_record_metric proxy_increment_metric proxy_set_effective_context " +
        "proxy_set_tick_period_milliseconds proxy_continue_stream proxy_close_stream proxy_done"
      )
        .split(" ")
        .map((name) => [name, () => OK]),
    );
    return { ...plain, ...counted, ...this.#readers(), ...this.#sharedData(), ...this.#system() };
  }

  /** What only a test with a journal looks at. */
  #journaled() {
    return {
      proxy_log: (_level: number, text: number, size: number) => {
        this.journal?.push(`log ${this.#text(text, size)}`);
        return OK;
      },
      proxy_set_property: (path: number, size: number, value: number, length: number) => {
        this.journal?.push(`property ${this.#text(path, size)}: ${this.#text(value, length)}`);
        return OK;
      },
      proxy_remove_header_map_value: (_map: number, name: number, size: number) => {
        this.journal?.push(`remove ${this.#text(name, size)}`);
        return OK;
      },
    };
  }

  #readers() {
    return {
      proxy_get_header_map_pairs: (map: number, pointerAt: number, lengthAt: number) => {
        const headers = map === 0 ? this.#request.headers : responseHeaders;
        return typeof headers === "number" ? headers : this.#give(headers, pointerAt, lengthAt);
      },
      proxy_get_header_map_value: () => NOT_FOUND,
      proxy_get_property: (path: number, size: number, pointerAt: number, lengthAt: number) => {
        const value = this.properties[this.#text(path, size).replace(/\0$/, "")];
        return value ? this.#give(value, pointerAt, lengthAt) : NOT_FOUND;
      },
      proxy_get_buffer_bytes: (
        _type: number,
        _from: number,
        _size: number,
        pointerAt: number,
        lengthAt: number,
      ) => this.#give(this.#configuration, pointerAt, lengthAt),
      proxy_call_foreign_function: (
        _n: number,
        _l: number,
        _a: number,
        size: number,
        pointerAt: number,
        lengthAt: number,
      ) =>
        size === 0 ? 2 : this.#give(Uint8Array.of(8, this.#verify() ? 1 : 0), pointerAt, lengthAt),
      proxy_http_call: () => 2,
    };
  }

  #sharedData() {
    return {
      proxy_get_shared_data: (
        key: number,
        size: number,
        pointerAt: number,
        lengthAt: number,
        versionAt: number,
      ) => {
        const found = this.#shared.get(this.#text(key, size));
        if (!found) return NOT_FOUND;
        this.#give(found.value, pointerAt, lengthAt);
        this.#view().setUint32(versionAt, found.version, true);
        return OK;
      },
      proxy_set_shared_data: (
        key: number,
        size: number,
        value: number,
        length: number,
        version: number,
      ) => {
        const name = this.#text(key, size);
        const found = this.#shared.get(name);
        if (found && version !== 0 && version !== found.version) return 8;
        this.#shared.set(name, {
          value: this.#bytes.slice(value, value + length),
          version: (found?.version ?? 0) + 1,
        });
        return OK;
      },
    };
  }

  #system() {
    return {
      proxy_define_metric: (_type: number, _name: number, _size: number, idAt: number) => {
        this.#view().setUint32(idAt, ++this.#metrics, true);
        return OK;
      },
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        this.#view().setBigUint64(at, this.#nanos, true);
        return OK;
      },
      // Without a random source a run is the same each time.
      random_get: () => UNSUPPORTED,
      environ_sizes_get: (countAt: number, sizeAt: number) => {
        this.#view().setUint32(countAt, 0, true);
        this.#view().setUint32(sizeAt, 0, true);
        return OK;
      },
      environ_get: () => OK,
    };
  }
}

const responseHeaders = encodeHeaders([
  [":status", "200"],
  ["content-type", "application/json"],
]);
