// The last word on a configuration: the real filter's parser, from the built module, in the
// emulated host.
import { EmulatorError } from "../emulator/abi.ts";
import { Proxy } from "../emulator/proxy.ts";
import { Module } from "../emulator/vm.ts";
import type { FilterName, ModuleName } from "../core/catalog.ts";
import { moduleOf } from "../core/filter-schemas.ts";
import { pathOf } from "../core/source.ts";

const modules = new Map<ModuleName, Module>();
/**
 * Stands for a variable that only the proxy's own environment has. Long enough for any HMAC key.
 */
const placeholder = "0123456789abcdef".repeat(8);

/** The compiled module, once per process. Throws `missing` when it is not built. */
export function compiled(name: ModuleName): Module {
  const known = modules.get(name);
  if (known) return known;
  const module = Module.from(moduleOf(name), name);
  modules.set(name, module);
  return module;
}

export interface Refusal {
  path: string[];
  what: string;
}

/** What the environment of a plugin's machine will be, as far as it is known here. */
export function environmentFrom(
  env: { name: string; value?: string; valueFrom?: string }[],
): Record<string, string> {
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      valueFrom === "HOST" ? (process.env[name] ?? placeholder) : (value ?? ""),
    ]),
  );
}

/**
 * Configures the real filter; undefined when it accepts, else its own words and the JSON pointer
 * among them.
 */
export function refusalOf(
  filter: FilterName,
  config: unknown,
  env: Record<string, string>,
): Refusal | undefined {
  const key = JSON.stringify([filter, config, env]);
  if (answers.has(key)) return answers.get(key);
  const refusal = asked(filter, config, env);
  if (answers.size >= answersMost) answers.clear();
  answers.set(key, refusal);
  return refusal;
}

/** A configuration is asked about several times: when it is made, and before each proof of it. */
const answers = new Map<string, Refusal | undefined>();
const answersMost = 256;

function asked(
  filter: FilterName,
  config: unknown,
  env: Record<string, string>,
): Refusal | undefined {
  // Calls go out and never come back: a filter that fetches at start must not be refused for that.
  const proxy = new Proxy({ onCall: () => "never", logLevel: "warn" });
  try {
    proxy.install({ module: compiled(filter), config: config ?? undefined, env });
    return undefined;
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    return inWords(filter, error.message);
  } finally {
    proxy.shutdown();
  }
}

/** `jwt-auth: /providers/0/issuer: expected a string` → path and words. */
function inWords(filter: FilterName, message: string): Refusal {
  const line = message.split("\n").find((text) => text.includes(": ")) ?? message;
  const bare = line.startsWith(`${filter}: `) ? line.slice(filter.length + 2) : line;
  const found = /(?:^|\s)(\/[^\s:]*|):\s+(.+)$/.exec(bare);
  if (!found || (found[1] === "" && !bare.startsWith(": "))) return { path: [], what: bare };
  return { path: pathOf(found[1]!), what: found[2]! };
}
