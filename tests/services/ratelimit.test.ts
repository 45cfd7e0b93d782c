// rate-limit against Envoy's own rate limit service with a real Redis behind it: a limit that
// holds for the fleet.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { bootstrap, cluster, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { launchEnvoy, type RunningEnvoy } from "../../envoy/launch.ts";
import { goBinary, redisServer } from "./binaries.ts";

const VERSION = "v1.4.1-0.20260122083618-3fb702589d36";
const folder = mkdtempSync(join(tmpdir(), "gatehouse-ratelimit-"));
const children: ChildProcess[] = [];
let grpcPort = 0;
let redisProcess: ChildProcess;
const serviceProcess = () => children.at(-1)!;

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
  const options = [
    "--port",
    String(redisPort),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--dir",
    folder,
  ];
  redisProcess = spawn(command, options, {
    stdio: "ignore",
    env: { ...process.env, ...redis.environment },
  });
  children.push(redisProcess);
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
  const start = () =>
    spawn(binary, [], { stdio: "ignore", env: { ...process.env, ...environment } });
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

function proxy(
  global: object,
  limits: object[],
  endpoint = `127.0.0.1:${grpcPort}`,
  more: object = {},
): Promise<RunningEnvoy> {
  const config = {
    limits,
    global: { cluster: "ratelimit", domain: "edge", timeout: "2s", ...global },
    ...more,
  };
  return launchEnvoy(
    bootstrap({
      listeners: [
        listener({
          filters: [wasmFilter({ name: "rate-limit", config })],
          routes: [directResponse(200, "ok")],
          accessLog: "%RESPONSE_CODE_DETAILS%\n",
        }),
      ],
      clusters: [cluster({ name: "ratelimit", endpoints: [endpoint], http2: true })],
    }),
  );
}

const perKey = [{ name: "per-key", key: [{ header: "x-api-key" }], tokenBucket: bucket }];
const ask = (envoy: RunningEnvoy, headers: Record<string, string>) =>
  fetch(envoy.url("/"), { headers });
const statusOf = async (envoy: RunningEnvoy, key: string) =>
  (await ask(envoy, { "x-api-key": key })).status;

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

test("a refusal tells the service's quota and when it is reset, and which limit it was", async () => {
  const envoy = await proxy({}, perKey, undefined, { headers: "draft03" });
  try {
    for (let i = 0; i < 3; i++) assert.equal(await statusOf(envoy, "told"), 200);
    const { status, headers } = await ask(envoy, { "x-api-key": "told" });
    assert.equal(status, 429);
    assert.equal(headers.get("x-ratelimit-limit"), "3, 3;w=86400");
    assert.equal(headers.get("x-ratelimit-remaining"), "0");
    const seconds = Number(headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 86_400, `${seconds}`);
    await envoy.awaitLog(/global_rate_limited\{per-key\}/);
  } finally {
    await envoy.stop();
  }
});

test("what a request costs is what the service charges", async () => {
  const priced = [{ ...perKey[0]!, cost: { header: "x-cost", max: 10 } }];
  const envoy = await proxy({}, priced);
  try {
    const status = async (cost: string) =>
      (await ask(envoy, { "x-api-key": "priced", "x-cost": cost })).status;
    assert.deepEqual([await status("2"), await status("1"), await status("1")], [200, 200, 429]);
  } finally {
    await envoy.stop();
  }
});

test("keys that are empty, no text or enormous are clients like others, and none gets past", async () => {
  const envoy = await proxy({ onFailure: "deny" }, perKey);
  try {
    for (const key of ["", "\u00ff\u00fe", "k".repeat(40_000)]) {
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push(await statusOf(envoy, key));
      assert.deepEqual(statuses, [200, 200, 200, 429], key.slice(0, 5));
    }
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

// The last ones: they leave the service stopped, without its Redis, and dead.
test("a service that stops answering costs the timeout, and works again when it goes on", async () => {
  const envoy = await proxy({ timeout: "100ms", onFailure: "deny" }, perKey);
  try {
    assert.equal(await statusOf(envoy, "stopped"), 200);
    serviceProcess().kill("SIGSTOP");
    assert.equal(await statusOf(envoy, "stopped"), 503);
    serviceProcess().kill("SIGCONT");
    await until("the service to go on", async () => (await statusOf(envoy, "others")) === 200);
    assert.ok((await envoy.stat("wasmcustom.gatehouse.rate-limit.global.failed")) >= 1);
  } finally {
    serviceProcess().kill("SIGCONT");
    await envoy.stop();
  }
});

test("a gRPC error, for want of Redis, is a failure; so is a service that is killed", async () => {
  const [closed, open] = await Promise.all([
    proxy({ onFailure: "deny" }, perKey),
    proxy({}, perKey),
  ]);
  try {
    assert.equal(await statusOf(closed, "g"), 200);
    redisProcess.kill("SIGKILL");
    await until("Redis to be missed", async () => (await statusOf(closed, "g")) === 503);
    assert.equal(await statusOf(open, "g"), 200);
    serviceProcess().kill("SIGKILL");
    assert.equal(await statusOf(closed, "g"), 503);
    assert.equal(await statusOf(open, "g"), 200);
  } finally {
    await Promise.all([closed.stop(), open.stop()]);
  }
});
