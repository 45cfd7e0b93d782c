// Lines that a client makes as long as it can: each is written, cut to what every sink takes, and
// stays what its format says. No line is dropped for its length.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { linesOf } from "../support/otlp.ts";

await build(["access-log"]);
const module = Module.load(join(import.meta.dirname, "../../build/access-log.wasm"));

const json = {
  id: "%REQ(X-ID)%",
  alone: "%REQ(X-VALUE)%",
  mixed: "<%REQ(X-VALUE)% %REQ(X-OTHER)%>",
  status: "%RESPONSE_CODE%",
  list: ["%REQ(X-VALUE)%", { deep: "%REQ(X-OTHER)%" }],
};
const text = '%REQ(X-ID)% "%REQ(X-VALUE)%" %REQ(X-OTHER)% %RESPONSE_CODE%';

/** 60 KB, what Envoy takes of headers by default, of everything that grows when it is escaped. */
const values = ["x", '"', "\\", "\t", "é", "\u{1f600}", "\x7f", "\xff"].map((unit) =>
  unit.repeat(Math.floor(60_000 / Buffer.byteLength(unit))),
);

interface Outcome {
  lines: string[];
  count(name: string): number;
}

/** What becomes of a line for each of the values, with one sink. */
function linesWith(format: object, maxLineBytes: number, sink: object): Outcome {
  const proxy = new Proxy({ onCall: () => ({ status: 200 }) });
  const config = { format, maxLineBytes, redact: { defaults: false }, sinks: [sink] };
  proxy.install({ module, name: "access-log", config });
  for (const [index, value] of values.entries()) {
    const headers = { "x-id": `id-${index}`, "x-value": value, "x-other": value };
    proxy.exchange({ headers }, { status: 200 });
    proxy.clock.advance(2_000);
  }
  const logged = proxy.log.map(({ message }) => message).filter((line) => line.includes("id-"));
  const sent = proxy.calls.flatMap((call) => {
    const headers = [...call.headers.pairs()].map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const path = headers.find(([name]) => name === ":path")![1];
    return linesOf({ method: "POST", path, headers, body: call.body });
  });
  const count = (name: string) => proxy.metrics.get(`gatehouse.access-log.${name}`);
  return { lines: [...logged, ...sent], count };
}

const encodings = ["otlp", "otlpProtobuf", "ndjson", "loki"];
const sinks: [name: string, sink: object][] = [
  ["proxyLog", { name: "sink", proxyLog: {} }],
  ...encodings.flatMap((encoding): [string, object][] => [
    [encoding, { name: "sink", http: { cluster: "logs", encoding } }],
    [
      `${encoding} with the smallest queue`,
      { name: "sink", http: { cluster: "logs", encoding, queueBytes: 4096 } },
    ],
  ]),
];

for (const [name, sink] of sinks) {
  describe(`a line that is too long for its limit, through ${name}`, () => {
    for (const limit of [1024, 131072, 1048576]) {
      test(`in JSON, of at most ${limit} bytes, is cut and stays JSON`, () => {
        const { lines, count } = linesWith({ json }, limit, sink);
        assert.equal(lines.length, values.length);
        for (const [index, line] of lines.entries()) {
          assert.ok(Buffer.byteLength(line) <= limit, `${Buffer.byteLength(line)} bytes`);
          const fields = JSON.parse(line);
          assert.deepEqual(Object.keys(fields).sort(), Object.keys(json).sort());
          assert.equal(fields.id, `id-${index}`);
          assert.equal(fields.status, 200);
          if (limit === 1024) assert.match(fields.alone, /…$/);
        }
        assert.equal(count("lines.written"), values.length);
        assert.equal(count("sink.dropped_large"), 0);
        if (limit === 1024) assert.equal(count("lines.too_long"), values.length);
      });

      test(`in text, of at most ${limit} bytes, is cut and stays one line`, () => {
        const { lines, count } = linesWith({ text }, limit, sink);
        assert.equal(lines.length, values.length);
        for (const [index, line] of lines.entries()) {
          const bare = line.startsWith('{"message":') ? JSON.parse(line).message : line;
          assert.ok(Buffer.byteLength(bare) <= limit, `${Buffer.byteLength(bare)} bytes`);
          assert.ok(bare.startsWith(`id-${index} "`));
          assert.match(bare, / 200$/);
          assert.doesNotMatch(bare, /[\n\u{fffd}]/u);
        }
        assert.equal(count("sink.dropped_large"), 0);
      });
    }
  });
}

test("a line that fits is not changed, and its limit is exact", () => {
  const format = { text: "%REQ(X-VALUE)%" };
  const proxy = new Proxy({});
  const config = { format, maxLineBytes: 1024, sinks: [{ proxyLog: {} }] };
  proxy.install({ module, name: "access-log", config });
  const lineFor = (value: string) => {
    proxy.exchange({ headers: { "x-value": value } }, {});
    return proxy.log.at(-1)!.message;
  };
  assert.equal(lineFor("x".repeat(1024)), "x".repeat(1024));
  const cut = lineFor("x".repeat(1025));
  assert.match(cut, /^x{900,}…$/);
  assert.ok(Buffer.byteLength(cut) <= 1024);
  assert.equal(proxy.metrics.get("gatehouse.access-log.lines.too_long"), 1);
});
