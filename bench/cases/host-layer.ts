// What our runtime costs beside the SDK's, both adding one response header.
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { compile } from "../../tools/build.ts";
import { cluster, directResponse, wasmFilter } from "../../envoy/bootstrap.ts";
import { added, type Effort, measure, wire } from "../compare.ts";
import { type Finding, finding } from "../report.ts";

const root = join(import.meta.dirname, "../..");

async function buildModules(): Promise<void> {
  await compile("bench/entries/add-header.ts", "build/bench-add-header.wasm");
  const asc = [
    "node_modules/assemblyscript/bin/asc.js",
    "bench/sdk/filter.ts",
    "--config",
    "bench/sdk/asconfig.json",
  ];
  const output = ["--lib", "bench/sdk/lib", "--outFile", "build/bench-sdk.wasm"];
  const { status, stderr } = spawnSync(process.execPath, [...asc, ...output], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`bench/sdk/filter.ts does not compile:\n${stderr}`);
}

/** A server that takes requests and answers none until `release`. */
class Holder {
  private readonly held: ServerResponse[] = [];
  private readonly server: Server = createServer((_, response) => this.held.push(response));

  async listen(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }

  /** Opens `count` requests to `port` and waits until all are held here. */
  async fill(port: number, count: number): Promise<void> {
    const from = this.held.length;
    for (let i = 0; i < count; i++) {
      const socket = connect(port, "127.0.0.1", () => socket.write(wire("/hold")));
      socket.on("error", () => {});
      socket.unref();
    }
    while (this.held.length < from + count) await once(this.server, "request");
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export async function run(effort: Effort): Promise<Finding[]> {
  await buildModules();
  const modules = { own: "build/bench-add-header.wasm", sdk: "build/bench-sdk.wasm" };
  const filtersOf = (wasm: string) => [wasmFilter({ name: "add-header", wasm, config: {} })];
  const plain = await measure(
    [
      { name: "none" },
      ...Object.entries(modules).map(([name, wasm]) => ({ name, filters: filtersOf(wasm) })),
    ],
    effort,
  );
  const holder = new Holder();
  const port = await holder.listen();
  const open = 1000;
  const breaker = {
    circuit_breakers: {
      thresholds: [{ max_connections: 2000, max_requests: 2000, max_pending_requests: 2000 }],
    },
  };
  const shared = {
    routes: [
      { match: { path: "/hold" }, route: { cluster: "hold", timeout: "0s" } },
      directResponse(200, "ok"),
    ],
    clusters: [cluster({ name: "hold", endpoints: [`127.0.0.1:${port}`], extra: breaker })],
    prepare: (envoy: { port(): number }) => holder.fill(envoy.port(), open),
  };
  const crowded = await measure(
    [
      { name: "none", ...shared },
      ...Object.entries(modules).map(([name, wasm]) => ({
        name,
        filters: filtersOf(wasm),
        ...shared,
      })),
    ],
    { ...effort, requests: Math.ceil(effort.requests / 2), copies: 1 },
  ).finally(() => holder.close());
  return [
    { name: "host-layer/10-connections", measured: plain },
    { name: "host-layer/1000-open-streams", measured: crowded },
  ].map(({ name, measured }) => {
    const own = added(measured, "own");
    const sdk = added(measured, "sdk");
    return finding(name, own / sdk, `own +${own.toFixed(2)} µs, SDK +${sdk.toFixed(2)} µs`);
  });
}
