// Measures variants of one proxy beside each other: one Envoy each, the same load in turns, CPU
// per request from the scheduler's account. Figures of one run are compared with each other only;
// times on their own mean nothing.
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
  /**
   * Envoys for each variant; default 1. No two processes are alike in memory, which alone is
   * worth half a microsecond.
   */
  copies?: number;
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

const GET = wire("/api/products/7", {
  "user-agent": "bench/1.0 (like Mobile)",
  accept: "*/*",
  "x-request-id": "b7e1",
});

function bootstrapOf(variant: Variant): Json {
  const routes = variant.routes ?? [directResponse(200, "ok")];
  const { filters, connectionManager } = variant;
  // What would blur the figure is off: request ids and tracing headers are the same in every
  // variant.
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

  /** Sends the requests from number `from` on, up to `to`. */
  async take(
    variant: Variant,
    envoy: RunningEnvoy,
    connections: number,
    from: number,
    to: number,
  ): Promise<void> {
    const requests = to - from;
    const request = variant.request ?? (() => GET);
    const before = cpuNanos(envoy.pid);
    const result = await load({
      port: envoy.port(),
      connections,
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

  addTo(row: Row): void {
    const latencies = Float64Array.from(this.#latencies.flatMap((each) => [...each])).sort();
    row.rounds.push(this.#nanos / 1000 / this.#requests);
    row.p50 = latencies[Math.floor(latencies.length * 0.5)]!;
    row.p99 = latencies[Math.floor(latencies.length * 0.99)]!;
    row.p99s.push(row.p99);
  }
}

/**
 * Runs all variants in turns: in each round each copy of each variant takes its share of the
 * requests, so that what the machine does meanwhile, other guests' work above all, falls on all
 * variants nearly alike. Throws when an answer has another status than expected: a fast refusal
 * is no result.
 */
export async function measure(variants: Variant[], effort: Effort): Promise<Measured> {
  const copies = effort.copies ?? 1;
  const envoys: RunningEnvoy[][] = variants.map(() => []);
  const measured: Measured = new Map();
  try {
    for (const [index, variant] of variants.entries()) {
      measured.set(variant.name, { rounds: [], p50: 0, p99: 0, p99s: [], residentBytes: 0 });
      for (let copy = 0; copy < copies; copy++) {
        const envoy = await launchEnvoy(bootstrapOf(variant), { concurrency: 1 });
        envoys[index]!.push(envoy);
        await variant.prepare?.(envoy);
      }
    }
    const shareOf = (copy: number) => Math.floor((effort.requests * copy) / copies);
    for (let round = 0; round <= effort.rounds; round++) {
      const turns = variants.map(() => new Turns());
      for (let copy = 0; copy < copies; copy++) {
        for (const [index, variant] of variants.entries()) {
          const [from, to] = [shareOf(copy), shareOf(copy + 1)];
          await turns[index]!.take(variant, envoys[index]![copy]!, effort.connections, from, to);
        }
      }
      for (const [index, variant] of variants.entries()) {
        const row = measured.get(variant.name)!;
        row.residentBytes = Math.max(...envoys[index]!.map((envoy) => envoy.residentBytes()));
        effort.onRound?.(row.residentBytes);
        // The first round warms up: V8 compiles, pools grow.
        if (round > 0) turns[index]!.addTo(row);
      }
    }
  } finally {
    await Promise.all(envoys.flat().map((envoy) => envoy.stop()));
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
