// A compiled module and its virtual machines. Knows memory, exports and traps; refuses to know
// HTTP.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { EmulatorError, Trap } from "./abi.ts";
import { environment } from "./imports.ts";
import type { Host, HostContext, Machine } from "./machine.ts";
import { ProcessExit, wasi } from "./wasi.ts";

const abiMarkers = [
  "proxy_abi_version_0_2_1",
  "proxy_abi_version_0_2_0",
  "proxy_abi_version_0_1_0",
];
const WASI = ["wasi_snapshot_preview1", "wasi_unstable"];

/** A module that Envoy would load. */
export class Module {
  readonly name: string;
  readonly code: WebAssembly.Module;
  readonly exports: ReadonlySet<string>;

  private constructor(name: string, code: WebAssembly.Module) {
    this.name = name;
    this.code = code;
    this.exports = new Set(WebAssembly.Module.exports(code).map((each) => each.name));
  }

  /** Reads a `.wasm` file. Throws EmulatorError where Envoy would refuse to load it. */
  static load(path: string): Module {
    return Module.from(readFileSync(path), basename(path, ".wasm"));
  }

  static from(bytes: Uint8Array, name = "module"): Module {
    let code: WebAssembly.Module;
    try {
      code = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
    } catch (cause) {
      throw new EmulatorError(
        "BAD_MODULE",
        `${name}: not a WebAssembly module: ${(cause as Error).message}`,
      );
    }
    const module = new Module(name, code);
    module.requireExports();
    module.requireImports();
    return module;
  }

  private requireExports(): void {
    const refuse = (what: string) => new EmulatorError("BAD_MODULE", `${this.name}: ${what}`);
    if (!abiMarkers.some((marker) => this.exports.has(marker)))
      throw refuse("exports no proxy_abi_version_0_2_1");
    if (!this.exports.has("memory")) throw refuse("exports no memory");
    if (!this.exports.has("proxy_on_memory_allocate") && !this.exports.has("malloc")) {
      throw refuse("exports neither proxy_on_memory_allocate nor malloc");
    }
  }

  private requireImports(): void {
    const offered: Record<string, object> = { env: environment(undefined as never) };
    for (const name of WASI) offered[name] = wasi(undefined as never);
    const missing = WebAssembly.Module.imports(this.code)
      .map(({ module, name }) => ({
        module,
        name,
        known: Object.hasOwn(offered[module] ?? {}, name),
      }))
      .filter(({ known }) => !known)
      .map(({ module, name }) => `${module}.${name}`);
    if (missing.length === 0) return;
    throw new EmulatorError(
      "MISSING_IMPORT",
      `${this.name} imports what this host does not have: ${missing.join(", ")}`,
    );
  }
}

/**
 * One instance of a module: the contexts of one worker's plugins of it live here, and die with
 * it.
 */
export class Vm implements Machine {
  readonly proxy: Host;
  readonly module: Module;
  readonly env: Readonly<Record<string, string>>;
  readonly contexts = new Map<number, HostContext>();
  /** Why this machine is dead, if it is. */
  failure?: Trap;
  private readonly exports: WebAssembly.Exports;
  private nextContextId = 1;
  private current?: HostContext;
  private effective?: HostContext;
  private depth = 0;
  private begun = false;
  private deferred: (() => void)[] = [];
  private memoryView = Buffer.alloc(0);

  constructor(proxy: Host, module: Module, env: Record<string, string>) {
    this.proxy = proxy;
    this.module = module;
    this.env = env;
    const imports: WebAssembly.Imports = { env: environment(this) };
    for (const name of WASI) imports[name] = wasi(this);
    this.exports = new WebAssembly.Instance(module.code, imports).exports;
  }

  /**
   * Runs the module's own start, as Envoy does right after it made the instance: there is no
   * context yet.
   */
  start(): void {
    const start = this.exports[this.exported("_initialize") ? "_initialize" : "_start"];
    if (typeof start !== "function") return;
    try {
      start();
    } catch (cause) {
      this.fail(cause, "its start function");
    }
  }

  /** `proxy_on_vm_start`, once, with the first root context; false when the module refuses. */
  begin(root: HostContext): boolean {
    if (this.begun) return true;
    this.begun = true;
    return (
      !this.exported("proxy_on_vm_start") || this.call(root, "proxy_on_vm_start", root.id, 0) !== 0
    );
  }

  allocateContextId(): number {
    return this.nextContextId++;
  }

  /** The context that a host call is about. */
  get active(): HostContext {
    if (this.effective && this.contexts.has(this.effective.id)) return this.effective;
    if (!this.current)
      throw new WebAssembly.RuntimeError("host function called outside any callback");
    return this.current;
  }

  /** `proxy_set_effective_context`: false when there is no such context (any more). */
  useContext(id: number): boolean {
    const context = this.contexts.get(id);
    if (context) this.effective = context;
    return context !== undefined;
  }

  exported(name: string): boolean {
    return this.module.exports.has(name);
  }

  /**
   * Calls an export with `context` as the current one; 0 when the module has no such export or
   * the machine is dead. A trap kills the machine. Actions that host calls deferred run when the
   * outermost call has returned.
   */
  call(context: HostContext, name: string, ...parameters: number[]): number {
    const exported = this.exports[name];
    if (typeof exported !== "function" || this.failure) return 0;
    const [current, effective] = [this.current, this.effective];
    this.current = context;
    this.effective = undefined;
    this.depth++;
    let result = 0;
    try {
      result = Number(exported(...parameters) ?? 0);
    } catch (cause) {
      this.fail(cause, name);
    }
    this.current = current;
    this.effective = effective;
    if (--this.depth === 0) this.runDeferred();
    return result;
  }

  /** Does `action` when the module is no longer on the stack. */
  afterCall(action: () => void): void {
    this.deferred.push(action);
  }

  private runDeferred(): void {
    for (let action = this.deferred.shift(); action; action = this.deferred.shift()) action();
  }

  /** Only what the module did is its trap; a mistake of the emulator's own stays an exception. */
  private fail(cause: unknown, during: string): void {
    const overflow = cause instanceof RangeError && /call stack/i.test(cause.message);
    if (
      !(cause instanceof WebAssembly.RuntimeError) &&
      !(cause instanceof ProcessExit) &&
      !overflow
    )
      throw cause;
    this.failure = new Trap(
      `${this.module.name} trapped in ${during}: ${(cause as Error).message}`,
      { cause },
    );
    this.deferred = [];
    this.proxy.write(this.current, "critical", this.failure.message);
  }

  /**
   * The bytes at `pointer`, or undefined when they do not all lie in the module's memory. The
   * view dies with any call.
   */
  read(pointer: number, length: number): Buffer | undefined {
    const memory = this.memory();
    const [start, size] = [pointer >>> 0, length >>> 0];
    return start + size <= memory.length ? memory.subarray(start, start + size) : undefined;
  }

  /** A copy of the bytes at `pointer`. */
  copy(pointer: number, length: number): Buffer | undefined {
    const view = this.read(pointer, length);
    return view && Buffer.from(view);
  }

  writeU32(pointer: number, value: number): boolean {
    const view = this.read(pointer, 4);
    view?.writeUInt32LE(value >>> 0, 0);
    return view !== undefined;
  }

  writeU64(pointer: number, value: bigint): boolean {
    const view = this.read(pointer, 8);
    view?.writeBigUInt64LE(BigInt.asUintN(64, value), 0);
    return view !== undefined;
  }

  /**
   * Hands `data` over: the module allocates, pointer and length are written where it wants them.
   * False: no memory.
   */
  give(data: Buffer, pointerAt: number, lengthAt: number): boolean {
    let pointer = 0;
    if (data.length > 0) {
      pointer = this.allocate(data.length);
      const place = this.read(pointer, data.length);
      if (pointer === 0 || !place) return false;
      data.copy(place);
    }
    return this.writeU32(pointerAt, pointer) && this.writeU32(lengthAt, data.length);
  }

  private allocate(size: number): number {
    const name = this.module.exports.has("malloc") ? "malloc" : "proxy_on_memory_allocate";
    return Number((this.exports[name] as (size: number) => number)(size)) >>> 0;
  }

  private memory(): Buffer {
    const { buffer } = this.exports.memory as WebAssembly.Memory;
    if (this.memoryView.buffer !== buffer) this.memoryView = Buffer.from(buffer);
    return this.memoryView;
  }

  /** Linear memory in bytes: it only ever grows. */
  get memoryBytes(): number {
    return this.memory().length;
  }
}
