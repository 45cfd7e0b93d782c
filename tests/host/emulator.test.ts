// The emulator's own promises: what a test or `gatehouse try` relies on and Envoy cannot show in
// a moment, like dead machines, time, races and configuration updates.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import binaryen from "binaryen";
import type { EmulatorError } from "../../deploy/emulator/abi.ts";
import { Clock } from "../../deploy/emulator/clock.ts";
import { type CallOutcome, Proxy, type ProxyOptions } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { probeModule } from "./probe.ts";

const probe = await probeModule();

function proxyWith(script: string[], options: ProxyOptions = {}) {
  const proxy = new Proxy(options);
  const plugin = proxy.install({ module: probe, name: "probe", config: script.join("\n") });
  return { proxy, plugin };
}

/** The log as answers: `request clock 0 -> 0 positive`. */
const lines = (proxy: Proxy) =>
  proxy.log.filter(({ level }) => level === "warn").map(({ message }) => message.slice(6));

function moduleOf(text: string): Module {
  const parsed = binaryen.parseText(text);
  return Module.from(parsed.emitBinary(), "hand-made");
}

describe("a module that Envoy would not load", () => {
  const callbacks = `(memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 8))`;

  it("is refused with the names of the imports that are missing", () => {
    const text = `(module (import "env" "proxy_clear_route_cache" (func (result i32))) ${callbacks})`;
    assert.throws(
      () => moduleOf(text),
      (error: EmulatorError) => {
        return (
          error.code === "MISSING_IMPORT" && error.message.includes("env.proxy_clear_route_cache")
        );
      },
    );
  });

  it("is refused without the ABI's mark, without memory, and when it is no module", () => {
    assert.throws(
      () => moduleOf(`(module (memory (export "memory") 1))`),
      /proxy_abi_version_0_2_1/,
    );
    assert.throws(
      () => moduleOf(`(module (func (export "proxy_abi_version_0_2_1")))`),
      /no memory/,
    );
    assert.throws(() => Module.from(Buffer.from("hello")), /not a WebAssembly module/);
  });

  it("is loaded when all is there", () => assert.ok(moduleOf(`(module ${callbacks})`)));
});

describe("a trap", () => {
  const script = ["request trap", "log clock 0"];

  it("answers 503 and, with FAIL_RELOAD, is over after a second with a new machine", () => {
    const { proxy, plugin } = proxyWith(["request shared-get k", ...script]);
    proxy.clock.advance(1500);
    const first = proxy.exchange({});
    assert.equal(first.responseCode, 503);
    assert.equal(first.details, "wasm_fail_stream");
    const dead = proxy.workers[0]!.vmOf(plugin);
    assert.match(dead!.failure!.message, /probe trapped in proxy_on_request_headers/);
    proxy.update(plugin, "request clock 0");
    assert.equal(proxy.exchange({}).responseCode, 200);
    assert.notEqual(proxy.workers[0]!.vmOf(plugin), dead);
  });

  it("is not reloaded before a second has passed since the machine began", () => {
    const { proxy, plugin } = proxyWith(script);
    const began = proxy.workers[0]!.vmOf(plugin);
    assert.equal(proxy.exchange({}).responseCode, 503);
    proxy.clock.advance(999);
    assert.equal(proxy.exchange({}).responseCode, 503);
    assert.equal(proxy.workers[0]!.vmOf(plugin), began);
    proxy.clock.advance(1);
    proxy.exchange({});
    assert.notEqual(proxy.workers[0]!.vmOf(plugin), began);
  });

  it("closes for ever with FAIL_CLOSED and opens for ever with FAIL_OPEN", () => {
    for (const [failurePolicy, status] of [
      ["FAIL_CLOSED", 503],
      ["FAIL_OPEN", 200],
    ] as const) {
      const proxy = new Proxy();
      proxy.install({ module: probe, config: script.join("\n"), failurePolicy });
      proxy.exchange({});
      proxy.clock.advance(60_000);
      assert.equal(proxy.exchange({}).responseCode, status, failurePolicy);
    }
  });
});

describe("configuration", () => {
  it("that is refused throws with the module's own words", () => {
    const config = "configure clock 9\nrefuse-configuration";
    const isRefusal = (error: EmulatorError) =>
      error.code === "CONFIG_REFUSED" && error.message.includes("clock 9");
    assert.throws(() => new Proxy().install({ module: probe, config }), isRefusal);
  });

  it("can be replaced: new streams take the new one, open ones keep theirs, the old root ends with the last", () => {
    const { proxy, plugin } = proxyWith(["request stop", "log clock 0", "root-done clock 1"]);
    const held = proxy.open({});
    assert.ok(proxy.update(plugin, "request reply 418 new"));
    assert.equal(proxy.exchange({}).responseCode, 418);
    assert.deepEqual(
      lines(proxy).filter((line) => line.startsWith("root-done")),
      [],
    );
    held.reset();
    assert.deepEqual(lines(proxy).filter((line) => /^(log|root-done)/.test(line)).length, 2);
    assert.equal(proxy.update(plugin, "refuse-configuration"), false);
    assert.equal(proxy.exchange({}).responseCode, 418);
  });
});

describe("time", () => {
  it("makes ticks, on every worker, and moves both clocks", () => {
    const clock = new Clock("2030-01-01T00:00:00Z");
    const { proxy } = proxyWith(["configure tick 250", "tick counter ticks 1"], {
      clock,
      workers: 3,
    });
    clock.advance(1000);
    assert.equal(proxy.metrics.get("ticks"), 12);
    assert.equal(clock.unixNanos, BigInt(Date.parse("2030-01-01T00:00:01Z")) * 1_000_000n);
    clock.setUnix("2029-01-01T00:00:00Z");
    assert.equal(proxy.metrics.get("ticks"), 12);
  });

  it("stops for a root that has gone", () => {
    const { proxy } = proxyWith(["configure tick 100", "tick counter ticks 1"]);
    proxy.shutdown();
    proxy.clock.advance(1000);
    assert.equal(proxy.metrics.get("ticks"), 0);
  });
});

describe("a callout", () => {
  const script = [
    "request call keys 500 :path=/ :method=GET :authority=x",
    "request stop",
    "answer header 6 :status",
    "answer use-caller",
    "answer continue 0",
  ];
  const after = (outcome: CallOutcome, millis: number) => {
    const { proxy } = proxyWith(script, { onCall: () => outcome });
    const stream = proxy.open({});
    proxy.clock.settle();
    proxy.clock.advance(millis);
    return { state: stream.state, lines: lines(proxy).slice(2) };
  };

  it("is answered after its delay, not before", () => {
    assert.equal(after({ delayMillis: 200 }, 199).state, "held");
    assert.deepEqual(after({ delayMillis: 200, trailers: { "grpc-status": "0" } }, 200), {
      state: "forwarded",
      lines: [
        "answer 1 headers 0 bytes 1",
        "answer header 6 :status -> 0 '200'",
        "answer use-caller -> 0",
        "answer continue 0 -> 0",
      ],
    });
  });

  it("that is late or never answered is a 504 at its timeout; with `never` nothing comes", () => {
    for (const outcome of ["timeout", { delayMillis: 501 }] as const) {
      assert.equal(after(outcome, 499).state, "held");
      assert.equal(after(outcome, 500).lines[1], "answer header 6 :status -> 0 '504'");
    }
    assert.deepEqual(after("never", 100_000), { state: "held", lines: [] });
  });

  it("that is refused is a 503, that is reset has no headers, and without a host it does not start", () => {
    assert.equal(after("refused", 0).lines[1], "answer header 6 :status -> 0 '503'");
    assert.equal(after("reset", 0).lines[0], "answer 0 headers 0 bytes 0");
    const { proxy } = proxyWith(script, { onCall: () => "unhealthy" });
    proxy.open({});
    assert.match(lines(proxy)[0]!, /-> 10$/);
  });

  it("whose stream has gone finds no context to act on", () => {
    const { proxy } = proxyWith(script, { onCall: () => ({ delayMillis: 10 }) });
    const stream = proxy.open({});
    stream.reset();
    proxy.clock.advance(10);
    assert.ok(lines(proxy).includes("answer use-caller -> 2"));
    assert.equal(stream.state, "reset");
    assert.deepEqual(stream.responseFlags, ["DC"]);
  });
});

describe("workers", () => {
  it("share data and metrics, and lose a race that a test arranges", () => {
    const { proxy } = proxyWith(["request shared-swap k mine", "request counter seen 1"], {
      workers: 2,
    });
    proxy.exchange({}, {}, 0);
    proxy.beforeSharedWrite = (key) => proxy.shared.set(Buffer.from(key), Buffer.from("faster"), 0);
    proxy.exchange({}, {}, 1);
    assert.deepEqual(
      lines(proxy)
        .filter((line) => line.includes("shared-swap"))
        .map((line) => line.slice(-1)),
      ["0", "8"],
    );
    assert.equal(proxy.shared.get(Buffer.from("k"))!.value.toString(), "faster");
    assert.equal(proxy.metrics.get("seen"), 2);
  });
});

describe("the upstream's answer", () => {
  it("shows its flags, duration, size and gRPC status to the log", () => {
    const script = ["flags", "code", "grpc_status", "size"].map(
      (name) => `log property response/${name}`,
    );
    const { proxy } = proxyWith([
      ...script,
      "log property request/duration",
      "log header 3 grpc-status",
    ]);
    proxy.exchange(
      { sourceAddress: "2001:db8::1" },
      { grpcStatus: 14, body: "abc", durationMillis: 2, flags: ["UF", "URX"] },
    );
    const little = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return `0 0x${bytes.toString("hex")}`;
    };
    const expected = [
      little((1 << 5) | (1 << 15)),
      little(200),
      little(14),
      little(3),
      little(2_000_000),
      "0 '14'",
    ];
    assert.deepEqual(
      lines(proxy).map((line) => line.split(" -> ")[1]),
      expected,
    );
  });

  it("refuses a flag that Envoy does not have", () => {
    const { proxy } = proxyWith(["log property response/flags"]);
    assert.throws(() => proxy.exchange({}, { flags: ["XX"] }), /no response flag XX/);
  });

  it("passes bodies and trailers through the filter, which may replace a body", () => {
    const { proxy } = proxyWith([
      "request-body buffer 0 1 3",
      "response-body buffer 1 0 99",
      "response-trailers header 3 t",
    ]);
    proxy.exchange({ body: "hello" }, { body: "world", trailers: { t: "1" } });
    assert.deepEqual(
      lines(proxy).map((line) => line.split(" -> ")[1]),
      ["0 'ell'", "0 'world'", "0 '1'"],
    );
  });
});

describe("memory of contexts", () => {
  it("is given back: after many streams only the root is left", () => {
    const { proxy, plugin } = proxyWith(["request clock 0"]);
    for (let i = 0; i < 1000; i++) proxy.exchange({});
    assert.equal(proxy.workers[0]!.vmOf(plugin)!.contexts.size, 1);
  });
});
