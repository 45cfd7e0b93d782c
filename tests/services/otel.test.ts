// access-log against a real OpenTelemetry Collector: it takes our batches in both encodings, and
// what goes in comes out, also when it is killed in the middle, less what the counters say was
// dropped. What it received is read back from its own exporter, which sends it on to a server of
// this test.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { generateLoad } from "../support/load.ts";
import { type OtlpRecord, otlpOf } from "../support/otlp.ts";
import { type Upstream, headerOf, startUpstream } from "../support/upstream.ts";
import { collector } from "./binaries.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-otel-"));
const children: ChildProcess[] = [];
/** Where the collector's exporter sends what it received. */
let reader: Upstream;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * A collector that answers only when its exporter has handed on what it was given: no queue in
 * between.
 */
class Collector {
  readonly port: number;
  private readonly file: string;
  private child?: ChildProcess;
  log = "";

  constructor(port: number) {
    this.port = port;
    this.file = join(folder, `${port}.yaml`);
    const exporters = `
exporters:
  debug: { verbosity: detailed }
  otlphttp:
    endpoint: http://${reader.endpoint}
    encoding: json
    compression: none
    sending_queue: { enabled: false }
    retry_on_failure: { enabled: false }`;
    writeFileSync(
      this.file,
      `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
${exporters}
service:
  telemetry: { metrics: { level: none } }
  pipelines: { logs: { receivers: [otlp], exporters: [debug, otlphttp] } }
`,
    );
  }

  async start(): Promise<void> {
    const child = spawn(collector(), ["--config", this.file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    children.push(child);
    await new Promise<void>((ready, fail) => {
      const read = (data: Buffer) => {
        this.log += data;
        if (this.log.includes("Everything is ready")) ready();
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("close", () => fail(new Error(`the collector ended:\n${this.log}`)));
    });
  }

  async kill(): Promise<void> {
    this.child!.kill("SIGKILL");
    await once(this.child!, "close");
    this.log = "";
  }
}

/** The records that came out of the collector's exporter so far. */
function received(): OtlpRecord[] {
  return reader.received.flatMap((request) => {
    const body =
      headerOf(request, "content-encoding") === "gzip" ? gunzipSync(request.body) : request.body;
    return otlpOf({ ...request, body }).records;
  });
}

before(async () => {
  await build(["access-log"]);
  collector();
});

after(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "close");
  }
  rmSync(folder, { recursive: true, force: true });
});

function proxy(port: number, encoding: string): Promise<Chain> {
  const format = {
    json: {
      index: "%REQ(X-INDEX)%",
      status: "%RESPONSE_CODE%",
      nested: { agent: "%REQ(USER-AGENT)%", missing: "%REQ(X-MISSING)%" },
    },
  };
  const http = {
    cluster: "collector",
    encoding,
    timeout: "2s",
    batch: { records: 25, interval: "100ms" },
    resource: { "service.name": "edge", "deployment.environment.name": "test \u00fc" },
  };
  return startChain({
    filters: [{ name: "access-log", config: { format, sinks: [{ name: "otel", http }] } }],
    clusters: { collector: `127.0.0.1:${port}` },
  });
}

async function countsOf(chain: Chain): Promise<Record<string, number>> {
  const prefix = "wasmcustom.gatehouse.access-log.otel.";
  const stats = await chain.envoy.stats(`^${prefix.replaceAll(".", "\\.")}`);
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

const droppedOf = (counts: Record<string, number>) =>
  ["rejected", "dropped_full", "dropped_large", "dropped_retries", "dropped_shutdown"]
    .map((name) => counts[name] ?? 0)
    .reduce((sum, count) => sum + count);

/** Waits until every queued line is delivered or dropped. */
async function settled(chain: Chain, count: number): Promise<Record<string, number>> {
  for (const deadline = Date.now() + 60_000; ; await new Promise((done) => setTimeout(done, 50))) {
    const counts = await countsOf(chain);
    if (counts.queued === count && counts.delivered! + droppedOf(counts) === count) return counts;
    if (Date.now() > deadline)
      throw new Error(`${count} lines do not settle: ${JSON.stringify(counts)}`);
  }
}

async function ask(chain: Chain, from: number, count: number): Promise<void> {
  const { statuses } = await generateLoad({
    port: chain.envoy.port(),
    requests: count,
    connections: 4,
    headersOf: (index) => ({
      "x-index": String(from + index),
      "user-agent": 'a "quoted" agent',
      traceparent: `00-${(from + index + 1).toString(16).padStart(32, "0")}-b7ad6b7169203331-01`,
    }),
  });
  assert.deepEqual(statuses, { 200: count });
}

const indexOf = (record: OtlpRecord) => Number(JSON.parse(record.body.stringValue).index);

for (const encoding of ["otlp", "otlpProtobuf"]) {
  test(`${encoding}: the collector understands every record and hands on what we meant`, async () => {
    reader = await startUpstream(() => ({
      headers: { "content-type": "application/json" },
      body: "{}",
    }));
    const service = new Collector(await freePort());
    await service.start();
    const chain = await proxy(service.port, encoding);
    try {
      await ask(chain, 0, 200);
      const counts = await settled(chain, 200);
      assert.equal(counts.delivered, 200);
      const records = received().sort((a, b) => indexOf(a) - indexOf(b));
      assert.deepEqual(
        records.map(indexOf),
        Array.from({ length: 200 }, (_, index) => index),
      );
      for (const [index, record] of records.entries()) {
        assert.equal(record.traceId, (index + 1).toString(16).padStart(32, "0"));
        assert.equal(record.spanId, "b7ad6b7169203331");
        assert.equal(record.flags, 1);
        assert.equal(record.severityNumber, 9);
        const attributes = Object.fromEntries(
          record.attributes.map(({ key, value }) => [key, value]),
        );
        assert.deepEqual(attributes.index, { stringValue: String(index) });
        assert.deepEqual(attributes.status, { intValue: "200" });
        const { kvlistValue } = attributes.nested as {
          kvlistValue: { values: { key: string; value: unknown }[] };
        };
        const agent = kvlistValue.values.find(({ key }) => key === "agent");
        assert.deepEqual(agent?.value, { stringValue: 'a "quoted" agent' });
      }
      const { resource, scope } = otlpOf(reader.received[0]!);
      assert.equal(resource["service.name"], "edge");
      assert.equal(resource["deployment.environment.name"], "test \u00fc");
      assert.equal(scope, "gatehouse.access-log");
      assert.match(service.log, /SeverityText: INFO/);
      assert.match(service.log, /Trace ID: 00000000000000000000000000000001/);
    } finally {
      await chain.stop();
      await service.kill();
      await reader.close();
    }
  });

  test(`${encoding}: counts out are counts in after the collector was killed and came back`, async () => {
    reader = await startUpstream(() => ({
      headers: { "content-type": "application/json" },
      body: "{}",
    }));
    const service = new Collector(await freePort());
    await service.start();
    const chain = await proxy(service.port, encoding);
    try {
      const busy = (async () => {
        for (let from = 0; from < 3_000; from += 100) {
          await ask(chain, from, 100);
          await new Promise((done) => setTimeout(done, 60));
        }
      })();
      await reader.awaitRequest(10);
      await service.kill();
      await chain.envoy.awaitStat(
        "wasmcustom.gatehouse.access-log.otel.retries",
        (retries) => retries > 0,
      );
      await service.start();
      await busy;
      const counts = await settled(chain, 3_000);
      const indices = received().map(indexOf);
      const distinct = new Set(indices);
      // A batch whose answer was lost with the collector came out twice: at least once is what
      // OTLP can promise.
      assert.ok(
        indices.length - distinct.size <= 25 * counts.retries!,
        `${indices.length - distinct.size} twice`,
      );
      assert.equal(distinct.size, 3_000 - droppedOf(counts));
      assert.equal(counts.delivered, 3_000 - droppedOf(counts));
    } finally {
      await chain.stop();
      await service.kill();
      await reader.close();
    }
  });
}
