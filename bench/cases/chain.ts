// All four filters against the native chain for the same policy, and memory over many requests.
import { type Json, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, wire } from "../compare.ts";
import { type Finding, finding } from "../report.ts";
import * as accessLog from "./access-log.ts";
import * as canary from "./canary.ts";
import * as jwt from "./jwt-auth.ts";
import * as rateLimit from "./rate-limit.ts";

/**
 * A million requests in the full run; fewer in a quick one, where the growth would already show.
 */
const MEMORY_REQUESTS_PER_EFFORT = 25;

export async function run(effort: Effort): Promise<Finding[]> {
  const bearer = jwt.token(jwt.RS256, 0);
  const headers = {
    "user-agent": "bench/1.0",
    accept: "*/*",
    authorization: `Bearer ${bearer}`,
    "x-user": "user-7",
  };
  const plain = wire("/api/products/7", headers);
  const request = () => plain;
  const own = {
    name: "own",
    filters: [accessLog.own(), jwt.own(jwt.RS256), rateLimit.own(), canary.own()],
    connectionManager: accessLog.bareLog,
    request,
  };
  const composed = {
    name: "edge",
    filters: [edge(own.filters)],
    connectionManager: accessLog.bareLog,
    request,
  };
  const alone = { name: "alone", filters: [jwt.own(jwt.RS256)], request };
  const measured = await measure(
    [
      { name: "none", request },
      {
        name: "native",
        filters: [jwt.native(jwt.RS256), rateLimit.native(), canary.native()],
        connectionManager: accessLog.nativeLog,
        request,
      },
      own,
      composed,
      alone,
    ],
    effort,
  );
  const of = (name: string) => added(measured, name);
  const [ours, natives, edges] = [of("own"), of("native"), of("edge")];
  return [
    finding(
      "chain/all-four",
      ours / natives,
      `own +${ours.toFixed(2)} µs, native +${natives.toFixed(2)}`,
    ),
    finding(
      "chain/edge",
      edges / natives,
      `edge +${edges.toFixed(2)} µs, native +${natives.toFixed(2)}`,
    ),
    finding(
      "chain/edge-of-one-filter",
      edges / of("alone"),
      `edge +${edges.toFixed(2)} µs, jwt-auth alone +${of("alone").toFixed(2)}`,
    ),
    await memory(own, effort),
  ];
}

/** The same filters as one module, with a section for each. */
function edge(filters: Json[]): Json {
  const sections = filters.map(({ typed_config: { config } }) => [
    config.name,
    JSON.parse(config.configuration.value),
  ]);
  return wasmFilter({ name: "edge", config: Object.fromEntries(sections) });
}

/** How much the proxy grows over the requests that follow a warm-up of the same size. */
async function memory(
  variant: Parameters<typeof measure>[0][number],
  effort: Effort,
): Promise<Finding> {
  const requests = effort.requests * MEMORY_REQUESTS_PER_EFFORT;
  const resident: number[] = [];
  await measure([variant], {
    connections: effort.connections,
    requests: Math.ceil(requests / 4),
    rounds: 4,
    onRound: (bytes) => resident.push(bytes),
  });
  const grown = (resident.at(-1)! - resident[1]!) / 1024 / 1024;
  return finding(
    "chain/memory",
    Math.max(0, grown),
    `${requests} requests, ${(resident.at(-1)! / 1024 / 1024).toFixed(0)} MiB resident`,
  );
}
