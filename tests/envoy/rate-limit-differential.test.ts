// The same settings through Envoy's own local_ratelimit and ours, on the same Envoy: the same
// requests pass, the answers read the same. Each difference is named where it shows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Json, directResponse, nativeFilter } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";

before(() => build(["rate-limit"]));
after(closeConnections);

interface Bucket {
  max_tokens: number;
  tokens_per_fill: number;
  fill_interval: string;
}

/** Both filters with one bucket; `more` for each. */
function filters(bucket: Bucket, native: Json = {}, own: object = {}) {
  const all = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  const {
    max_tokens: maxTokens,
    tokens_per_fill: tokensPerFill,
    fill_interval: fillInterval,
  } = bucket;
  return {
    native: nativeFilter(
      "envoy.filters.http.local_ratelimit",
      "local_ratelimit.v3.LocalRateLimit",
      {
        stat_prefix: "rate",
        token_bucket: bucket,
        filter_enabled: all,
        filter_enforced: all,
        ...native,
      },
    ),
    own: {
      name: "rate-limit",
      config: {
        limits: [{ name: "all", tokenBucket: { maxTokens, tokensPerFill, fillInterval } }],
        retryAfter: false,
        ...own,
      },
    },
  };
}

/** Runs `use` on each of the two, beside each other. */
async function onBoth<T>(
  pair: ReturnType<typeof filters>,
  use: (chain: Chain) => Promise<T>,
): Promise<[T, T]> {
  const start = (filter: Json) =>
    startChain({
      filters: [filter],
      concurrency: 4,
      routes: [directResponse(200, "ok")],
      accessLog: "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%\n",
    });
  const chains = await Promise.all([start(pair.native), start(pair.own)]);
  try {
    return [await use(chains[0]!), await use(chains[1]!)];
  } finally {
    await Promise.all(chains.map((chain) => chain.stop()));
  }
}

test("a burst at one instant: exactly the same count passes", async () => {
  for (const maxTokens of [1, 7, 500]) {
    const pair = filters({ max_tokens: maxTokens, tokens_per_fill: 1, fill_interval: "3600s" });
    const counts = await onBoth(pair, async (chain) => {
      const load = await generateLoad({
        port: chain.envoy.port(),
        requests: 2 * maxTokens + 50,
        connections: 32,
      });
      return load.statuses[200];
    });
    assert.deepEqual(counts, [maxTokens, maxTokens]);
  }
});

test("under load both admit the burst and what came back, ours no less than 99 percent of it and never more", async () => {
  const [burst, rate] = [400, 400];
  const pair = filters({ max_tokens: burst, tokens_per_fill: rate / 10, fill_interval: "0.1s" });
  const shares = await onBoth(pair, async (chain) => {
    const connections = 48;
    const outer = performance.now();
    let [first, last] = [0, 0];
    const headersOf = (index: number) => {
      last = performance.now();
      if (index === connections) first = last;
      return {};
    };
    const load = await generateLoad({
      port: chain.envoy.port(),
      requests: 20_000,
      connections,
      headersOf,
    });
    const admitted = load.statuses[200]!;
    return {
      ofLeast: admitted / (burst + (rate * (last - first)) / 1000),
      over: admitted - (burst + (rate * (performance.now() - outer)) / 1000),
    };
  });
  for (const { ofLeast, over } of shares) {
    assert.ok(ofLeast >= 0.99, `${ofLeast}`);
    assert.ok(over <= 0, `${over}`);
  }
});

test("a refusal reads the same: status, body, content type, own headers", async () => {
  const header = {
    header: { key: "x-rate-limit-limit", value: "1000" },
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  };
  const pair = filters(
    { max_tokens: 1, tokens_per_fill: 1, fill_interval: "3600s" },
    { response_headers_to_add: [header] },
    { responseHeaders: [{ name: "x-rate-limit-limit", value: "1000" }] },
  );
  const [native, own] = await onBoth(pair, async (chain) => {
    const passed = await chain.send();
    const { status, body, headers } = await chain.send();
    const [, details] = await chain.envoy.awaitLog(/429 (.*)\n/);
    const mute = (pairs: [string, string][]) => pairs.filter(([name]) => name !== "date").sort();
    return {
      passed: mute(passed.headers),
      refused: { status, body, headers: mute(headers) },
      details,
    };
  });
  assert.deepEqual(own.passed, native.passed);
  assert.deepEqual(own.refused, native.refused);
  // A Wasm filter cannot set response flags; but the details say which limit refused.
  assert.equal(native.details, "local_rate_limited RL");
  assert.equal(own.details, "local_rate_limited{all} -");
});

test("gRPC requests are refused alike: UNAVAILABLE, or RESOURCE_EXHAUSTED when asked for", async () => {
  for (const exhausted of [false, true]) {
    const pair = filters(
      { max_tokens: 1, tokens_per_fill: 1, fill_interval: "3600s" },
      { rate_limited_as_resource_exhausted: exhausted },
      { grpcResourceExhausted: exhausted },
    );
    const [native, own] = await onBoth(pair, async (chain) => {
      await chain.send();
      const headers = { "content-type": "application/grpc", te: "trailers" };
      const got = await chain.send({ method: "POST", headers });
      return [
        got.status,
        got.header("grpc-status"),
        got.header("grpc-message"),
        got.header("content-type"),
        got.body,
      ];
    });
    assert.deepEqual(own, native);
    assert.equal(own[1], exhausted ? "8" : "14");
  }
});

test("not enforced: the request passes, and upstream is told", async () => {
  const none = { default_value: { numerator: 0, denominator: "HUNDRED" } };
  const header = { header: { key: "x-limited", value: "yes" } };
  const pair = filters(
    { max_tokens: 1, tokens_per_fill: 1, fill_interval: "3600s" },
    { filter_enforced: none, request_headers_to_add_when_not_enforced: [header] },
    {
      limits: [{ name: "all", enforced: 0, tokenBucket: { maxTokens: 1, fillInterval: "1h" } }],
      requestHeadersWhenNotEnforced: [{ name: "x-limited", value: "yes" }],
    },
  );
  for (const filter of [pair.native, pair.own]) {
    const chain = await startChain({ filters: [filter] });
    try {
      const told = async (headers: Record<string, string> = {}) => {
        const { status, body } = await chain.send({ headers });
        const pairs: [string, string][] = JSON.parse(body).headers;
        return [
          status,
          ...pairs.filter(([name]) => name === "x-limited").map(([, value]) => value),
        ];
      };
      assert.deepEqual(await told(), [200]);
      assert.deepEqual(await told(), [200, "yes"]);
      // What a client claims of itself goes upstream through the native filter, beside the
      // filter's own; not through ours.
      if (filter === pair.own) assert.deepEqual(await told({ "x-limited": "no" }), [200, "yes"]);
    } finally {
      await chain.stop();
    }
  }
});
