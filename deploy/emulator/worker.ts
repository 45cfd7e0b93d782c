// The threads that plugins run on: who shares a virtual machine, and what happens when one is
// dead.
import { RootContext } from "./context.ts";
import type { Host } from "./machine.ts";
import type { Plugin } from "./plugin.ts";
import { type Module, Vm } from "./vm.ts";

/** Envoy waits this long between two machines of one plugin (`reload_config`, default back-off). */
const RELOAD_NANOS = 1_000_000_000n;

/** One thread: a machine per module and environment, shared by its plugins as Envoy does. */
export class Worker {
  readonly index: number;
  private readonly proxy: Host;
  private readonly machines: { vm: Vm; module: Module; env: string; startedNanos: bigint }[] = [];
  private readonly roots = new Map<Plugin, RootContext>();

  constructor(proxy: Host, index: number) {
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
