// What each release module may ask of its host, how large it may be, and that it is built the
// same way everywhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileModule, modules } from "../../tools/build.ts";
import { capabilities, reach } from "./host-reach.ts";

const root = join(import.meta.dirname, "../..");

/** `edge` reaches what one of its filters reaches, and nothing more. */
function reachOf(name: string) {
  const rows = name === "edge" ? Object.values(reach) : [reach[name]!];
  return rows.flatMap((row) => row.capabilities);
}

/** Bytes of a release module; `edge` holds all four. */
const sizeLimit = (name: string) => (name === "edge" ? 320 : 160) * 1024;

for (const name of modules) {
  const bytes = readFileSync(join(root, `build/${name}.wasm`));
  const module = new WebAssembly.Module(bytes);

  test(`${name} reaches only the host functions it needs`, () => {
    const allowed = new Set<string>(
      reachOf(name).flatMap((capability) => capabilities[capability]),
    );
    const imports = WebAssembly.Module.imports(module).map((item) => item.name);
    assert.deepEqual(
      imports.filter((item) => !allowed.has(item)),
      [],
    );
  });

  test(`${name} has no start section: a host call in one would crash the whole proxy`, () => {
    assert.ok(!sectionIds(bytes).includes(8));
    assert.ok(WebAssembly.Module.exports(module).some((item) => item.name === "_start"));
  });

  test(`${name} stays within its size limit`, () => {
    assert.ok(bytes.length <= sizeLimit(name), `${bytes.length} bytes, limit ${sizeLimit(name)}`);
  });

  test(`${name} is built to the same bytes again`, async () => {
    const again = `build/${name}.again.wasm`;
    await compileModule(name, again);
    assert.ok(readFileSync(join(root, again)).equals(bytes));
  });
}

/** The ids of a module's sections, in order (WebAssembly core specification, section 5.5.2). */
function sectionIds(module: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 8; at < module.length;) {
    ids.push(module[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return ids;
}
