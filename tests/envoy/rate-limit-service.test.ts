// rate-limit's `global` on a real Envoy: what the rate limit service is asked, and what becomes
// of the request when it says no, says nonsense, or says nothing. The real service is in
// tests/services.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { cluster, nativeFilter } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import {
  type Question,
  encode,
  frame,
  startRateLimitService,
  decision,
} from "../support/rate-limit-service.ts";
import type { Answer } from "../support/upstream.ts";
import { refusingEndpoint } from "../support/upstream.ts";

before(() => build(["rate-limit"]));
after(closeConnections);

const bucket = { maxTokens: 1000, tokensPerFill: 1000, fillInterval: "1s" };
const limit = { name: "one", tokenBucket: bucket };
const perKey = { name: "per-key", key: [{ header: "x-key" }], tokenBucket: bucket };
const counter = (outcome: string) => `wasmcustom.gatehouse.rate-limit.global.${outcome}`;

interface Setup {
  config?: object;
  global?: object;
  endpoint?: string;
  answer?: (question: Question) => Answer | Promise<Answer>;
}

/** Runs `use` with a proxy that asks a service. */
async function withService(
  { config = { limits: [limit] }, global = {}, endpoint, answer }: Setup,
  use: (chain: Chain, service: Awaited<ReturnType<typeof startRateLimitService>>) => Promise<void>,
): Promise<void> {
  const service = await startRateLimitService(answer);
  const chain = await startChain({
    filters: [
      {
        name: "rate-limit",
        config: {
          ...config,
          global: { cluster: "ratelimit", domain: "edge", timeout: "20s", ...global },
        },
      },
    ],
    clusters: {
      ratelimit: cluster({
        name: "ratelimit",
        endpoints: [endpoint ?? service.endpoint],
        http2: true,
      }),
    },
    accessLog: "details=%RESPONSE_CODE_DETAILS% limit=%FILTER_STATE(wasm.gatehouse_limit:PLAIN)%\n",
  });
  try {
    await use(chain, service);
  } finally {
    await chain.stop();
    await service.close();
  }
}

test("each limit that admits is a descriptor: keys by name, no key by the limit's, and what the request costs", async () => {
  const config = {
    limits: [
      { name: "everyone", tokenBucket: bucket, cost: 3 },
      {
        name: "keyed",
        tokenBucket: bucket,
        key: [
          { header: "x-key" },
          { cookie: "session" },
          { queryParam: "user" },
          { sourceAddress: { v4Prefix: 24 } },
          { method: true },
          { uri: true },
          { authority: true },
          { literal: "gold" },
        ],
      },
      { name: "watches", tokenBucket: bucket, shadow: true },
      { name: "elsewhere", tokenBucket: bucket, match: [{ uri: { exact: "/other" } }] },
      { name: "free", tokenBucket: bucket, cost: 0 },
    ],
  };
  await withService({ config }, async (chain, service) => {
    const headers = { "x-key": "a", cookie: "session=s1" };
    assert.equal((await chain.send({ path: "/api?user=%41nn", headers })).status, 200);
    assert.deepEqual(service.questions, [
      {
        domain: "edge",
        hits: 3,
        descriptors: [
          { entries: [["generic_key", "everyone"]], hits: 3 },
          {
            entries: [
              ["x-key", "a"],
              ["session", "s1"],
              ["user", "Ann"],
              ["remote_address", "127.0.0.0/24"],
              ["method", "GET"],
              ["path", "/api"],
              ["host", "example.com"],
              ["generic_key", "gold"],
            ],
            hits: 1,
          },
        ],
      },
    ]);
    const [received] = service.received;
    assert.equal(received!.path, "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");
  });
});

test("no value of a key gets a request past the service: not a missing, empty, broken or enormous one", async () => {
  const refuseAll = () => decision(true);
  await withService({ config: { limits: [perKey] }, answer: refuseAll }, async (chain, service) => {
    for (const value of [undefined, "", "\u00ff\u00fe", "k".repeat(50_000)]) {
      const got = await chain.send({ headers: value === undefined ? {} : { "x-key": value } });
      assert.equal(got.status, 429, value?.slice(0, 10));
    }
    const asked = service.questions.map(({ descriptors }) => descriptors[0]!.entries[0]!);
    assert.deepEqual(asked[0], ["generic_key", "per-key"]);
    for (const [key, value] of asked.slice(1)) {
      assert.equal(key, "x-key");
      assert.match(value, /^siphash:[0-9a-f]{32}$/);
    }
    assert.equal(new Set(asked.map(String)).size, asked.length);
  });
});

test("a request that the local limits refuse is not asked about", async () => {
  const config = { limits: [{ name: "tight", tokenBucket: { maxTokens: 1, fillInterval: "1h" } }] };
  await withService({ config }, async (chain, service) => {
    assert.equal((await chain.send()).status, 200);
    assert.equal((await chain.send()).status, 429);
    assert.equal(service.questions.length, 1);
  });
});

test("a refusal names the limit, and tells the service's own quota and when it is reset", async () => {
  const config = { limits: [limit, { ...perKey, name: "second" }], headers: "draft03" };
  const over = { overLimit: true, requestsPerUnit: 60, unit: 2, resetSeconds: 17 };
  const answer = () => decision(true, [{ overLimit: false, remaining: 5 }, over]);
  await withService({ config, answer }, async (chain) => {
    const got = await chain.send({ headers: { "x-key": "a" } });
    assert.equal(got.status, 429);
    assert.equal(got.body, "local_rate_limited");
    assert.equal(got.header("retry-after"), "17");
    assert.equal(got.header("x-ratelimit-limit"), "60, 60;w=60");
    assert.equal(got.header("x-ratelimit-remaining"), "0");
    assert.equal(got.header("x-ratelimit-reset"), "17");
    await chain.envoy.awaitLog(/details=global_rate_limited\{second\} limit=second/);
    assert.equal(await chain.envoy.stat(counter("over_limit")), 1);
    assert.equal(chain.upstream.received.length, 0);
  });
});

test("a refusal that says nothing more tells no quota", async () => {
  const config = { limits: [limit], headers: "ietf" };
  await withService({ config, answer: () => decision(true) }, async (chain) => {
    const got = await chain.send();
    assert.deepEqual(
      [got.status, got.header("ratelimit"), got.header("retry-after")],
      [429, undefined, undefined],
    );
    await chain.envoy.awaitLog(/details=global_rate_limited /);
  });
});

const failures: Record<string, Answer> = {
  "a gRPC error without a message": {
    headers: { "content-type": "application/grpc", "grpc-status": "14" },
  },
  "a gRPC error after a message": {
    ...(decision(false) as object),
    trailers: { "grpc-status": "13" },
  },
  "an HTTP error": { status: 500, body: "no" },
  "no gRPC status at all": { body: frame(encode([[1, 1]])) },
  "a cut-off message": {
    body: frame(encode([[1, 1]])).subarray(0, 6),
    trailers: { "grpc-status": "0" },
  },
  "a frame that says it is compressed": {
    body: Buffer.from([1, 0, 0, 0, 0]),
    trailers: { "grpc-status": "0" },
  },
  "a message that is none": {
    body: frame(Buffer.from([0xff, 0xff, 0xff])),
    trailers: { "grpc-status": "0" },
  },
  "an unknown decision": { body: frame(encode([[1, 0]])), trailers: { "grpc-status": "0" } },
  "a connection that is cut": "drop",
};

test("whatever is no answer is a failure, and onFailure decides", async () => {
  for (const onFailure of ["allow", "local", "deny"]) {
    let next: Answer = "drop";
    await withService({ global: { onFailure }, answer: () => next }, async (chain) => {
      for (const [name, answer] of Object.entries(failures)) {
        next = answer;
        const got = await chain.send();
        assert.equal(got.status, onFailure === "deny" ? 503 : 200, `${name}, ${onFailure}`);
      }
      assert.equal(await chain.envoy.stat(counter("failed")), Object.keys(failures).length);
      next = decision(false);
      assert.equal((await chain.send()).status, 200);
    });
  }
});

test("a service that hangs holds a request no longer than the timeout, one that is not there not at all", async () => {
  const global = { timeout: "50ms", onFailure: "deny" };
  await withService({ global, answer: () => "hang" }, async (chain) => {
    const got = await chain.send();
    assert.equal(got.status, 503);
    await chain.envoy.awaitLog(/details=rate_limit_service_unavailable/);
  });
  const gone = { timeout: "20s", onFailure: "deny" };
  await withService({ global: gone, endpoint: await refusingEndpoint() }, async (chain) => {
    assert.equal((await chain.send()).status, 503);
  });
  await withService({ global: { ...gone, cluster: "nobody" } }, async (chain) => {
    assert.equal((await chain.send()).status, 503);
    assert.equal(await chain.envoy.stat(counter("failed")), 1);
  });
});

test("a refusal of the service carries x-envoy-ratelimited where the native filter's does", async () => {
  const answer = () => decision(true);
  const refusal = async (filter: (typeof filters)[number], answers: typeof answer) => {
    const service = await startRateLimitService(answers);
    const http2 = { name: "ratelimit", endpoints: [service.endpoint], http2: true };
    const actions = [{ generic_key: { descriptor_value: "one" } }];
    const chain = await startChain({
      filters: [filter],
      clusters: { ratelimit: cluster(http2) },
      routes: [
        { match: { prefix: "/" }, route: { cluster: "upstream", rate_limits: [{ actions }] } },
      ],
    });
    try {
      const got = await chain.send();
      return [got.status, got.headers.filter(([name]) => name === "x-envoy-ratelimited")];
    } finally {
      await chain.stop();
      await service.close();
    }
  };
  const native = (more: object) =>
    nativeFilter("envoy.filters.http.ratelimit", "ratelimit.v3.RateLimit", {
      domain: "edge",
      timeout: "20s",
      rate_limit_service: {
        transport_api_version: "V3",
        grpc_service: { envoy_grpc: { cluster_name: "ratelimit" }, timeout: "20s" },
      },
      ...more,
    });
  const own = (more: object) => ({
    name: "rate-limit",
    config: {
      limits: [limit],
      global: { cluster: "ratelimit", domain: "edge", timeout: "20s", ...more },
    },
  });
  const filters = [
    native({}),
    own({}),
    native({ disable_x_envoy_ratelimited_header: true }),
    own({ disableXEnvoyRatelimitedHeader: true }),
  ] as const;
  const told = [429, [["x-envoy-ratelimited", "true"]]];
  const silent = [429, []];
  const refusals = await Promise.all(filters.map((filter) => refusal(filter, answer)));
  assert.deepEqual(refusals, [told, told, silent, silent]);
});

test("one question a request, and an answer that comes when its request is gone harms nobody", async () => {
  const held: (() => void)[] = [];
  const answer = () => new Promise<Answer>((done) => held.push(() => done(decision(true))));
  await withService({ answer }, async (chain, service) => {
    const clients = Array.from({ length: 5 }, () => {
      const socket = connect(chain.envoy.port(), "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nhost: example.com\r\n\r\n");
      return socket;
    });
    const waiting = chain.send();
    await service.awaitRequest(6);
    for (const socket of clients) socket.destroy();
    await chain.envoy.awaitStat("http.ingress.downstream_rq_active", (active) => active === 1);
    held.forEach((release) => release());
    assert.equal((await waiting).status, 429);
    assert.equal(service.questions.length, 6);
    // The five whose clients had left are counted by nobody; the filter goes on.
    const next = chain.send();
    await service.awaitRequest(7);
    held.at(-1)!();
    assert.equal((await next).status, 429);
    assert.equal(await chain.envoy.stat(counter("over_limit")), 2);
  });
});

test("in report mode the service is asked and counted, and no request waits for it", async () => {
  let release = () => {};
  const answer = () => new Promise<Answer>((done) => (release = () => done(decision(true))));
  await withService(
    { config: { limits: [limit], mode: "report" }, answer },
    async (chain, service) => {
      assert.equal((await chain.send()).status, 200);
      await service.awaitRequest(1);
      release();
      await chain.envoy.awaitStat(counter("over_limit"), (count) => count === 1);
    },
  );
});
