// A module with each load and store told to a function, before it happens: what a request costs can
// be counted, and the count is the same on every machine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { BareHost, encodeHeaders } from "./bare-host.ts";

/** Where a load or store begins, and how many bytes it takes. */
export type OnAccess = (address: number, bytes: number) => void;

/** The built module `name`, instrumented. */
export function instrumented(name: string): WebAssembly.Module {
  const module = binaryen.readBinary(
    readFileSync(join(import.meta.dirname, `../../build/${name}.wasm`)),
  );
  const { BulkMemory, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
  module.setFeatures(BulkMemory | MutableGlobals | NontrappingFPToInt | SignExt);
  module.runPasses(["instrument-memory"]);
  const bytes = module.emitBinary();
  module.dispose();
  return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

/** A host for such a module. */
export function observedHost(
  module: WebAssembly.Module,
  config: object,
  onAccess: OnAccess,
): BareHost {
  const pointer = (_id: number, bytes: number, offset: number, address: number) => {
    onAccess((address >>> 0) + (offset >>> 0), bytes);
    return address;
  };
  const value = (_id: number, same: unknown) => same;
  const functions: WebAssembly.ModuleImports = { load_ptr: pointer, store_ptr: pointer };
  for (const type of ["i32", "i64", "f32", "f64"])
    functions[`load_val_${type}`] = functions[`store_val_${type}`] = value as never;
  functions.memory_grow_pre = functions.memory_grow_post = value as never;
  return new BareHost(module, config, () => true, functions);
}

/** What an input costs. */
export interface Cost {
  /** The input, in words. */
  what: string;
  /** Loads and stores of one exchange. */
  accesses: number;
}

/**
 * The dearest of some requests, by name, each sent twice: the first one makes buffers grow, the
 * second one counts.
 */
export function dearest(
  module: WebAssembly.Module,
  config: object,
  requests: [what: string, headers: [string, string][]][],
): Cost {
  let accesses = 0;
  const host = observedHost(module, config, () => accesses++);
  const costs = requests.map(([what, headers]): Cost => {
    const request = { headers: encodeHeaders(headers) };
    host.exchange(request);
    accesses = 0;
    host.exchange(request);
    return { what, accesses };
  });
  return costs.reduce((a, b) => (b.accesses > a.accesses ? b : a));
}
