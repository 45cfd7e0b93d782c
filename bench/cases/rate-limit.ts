// rate-limit: one bucket, a bucket per client among many, and several limits at once.
import { type Json, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, type Variant, wire } from "../compare.ts";
import { type Finding, finding } from "../report.ts";

const CLIENTS = 100_000;
/** Never empty under this load: the cost of admitting is measured, not that of refusing. */
const bucket = { maxTokens: 100_000_000, tokensPerFill: 100_000_000, fillInterval: "1s" };

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
  const limits = Array.from({ length: count }, (_, i) => ({ name: `limit-${i}`, tokenBucket: bucket }));
  return wasmFilter({ name: "rate-limit", config: { limits } });
}

const keyed = (): Json =>
  wasmFilter({
    name: "rate-limit",
    config: { limits: [{ name: "per-client", key: [{ header: "x-api-key" }], tokenBucket: bucket }], maxKeys: CLIENTS },
  });

const headers = { "user-agent": "bench/1.0", accept: "*/*" };

export async function run(effort: Effort): Promise<Finding[]> {
  const client = (index: number) => wire("/api", { ...headers, "x-api-key": `client-${(index * 7919) % CLIENTS}` });
  const plain = wire("/api", { ...headers, "x-api-key": "client-0" });
  const variants: Variant[] = [
    { name: "none", request: () => plain },
    { name: "native", filters: [native()], request: () => plain },
    { name: "one", filters: [own(1)], request: () => plain },
    { name: "four", filters: [own(4)], request: () => plain },
    { name: "per-client", filters: [keyed()], request: client },
  ];
  const measured = await measure(variants, effort);
  const of = (name: string) => added(measured, name);
  const detail = `one bucket +${of("one").toFixed(2)} µs, native +${of("native").toFixed(2)}`;
  return [
    finding("rate-limit/one-bucket", of("one"), detail),
    finding(
      "rate-limit/per-client-100000",
      of("per-client") / of("one"),
      `+${of("per-client").toFixed(2)} µs; ${detail}`,
    ),
    finding("rate-limit/four-limits", of("four") / of("one"), `+${of("four").toFixed(2)} µs; ${detail}`),
  ];
}
