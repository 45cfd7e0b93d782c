// Where rate-limit's state lies: the largest configuration there is keeps what its buckets hold,
// and requests leave nothing.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { decision } from "../support/rate-limit-service.ts";

let module: Module;
before(async () => {
  await build(["rate-limit"]);
  module = Module.from(
    readFileSync(join(import.meta.dirname, "../../build/rate-limit.wasm")),
    "rate-limit",
  );
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
  assert.ok(
    proxy.update(plugin, { limits, maxKeys: 20_000, body: "changed" }),
    proxy.log.at(-1)?.message,
  );
  assert.equal(proxy.shared.keys().length, keys);
  for (const [limit, override] of asked)
    assert.equal(status(limit, override, 1), 429, `${limit} ${override}`);
  assert.deepEqual(proxy.log, []);
  proxy.shutdown();
});

test("requests leave nothing behind: admitted, refused, refused by the service, or told to the log alone", () => {
  let asked = 0;
  const onCall = () => {
    const overLimit = ++asked % 5 === 0;
    const answer = decision(overLimit, [{ overLimit, requestsPerUnit: 5, resetSeconds: 3 }]);
    return { headers: answer.headers, body: answer.body, trailers: answer.trailers };
  };
  for (const mode of ["enforce", "report"]) {
    const proxy = new Proxy({ onCall });
    const config = {
      mode,
      limits: [
        { name: "all", tokenBucket: { maxTokens: 1000, tokensPerFill: 1, fillInterval: "50ms" } },
        {
          name: "keyed",
          key: [{ header: "x-key" }],
          tokenBucket: { maxTokens: 9, fillInterval: "1h" },
          shadow: true,
        },
      ],
      headers: "ietf",
      global: { cluster: "ratelimit", domain: "edge" },
    };
    const plugin = proxy.install({ module, config });
    const statuses = new Set<number>();
    const send = (count: number) => {
      for (let i = 0; i < count; i++) {
        const stream = proxy.exchange({ path: "/", headers: { "x-key": `key-${i % 300}` } });
        statuses.add(stream.responseCode!);
      }
      proxy.calls.length = 0;
      return proxy.workers[0]!.vmOf(plugin)!.memoryBytes;
    };
    const before = send(1_500);
    assert.equal(send(8_000), before);
    assert.deepEqual([...statuses].sort(), mode === "report" ? [200] : [200, 429]);
    proxy.shutdown();
  }
});
