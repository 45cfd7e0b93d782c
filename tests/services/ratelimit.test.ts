// rate-limit against Envoy's own rate limit service with a real Redis behind it: a limit that holds for the fleet.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "../../build.ts";
import { bootstrap, cluster, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { launchEnvoy, type RunningEnvoy } from "../../envoy/launch.ts";
import { goBinary, redisServer } from "./binaries.ts";

const VERSION = "v1.4.1-0.20260122083618-3fb702589d36";
const folder = mkdtempSync(join(tmpdir(), "gatehouse-ratelimit-"));
const children: ChildProcess[] = [];
let grpcPort = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Repeats `test` until it gives true. */
async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await test().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error(`gave up waiting for ${what}`);
}

/** The service with one domain: 3 a day for each API key, 2 a day for the limit without a key. */
async function startService(): Promise<void> {
  const redis = redisServer();
  const [redisPort, httpPort, debugPort] = [await freePort(), await freePort(), await freePort()];
  grpcPort = await freePort();
  // The program behaves as what it is called.
  const server = join(folder, "redis-server");
  if (redis.command !== "redis-server") symlinkSync(redis.command, server);
  const command = redis.command === "redis-server" ? redis.command : server;
  const options = ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  children.push(spawn(command, options, { stdio: "ignore", env: { ...process.env, ...redis.environment } }));
  mkdirSync(join(folder, "config"));
  writeFileSync(
    join(folder, "config", "edge.yaml"),
    `domain: edge
descriptors:
  - key: x-api-key
    rate_limit: { unit: day, requests_per_unit: 3 }
  - key: generic_key
    value: everyone
    rate_limit: { unit: day, requests_per_unit: 2 }
`,
  );
  const environment = {
    CONFIG_TYPE: "FILE",
    RUNTIME_ROOT: folder,
    RUNTIME_SUBDIRECTORY: ".",
    RUNTIME_WATCH_ROOT: "false",
    RUNTIME_IGNOREDOTFILES: "true",
    REDIS_SOCKET_TYPE: "tcp",
    REDIS_URL: `127.0.0.1:${redisPort}`,
    USE_STATSD: "false",
    HOST: "127.0.0.1",
    PORT: String(httpPort),
    GRPC_HOST: "127.0.0.1",
    GRPC_PORT: String(grpcPort),
    DEBUG_HOST: "127.0.0.1",
    DEBUG_PORT: String(debugPort),
  };
  const binary = goBinary("github.com/envoyproxy/ratelimit/src/service_cmd", VERSION);
  const start = () => spawn(binary, [], { stdio: "ignore", env: { ...process.env, ...environment } });
  // It ends when Redis is not there yet.
  children.push(start());
  await until("the rate limit service", async () => {
    if (children.at(-1)!.exitCode !== null) children.push(start());
    return (await fetch(`http://127.0.0.1:${httpPort}/healthcheck`)).status === 200;
  });
}

before(async () => {
  await build(["rate-limit"]);
  await startService();
});

after(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

const bucket = { maxTokens: 1000, tokensPerFill: 1000, fillInterval: "1s" };

function proxy(global: object, limits: object[], endpoint = `127.0.0.1:${grpcPort}`): Promise<RunningEnvoy> {
  const config = { limits, global: { cluster: "ratelimit", domain: "edge", timeout: "2s", ...global } };
  return launchEnvoy(
    bootstrap({
      listeners: [
        listener({ filters: [wasmFilter({ name: "rate-limit", config })], routes: [directResponse(200, "ok")] }),
      ],
      clusters: [cluster({ name: "ratelimit", endpoints: [endpoint], http2: true })],
    }),
  );
}

const perKey = [{ name: "per-key", key: [{ header: "x-api-key" }], tokenBucket: bucket }];
const statusOf = async (envoy: RunningEnvoy, key: string) =>
  (await fetch(envoy.url("/"), { headers: { "x-api-key": key } })).status;

test("two proxies share one limit, and each client has its own", async () => {
  const envoys = await Promise.all([proxy({}, perKey), proxy({}, perKey)]);
  try {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(await statusOf(envoys[i % 2]!, "a"));
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
    assert.equal(await statusOf(envoys[0]!, "b"), 200);
    const said = await Promise.all(
      envoys.map((envoy) => envoy.stat("wasmcustom.gatehouse.rate-limit.global.over_limit")),
    );
    assert.equal(said[0]! + said[1]!, 2);
  } finally {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
  }
});

test("a limit without a key asks by its name", async () => {
  const envoy = await proxy({}, [{ name: "everyone", tokenBucket: bucket }]);
  try {
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push(await statusOf(envoy, "c"));
    assert.deepEqual(statuses, [200, 200, 429]);
  } finally {
    await envoy.stop();
  }
});

test("without the service, onFailure decides", async () => {
  const nobody = `127.0.0.1:${await freePort()}`;
  for (const [onFailure, status] of [
    ["allow", 200],
    ["local", 200],
    ["deny", 503],
  ] as const) {
    const envoy = await proxy({ onFailure }, perKey, nobody);
    try {
      assert.equal(await statusOf(envoy, "d"), status, onFailure);
      assert.equal(await envoy.stat("wasmcustom.gatehouse.rate-limit.global.failed"), 1);
    } finally {
      await envoy.stop();
    }
  }
});

test("two hundred requests at once get exactly what the service allows", async () => {
  const envoy = await proxy({}, perKey);
  try {
    const statuses = await Promise.all(Array.from({ length: 200 }, () => statusOf(envoy, "e")));
    assert.equal(statuses.filter((status) => status === 200).length, 3);
    assert.equal(statuses.filter((status) => status === 429).length, 197);
  } finally {
    await envoy.stop();
  }
});
