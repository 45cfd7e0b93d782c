// What each release module may ask of its host, how large it may be, and that it is built the
// same way everywhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileModule, modules } from "../../tools/build.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Host functions by capability; a filter lists the capabilities it needs and can reach no others.
 */
const capabilities = {
  base: [
    "proxy_log",
    "proxy_get_buffer_bytes",
    "clock_time_get",
    "proxy_get_property",
    "proxy_define_metric",
  ],
  count: ["proxy_increment_metric"],
  gauge: ["proxy_record_metric"],
  read: ["proxy_get_header_map_pairs", "proxy_get_header_map_value"],
  write: [
    "proxy_replace_header_map_value",
    "proxy_add_header_map_value",
    "proxy_remove_header_map_value",
  ],
  handOver: ["proxy_set_property"],
  answer: ["proxy_send_local_response"],
  share: ["proxy_get_shared_data", "proxy_set_shared_data"],
  call: ["proxy_http_call"],
  resume: ["proxy_set_effective_context", "proxy_continue_stream"],
  actFor: ["proxy_set_effective_context"],
  tick: ["proxy_set_tick_period_milliseconds"],
  foreign: ["proxy_call_foreign_function"],
  environment: ["environ_sizes_get", "environ_get"],
} as const;

/** `edge` reaches what one of its filters reaches, and nothing more. */
const composed = ["access-log", "jwt-auth", "rate-limit", "canary"];

const reach: Record<string, (keyof typeof capabilities)[]> = {
  "jwt-auth": [
    ...([
      "base",
      "count",
      "gauge",
      "read",
      "write",
      "handOver",
      "answer",
      "share",
      "call",
      "resume",
      "tick",
    ] as const),
    ...(["foreign", "environment"] as const),
  ],
  "rate-limit": [
    "base",
    "count",
    "gauge",
    "read",
    "write",
    "handOver",
    "answer",
    "share",
    "call",
    "resume",
    "tick",
  ],
  // No calls, no answers of its own: it only routes.
  canary: ["base", "count", "gauge", "read", "write", "handOver", "share", "tick"],
  // It can neither answer nor change a request. Environment: the key of keyed hashes. ActFor: it
  // starts the ticks of the plugin that inherits its last lines.
  "access-log": [
    "base",
    "count",
    "gauge",
    "read",
    "handOver",
    "call",
    "tick",
    "environment",
    "actFor",
  ],
};

function reachOf(name: string) {
  return name === "edge" ? composed.flatMap((filter) => reach[filter]!) : reach[name]!;
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
