// Steady requests in the background, so that a change can be shown to have hurt nobody.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";

/** Fewer in the time of a change would prove nothing. */
const REQUESTS_MIN = 20;

interface LoadResult {
  requests: number;
  /** Status → how often. */
  statuses: Record<string, number>;
  /** Requests without an answer, by error. */
  errors: string[];
}

/**
 * Runs `change` under load, and throws unless every request of that time was answered with a 200.
 */
export async function underLoad<T>(
  url: string,
  headers: () => Record<string, string>,
  change: () => Promise<T>,
): Promise<T> {
  const stop = startLoad(url, headers);
  let result: LoadResult;
  let value: T;
  try {
    value = await change();
  } finally {
    // Also when the change failed: lanes that go on would keep the suite alive.
    result = await stop();
  }
  const { statuses, errors } = result;
  assert.deepEqual({ statuses: Object.keys(statuses), errors }, { statuses: ["200"], errors: [] });
  return value;
}

/**
 * Starts `lanes` loops of requests, one after the other in each. The function it gives stops them
 * and tells.
 */
function startLoad(
  url: string,
  headers: () => Record<string, string>,
  { lanes = 4, pauseMillis = 5 } = {},
): () => Promise<LoadResult> {
  const result: LoadResult = { requests: 0, statuses: {}, errors: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  let running = true;
  const one = () =>
    new Promise<void>((done) => {
      const outgoing = request(url, { headers: headers(), agent, timeout: 10_000 }, (response) => {
        response.resume();
        response.on("end", () => {
          const status = String(response.statusCode);
          result.statuses[status] = (result.statuses[status] ?? 0) + 1;
          done();
        });
        response.on("error", (error) => {
          result.errors.push(String(error));
          done();
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 10 s")));
      outgoing.on("error", (error) => {
        result.errors.push(String(error));
        done();
      });
      outgoing.end();
    });
  const lane = async () => {
    while (running || result.requests < REQUESTS_MIN) {
      result.requests++;
      await one();
      await new Promise((done) => setTimeout(done, pauseMillis));
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  return async () => {
    running = false;
    await all;
    agent.destroy();
    return result;
  };
}
