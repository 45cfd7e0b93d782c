// How much of a filter's memory one request touches. Between two requests the proxy uses up the
// processor's nearest cache, so each line of 64 bytes is waited for anew, which is much of what a
// filter's own work costs. The clock cannot hold such a thing in a test; a count can, and it is
// the same on every machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { own as accessLog } from "../../bench/cases/access-log.ts";
import { own as canary } from "../../bench/cases/canary.ts";
import { RS256, own as jwtAuth, token } from "../../bench/cases/jwt-auth.ts";
import { own as rateLimit } from "../../bench/cases/rate-limit.ts";
import type { Json } from "../../envoy/bootstrap.ts";
import { encodeHeaders } from "../support/bare-host.ts";
import { instrumented, observedHost } from "../support/instrumented.ts";

const LINE_BYTES = 64;
/** After so many requests pools and tables are as they stay. */
const WARM_UP = 500;

/**
 * The lines that one request touches: the fewest of several, since now and then a table grows or
 * garbage is collected.
 */
function linesOf(name: string, filter: Json): number {
  let touched = new Set<number>();
  const note = (first: number, bytes: number) => {
    touched.add(Math.floor(first / LINE_BYTES)).add(Math.floor((first + bytes - 1) / LINE_BYTES));
  };
  const config = JSON.parse(filter.typed_config.config.configuration.value);
  const host = observedHost(instrumented(name), config, note);
  const request = {
    headers: encodeHeaders([
      [":authority", "products.example.com"],
      [":path", "/api/products/7"],
      [":method", "GET"],
      [":scheme", "http"],
      ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"],
      ["accept", "*/*"],
      ["x-user", "user-7"],
      ["authorization", `Bearer ${token(RS256, 1)}`],
      ["x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"],
    ]),
  };
  for (let i = 0; i < WARM_UP; i++) host.exchange(request);
  let fewest = Infinity;
  for (let i = 0; i < 10; i++) {
    touched = new Set();
    host.exchange(request);
    fewest = Math.min(fewest, touched.size);
  }
  return fewest;
}

/**
 * What is in the bench, and how many lines it may touch: a tenth more than it did when this was
 * written.
 */
const budgets: [name: string, what: string, filter: Json, linesMax: number][] = [
  ["canary", "two rules and a sticky split", canary(), 41],
  ["rate-limit", "one bucket", rateLimit(), 39],
  ["jwt-auth", "a token seen before", jwtAuth(RS256), 91],
  ["access-log", "the guide's line", accessLog(), 66],
  ["access-log", "a request that is not sampled", accessLog({ sample: { percent: 0.01 } }), 31],
];

for (const [name, what, filter, linesMax] of budgets) {
  test(`${name}, ${what}: at most ${linesMax} lines of memory a request`, (context) => {
    const lines = linesOf(name, filter);
    context.diagnostic(`${lines} lines`);
    assert.ok(lines > 10 && lines <= linesMax, `${lines} lines`);
  });
}
