// Plugins and the threads they run on: who shares a virtual machine, and what happens when one is
// dead.
import { RootContext } from "./context.ts";
import type { Proxy } from "./proxy.ts";
import { type Module, Vm } from "./vm.ts";

/** Envoy waits this long between two machines of one plugin (`reload_config`, default back-off). */
const RELOAD_NANOS = 1_000_000_000n;
export interface PluginOptions {
  module: Module;
  /** Default: the module's name. */
  name?: string;
  rootId?: string;
  /** Text goes as it is, an object as JSON. Absent: an empty configuration. */
  config?: unknown;
  /** Environment of the virtual machine. */
  env?: Record<string, string>;
  failurePolicy?: "FAIL_RELOAD" | "FAIL_CLOSED" | "FAIL_OPEN";
}

/** One configured filter of the chain. */
export class Plugin {
  readonly module: Module;
  readonly name: string;
  readonly rootId: string;
  readonly env: Record<string, string>;
  readonly failurePolicy: NonNullable<PluginOptions["failurePolicy"]>;
  configuration: Buffer;

  constructor(options: PluginOptions) {
    this.module = options.module;
    this.name = options.name ?? options.module.name;
    this.rootId = options.rootId ?? "";
    this.env = options.env ?? {};
    this.failurePolicy = options.failurePolicy ?? "FAIL_RELOAD";
    this.configuration = configurationBytes(options.config);
  }
}

/** What the module reads as its configuration. */
export function configurationBytes(config: unknown): Buffer {
  if (config === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof config === "string" ? config : JSON.stringify(config), "utf8");
}

/** One thread: a machine per module and environment, shared by its plugins as Envoy does. */
export class Worker {
  readonly index: number;
  private readonly proxy: Proxy;
  private readonly machines: { vm: Vm; module: Module; env: string; startedNanos: bigint }[] = [];
  private readonly roots = new Map<Plugin, RootContext>();

  constructor(proxy: Proxy, index: number) {
    this.proxy = proxy;
    this.index = index;
  }

  /**
   * Opens a root context for `plugin`; undefined when the module refuses the configuration or
   * traps.
   */
  open(plugin: Plugin, configuration: Buffer): RootContext | undefined {
    const root = new RootContext(this.machineFor(plugin).vm, plugin, this.index);
    if (root.open(configuration)) return root;
    if (!root.vm.failure) root.close();
    return undefined;
  }

  private machineFor(plugin: Plugin) {
    const env = JSON.stringify(plugin.env);
    const found = this.machines.find(
      (each) => each.module === plugin.module && each.env === env && !each.vm.failure,
    );
    if (found) return found;
    const vm = new Vm(this.proxy, plugin.module, plugin.env);
    vm.start();
    const made = { vm, module: plugin.module, env, startedNanos: this.proxy.clock.monotonicNanos };
    this.machines.push(made);
    return made;
  }

  adopt(plugin: Plugin, root: RootContext): void {
    this.roots.set(plugin, root);
  }

  /**
   * The root a new stream belongs to; undefined: dead, answer 503; `bypass`: dead, but the stream
   * may pass.
   */
  rootOf(plugin: Plugin): RootContext | "bypass" | undefined {
    const root = this.roots.get(plugin);
    if (root && !root.vm.failure) return root;
    if (plugin.failurePolicy === "FAIL_OPEN") return "bypass";
    if (plugin.failurePolicy === "FAIL_CLOSED" || !root) return undefined;
    const last = this.machines.find((each) => each.vm === root.vm);
    if (last && this.proxy.clock.monotonicNanos - last.startedNanos < RELOAD_NANOS)
      return undefined;
    const reloaded = this.open(plugin, plugin.configuration);
    if (reloaded) this.roots.set(plugin, reloaded);
    return reloaded;
  }

  /** The machine a plugin runs in, for looking at its memory or its failure. */
  vmOf(plugin: Plugin): Vm | undefined {
    return this.roots.get(plugin)?.vm;
  }

  currentRoot(plugin: Plugin): RootContext | undefined {
    return this.roots.get(plugin);
  }
}
