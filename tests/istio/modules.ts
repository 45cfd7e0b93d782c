// Modules that no release has: variations of the built ones, for upgrades and for what goes wrong.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FilterName } from "../../deploy/core/catalog.ts";
import { moduleOf, schemaOf } from "../../deploy/core/filter-schemas.ts";
import { buildImage } from "../../deploy/oci/image.ts";
import { parseName } from "../../deploy/oci/name.ts";
import { push } from "../../deploy/oci/push.ts";
import { compile } from "../../tools/build.ts";
import type { Stack } from "./stack.ts";
import { root } from "./world.ts";

/**
 * The same filter in other bytes: a custom section more (WebAssembly core specification, section
 * 5.5.3).
 */
export function variation(filter: FilterName, note: string): Buffer {
  const name = Buffer.from("note");
  const content = Buffer.concat([Buffer.of(name.length), name, Buffer.from(note)]);
  if (content.length > 127) throw new Error("a note of one length byte");
  return Buffer.concat([moduleOf(filter), Buffer.of(0, content.length), content]);
}

/** rate-limit, but a request with `x-trap` kills its VM. */
export async function trapping(): Promise<Buffer> {
  const output = "build/trapping.wasm";
  await compile("tests/istio/trap-entry.ts", output);
  return readFileSync(join(root, output));
}

/** Pushes a module as the image of a filter, under no tag, and gives its digest. */
export async function pushModule(
  stack: Stack,
  filter: FilterName,
  module: Buffer,
): Promise<string> {
  const schema = JSON.stringify(schemaOf(filter));
  const image = buildImage({ filter, version: "0.0.0", module, schema }, "image");
  const name = parseName(`${stack.registryHost}/gatehouse/${filter}`);
  await push(image, name, [], { timeoutMillis: 10_000 });
  return image.digest;
}
