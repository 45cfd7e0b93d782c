// Plugins as istiod names them in a listener, with the module and the settings put in their place:
// what the agent beside a proxy does, without a registry.
import { join } from "node:path";
import type { Discovery, Node } from "./discovery.ts";
import { any, bytesAt, message, textAt } from "./wire.ts";

const wasm = "envoy.extensions.filters.http.wasm.v3.Wasm";
const modulesFolder = join(import.meta.dirname, "../../build");

/** The same filters; each that istiod would send by itself (ECDS) is asked for and filled in. */
export async function withModules(
  filters: readonly Buffer[],
  discovery: Discovery,
  node: Node,
): Promise<Buffer[]> {
  const names = filters.filter(isElsewhere).map((filter) => textAt(filter, 1));
  if (names.length === 0) return [...filters];
  const found = await discovery.extensions(node, names);
  const byName = new Map(found.map((extension) => [textAt(extension, 1), extension]));
  return filters.map((filter) => {
    if (!isElsewhere(filter)) return filter;
    const name = textAt(filter, 1);
    const extension = byName.get(name);
    if (!extension) throw new Error(`istiod has no ${name}`);
    return message([1, name], [4, localModule(extension)]);
  });
}

function isElsewhere(filter: Buffer): boolean {
  return bytesAt(filter, 5).length > 0;
}

/** The plugin's configuration with the built module as its code. */
function localModule(extension: Buffer): Buffer {
  const [config] = bytesAt(bytesAt(bytesAt(extension, 2)[0]!, 2)[0]!, 1);
  if (!config) throw new Error(`${textAt(extension, 1)} is no plugin`);
  const [settings] = bytesAt(config, 4);
  const file = join(modulesFolder, "jwt-auth.wasm");
  const code = message([1, message([1, file])]);
  const machine = message([1, "jwt-auth"], [2, "envoy.wasm.runtime.v8"], [3, code]);
  const plugin = message(
    [1, textAt(config, 1)],
    [2, textAt(config, 2)],
    [3, machine],
    [4, settings],
  );
  return any(wasm, message([1, plugin]));
}
