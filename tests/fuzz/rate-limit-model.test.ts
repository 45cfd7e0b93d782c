// Thousands of random settings and requests through the module, on several workers, against a
// reference that is too plain to be wrong. Times fall on and beside the very nanosecond where a
// token comes back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import type { Plugin } from "../../deploy/emulator/plugin.ts";
import { Random } from "../support/random.ts";
import { type Asked, type Bucket, type Limit, Model } from "./rate-limit-model.ts";

const SEQUENCES = 2500;
const REQUESTS = 25;
/** A machine that took many configurations is given up: memory never shrinks. */
const CONFIGURATIONS_MAX = 250;
const WORKERS = 2;

let module: Module;
before(async () => {
  await build(["rate-limit"]);
  module = Module.from(
    readFileSync(join(import.meta.dirname, "../../build/rate-limit.wasm")),
    "rate-limit",
  );
});

/**
 * Figures whose tokens take a whole number of nanoseconds: the module counts in sixteenths, the
 * model in fractions.
 */
function drawBucket(random: Random): Bucket {
  const tokensPerFill = random.one([1, 2, 5, 10, 1000]);
  const intervalNanos = BigInt(random.one([50, 100, 1000, 2500, 60_000])) * 1_000_000n;
  return { maxTokens: random.one([1, 2, 3, 7, 50]), tokensPerFill, intervalNanos };
}

function drawLimits(random: Random): Limit[] {
  return Array.from({ length: 1 + random.below(3) }, (_, i): Limit => {
    const bucket = drawBucket(random);
    const isKeyed = random.below(2) === 0;
    return {
      name: `limit-${i}`,
      bucket,
      isKeyed,
      whenMissing: isKeyed ? random.one(["shared", "skip", "reject"] as const) : undefined,
      override: random.below(3) === 0 ? { tier: "gold", bucket: drawBucket(random) } : undefined,
      method: random.below(4) === 0 ? "POST" : undefined,
      cost:
        random.below(3) > 0
          ? random.one([0, 1, 1, bucket.maxTokens])
          : { min: random.below(2), max: 1 + random.below(9), fallback: 1 },
      shadow: random.below(5) === 0,
    };
  });
}

/** The model's words in the module's settings. `instance`: no sequence meets another's buckets. */
function configOf(limits: Limit[], instance: string): object {
  const figures = ({ maxTokens, tokensPerFill, intervalNanos }: Bucket) => ({
    maxTokens,
    tokensPerFill,
    fillInterval: `${intervalNanos / 1_000_000n}ms`,
  });
  const settings = limits.map(
    ({ name, bucket, isKeyed, whenMissing, override, method, cost, shadow }) => ({
      name,
      tokenBucket: figures(bucket),
      shadow,
      cost:
        typeof cost === "number"
          ? cost
          : { header: "x-cost", min: cost.min, max: cost.max, default: cost.fallback },
      ...(isKeyed && { key: [{ header: "x-key" }], whenMissing }),
      ...(method && { match: [{ method: { exact: method } }] }),
      ...(override && {
        overrides: [
          {
            match: [{ headers: { "x-tier": { exact: override.tier } } }],
            tokenBucket: figures(override.bucket),
          },
        ],
      }),
    }),
  );
  return { instance, limits: settings, maxKeys: 24 };
}

function drawRequest(random: Random): Asked {
  const asked: Asked = { method: random.one(["GET", "POST"]) };
  if (random.below(5) > 0) asked.key = random.one(["a", "b", "c"]);
  if (random.below(3) === 0) asked.tier = random.one(["gold", "lead"]);
  if (random.below(2) === 0)
    asked.cost = random.one(["0", "1", "3", "9", "999", "x", "", "99999999999999999999"]);
  return asked;
}

/**
 * How long until the next request: nothing, the time of a token and a nanosecond less or more, or
 * long.
 */
function drawNanos(random: Random, limits: Limit[]): bigint {
  const { intervalNanos, tokensPerFill } = random.one(limits).bucket;
  const token = intervalNanos / BigInt(tokensPerFill);
  return random.one([
    0n,
    0n,
    0n,
    1n,
    token - 1n,
    token,
    token + 1n,
    token / 3n,
    2n * token,
    70n * token,
  ]);
}

test(`${SEQUENCES} random sequences of requests are decided as the reference decides them`, () => {
  let proxy: Proxy | undefined;
  let plugin: Plugin | undefined;
  const seen = { admitted: 0, refused: 0, shadowed: 0 };
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const random = new Random(7000 + sequence);
    const limits = drawLimits(random);
    const config = configOf(limits, String(sequence));
    if (sequence % CONFIGURATIONS_MAX === 0) {
      proxy?.shutdown();
      proxy = new Proxy({ workers: WORKERS });
      plugin = proxy.install({ module, config });
    } else assert.ok(proxy!.update(plugin!, config), proxy!.log.at(-1)?.message);
    const model = new Model(limits);
    for (let i = 0; i < REQUESTS; i++) {
      proxy!.clock.advanceNanos(drawNanos(random, limits));
      const asked = drawRequest(random);
      const headers: Record<string, string> = {};
      if (asked.key !== undefined) headers["x-key"] = asked.key;
      if (asked.tier !== undefined) headers["x-tier"] = asked.tier;
      if (asked.cost !== undefined) headers["x-cost"] = asked.cost;
      const stream = proxy!.exchange(
        { method: asked.method, path: "/", headers },
        {},
        random.below(WORKERS),
      );
      const expected = model.ask(asked, proxy!.clock.monotonicNanos);
      const told = stream.responseHeaders?.get("retry-after");
      const where = `sequence ${sequence}, request ${i}: ${JSON.stringify({ config, asked })}`;
      assert.equal(stream.responseCode, expected.admitted ? 200 : 429, where);
      const wait =
        expected.retryAfter === undefined ? undefined : String(Math.max(1, expected.retryAfter));
      if (!expected.admitted) assert.equal(told?.toString(), wait, where);
      const named = stream.filterState.get("gatehouse_limit")?.toString();
      assert.equal(named !== undefined, expected.refusing.length > 0, where);
      if (named !== undefined) assert.ok(expected.refusing.includes(named), `${named}, ${where}`);
      if (!expected.admitted) seen.refused++;
      else if (expected.refusing.length > 0) seen.shadowed++;
      else seen.admitted++;
    }
  }
  proxy!.shutdown();
  for (const [what, count] of Object.entries(seen))
    assert.ok(count > SEQUENCES, `${what}: ${count}`);
});
