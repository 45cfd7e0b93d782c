// The two checks of a configuration: the schema, and the parser inside the built module.
import type { FilterName } from "../../deploy/core/catalog.ts";
import { EmulatorError } from "../../deploy/emulator/abi.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import type { Plugin } from "../../deploy/emulator/plugin.ts";
import { moduleOf, validatorOf } from "../../deploy/core/filter-schemas.ts";

/** A machine that took many configurations is given up for a new one: memory never shrinks. */
const CONFIGURATIONS_MAX = 300;

/** Asks one filter's module, machine after machine, whether it takes a configuration. */
export class Parser {
  readonly #module: Module;
  readonly #env: Record<string, string>;
  #proxy?: Proxy;
  #plugin?: Plugin;
  #asked = 0;

  constructor(
    filter: FilterName,
    env: Record<string, string> = {},
    bytes: Uint8Array = moduleOf(filter),
  ) {
    this.#module = Module.from(bytes, filter);
    this.#env = env;
  }

  /** Undefined when it is taken, else the module's own words. Throws when the module trapped. */
  refusal(config: unknown): string | undefined {
    if (this.#asked++ % CONFIGURATIONS_MAX === 0) this.close();
    if (!this.#plugin) return this.#install(config);
    const proxy = this.#proxy!;
    const from = proxy.log.length;
    if (proxy.update(this.#plugin, config)) return undefined;
    return this.#words(from);
  }

  #install(config: unknown): string | undefined {
    this.#proxy = new Proxy({ onCall: () => "never" });
    try {
      this.#plugin = this.#proxy.install({ module: this.#module, config, env: this.#env });
      return undefined;
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      return this.#words(0);
    }
  }

  #words(from: number): string {
    const words = this.#proxy!.log.slice(from).map((line) => line.message);
    const trap = words.find((line) => line.includes("trapped"));
    if (trap) throw new Error(trap);
    return words.join("\n");
  }

  close(): void {
    this.#proxy?.shutdown();
    this.#proxy = undefined;
    this.#plugin = undefined;
  }
}

/** Whether the schema takes it. */
export function fitsSchema(filter: FilterName, config: unknown): boolean {
  return validatorOf(filter)(config) as boolean;
}
