// Where secrets of a VM come from: the host's random source, and the clock where there is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../deploy/emulator/clock.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { build } from "../../tools/build.ts";
import { BareHost, encodeHeaders } from "../support/bare-host.ts";

await build(["access-log", "canary", "jwt-auth", "rate-limit"]);

const config = {
  routes: [
    { name: "shop", split: { stable: 50, canary: 50 }, sticky: { cookie: { name: "client" } } },
  ],
};

/** The keys of a new client behind two proxies that started in the same nanosecond. */
function keysOf(make: () => string): [string, string] {
  return [make(), make()];
}

function keyOnEmulator(): string {
  const proxy = new Proxy({ clock: new Clock("2026-01-01T00:00:00Z") });
  proxy.install({ module: Module.load("build/canary.wasm"), config });
  const stream = proxy.exchange({ path: "/" });
  return stream.responseHeaders!.get("set-cookie") ?? "";
}

function keyOnBareHost(more: WebAssembly.ModuleImports): string {
  const host = new BareHost(Module.load("build/canary.wasm").code, config, () => true, more);
  host.journal = [];
  host.exchange({
    headers: encodeHeaders([
      [":method", "GET"],
      [":path", "/"],
      [":authority", "a"],
    ]),
  });
  return host.journal.find((entry) => entry.includes("set-cookie")) ?? "";
}

test("two proxies that start in the same nanosecond give new clients different keys", () => {
  const [first, second] = keysOf(keyOnEmulator);
  assert.match(first, /^client=[^;]+/);
  assert.notEqual(first, second);
});

/** The id in the first log line of a proxy. */
function idOnEmulator(): string {
  const proxy = new Proxy({ clock: new Clock("2026-01-01T00:00:00Z") });
  const lines = { format: { text: "%UNIQUE_ID%" }, sinks: [{ proxyLog: {} }] };
  proxy.install({ module: Module.load("build/access-log.wasm"), config: lines });
  proxy.exchange({ path: "/" });
  return proxy.log.map(({ message }) => message).join("\n");
}

test("two proxies that start in the same nanosecond give their log lines different ids", () => {
  const [first, second] = [idOnEmulator(), idOnEmulator()];
  assert.match(first, /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/);
  assert.notEqual(first, second);
});

const poorHosts: Record<string, () => number> = {
  "that has no random source": () => 58,
  "whose random source writes nothing": () => 0,
};

for (const [name, random] of Object.entries(poorHosts)) {
  test(`on a host ${name} the clock decides`, () => {
    const [first, second] = keysOf(() => keyOnBareHost({ random_get: random }));
    assert.match(first, /client=[^;]+/);
    assert.equal(first, second);
  });
}

for (const name of ["access-log", "canary", "jwt-auth", "rate-limit"]) {
  test(`${name} asks the host for random numbers`, () => {
    const imports = WebAssembly.Module.imports(Module.load(`build/${name}.wasm`).code);
    assert.ok(
      imports.some(
        (each) => each.module === "wasi_snapshot_preview1" && each.name === "random_get",
      ),
    );
  });
}
