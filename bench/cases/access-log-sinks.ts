// access-log with an HTTP sink: what a black hole costs beside a healthy sink, in latency; and a
// proxy whose queue is full under all the load that one worker takes, in memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { cluster } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, median, type Variant, wire } from "../compare.ts";
import { type Finding, finding } from "../report.ts";
import { own } from "./access-log.ts";

/** The pairs whose median counts. */
const PAIRS_MIN = 5;
/** Fewer make a p99 of half a second's load, which one hiccup of the machine decides. */
const PAIR_REQUESTS_MIN = 40_000;
const MIB = 1024 * 1024;

interface Sink {
  endpoint: string;
  stop(): void;
}

async function startSink(mode: "healthy" | "hang"): Promise<Sink> {
  const script = join(import.meta.dirname, "../sink.ts");
  const child = spawn(process.execPath, [script, mode], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await once(child.stdout, "data");
  return { endpoint: `127.0.0.1:${String(port).trim()}`, stop: () => child.stdin.end() };
}

const request = wire("/api/products/7?page=2", {
  "user-agent": "bench/1.0",
  accept: "*/*",
  "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7",
});

function variant(name: string, sink: Sink, http: object): Variant {
  return {
    name,
    filters: [own({ sinks: [{ http: { cluster: "logs", ...http } }] })],
    clusters: [cluster({ name: "logs", endpoints: [sink.endpoint] })],
    request: () => request,
  };
}

export async function run(effort: Effort): Promise<Finding[]> {
  const sinks = [await startSink("healthy"), await startSink("hang")] as const;
  try {
    return [...(await latency(effort, ...sinks)), await memory(effort, sinks[1])];
  } finally {
    for (const sink of sinks) sink.stop();
  }
}

/**
 * p99 with a black hole over p99 with a healthy sink: the median of the pairs of neighbouring
 * rounds.
 */
async function latency(effort: Effort, healthy: Sink, blackHole: Sink): Promise<Finding[]> {
  const isSmoke = effort.requests < 1_000;
  const rounds = isSmoke ? effort.rounds : Math.max(effort.rounds, PAIRS_MIN);
  const requests = isSmoke ? effort.requests : Math.max(effort.requests, PAIR_REQUESTS_MIN);
  const measured = await measure(
    [
      { name: "none", request: () => request },
      variant("healthy", healthy, {}),
      variant("black-hole", blackHole, { timeout: "1s", queueBytes: MIB }),
      variant("protobuf", healthy, { encoding: "otlpProtobuf" }),
      variant("ndjson", healthy, { encoding: "ndjson" }),
    ],
    { ...effort, rounds, requests, copies: 1 },
  );
  const p99s = (name: string) => measured.get(name)!.p99s;
  const ratios = p99s("black-hole").map((p99, round) => p99 / p99s("healthy")[round]!);
  const micros = (name: string) => `${name} +${added(measured, name).toFixed(2)} µs`;
  const p99 = (name: string) => `${median(p99s(name)).toFixed(0)} µs`;
  const detail = `p99 ${p99("black-hole")} beside ${p99("healthy")}, median of ${ratios.length} pairs`;
  const costs = ["healthy", "black-hole", "protobuf", "ndjson"].map(micros).join(", ");
  return [finding("access-log/black-hole-p99", median(ratios), `${detail}; CPU: ${costs}`)];
}

/** What the proxy grows by from one full queue to the next ones. */
async function memory(effort: Effort, blackHole: Sink): Promise<Finding> {
  const resident: number[] = [];
  const connections = 4 * effort.connections;
  const started = performance.now();
  await measure([variant("full", blackHole, { timeout: "1s", queueBytes: MIB })], {
    ...effort,
    connections,
    copies: 1,
    requests: 2 * effort.requests,
    onRound: (bytes) => resident.push(bytes),
  });
  const requests = 2 * effort.requests * (effort.rounds + 1);
  const rate = (requests / ((performance.now() - started) / 1000) / 1000).toFixed(0);
  const grown = (resident.at(-1)! - resident[0]!) / MIB;
  return finding(
    "access-log/full-queue-memory",
    grown,
    `${requests} requests at ${rate},000 a second`,
  );
}
