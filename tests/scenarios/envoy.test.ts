// Every scenario on the real Envoy, newest and oldest, except what needs virtual time or traffic
// a test cannot make.
import assert from "node:assert/strict";
import { after, before, describe, it, test } from "node:test";
import { type Case, type Observed, casesForEnvoy, growth } from "../../deploy/emulator/cases.ts";
import { differences } from "../../deploy/emulator/expectation.ts";
import { cluster } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import {
  type Answer,
  type Upstream,
  refusingEndpoint,
  startUpstream,
} from "../support/upstream.ts";
import {
  type Scenario,
  type ScriptedCall,
  bodyText,
  buildModules,
  inEdge,
  readScenarios,
} from "./scenario.ts";

const requireModules = await buildModules();
const apart = (await readScenarios()).filter(({ emulatorOnly }) => !emulatorOnly);

/** One access log line for each request tells what the filters left in the stream. */
const states = ["variant", "limit", "reason", "claims", "access_log"];
const accessLog = ["seen %REQ(X-SCENARIO-CASE)%", "%RESPONSE_CODE_DETAILS%"]
  .concat(states.map((name) => `%FILTER_STATE(wasm.gatehouse_${name}:PLAIN)%`))
  .join("\t")
  .concat("\n");

interface Running {
  chain: Chain;
  servers: Upstream[];
}

async function start(scenario: Scenario, version: string): Promise<Running> {
  const servers: Upstream[] = [];
  const clusters: Record<string, unknown> = {};
  for (const name of new Set(scenario.calls.map((call) => call.cluster))) {
    const calls = scenario.calls.filter((call) => call.cluster === name);
    if (calls[0]!.answer === "unhealthy") clusters[name] = cluster({ name, endpoints: [] });
    else if (calls[0]!.answer === "refused") clusters[name] = await refusingEndpoint();
    else {
      const server = await startUpstream(({ path }) => scripted(calls, path));
      servers.push(server);
      clusters[name] = server.endpoint;
    }
  }
  const chain = await startChain({
    version,
    filters: scenario.plugins,
    clusters: clusters as never,
    accessLog,
    trustedHops: 1,
  });
  return { chain, servers };
}

function scripted(calls: ScriptedCall[], path: string): Answer {
  const found = calls.find((call) => (call.path ?? path) === path);
  if (!found) return { status: 404 };
  if (typeof found.answer === "string") return "hang";
  return { ...found.answer, body: bodyText(found.answer.body) };
}

/** Sends a case once and collects what the emulator would have told. */
async function observe({ chain }: Running, each: Case, mark: string): Promise<Observed> {
  const { request = {}, response = {} } = each;
  const before = await metrics(chain);
  const reached = chain.upstream.received.length;
  const logged = chain.envoy.log().length;
  chain.upstream.handler = () => ({
    status: response.status,
    headers: response.headers as Record<string, string | string[]>,
    body: response.body,
    delayMillis: response.durationMillis,
  });
  const headers: [string, string][] = [["x-scenario-case", mark]];
  for (const [name, value] of Object.entries(
    (request.headers ?? {}) as Record<string, string | string[]>,
  )) {
    for (const one of [value].flat()) headers.push([name, String(one)]);
  }
  if (request.sourceAddress) headers.push(["x-forwarded-for", request.sourceAddress]);
  const got = await chain.send({ ...request, headers, body: request.body } as never);
  const [line] = await chain.envoy.awaitLog(new RegExp(`seen ${mark}\t[^\n]*\n`), { from: logged });
  const [, details, variant, limit, reason, claims, access] = line
    .trimEnd()
    .split("\t")
    .map((text) => (text === "-" ? undefined : text));
  const printed = [
    ...chain.envoy
      .log()
      .slice(logged)
      .matchAll(/wasm log (?:access-log|edge): (.*?)(?: thread=\d+)?\n/g),
  ].at(-1)?.[1];
  return {
    ...{ status: got.status, headers: got.headers, body: got.body },
    upstreamHeaders: chain.upstream.received[reached]?.headers.concat(requestLine(chain, reached)),
    ...{ details, variant, limit, reason, claims, log: access ?? printed },
    metrics: growth(before, await metrics(chain)),
  };
}

/** What HTTP/1.1 has in the request line, under the names that it has in a header map. */
function requestLine(chain: Chain, index: number): [string, string][] {
  const { method, path, headers } = chain.upstream.received[index]!;
  const authority = headers.find(([name]) => name === "host")?.[1] ?? "";
  return [
    [":method", method],
    [":path", path],
    [":authority", authority],
  ];
}

async function metrics(chain: Chain): Promise<Record<string, number>> {
  const stats = await chain.envoy.stats("^wasmcustom\\.");
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name.replace(/^wasmcustom\./, ""), value]),
  );
}

for (const version of ["newest", "oldest"]) {
  describe(`scenarios on Envoy (${version})`, () => {
    after(closeConnections);
    const scenarios = version === "newest" ? [...apart, ...inEdge(apart)] : apart;
    test("there are scenarios", () =>
      assert.ok(scenarios.some((scenario) => casesForEnvoy(scenario.cases).length > 0)));
    for (const scenario of scenarios) {
      describe(scenario.name, () => {
        let running: Running;
        before(async () => {
          requireModules(scenario);
          running = await start(scenario, version);
        });
        after(async () => {
          await running?.chain.stop();
          for (const server of running?.servers ?? []) await server.close();
        });
        for (const [index, each] of casesForEnvoy(scenario.cases).entries()) {
          it(each.name, async () => {
            for (let i = 0; i < (each.repeat ?? 1); i++) {
              const observed = await observe(running, each, `${index}.${i}`);
              assert.deepEqual(differences(observed, each.expect ?? {}), []);
            }
          });
        }
        it("never traps", () =>
          assert.doesNotMatch(running.chain.envoy.log(), /trap: |Function: .* failed/));
      });
    }
  });
}
