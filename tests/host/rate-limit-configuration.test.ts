// The largest configuration that rate-limit takes: what all its buckets take at once, and that a worker that comes later
// finds them as they are.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "../../build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";

let module: Module;
before(async () => {
  await build(["rate-limit"]);
  module = Module.from(readFileSync(join(import.meta.dirname, "../../build/rate-limit.wasm")), "rate-limit");
});

test("64 limits of 64 overrides and a table of 20,000 clients keep what they hold through another configuration", () => {
  const bucket = { maxTokens: 1, fillInterval: "1h" };
  const limits = Array.from({ length: 64 }, (_, i) => ({
    name: `limit-${i}`,
    tokenBucket: bucket,
    match: [{ headers: { "x-limit": { exact: String(i) } } }],
    ...(i % 2 && { key: [{ header: "x-key" }] }),
    overrides: Array.from({ length: 64 }, (_, k) => ({
      match: [{ headers: { "x-override": { exact: String(k) } } }],
      tokenBucket: bucket,
    })),
  }));
  const proxy = new Proxy({ workers: 2 });
  const plugin = proxy.install({ module, config: { limits, maxKeys: 20_000 } });
  const status = (limit: number, override: string, worker: number) => {
    const headers = { "x-limit": String(limit), "x-override": override, "x-key": "k" };
    return proxy.exchange({ path: "/", headers }, {}, worker).responseCode;
  };
  const asked: [number, string][] = [0, 1, 30, 31, 62, 63].flatMap((limit) =>
    ["none", "0", "33", "63"].map((override): [number, string] => [limit, override]),
  );
  for (const [limit, override] of asked) assert.equal(status(limit, override, 0), 200);
  const keys = proxy.shared.keys().length;
  assert.ok(proxy.update(plugin, { limits, maxKeys: 20_000, body: "changed" }), proxy.log.at(-1)?.message);
  assert.equal(proxy.shared.keys().length, keys);
  for (const [limit, override] of asked) assert.equal(status(limit, override, 1), 429, `${limit} ${override}`);
  assert.deepEqual(proxy.log, []);
  proxy.shutdown();
});
