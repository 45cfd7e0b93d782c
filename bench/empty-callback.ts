// The reference of the budgets: what Envoy charges for a Wasm filter that does nothing. A machine's
// speed moves it as it moves the filters, so ratios to it can be compared between machines.
import { type Json, wasmFilter } from "../envoy/bootstrap.ts";
import { compile } from "../tools/build.ts";

/** Compiles `bench/entries/empty-callback.ts`; gives the filter that runs it. */
export async function emptyCallback(): Promise<Json> {
  const wasm = "build/bench-empty-callback.wasm";
  await compile("bench/entries/empty-callback.ts", wasm);
  return wasmFilter({ name: "empty-callback", wasm, config: {} });
}
