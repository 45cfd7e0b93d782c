// One configured filter of the chain.
import type { Module } from "./vm.ts";

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
