// Measures variants of one proxy beside each other: one Envoy each, the same load in turns, CPU per request from the
// scheduler's account. Figures of one run are compared with each other only; times on their own mean nothing.
import { bootstrap, directResponse, type Json, listener } from "../envoy/bootstrap.ts";
import { launchEnvoy, type RunningEnvoy } from "../envoy/launch.ts";
import { cpuNanos } from "./cpu.ts";
import { load, wire } from "./load.ts";

export interface Variant {
  name: string;
  /** HTTP filters before the router. */
  filters?: Json[];
  routes?: Json[];
  clusters?: Json[];
  /** More fields of the connection manager, such as an access log. */
  connectionManager?: Json;
  /** The request of a running number; default a GET without any credential. */
  request?: (index: number) => Buffer;
  /** The status every answer must have; default 200. undefined in the map means any. */
  status?: number | "any";
  /** Called with the running Envoy before the first round. */
  prepare?: (envoy: RunningEnvoy) => Promise<unknown>;
}

export interface Effort {
  connections: number;
  requests: number;
  rounds: number;
  /** Told the resident bytes of the proxy after each round, the warming one included. */
  onRound?: (residentBytes: number) => void;
}

interface Row {
  /** Microseconds of CPU per request, in each round. */
  rounds: number[];
  /** Latencies of the last round in microseconds, and the 99th percentile of each. */
  p50: number;
  p99: number;
  p99s: number[];
  residentBytes: number;
}

/** Rows by variant. */
export type Measured = Map<string, Row>;

/**
 * Each round gives each variant its requests in so many turns: what the machine does meanwhile, other guests' work above
 * all, then falls on all variants nearly alike.
 */
const TURNS = 6;

const GET = wire("/api/products/7", { "user-agent": "bench/1.0 (like Mobile)", accept: "*/*", "x-request-id": "b7e1" });

function bootstrapOf(variant: Variant): Json {
  const routes = variant.routes ?? [directResponse(200, "ok")];
  const { filters, connectionManager } = variant;
  // What would blur the figure is off: request ids and tracing headers are the same in every variant.
  const manager = { generate_request_id: false, ...connectionManager };
  return bootstrap({
    listeners: [listener({ filters: filters ?? [], routes, connectionManager: manager })],
    clusters: variant.clusters ?? [],
  });
}

/** What one variant's turns of a round came to. */
class Turns {
  #nanos = 0;
  #requests = 0;
  #latencies: Float64Array[] = [];

  async take(variant: Variant, envoy: RunningEnvoy, effort: Effort, turn: number): Promise<void> {
    const from = Math.floor((effort.requests * turn) / TURNS);
    const requests = Math.floor((effort.requests * (turn + 1)) / TURNS) - from;
    const request = variant.request ?? (() => GET);
    const before = cpuNanos(envoy.pid);
    const result = await load({
      port: envoy.port(),
      connections: effort.connections,
      requests,
      request: (index) => request(from + index),
    });
    this.#nanos += cpuNanos(envoy.pid) - before;
    this.#requests += requests;
    this.#latencies.push(result.latencies);
    const expected = variant.status ?? 200;
    if (expected !== "any" && result.statuses.get(expected) !== requests) {
      const got = [...result.statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
      throw new Error(`${variant.name}: expected only ${expected}, got ${got}`);
    }
  }

  addTo(row: Row, envoy: RunningEnvoy): void {
    const latencies = Float64Array.from(this.#latencies.flatMap((each) => [...each])).sort();
    row.rounds.push(this.#nanos / 1000 / this.#requests);
    row.p50 = latencies[Math.floor(latencies.length * 0.5)]!;
    row.p99 = latencies[Math.floor(latencies.length * 0.99)]!;
    row.p99s.push(row.p99);
    row.residentBytes = envoy.residentBytes();
  }
}

/** Runs all variants in turns. Throws when an answer has another status than expected: a fast refusal is no result. */
export async function measure(variants: Variant[], effort: Effort): Promise<Measured> {
  const envoys: RunningEnvoy[] = [];
  const measured: Measured = new Map();
  try {
    for (const variant of variants) {
      const envoy = await launchEnvoy(bootstrapOf(variant), { concurrency: 1 });
      envoys.push(envoy);
      measured.set(variant.name, { rounds: [], p50: 0, p99: 0, p99s: [], residentBytes: 0 });
      await variant.prepare?.(envoy);
    }
    for (let round = 0; round <= effort.rounds; round++) {
      const turns = variants.map(() => new Turns());
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [index, variant] of variants.entries()) {
          await turns[index]!.take(variant, envoys[index]!, effort, turn);
        }
      }
      for (const [index, variant] of variants.entries()) {
        const envoy = envoys[index]!;
        effort.onRound?.(envoy.residentBytes());
        // The first round warms up: V8 compiles, pools grow.
        if (round > 0) turns[index]!.addTo(measured.get(variant.name)!, envoy);
      }
    }
  } finally {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
  }
  return measured;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Microseconds that `name` adds to `base`: the median of the differences of the same rounds. */
export function added(measured: Measured, name: string, base = "none"): number {
  const baseRounds = measured.get(base)!.rounds;
  return median(measured.get(name)!.rounds.map((micros, round) => micros - baseRounds[round]!));
}

export { wire };
