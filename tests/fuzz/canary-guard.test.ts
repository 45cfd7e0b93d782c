// Guards under traffic drawn at random, on several workers that race for the shared state: whatever
// happens, each change of mode is told once, by one worker, and the lines make sense one after
// the other.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Response } from "../../deploy/emulator/exchange.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { Random } from "../support/random.ts";

const module = Module.load(join(import.meta.dirname, "../../build/canary.wasm"));
const WORKERS = 4;
const modes: [text: string, mode: number][] = [
  ["canary fails too often; its traffic goes to stable", 1],
  ["canary is tried again with a tenth of its traffic", 2],
  ["canary is healthy again and takes its traffic back", 0],
];
/** From which modes each mode can be reached. */
const before: Record<number, number[]> = { 0: [2], 1: [0, 2], 2: [1] };

const config = {
  routes: [
    {
      name: "shop",
      split: { stable: 20, canary: 80 },
      base: "stable",
      sticky: { header: "x-user" },
      guard: {
        variant: "canary",
        maxFailurePercent: 30,
        minRequests: 5,
        window: "2s",
        ejectFor: "3s",
      },
    },
  ],
};

function answer(random: Random, isHealthy: boolean): Response {
  const failure: Response = random.one([
    { status: 503 },
    { status: 200, flags: ["UC"] },
    { status: 504, flags: ["UT"] },
  ]);
  return random.below(10) === 0 || !isHealthy ? failure : { status: 200 };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`four workers are one guard (seed ${seed})`, () => {
    const random = new Random(seed);
    const proxy = new Proxy({ workers: WORKERS });
    proxy.install({ module, config });
    let isHealthy = true;
    let running = -1;
    let isNested = false;
    let requests = 0;
    const request = (worker: number) => {
      requests++;
      if (!isNested) running = worker;
      const stream = proxy.open(
        { path: "/", headers: [["x-user", `user-${random.below(500)}`]] },
        worker,
      );
      stream.respond(answer(random, isHealthy));
    };
    // Before each write another worker may be faster.
    proxy.beforeSharedWrite = () => {
      if (isNested || random.below(3) > 0) return;
      isNested = true;
      request((running + 1 + random.below(WORKERS - 1)) % WORKERS);
      isNested = false;
    };
    for (let i = 0; i < 3000; i++) {
      if (random.below(150) === 0) isHealthy = !isHealthy;
      request(random.below(WORKERS));
      if (random.below(4) === 0) proxy.clock.advance(random.below(200));
    }
    let mode = 0;
    for (const { message } of proxy.log) {
      const found = modes.find(([text]) => message.endsWith(text));
      assert.ok(found, message);
      assert.ok(before[found[1]]!.includes(mode), `${message} while in mode ${mode}`);
      mode = found[1];
    }
    assert.ok(proxy.log.length > 10, `${proxy.log.length} changes`);
    assert.equal(proxy.metrics.get("gatehouse.canary.shop.guard_mode"), mode);
    const trips = proxy.log.filter(({ message }) => message.includes("fails too often")).length;
    assert.equal(proxy.metrics.get("gatehouse.canary.shop.guard_ejections"), trips);
    const decided = Object.entries(proxy.metrics.all()).filter(([name]) => name.includes(".by_"));
    assert.deepEqual(decided.map(([name]) => name.slice("gatehouse.canary.shop.".length)).sort(), [
      "canary.by_split",
      "stable.by_guard",
      "stable.by_split",
    ]);
    assert.equal(
      decided.reduce((sum, [, count]) => sum + count, 0),
      requests,
    );
  });
}
