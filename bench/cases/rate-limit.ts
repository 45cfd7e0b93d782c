// rate-limit: one bucket, a bucket per client among many, and several limits at once.
import { type Json, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import type { RunningEnvoy } from "../../envoy/launch.ts";
import { added, type Effort, measure, type Variant, wire } from "../compare.ts";
import { emptyCallback } from "../empty-callback.ts";
import { load } from "../load.ts";
import { type Finding, finding } from "../report.ts";

const CLIENTS = 100_000;
const KEYS_SEEN = 1_000_000;
/** Never empty under this load: the cost of admitting is measured, not that of refusing. */
const bucket = { maxTokens: 100_000_000, tokensPerFill: 100_000_000, fillInterval: "1s" };
/**
 * Never empty either, but never full again: a client's bucket stays in its slot, and a flood
 * meets a full table.
 */
const lasting = { maxTokens: 20_000_000, tokensPerFill: 1, fillInterval: "1s" };

/** The guide's limit in Envoy's own filter, never empty. */
export function native(): Json {
  const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  return nativeFilter("envoy.filters.http.local_ratelimit", "local_ratelimit.v3.LocalRateLimit", {
    stat_prefix: "http_local_rate_limiter",
    token_bucket: { max_tokens: 100_000_000, tokens_per_fill: 100_000_000, fill_interval: "1s" },
    filter_enabled: { runtime_key: "local_rate_limit_enabled", ...all },
    filter_enforced: { runtime_key: "local_rate_limit_enforced", ...all },
  });
}

/** `count` limits without a key, in ours. */
export function own(count = 1): Json {
  const limits = Array.from({ length: count }, (_, i) => ({
    name: `limit-${i}`,
    tokenBucket: bucket,
  }));
  return wasmFilter({ name: "rate-limit", config: { limits } });
}

const keyed = (maxKeys?: number): Json =>
  wasmFilter({
    name: "rate-limit",
    config: {
      limits: [{ name: "per-client", key: [{ header: "x-api-key" }], tokenBucket: lasting }],
      maxKeys,
    },
  });

const headers = { "user-agent": "bench/1.0", accept: "*/*" };

/** A request of one of `clients`, the next at each call. */
export function inTurn(clients: number): () => Buffer {
  let next = 0;
  return () =>
    wire("/api", {
      ...headers,
      "x-api-key": `client-${String((next++ * 7919) % clients).padStart(7, "0")}`,
    });
}

/** Lets the proxy see each of `clients` once. */
const seen = (clients: number) => (envoy: RunningEnvoy) =>
  load({ port: envoy.port(), connections: 32, requests: clients, request: inTurn(clients) });

export async function run(effort: Effort): Promise<Finding[]> {
  // A short run sees fewer, in the same proportion.
  const clients = Math.min(CLIENTS, 25 * effort.requests);
  const many = Math.min(KEYS_SEEN, 25 * effort.requests);
  const variants: Variant[] = [
    { name: "none", request: inTurn(1) },
    { name: "empty", filters: [await emptyCallback()], request: inTurn(1) },
    { name: "native", filters: [native()], request: inTurn(1) },
    { name: "callbacks", filters: [own(0)], request: inTurn(1) },
    { name: "one", filters: [own(1)], request: inTurn(1) },
    { name: "four", filters: [own(4)], request: inTurn(1) },
    {
      name: "per-client",
      filters: [keyed(CLIENTS)],
      request: inTurn(clients),
      prepare: seen(clients),
    },
    { name: "ten-keys", filters: [keyed()], request: inTurn(10), prepare: seen(10) },
    { name: "million-keys", filters: [keyed()], request: inTurn(many), prepare: seen(many) },
  ];
  const measured = await measure(variants, effort);
  const of = (name: string) => added(measured, name);
  const figure = (name: string) => `+${of(name).toFixed(2)} µs`;
  // What leases of tokens could save at most is the difference between one bucket and none.
  const detail = `an empty callback ${figure("empty")}, one bucket ${figure("one")}, no limit at all ${figure("callbacks")}, native ${figure("native")}`;
  const ratio = (name: string, budget: string, base = "one") =>
    finding(
      `rate-limit/${budget}`,
      of(name) / of(base),
      `${figure(name)}; ${base} ${figure(base)}`,
    );
  return [
    finding("rate-limit/one-bucket", of("one") / of("empty"), detail),
    ratio("per-client", "per-client-100000"),
    ratio("four", "four-limits"),
    ratio("million-keys", "keys-seen-10-to-1000000", "ten-keys"),
  ];
}
