// rate-limit on a real Envoy with four workers: a limit is one limit, whoever serves the request,
// whatever happens meanwhile.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build, compile } from "../../tools/build.ts";
import { directResponse } from "../../envoy/bootstrap.ts";
import { type Chain, type ChainOptions, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";

before(() => build(["rate-limit"]));
after(closeConnections);

const rateLimit = (config: object) => ({ name: "rate-limit", config });
const counter = (limit: string, outcome: string) =>
  `wasmcustom.gatehouse.rate-limit.${limit}.${outcome}`;

async function withChain(
  options: ChainOptions,
  use: (chain: Chain) => Promise<void>,
): Promise<void> {
  const chain = await startChain({
    concurrency: 4,
    routes: [directResponse(200, "ok")],
    ...options,
  });
  try {
    await use(chain);
  } finally {
    await chain.stop();
  }
}

test("four workers under load admit what the limit allows: never more, and 99 percent of it", async () => {
  const [burst, rate] = [1000, 500];
  const config = {
    limits: [
      { name: "all", tokenBucket: { maxTokens: burst, tokensPerFill: rate, fillInterval: "1s" } },
    ],
  };
  await withChain({ filters: [rateLimit(config)] }, async (chain) => {
    // The window as seen from outside is longer than the proxy's; the one from the first answer
    // (when a connection asks for the second time) to the last question is shorter.
    const connections = 64;
    const outer = performance.now();
    let [first, last] = [0, 0];
    const load = await generateLoad({
      port: chain.envoy.port(),
      requests: 40_000,
      connections,
      headersOf: (index) => {
        last = performance.now();
        if (index === connections) first = last;
        return {};
      },
    });
    const admitted = load.statuses[200]!;
    const most = burst + (rate * (performance.now() - outer)) / 1000;
    const least = burst + (rate * (last - first)) / 1000;
    assert.equal(load.broken, 0);
    assert.equal(admitted + load.statuses[429]!, 40_000);
    assert.ok(load.statuses[429]! > 1000, "the load was more than the limit");
    assert.ok(admitted <= Math.floor(most), `${admitted} admitted, at most ${most} allowed`);
    assert.ok(admitted >= 0.99 * least, `${admitted} admitted of ${least}`);
    assert.equal(await chain.envoy.stat(counter("all", "admitted")), admitted);
    assert.equal(await chain.envoy.stat(counter("all", "limited")), load.statuses[429]);
  });
});

test("each of a hundred clients gets exactly its own, however its requests spread over the workers", async () => {
  const perClient = {
    name: "per-client",
    key: [{ header: "x-key" }],
    tokenBucket: { maxTokens: 20, fillInterval: "1h" },
  };
  const everyone = {
    name: "everyone",
    tokenBucket: { maxTokens: 100_000, tokensPerFill: 100, fillInterval: "1h" },
  };
  const config = { limits: [everyone, perClient], maxKeys: 100 };
  await withChain({ filters: [rateLimit(config)] }, async (chain) => {
    const headersOf = (index: number) => ({ "x-key": `client-${index % 100}` });
    const load = await generateLoad({
      port: chain.envoy.port(),
      requests: 6_000,
      connections: 64,
      headersOf,
    });
    assert.equal(load.statuses[200], 100 * 20);
    // What one limit refused, the other was not charged for.
    assert.equal(await chain.envoy.stat(counter("everyone", "admitted")), 100 * 20);
    assert.equal(await chain.envoy.stat(counter("per-client", "overflowed")), 0);
  });
});

test("a flood of keys takes no memory, and lets nobody in who was limited", async () => {
  const perClient = {
    name: "per-client",
    key: [{ header: "x-key" }],
    tokenBucket: { maxTokens: 2, fillInterval: "1h" },
  };
  await withChain(
    { filters: [rateLimit({ limits: [perClient], maxKeys: 1000 })] },
    async (chain) => {
      const { envoy } = chain;
      const victim = () => chain.send({ headers: { "x-key": "victim" } });
      assert.deepEqual(
        [(await victim()).status, (await victim()).status, (await victim()).status],
        [200, 200, 429],
      );
      const flood = (from: number, requests: number) =>
        generateLoad({
          port: envoy.port(),
          requests,
          headersOf: (index) => ({ "x-key": `flood-${from + index}` }),
        });
      await flood(0, 8_000);
      const before = envoy.residentBytes();
      await flood(8_000, 24_000);
      const grown = (envoy.residentBytes() - before) / 2 ** 20;
      assert.ok(grown < 8, `${grown.toFixed(1)} MiB grown over 24,000 more keys`);
      assert.ok((await envoy.stat(counter("per-client", "overflowed"))) > 20_000);
      assert.equal((await victim()).status, 429);
    },
  );
});

test("a worker's reload after a trap takes nothing from anyone and gives nothing away", async () => {
  const wasm = join(import.meta.dirname, "../../build/rate-limit-trap.wasm");
  await compile("tests/envoy/rate-limit-trap-entry.ts", "build/rate-limit-trap.wasm", [
    "--optimizeLevel",
    "1",
  ]);
  const config = {
    limits: [
      {
        name: "all",
        match: [{ withoutHeaders: { "x-key": { present: true } } }],
        tokenBucket: { maxTokens: 10, fillInterval: "1h" },
      },
      {
        name: "per-key",
        key: [{ header: "x-key" }],
        whenMissing: "skip",
        tokenBucket: { maxTokens: 1, fillInterval: "1h" },
      },
    ],
  };
  await withChain(
    { filters: [{ name: "rate-limit", wasm, config }], concurrency: 1 },
    async (chain) => {
      const status = async (headers: Record<string, string>) =>
        (await chain.send({ headers })).status;
      for (let i = 0; i < 4; i++) assert.equal(await status({}), 200);
      assert.equal(await status({ "x-key": "a" }), 200);
      assert.equal(await status({ "x-trap": "1" }), 503);
      // The next machine comes after a back-off of a second.
      for (let probe = 0; (await status({ "x-key": `probe-${probe}` })) !== 200; probe++) {
        await new Promise((done) => setTimeout(done, 50));
      }
      assert.equal(await status({ "x-key": "a" }), 429);
      const statuses = await Promise.all(Array.from({ length: 20 }, () => status({})));
      assert.equal(statuses.filter((each) => each === 200).length, 6);
      assert.match(chain.envoy.log(), /unreachable|RuntimeError|trap/i);
    },
  );
});

test("a configuration update under load keeps the buckets of limits that stayed, and fills those that changed", async () => {
  const kept = {
    name: "kept",
    match: [{ uri: { exact: "/kept" } }],
    tokenBucket: { maxTokens: 300, fillInterval: "24h" },
  };
  const changed = (maxTokens: number) => ({
    name: "changed",
    match: [{ uri: { exact: "/changed" } }],
    tokenBucket: { maxTokens, fillInterval: "24h" },
  });
  const options = { filters: [rateLimit({ limits: [kept, changed(100)] })], updatable: true };
  await withChain(options, async (chain) => {
    const { envoy } = chain;
    const load = (path: string, requests: number) =>
      generateLoad({ port: envoy.port(), path, requests, connections: 16 });
    const before = await load("/changed", 200);
    assert.equal(before.statuses[200], 100);
    const running = load("/kept", 8_000);
    for (let update = 1; update <= 3; update++) {
      const body = `update ${update}`;
      const more = {
        name: `more-${update}`,
        key: [{ header: "x-key" }],
        whenMissing: "skip",
        tokenBucket: { maxTokens: 5, fillInterval: "1s" },
      };
      const limits = [...(update % 2 ? [more] : []), changed(100 + update), kept];
      assert.deepEqual(await chain.update([rateLimit({ limits, body, maxKeys: 100 * update })]), {
        accepted: true,
      });
    }
    const refused = await chain.update([rateLimit({ limits: [{ name: "broken" }] })]);
    assert.ok(!refused.accepted);
    assert.match(
      refused.reason,
      /rate-limit: configuration refused: \/limits\/0\/tokenBucket: missing/,
    );
    const result = await running;
    assert.equal((result.statuses[200] ?? 0) + (result.statuses[429] ?? 0), 8_000 - result.broken);
    assert.equal(result.statuses[200], 300);
    assert.equal((await load("/kept", 50)).statuses[429], 50);
    assert.equal((await load("/changed", 400)).statuses[200], 103);
  });
});
