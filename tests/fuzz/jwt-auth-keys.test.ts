// Keys over the network by a clock that can be moved: who fetches and when, through races, dead
// workers, changes of the configuration and every kind of damage to an answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Trap } from "../../deploy/emulator/abi.ts";
import { type Call, type CallOutcome, Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type ForgeKey, forge, jwksOf, makeKey } from "../envoy/jwt-forge.ts";
import { Random } from "../support/random.ts";

const ISSUER = "https://auth.example.com";
const first = makeKey("ES256", "first");
const second = makeKey("EdDSA", "second");
const module = Module.load("build/jwt-auth.wasm");
const set = (...keys: ForgeKey[]): CallOutcome => ({ body: JSON.stringify(jwksOf(...keys)) });
const provider = { name: "main", issuer: ISSUER, jwksUri: "https://auth.example.com/keys" };

interface Setup {
  answer?: (call: Call) => CallOutcome;
  workers?: number;
  provider?: object;
  config?: object;
}

function start({ answer = () => set(first), workers = 1, provider: more, config }: Setup = {}) {
  const state = { answer };
  const proxy = new Proxy({ workers, onCall: (call) => state.answer(call) });
  const settings = (also: object = {}) => ({
    providers: [{ ...provider, ...more, ...also }],
    ...config,
  });
  const plugin = proxy.install({ module, config: settings() });
  let serial = 0;
  const request = (key: ForgeKey) => {
    const exp = Number(proxy.clock.unixNanos / 1_000_000_000n) + 600;
    return {
      headers: {
        authorization: `Bearer ${forge(key, { iss: ISSUER, exp, jti: String(serial++) })}`,
      },
    };
  };
  const ask = (key: ForgeKey, worker = 0) => {
    const stream = proxy.exchange(request(key), {}, worker);
    assert.notEqual(stream.state, "held");
    return stream.responseCode;
  };
  const metric = (name: string) => proxy.metrics.get(`gatehouse.jwt-auth.main.${name}`);
  const dead = () => proxy.log.filter(({ message }) => message.includes("trapped"));
  return { proxy, plugin, state, request, ask, metric, settings, dead };
}

test("of eight workers one fetches, and all have the keys", () => {
  const { proxy, ask } = start({ workers: 8 });
  proxy.clock.advance(1_500);
  for (let worker = 0; worker < 8; worker++) assert.equal(ask(first, worker), 200);
  assert.equal(proxy.calls.length, 1);
  proxy.clock.advance(20 * 60_000);
  assert.equal(proxy.calls.length, 2);
});

test("two workers that race for the lease make one fetch", () => {
  const { proxy, ask } = start({ workers: 2 });
  // Whoever writes finds that the other was faster, once.
  let raced = false;
  proxy.beforeSharedWrite = (key) => {
    if (raced || !key.endsWith("/record")) return;
    raced = true;
    const stored = proxy.shared.get(Buffer.from(key, "latin1"))!;
    proxy.shared.set(Buffer.from(key, "latin1"), stored.value, stored.version);
  };
  proxy.clock.advance(3_000);
  assert.ok(raced);
  assert.equal(ask(first, 0), 200);
  assert.equal(ask(first, 1), 200);
  assert.equal(proxy.calls.length, 1);
});

test("unknown keys fetch at most once in ten seconds, at a thousand requests a second", () => {
  const { proxy, ask } = start({ workers: 2 });
  proxy.clock.advance(1_000);
  const before = proxy.calls.length;
  for (let i = 0; i < 30_000; i++) {
    if (i % 10 === 0) assert.equal(ask(second, i % 2), 401);
    proxy.clock.advance(1);
  }
  assert.ok(proxy.calls.length - before <= 3, `${proxy.calls.length - before} fetches in 30 s`);
  assert.ok(proxy.calls.length - before >= 2);
});

test("failed signatures fetch at most once in ten seconds, and wait in a quarter of the places", () => {
  const forged = { ...makeKey("ES256"), kid: "first" };
  const { proxy, state, request, metric, ask } = start({ config: { maxWaiting: 40 } });
  proxy.clock.advance(12_000);
  assert.equal(ask(first), 200);
  const before = proxy.calls.length;
  state.answer = () => ({ ...(set(first) as object), delayMillis: 500 });
  const streams = Array.from({ length: 60 }, () => proxy.open(request(forged)));
  assert.equal(streams.filter((stream) => stream.state === "held").length, 10);
  assert.equal(streams.filter((stream) => stream.responseCode === 401).length, 50);
  // Those who ask for a key that is not there find room.
  const unknown = Array.from({ length: 31 }, () => proxy.open(request(second)));
  assert.equal(unknown.filter((stream) => stream.state === "held").length, 30);
  proxy.clock.advance(600);
  assert.ok(streams.every((stream) => stream.responseCode === 401));
  assert.equal(metric("waiting_full"), 1);
  state.answer = () => set(first);
  for (let i = 0; i < 300; i++) {
    assert.equal(ask(forged), 401);
    proxy.clock.advance(100);
  }
  assert.ok(proxy.calls.length - before <= 4, `${proxy.calls.length - before} fetches in 30 s`);
});

test("a rotation is seen by the request that brings the new key, and the old key goes", () => {
  const { proxy, state, ask } = start({ workers: 2 });
  proxy.clock.advance(12_000);
  assert.equal(ask(first, 0), 200);
  state.answer = () => ({ ...(set(second) as object), delayMillis: 300 });
  assert.equal(ask(second, 1), 200);
  proxy.clock.advance(1_100);
  assert.equal(ask(first, 0), 401);
  assert.equal(ask(second, 0), 200);
});

test("an outage is asked about after 1, 2, 4 … 60 seconds, and good keys serve for staleFor", () => {
  const { proxy, state, ask, metric } = start({
    provider: { cacheDuration: "1m", staleFor: "10m" },
  });
  proxy.clock.advance(1_000);
  assert.equal(ask(first), 200);
  state.answer = () => "refused";
  proxy.clock.advance(60_000);
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const before = proxy.calls.length;
    proxy.clock.advance(1_000);
    if (proxy.calls.length > before) times.push(i);
    if (i < 480) assert.equal(ask(first), 200);
  }
  const pauses = times.slice(1).map((at, i) => at - times[i]!);
  for (let i = 1; i < pauses.length; i++)
    assert.ok(pauses[i]! >= pauses[i - 1]! - 1, pauses.join(" "));
  assert.ok(Math.max(...pauses) <= 61, pauses.join(" "));
  proxy.clock.advance(200_000);
  assert.equal(ask(first), 503);
  assert.ok(metric("jwks_fetch_failed") > 8);
  assert.equal(metric("jwks_keys"), 0);
  state.answer = () => set(first);
  proxy.clock.advance(61_000);
  assert.equal(ask(first), 200);
});

test("a fetch whose worker died is made again by another within four seconds", () => {
  const { proxy, plugin, state, ask } = start({
    workers: 2,
    answer: () => "never",
    provider: { timeout: "60s" },
  });
  proxy.clock.advance(1_000);
  assert.equal(proxy.calls.length, 1);
  state.answer = () => set(first);
  const owner = proxy.workers.findIndex(
    (worker) => worker.vmOf(plugin)!.contexts.size > 0 && worker.index === 0,
  );
  proxy.workers[owner]!.vmOf(plugin)!.failure = new Trap("killed by the test");
  const stream = proxy.open(
    { headers: { authorization: `Bearer ${forge(first, { iss: ISSUER })}` } },
    1 - owner,
  );
  assert.equal(stream.state, "held");
  proxy.clock.advance(4_500);
  assert.equal(stream.state, "forwarded");
  assert.equal(proxy.calls.length, 2);
  // The dead one comes back, and needs no fetch of its own.
  assert.equal(ask(first, owner), 200);
  assert.equal(proxy.calls.length, 2);
});

test("a slow answer is waited for with its lease kept, for as long as the timeout says", () => {
  const slow: CallOutcome = { ...(set(first) as object), delayMillis: 20_000 };
  const { proxy, request } = start({
    workers: 3,
    answer: () => slow,
    provider: { timeout: "30s" },
  });
  proxy.clock.advance(1_000);
  const streams = [0, 1, 2].map((worker) => proxy.open(request(first), worker));
  proxy.clock.advance(18_000);
  assert.deepEqual(new Set(streams.map(({ state }) => state)), new Set(["held"]));
  proxy.clock.advance(2_000);
  assert.deepEqual(new Set(streams.map(({ state }) => state)), new Set(["forwarded"]));
  assert.equal(proxy.calls.length, 1);
});

test("requests that are reset while they wait make room for others, and are never touched again", () => {
  const { proxy, state, request, dead } = start({
    answer: () => "never",
    config: { maxWaiting: 10 },
  });
  proxy.clock.advance(200);
  for (let round = 0; round < 50; round++) {
    const streams = Array.from({ length: 12 }, () => proxy.open(request(first)));
    assert.equal(streams.filter((stream) => stream.state === "held").length, 10);
    assert.equal(streams.filter((stream) => stream.responseCode === 503).length, 2);
    // In another order than they came.
    for (const stream of streams.reverse()) if (stream.state === "held") stream.reset();
    proxy.clock.advance(10);
  }
  state.answer = () => set(first);
  proxy.clock.advance(20_000);
  assert.deepEqual(dead(), []);
  assert.equal(proxy.exchange(request(first)).responseCode, 200);
});

test("a configuration that changes while requests wait resumes each of them once, under the one it came under", () => {
  const { proxy, plugin, state, settings, request, dead } = start({
    answer: () => "never",
    workers: 2,
  });
  proxy.clock.advance(300);
  const before = [0, 1, 0, 1].map((worker) => proxy.open(request(first), worker));
  assert.ok(proxy.update(plugin, settings({ audiences: ["api"] })));
  const after = [0, 1].map((worker) => proxy.open(request(first), worker));
  state.answer = () => set(first);
  proxy.clock.advance(7_000);
  assert.deepEqual(new Set(before.map(({ state: at }) => at)).has("held"), false);
  assert.deepEqual(new Set(after.map(({ state: at }) => at)).has("held"), false);
  assert.deepEqual(dead(), []);
  assert.equal(proxy.exchange(request(first)).responseCode, 403);
  // Another address has keys of its own: nothing of before counts.
  const calls = proxy.calls.length;
  assert.ok(proxy.update(plugin, settings({ jwksUri: "https://auth.example.com/others" })));
  proxy.clock.advance(500);
  assert.equal(proxy.calls.length, calls + 1);
  assert.equal(proxy.calls.at(-1)!.headers.get(":path"), "/others");
});

test("a new configuration with the same keys needs no fetch", () => {
  const { proxy, plugin, settings, ask } = start();
  proxy.clock.advance(500);
  assert.ok(proxy.update(plugin, settings({ clockSkew: "1s" })));
  assert.equal(ask(first), 200);
  assert.equal(proxy.calls.length, 1);
});

test("cache headers count within a minute and a day", () => {
  for (const [control, seconds] of [
    ["max-age=1", 60],
    ["public, max-age=600", 600],
    ["max-age=99999999", 24 * 3600],
    ["no-store", 60],
    ["no-cache, max-age=900", 60],
    ["must-revalidate", 20 * 60],
    ["private", 720],
  ] as [string, number][]) {
    const until = control === "private" && { expires: "Sun, 06 Nov 1994 09:02:00 GMT" };
    const headers = { "cache-control": control, date: "Sun, 06 Nov 1994 08:50:00 GMT", ...until };
    const { proxy } = start({ answer: () => ({ ...(set(first) as object), headers }) });
    proxy.clock.advance(500);
    proxy.clock.advance(seconds * 1000 - 2_000);
    assert.equal(proxy.calls.length, 1, control);
    proxy.clock.advance(4_000);
    assert.equal(proxy.calls.length, 2, control);
  }
});

test("an answer damaged anywhere never takes good keys away and never traps", () => {
  const { proxy, state, ask, dead } = start({ provider: { cacheDuration: "10ms" } });
  proxy.clock.advance(1_200);
  assert.equal(ask(first), 200);
  const random = new Random(99);
  const whole = JSON.stringify(jwksOf(first));
  for (let i = 0; i < 400; i++) {
    const bytes = Buffer.from(whole);
    if (i % 2 === 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    const body = i % 2 === 0 ? bytes : bytes.subarray(0, random.below(bytes.length));
    state.answer = () => ({ body });
    proxy.clock.advance(61_000);
    assert.deepEqual(dead(), []);
    state.answer = () => set(first);
    proxy.clock.advance(61_000);
    assert.equal(ask(first), 200, body.toString("latin1"));
  }
});

test("1,000 keys in just under 1 MiB are taken, one byte or one key more is not", () => {
  const many = [
    ...Array.from({ length: 999 }, (_, i) => ({ ...second.jwk, kid: `other-${i}` })),
    first.jwk,
  ];
  const padded = (bytes: number, keys: object[]) => {
    const text = JSON.stringify({ keys, filler: "" });
    return text.replace('"filler":""', `"filler":"${"x".repeat(bytes - text.length)}"`);
  };
  const { proxy, state, ask, metric } = start({ answer: () => ({ body: padded(1 << 20, many) }) });
  proxy.clock.advance(1_500);
  assert.equal(ask(first), 200);
  assert.equal(ask(second), 401);
  assert.equal(metric("jwks_keys"), 1000);
  for (const body of [
    padded((1 << 20) + 1, [second.jwk]),
    JSON.stringify({ keys: [...many, second.jwk] }),
  ]) {
    const failures = metric("jwks_fetch_failed");
    state.answer = () => ({ body });
    proxy.clock.advance(20 * 60_000);
    assert.ok(metric("jwks_fetch_failed") > failures);
    assert.equal(ask(first), 200);
    state.answer = () => set(first);
    proxy.clock.advance(61_000);
  }
});

test("where a bad token may pass, one whose keys are on their way waits for them, and passes in vain", () => {
  const rules = [{ allowMissingOrFailed: true }];
  const slow: CallOutcome = { ...(set(first) as object), delayMillis: 500 };
  const { proxy, request } = start({ answer: () => slow, config: { rules } });
  proxy.clock.advance(200);
  const stream = proxy.open(request(first));
  assert.equal(stream.state, "held");
  proxy.clock.advance(600);
  assert.equal(stream.state, "forwarded");
  assert.ok(stream.filterState.get("gatehouse_claims"));
  const unknown = proxy.exchange(request(second));
  assert.equal(unknown.responseCode, 200);
  assert.equal(unknown.filterState.get("gatehouse_claims"), undefined);
  const down = start({ answer: () => "refused", config: { rules } });
  down.proxy.clock.advance(200);
  assert.equal(down.ask(first), 200);
});

test("report mode asks for unknown keys too, but nobody waits", () => {
  const { proxy, state, request } = start({ config: { mode: "report" } });
  proxy.clock.advance(12_000);
  state.answer = () => ({ ...(set(first, second) as object), delayMillis: 100 });
  const calls = proxy.calls.length;
  const stream = proxy.open(request(second));
  assert.equal(stream.state, "forwarded");
  assert.equal(stream.filterState.get("gatehouse_reason")?.toString(), "key_not_found");
  assert.equal(proxy.calls.length, calls + 1);
  proxy.clock.advance(200);
  assert.ok(proxy.open(request(second)).filterState.get("gatehouse_claims"));
});
