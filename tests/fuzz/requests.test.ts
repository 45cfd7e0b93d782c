// Nothing that a client sends traps a filter, makes it grow, or spoils the next request.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { filters } from "../../tools/build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import type { Cases } from "../contract/cases.ts";
import { Random } from "../support/random.ts";
import { hostileRequest, hostileResponse } from "./hostile.ts";

const root = join(import.meta.dirname, "../..");
/** For each document that the contract test calls valid: together they use every setting. */
const REQUESTS = 1500;
/**
 * Linear memory a machine may take from the first thousand requests on: caches and tables fill
 * up.
 */
const GROWTH_BYTES_MAX = 4 << 20;

for (const name of filters) {
  const file = join(root, `tests/contract/cases/${name}.ts`);
  if (!existsSync(file)) continue;
  const { valid, env = {} } = ((await import(file)) as { default: Cases }).default;
  const module = Module.load(join(root, `build/${name}.wasm`));

  for (const [at, config] of valid.entries()) {
    test(`${name}, valid document ${at}: ${REQUESTS} hostile requests`, () => {
      const random = new Random(7000 + at);
      const proxy = new Proxy({
        onCall: () => random.one(["never", "refused", "timeout", "unhealthy"]),
      });
      const plugin = proxy.install({ module, config, env });
      const memory = () => proxy.workers[0]!.currentRoot(plugin)!.vm.memoryBytes;
      let before = 0;
      for (let i = 0; i < REQUESTS; i++) {
        if (i === REQUESTS / 3) before = memory();
        const request = hostileRequest(random);
        const stream = proxy.open(request);
        if (random.below(8) === 0) stream.reset();
        else if (stream.state === "forwarded") stream.respond(hostileResponse(random));
        proxy.clock.advance(random.below(50));
        const trap = proxy.log.find(({ message }) => message.includes("trapped"));
        assert.equal(trap, undefined, `request ${i}: ${JSON.stringify(request)}`);
        proxy.log.length = 0;
      }
      proxy.clock.advance(120_000);
      assert.ok(memory() - before <= GROWTH_BYTES_MAX, `grew by ${memory() - before} bytes`);
      proxy.shutdown();
    });
  }
}

test("the filters have documents to be tried with", () => {
  const without = filters.filter(
    (name) => !existsSync(join(root, `tests/contract/cases/${name}.ts`)),
  );
  assert.deepEqual(without, []);
});
