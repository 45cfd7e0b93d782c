// The guard on the real Envoy: what counts as a failure, that a failing variant is out within one
// window under load and back after it heals, that no request is lost by the switch, and that
// several workers are one guard.
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { build } from "../../tools/build.ts";
import { cluster } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";
import {
  type Answer,
  type Handler,
  type Upstream,
  startHttp2Upstream,
  startUpstream,
} from "../support/upstream.ts";

before(() => build(["canary"]));
after(closeConnections);

/** One route of the proxy per variant: what a VirtualService becomes. */
const byVariant = (variant: string, to: string, prefix = "/") => ({
  match: { prefix, headers: [{ name: "x-variant", string_match: { exact: variant } }] },
  route: { cluster: to, timeout: "0.4s" },
});
const guarded = (name: string, guard: object) => ({
  name,
  match: [{ uri: { prefix: `/${name}/` } }],
  split: { stable: 0, canary: 100 },
  base: "stable",
  sticky: { header: "x-user" },
  guard: {
    variant: "canary",
    minRequests: 3,
    maxFailurePercent: 50,
    window: "1h",
    ejectFor: "1h",
    ...guard,
  },
});

/** How canaries fail, by the first part of the path. */
const http1Failures: Record<string, Answer> = {
  fails: { status: 500 },
  drops: "drop",
  hangs: "hang",
  slow: { delayMillis: 60 },
  "trailers-only": { headers: { "content-type": "application/grpc", "grpc-status": "14" } },
};
const http2Failures: Record<string, Answer> = {
  grpc: {
    headers: { "content-type": "application/grpc" },
    body: "\0\0\0\0\0",
    trailers: { "grpc-status": "13" },
  },
};
const good: Record<string, Answer> = {
  works: { body: "ok" },
  refuses: { status: 404 },
  "grpc-refuses": {
    headers: { "content-type": "application/grpc+proto" },
    trailers: { "grpc-status": "5" },
  },
};
const answering =
  (answers: Record<string, Answer>): Handler =>
  ({ path }) =>
    answers[path.split("/")[1]!] ?? { status: 501 };

/** A server that breaks off in the middle of each answer. */
async function startBreakingServer(): Promise<{ endpoint: string; close(): void }> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf an");
      setTimeout(() => socket.destroy(), 20);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

for (const version of ["newest", "oldest"]) {
  describe(`what trips a guard on Envoy (${version})`, () => {
    let chain: Chain;
    const closing: { close(): unknown }[] = [];

    before(async () => {
      const http1 = await startUpstream(answering({ ...http1Failures, ...good }));
      const http2 = await startHttp2Upstream(answering({ ...http2Failures, ...good }));
      const breaking = await startBreakingServer();
      closing.push(http1, http2, breaking);
      const names = [
        ...Object.keys({ ...http1Failures, ...http2Failures, ...good }),
        "breaks",
        "client",
      ];
      chain = await startChain({
        version,
        filters: [
          {
            name: "canary",
            config: {
              routes: names.map((name) =>
                guarded(name, name === "slow" ? { slowerThan: "30ms" } : {}),
              ),
            },
          },
        ],
        clusters: {
          http1: http1.endpoint,
          http2: cluster({ name: "http2", endpoints: [http2.endpoint], http2: true }),
          breaking: breaking.endpoint,
        },
        routes: [
          byVariant("canary", "breaking", "/breaks/"),
          byVariant("canary", "http2", "/grpc"),
          byVariant("canary", "http1"),
          {
            match: { prefix: "/" },
            direct_response: { status: 200, body: { inline_string: "stable" } },
          },
        ],
      });
    });
    after(async () => {
      await chain?.stop();
      for (const each of closing) await each.close();
    });

    /** Sends `count` requests one after the other. */
    async function sendTo(name: string, count: number): Promise<void> {
      for (let i = 0; i < count; i++)
        await chain.send({ path: `/${name}/`, fresh: true }).catch(() => undefined);
    }

    for (const name of [...Object.keys({ ...http1Failures, ...http2Failures }), "breaks"]) {
      it(`${name}: three failures trip it`, async () => {
        await sendTo(name, 3);
        await chain.envoy.awaitLog(
          new RegExp(`route ${name}: canary fails too often; its traffic goes to stable`),
        );
        assert.equal((await chain.send({ path: `/${name}/` })).body, "stable");
        assert.equal(await chain.envoy.stat(`wasmcustom.gatehouse.canary.${name}.guard_mode`), 1);
      });
    }
    for (const name of Object.keys(good)) {
      it(`${name}: nothing does`, async () => {
        await sendTo(name, 8);
        assert.equal(await chain.envoy.stat(`wasmcustom.gatehouse.canary.${name}.guard_mode`), 0);
      });
    }
  });
}

describe("a canary that fails under load and heals", () => {
  let chain: Chain;
  let canary: Upstream;
  let fails = false;
  const stat = (name: string) => chain.envoy.stat(`wasmcustom.gatehouse.canary.shop.${name}`);
  const lines = (text: string) => chain.envoy.log().split(`route shop: ${text}`).length - 1;
  const load = (requests: number) =>
    generateLoad({
      port: chain.envoy.port(),
      requests,
      connections: 16,
      headersOf: (index) => ({ "x-user": `user-${index}` }),
    });

  before(async () => {
    canary = await startUpstream(() =>
      fails ? { status: 503, body: "broken" } : { status: 201, body: "canary" },
    );
    chain = await startChain({
      concurrency: 3,
      filters: [
        {
          name: "canary",
          config: {
            routes: [
              {
                name: "shop",
                split: { stable: 50, canary: 50 },
                sticky: { header: "x-user" },
                guard: {
                  variant: "canary",
                  maxFailurePercent: 10,
                  minRequests: 20,
                  window: "2s",
                  ejectFor: "2s",
                },
              },
            ],
          },
        },
      ],
      clusters: { canary: canary.endpoint },
      routes: [
        byVariant("canary", "canary"),
        {
          match: { prefix: "/" },
          direct_response: { status: 200, body: { inline_string: "stable" } },
        },
      ],
    });
  });
  after(async () => {
    await chain?.stop();
    await canary?.close();
  });

  it("takes its share while it is well", async () => {
    const { statuses, broken } = await load(600);
    assert.equal(broken, 0);
    assert.equal(statuses[200]! + statuses[201]!, 600);
    assert.ok(statuses[201]! > 240, JSON.stringify(statuses));
    assert.equal(await stat("guard_mode"), 0);
  });

  it("is out within one window, and no request is lost by the switch", async () => {
    fails = true;
    const began = performance.now();
    let failures = 0;
    // Rounds of load until one has not a single failure: then it is out on every worker.
    for (let round = 0; ; round++) {
      const { statuses, broken } = await load(200);
      assert.equal(broken, 0);
      assert.equal((statuses[200] ?? 0) + (statuses[503] ?? 0), 200, JSON.stringify(statuses));
      failures += statuses[503] ?? 0;
      if (!statuses[503]) break;
      assert.ok(performance.now() - began < 10_000, "it is still in");
    }
    const [log] = [chain.envoy.log()];
    assert.match(log, /canary: route shop: canary fails too often; its traffic goes to stable/);
    // The window held 300 good answers, so 10 % are 34 failures; those under way come on top.
    assert.ok(failures < 120, `${failures} failures`);
    assert.equal(await stat("guard_mode"), 1);
  });

  it("is back after it heals, by way of a trickle, and told of once each, although three workers see it", async () => {
    fails = false;
    const deadline = performance.now() + 20_000;
    while ((await stat("guard_mode")) !== 0 || lines("canary is healthy again") === 0) {
      const { statuses, broken } = await load(200);
      assert.equal(broken, 0);
      assert.equal((statuses[200] ?? 0) + (statuses[201] ?? 0), 200, JSON.stringify(statuses));
      assert.ok(performance.now() < deadline, "it is still out");
    }
    const { statuses } = await load(600);
    assert.ok(statuses[201]! > 240, JSON.stringify(statuses));
    assert.equal(lines("canary fails too often"), 1);
    assert.equal(lines("canary is tried again with a tenth of its traffic"), 1);
    assert.equal(lines("canary is healthy again and takes its traffic back"), 1);
    assert.equal(await stat("guard_ejections"), 1);
  });
});
