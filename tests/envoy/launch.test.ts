// The launcher itself, on the real Envoy: errors that say why, updates, and that nothing is ever
// left running.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bootstrap, cluster, directResponse, listener } from "../../envoy/bootstrap.ts";
import { type EnvoyError, launchEnvoy } from "../../envoy/launch.ts";
import { startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";
import { startHttp2Upstream } from "../support/upstream.ts";
import { probeModule } from "../host/probe.ts";

after(closeConnections);
await probeModule();
const probe = (...script: string[]) => ({
  name: "probe",
  wasm: "build/probe.wasm",
  config: script.join("\n"),
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("starting Envoy", () => {
  it("serves on free ports, several side by side", async () => {
    const routes = [directResponse(200, "in")];
    const both = await Promise.all(
      [1, 2].map(() =>
        launchEnvoy(
          bootstrap({ listeners: [listener({ routes }), listener({ name: "other", routes })] }),
        ),
      ),
    );
    const ports = both.flatMap((envoy) => [envoy.port(), envoy.port("other"), envoy.adminPort]);
    assert.equal(new Set(ports).size, 6);
    assert.equal(await (await fetch(both[0]!.url("/", "other"))).text(), "in");
    assert.ok(both[0]!.residentBytes() > 1e6);
    assert.ok(both[0]!.cpuSeconds() > 0);
    assert.throws(() => both[0]!.port("none"), /no listener none; there are: ingress,other/);
    await Promise.all(both.map((envoy) => envoy.stop()));
    assert.deepEqual(
      both.map(({ pid }) => isAlive(pid)),
      [false, false],
    );
  });

  it("fails with Envoy's own words for a bad configuration, and with the module's for a bad plugin", async () => {
    await assert.rejects(
      launchEnvoy({ static_resources: { listenrs: [] } }),
      (error: EnvoyError) => {
        return error.code === "ENVOY_FAILED" && /listenrs/.test(error.message);
      },
    );
    const filters = [probe("configure clock 9", "refuse-configuration")];
    await assert.rejects(startChain({ filters }), /configure clock 9/);
  });

  it("fails for a binary that is none", async () => {
    const envoy = { binary: "/bin/false", version: "0.0.0", source: "PATH" } as const;
    await assert.rejects(launchEnvoy(bootstrap({}), { envoy }), /exit code 1/);
  });
});

describe("the end of Envoy", () => {
  it("comes when the process that started it is killed outright", async () => {
    const root = join(import.meta.dirname, "../..");
    const script = `
      const { launchEnvoy } = await import("./envoy/launch.ts");
      const { bootstrap } = await import("./envoy/bootstrap.ts");
      console.log((await launchEnvoy(bootstrap({}))).pid);`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout!, "data")) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(isAlive(pid));
    parent.kill("SIGKILL");
    for (let i = 0; i < 500 && isAlive(pid); i++) await sleep(10);
    assert.equal(isAlive(pid), false);
  });
});

describe("a running Envoy", () => {
  it("takes a new plugin configuration, and keeps the old one when the module refuses", async () => {
    const chain = await startChain({
      filters: [probe("request reply 401 first")],
      updatable: true,
    });
    try {
      assert.equal((await chain.send({ fresh: true })).status, 401);
      assert.deepEqual(await chain.update([probe("request reply 402 second")]), { accepted: true });
      assert.equal((await chain.send({ fresh: true })).status, 402);
      const refused = await chain.update([probe("configure clock 9", "refuse-configuration")]);
      assert.ok(!refused.accepted && /configure clock 9/.test(refused.reason));
      assert.equal((await chain.send({ fresh: true })).status, 402);
    } finally {
      await chain.stop();
    }
  });

  it("calls HTTP/2 clusters: the answer's trailers are seen", async () => {
    const service = await startHttp2Upstream(() => ({
      headers: { "content-type": "application/grpc" },
      body: Buffer.from([0, 0, 0, 0, 0]),
      trailers: { "grpc-status": "0" },
    }));
    const script = probe(
      "request call grpc 1000 :path=/s/M :method=POST :authority=x te=trailers content-type=application/grpc",
      "answer header 7 grpc-status",
    );
    const clusters = {
      grpc: cluster({ name: "grpc", endpoints: [service.endpoint], http2: true }),
    };
    const chain = await startChain({ filters: [script], clusters });
    try {
      await chain.send();
      const received = await service.awaitRequest(1);
      assert.equal(received.path, "/s/M");
      await chain.envoy.awaitLog(/answer header 7 grpc-status -> 0 '0'/);
    } finally {
      await chain.stop();
      await service.close();
    }
  });

  it("counts what it is sent", async () => {
    const chain = await startChain({
      filters: [probe("request counter seen 1")],
      routes: [directResponse(204)],
    });
    try {
      const load = await generateLoad({ port: chain.envoy.port(), requests: 500, connections: 8 });
      assert.deepEqual(load.statuses, { 204: 500 });
      assert.equal(load.broken, 0);
      assert.equal(await chain.envoy.awaitStat("wasmcustom.seen", (value) => value >= 500), 500);
    } finally {
      await chain.stop();
    }
  });
});
