// The HTTP sinks of access-log on the real Envoy, against servers that are healthy, slow, busy,
// broken or lying: requests never notice, and every line is delivered or counted.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { cluster } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";
import { linesOf, otlpOf } from "../support/otlp.ts";
import {
  type Answer,
  type Handler,
  type Upstream,
  headerOf,
  refusingEndpoint,
  startUpstream,
} from "../support/upstream.ts";

type Settings = Record<string, unknown>;

/** Flushes fast, so that no test waits for an interval. */
const quick = { records: 20, bytes: 64 * 1024, interval: "50ms" };

function filter(http: Settings, format: object = { json: { path: "%REQ(:PATH)%" } }) {
  return {
    name: "access-log",
    env: { SINK_KEY: "Bearer of the environment" },
    config: {
      format,
      sinks: [
        { name: "sink", http: { cluster: "logs", batch: quick, encoding: "ndjson", ...http } },
      ],
    },
  };
}

/** Collects the lines of the batches that it accepted. */
class LogServer {
  readonly lines: string[] = [];
  readonly upstream: Upstream;
  /** What becomes of the next batches. */
  answer: Handler;

  private constructor(upstream: Upstream, answer: Handler) {
    this.upstream = upstream;
    this.answer = answer;
  }

  static async start(answer: Handler = () => ({ status: 200 })): Promise<LogServer> {
    const upstream = await startUpstream();
    const server = new LogServer(upstream, answer);
    upstream.handler = async (request) => {
      const said = await server.answer(request);
      if (typeof said === "object" && (said.status ?? 200) < 300)
        server.lines.push(...linesOf(request));
      return said;
    };
    return server;
  }

  close(): Promise<void> {
    return this.upstream.close();
  }
}

interface Counts {
  queued: number;
  delivered: number;
  rejected: number;
  dropped_full: number;
  dropped_large: number;
  dropped_retries: number;
  dropped_shutdown: number;
  retries: number;
}

async function countsOf(chain: Chain): Promise<Counts> {
  const prefix = "wasmcustom.gatehouse.access-log.sink.";
  const stats = await chain.envoy.stats(`^${prefix.replaceAll(".", "\\.")}`);
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name.slice(prefix.length), value]),
  ) as unknown as Counts;
}

const settledOf = (counts: Counts) =>
  counts.delivered +
  counts.rejected +
  counts.dropped_full +
  counts.dropped_large +
  counts.dropped_retries +
  counts.dropped_shutdown;

/** Waits until `count` lines were queued and all of them are delivered, refused or dropped. */
async function settled(chain: Chain, count: number, millis = 30_000): Promise<Counts> {
  for (const deadline = Date.now() + millis; ; await new Promise((done) => setTimeout(done, 20))) {
    const counts = await countsOf(chain);
    if (counts.queued === count && settledOf(counts) === count) return counts;
    if (Date.now() > deadline)
      throw new Error(`${count} lines do not settle: ${JSON.stringify(counts)}`);
  }
}

async function ask(
  chain: Chain,
  count: number,
  headers: Record<string, string> = {},
): Promise<void> {
  const { statuses, broken } = await generateLoad({
    port: chain.envoy.port(),
    requests: count,
    connections: 8,
    headersOf: (index) => ({ ...headers, "x-index": String(index) }),
  });
  assert.deepEqual(statuses, { 200: count });
  assert.equal(broken, 0);
}

/** A chain with one HTTP sink, ended when `use` is over. */
async function withSink(
  options: {
    answer?: Handler;
    http?: Settings;
    format?: object;
    endpoint?: string;
    concurrency?: number;
  },
  use: (chain: Chain, server: LogServer) => Promise<void>,
): Promise<void> {
  const server = await LogServer.start(options.answer);
  const chain = await startChain({
    filters: [filter(options.http ?? {}, options.format ?? { json: { index: "%REQ(X-INDEX)%" } })],
    clusters: { logs: options.endpoint ?? server.upstream.endpoint },
    concurrency: options.concurrency,
  });
  try {
    await use(chain, server);
  } finally {
    await chain.stop();
    await server.close();
  }
}

/** Every line exactly once. */
function assertAll(server: LogServer, count: number): void {
  const indices = server.lines.map((line) => Number(JSON.parse(line).index)).sort((a, b) => a - b);
  assert.deepEqual(
    indices,
    Array.from({ length: count }, (_, index) => index),
  );
}

before(() => build(["access-log"]));
after(closeConnections);

describe("what a healthy sink gets", () => {
  const format = {
    json: {
      method: "%REQ(:METHOD)%",
      status: "%RESPONSE_CODE%",
      nested: { agent: "%REQ(USER-AGENT)%" },
    },
  };
  const agent = {
    "user-agent": 'a "quoted" \u00e4gent',
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
  const expected = { method: "GET", status: 200, nested: { agent: 'a "quoted" \ufffdgent' } };

  for (const [encoding, type] of [
    ["otlp", "application/json"],
    ["otlpProtobuf", "application/x-protobuf"],
  ]) {
    test(`${encoding}: resource, scope, times, severity, body, attributes, trace and span`, async () => {
      const http = {
        encoding,
        resource: { "service.namespace": "shop" },
        headers: [{ name: "X-Key", value: "k" }],
      };
      await withSink({ http, format }, async (chain, server) => {
        const before = BigInt(Date.now()) * 1_000_000n;
        await ask(chain, 1, agent);
        const request = await server.upstream.awaitRequest(1);
        assert.equal(request.method, "POST");
        assert.equal(request.path, "/v1/logs");
        assert.equal(headerOf(request, "content-type"), type);
        assert.equal(headerOf(request, "host"), "logs");
        assert.equal(headerOf(request, "x-key"), "k");
        const { resource, scope, records } = otlpOf(request);
        assert.deepEqual(resource, {
          "service.name": "gatehouse",
          "service.instance.id": "gatehouse",
          "service.namespace": "shop",
        });
        assert.equal(scope, "gatehouse.access-log");
        const [record] = records;
        assert.ok(record);
        const began = BigInt(record.timeUnixNano);
        assert.ok(began >= before && began <= BigInt(record.observedTimeUnixNano));
        assert.ok(BigInt(record.observedTimeUnixNano) <= BigInt(Date.now() + 1) * 1_000_000n);
        assert.equal(record.severityNumber, 9);
        assert.equal(record.severityText, "INFO");
        assert.deepEqual(JSON.parse(record.body.stringValue), expected);
        assert.deepEqual(
          record.attributes.sort((a, b) => a.key.localeCompare(b.key)),
          [
            { key: "method", value: { stringValue: "GET" } },
            {
              key: "nested",
              value: {
                kvlistValue: {
                  values: [{ key: "agent", value: { stringValue: expected.nested.agent } }],
                },
              },
            },
            { key: "status", value: { intValue: "200" } },
          ],
        );
        assert.equal(record.flags, 1);
        assert.equal(record.traceId, "0af7651916cd43dd8448eb211c80319c");
        assert.equal(record.spanId, "b7ad6b7169203331");
      });
    });
  }

  test("loki: one stream with its labels, the line as it is", async () => {
    const http = { encoding: "loki", labels: { job: "edge", cluster: "eu-1" } };
    await withSink({ http, format }, async (chain, server) => {
      await ask(chain, 1, agent);
      const request = await server.upstream.awaitRequest(1);
      assert.equal(request.path, "/loki/api/v1/push");
      assert.equal(headerOf(request, "content-type"), "application/json");
      const { streams } = JSON.parse(request.body.toString());
      assert.equal(streams.length, 1);
      assert.deepEqual(streams[0].stream, { job: "edge", cluster: "eu-1" });
      const [[nanos, line]] = streams[0].values;
      assert.match(nanos, /^\d{19}$/);
      assert.deepEqual(JSON.parse(line), expected);
    });
  });

  test("ndjson: the lines, to the path, authority and cluster of the settings", async () => {
    const headers = [
      { name: "Authorization", valueFromEnv: "SINK_KEY" },
      { name: "x-tenant", value: "shop" },
    ];
    const http = {
      encoding: "ndjson",
      path: "/in?source=edge",
      authority: "logs.example.com:8080",
      headers,
    };
    await withSink({ http, format }, async (chain, server) => {
      await ask(chain, 3, agent);
      await settled(chain, 3);
      const [request] = server.upstream.received;
      assert.equal(request!.path, "/in?source=edge");
      assert.equal(headerOf(request!, "host"), "logs.example.com:8080");
      assert.equal(headerOf(request!, "content-type"), "application/x-ndjson");
      assert.equal(headerOf(request!, "authorization"), "Bearer of the environment");
      assert.equal(headerOf(request!, "x-tenant"), "shop");
      assert.deepEqual(
        server.lines.map((line) => JSON.parse(line)),
        [expected, expected, expected],
      );
    });
  });

  test("text lines travel as such", async () => {
    const format = { text: 'GET "%REQ(X-INDEX)%"' };
    await withSink({ format }, async (chain, server) => {
      await ask(chain, 1);
      await settled(chain, 1);
      assert.deepEqual(server.lines, ['{"message":"GET \\"0\\""}']);
    });
  });
});

describe("batches", () => {
  test("hold what the settings say, and thousands of lines of two workers arrive, each once", async () => {
    const http = { batch: { records: 50, interval: "100ms" } };
    await withSink({ http, concurrency: 2 }, async (chain, server) => {
      await ask(chain, 5_000);
      const counts = await settled(chain, 5_000);
      assert.equal(counts.delivered, 5_000);
      assertAll(server, 5_000);
      const sizes = server.upstream.received.map((request) => linesOf(request).length);
      assert.ok(Math.max(...sizes) <= 50);
      assert.ok(sizes.filter((size) => size === 50).length > 50, "most batches are full ones");
    });
  });

  test("end at their bytes", async () => {
    const format = { json: { index: "%REQ(X-INDEX)%", filler: "x".repeat(400) } };
    await withSink(
      { format, http: { batch: { bytes: 2_000, interval: "100ms" } } },
      async (chain, server) => {
        await ask(chain, 100);
        await settled(chain, 100);
        assertAll(server, 100);
        for (const { body } of server.upstream.received) assert.ok(body.length <= 2_000);
      },
    );
  });
});

describe("a sink in trouble", { concurrency: 4 }, () => {
  /** The first answers are those given, then all is well. */
  const first =
    (...answers: Answer[]): Handler =>
    () =>
      answers.shift() ?? { status: 200 };

  for (const [what, answer] of [
    ["says 429 with Retry-After", { status: 429, headers: { "retry-after": "1" } }],
    ["says 503", { status: 503 }],
    ["says 503 and asks for no pause at all", { status: 503, headers: { "retry-after": "0" } }],
    ["cuts the connection", "drop"],
    ["says 503 with an enormous text", { status: 503, body: Buffer.alloc(8 * 1024 * 1024, "x") }],
  ] as [string, Answer][]) {
    test(`that ${what} gets the batch again, and the lines behind it`, async () => {
      await withSink({ answer: first(answer) }, async (chain, server) => {
        await ask(chain, 100);
        const counts = await settled(chain, 100);
        assert.equal(counts.delivered, 100);
        assert.equal(counts.retries, 1);
        assertAll(server, 100);
      });
    });
  }

  test("that is slower than the timeout gets the batch again", async () => {
    const slow: Answer = { status: 200, delayMillis: 1_000 };
    const answers = [slow];
    await withSink(
      { http: { timeout: "200ms" }, answer: () => answers.shift() ?? {} },
      async (chain, server) => {
        await ask(chain, 40);
        const counts = await settled(chain, 40);
        assert.equal(counts.delivered, 40);
        assert.equal(counts.retries, 1);
        // The late batch was taken as well: what is delivered twice is the price of what is never
        // lost.
        assert.equal(new Set(server.lines).size, 40);
      },
    );
  });

  for (const [what, answer, delivered] of [
    ["refuses with 400", { status: 400 }, 0],
    ["redirects", { status: 302, headers: { location: "http://127.0.0.1:1/" } }, 0],
    ["answers 204 with nothing", { status: 204 }, 60],
    ["answers with what is no answer", { status: 200, body: "<html>{]" }, 60],
    ["answers with eight megabytes", { status: 200, body: Buffer.alloc(8 * 1024 * 1024, "x") }, 60],
    [
      "says it rejected 5 of each batch",
      { body: '{"partialSuccess":{"rejectedLogRecords":"5"}}' },
      undefined,
    ],
    [
      "says it rejected more than there were",
      { body: '{"partialSuccess":{"rejectedLogRecords":1e18}}' },
      0,
    ],
    [
      "says it rejected less than nothing",
      { body: '{"partialSuccess":{"rejectedLogRecords":-8}}' },
      60,
    ],
  ] as [string, Answer, number | undefined][]) {
    test(`that ${what} is believed as far as it makes sense`, async () => {
      await withSink(
        { http: { encoding: "otlp" }, answer: () => answer },
        async (chain, server) => {
          await ask(chain, 60);
          const counts = await settled(chain, 60);
          // Five of each batch, or as many as were in it.
          const refused = server.upstream.received.map((request) =>
            Math.min(5, linesOf(request).length),
          );
          assert.equal(
            counts.delivered,
            delivered ?? refused.reduce((left, count) => left - count, 60),
          );
          assert.equal(counts.rejected, 60 - counts.delivered);
          assert.equal(counts.retries, 0);
        },
      );
    });
  }

  test("that is a black hole costs the oldest lines, and gets the newest when it is back", async () => {
    const http = { timeout: "300ms", queueBytes: 4_096 };
    await withSink({ http, answer: () => "hang" }, async (chain, server) => {
      await ask(chain, 2_000);
      await chain.envoy.awaitStat(
        "wasmcustom.gatehouse.access-log.sink.retries",
        (retries) => retries > 0,
      );
      server.answer = () => ({ status: 200 });
      const counts = await settled(chain, 2_000);
      assert.ok(counts.dropped_full > 1_500, JSON.stringify(counts));
      assert.equal(counts.delivered, 2_000 - counts.dropped_full);
      assert.equal(server.lines.length, counts.delivered);
      const indices = server.lines.map((line) => Number(JSON.parse(line).index));
      assert.ok(indices.includes(1_999), "the newest line is there");
    });
  });

  test("that nobody listens for is tried again, and requests pass", async () => {
    await withSink({ endpoint: await refusingEndpoint() }, async (chain) => {
      await ask(chain, 50);
      await chain.envoy.awaitStat(
        "wasmcustom.gatehouse.access-log.sink.retries",
        (retries) => retries > 1,
      );
      const counts = await countsOf(chain);
      assert.equal(counts.queued, 50);
      assert.equal(settledOf(counts), 0);
    });
  });

  for (const [what, clusters] of [
    ["whose cluster does not exist", {}],
    ["whose cluster has no hosts", { logs: cluster({ name: "logs", endpoints: [] }) }],
  ] as [string, Record<string, unknown>][]) {
    test(`${what} costs the oldest lines, and requests pass`, async () => {
      const chain = await startChain({
        filters: [filter({ queueBytes: 4_096 })],
        clusters: clusters as never,
      });
      try {
        await ask(chain, 500);
        await chain.envoy.awaitStat(
          "wasmcustom.gatehouse.access-log.sink.retries",
          (retries) => retries > 1,
        );
        const counts = await countsOf(chain);
        assert.equal(counts.queued, 500);
        assert.ok(counts.dropped_full > 300);
        assert.equal(settledOf(counts), counts.dropped_full);
      } finally {
        await chain.stop();
      }
    });
  }
});

describe("the end of a configuration", () => {
  const slow = { batch: { records: 1_000, interval: "60s" } };

  test("sends what waits: an update of the settings loses nothing", async () => {
    const server = await LogServer.start();
    const format = { json: { index: "%REQ(X-INDEX)%" } };
    const chain = await startChain({
      filters: [filter(slow, format)],
      clusters: { logs: server.upstream.endpoint },
      updatable: true,
    });
    try {
      await ask(chain, 30);
      assert.equal(server.upstream.received.length, 0);
      const update = await chain.update([filter({ ...slow, path: "/new" }, format)]);
      assert.ok(update.accepted);
      await server.upstream.awaitRequest(1);
      const counts = await settled(chain, 30);
      assert.equal(counts.delivered, 30);
      assertAll(server, 30);
    } finally {
      await chain.stop();
      await server.close();
    }
  });
});

describe("requests", () => {
  test("take no longer with a sink that never answers", async () => {
    const server = await LogServer.start();
    const blackHole = await LogServer.start(() => "hang");
    const http = { queueBytes: 64 * 1024, timeout: "1s" };
    const chains = await Promise.all(
      [server, blackHole].map((each) =>
        startChain({ filters: [filter(http)], clusters: { logs: each.upstream.endpoint } }),
      ),
    );
    try {
      const seconds = [[], []] as [number[], number[]];
      for (let round = 0; round < 5; round++) {
        for (const [index, chain] of chains.entries()) {
          const load = { port: chain.envoy.port(), requests: 1_500, connections: 4 };
          seconds[index]!.push((await generateLoad(load)).seconds);
        }
      }
      const [healthy, dead] = seconds.map((each) => each.sort((a, b) => a - b)[2]!);
      // The figure itself is measured where the machine is quiet (bench/cases/access-log-sinks.ts).
      assert.ok(
        dead! < 2 * healthy!,
        `${dead} s with a dead sink, ${healthy} s with a healthy one`,
      );
    } finally {
      await Promise.all(chains.map((chain) => chain.stop()));
      await server.close();
      await blackHole.close();
    }
  });

  test("do not make a proxy grow whose queue is full", async () => {
    const http = { queueBytes: 64 * 1024, timeout: "60s" };
    await withSink(
      { http, answer: () => "hang", format: { json: { path: "%REQ(:PATH)%" } } },
      async (chain) => {
        const load = () =>
          generateLoad({
            port: chain.envoy.port(),
            requests: 8_000,
            connections: 16,
            path: "/x".repeat(50),
          });
        await load();
        assert.ok((await countsOf(chain)).dropped_full > 1_000, "the queue is full");
        const before = chain.envoy.residentBytes();
        for (let round = 0; round < 3; round++) await load();
        const grown = (chain.envoy.residentBytes() - before) / 1024 / 1024;
        assert.ok(grown < 4, `${grown.toFixed(1)} MiB for 24,000 lines of 100 bytes`);
      },
    );
  });
});
