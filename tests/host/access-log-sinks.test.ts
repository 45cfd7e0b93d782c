// The HTTP sinks of access-log where time is the test's: outages of minutes in a moment, answers
// that never come, the end of a plugin, several workers. The account of lines must balance
// whatever a sink does.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "../../tools/build.ts";
import { type Call, type CallOutcome, Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { Random } from "../support/random.ts";

const ends = [
  "delivered",
  "rejected",
  "dropped_full",
  "dropped_large",
  "dropped_retries",
  "dropped_shutdown",
];

function settings(http: object = {}) {
  return {
    format: { json: { index: "%REQ(X-INDEX)%" } },
    sinks: [
      {
        name: "sink",
        http: { cluster: "logs", encoding: "ndjson", batch: { records: 10 }, ...http },
      },
    ],
  };
}

await build(["access-log"]);
const module = Module.load(join(import.meta.dirname, "../../build/access-log.wasm"));

class Account {
  readonly proxy: Proxy;
  readonly plugin;
  readonly received: number[] = [];
  asked = 0;

  constructor(onCall: (call: Call) => CallOutcome, http: object = {}, workers = 1) {
    this.proxy = new Proxy({
      workers,
      onCall: (call) => {
        const outcome = onCall(call);
        const isTaken = typeof outcome === "object" && (outcome.status ?? 200) < 300;
        if (isTaken && (outcome.delayMillis ?? 0) < call.timeoutMillis)
          this.received.push(...indicesOf(call));
        return outcome;
      },
    });
    this.plugin = this.proxy.install({ module, name: "access-log", config: settings(http) });
  }

  ask(count: number, worker = 0): void {
    for (let i = 0; i < count; i++) {
      this.proxy.exchange({ headers: { "x-index": String(this.asked++) } }, {}, worker);
    }
  }

  count(name: string): number {
    return this.proxy.metrics.get(`gatehouse.access-log.sink.${name}`);
  }

  get settled(): number {
    return ends.reduce((sum, name) => sum + this.count(name), 0);
  }

  /** Lets time pass until every line has an end. */
  settle(minutes = 15): void {
    for (let second = 0; second < minutes * 60 && this.settled < this.asked; second++)
      this.proxy.clock.advance(1000);
    assert.equal(this.count("queued"), this.asked);
    assert.equal(this.settled, this.asked, JSON.stringify(this.proxy.metrics.all()));
  }
}

const indicesOf = (call: Call) =>
  call.body
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => Number(JSON.parse(line).index));

describe("a sink", () => {
  test("gets what waited when its interval is over, and nothing is sent without lines", () => {
    const account = new Account(() => ({ status: 200 }), {
      batch: { records: 10, interval: "2s" },
    });
    account.ask(3);
    account.proxy.clock.advance(1_900);
    assert.equal(account.proxy.calls.length, 0);
    account.proxy.clock.advance(400);
    assert.equal(account.proxy.calls.length, 1);
    account.proxy.clock.advance(60_000);
    assert.equal(account.proxy.calls.length, 1);
    assert.deepEqual(account.received, [0, 1, 2]);
  });

  test("is left alone for as long as its Retry-After says, a minute at most", () => {
    const outcomes: CallOutcome[] = [{ status: 429, headers: { "retry-after": "20" } }];
    outcomes.push({ status: 503, headers: { "retry-after": "86400" } });
    const account = new Account(() => outcomes.shift() ?? { status: 200 });
    account.ask(10);
    account.proxy.clock.advance(19_000);
    assert.equal(account.proxy.calls.length, 1);
    account.proxy.clock.advance(2_000);
    assert.equal(account.proxy.calls.length, 2);
    account.proxy.clock.advance(58_000);
    assert.equal(account.proxy.calls.length, 2);
    account.proxy.clock.advance(4_000);
    assert.equal(account.proxy.calls.length, 3);
    assert.equal(account.count("delivered"), 10);
  });

  test("that never answers, where the host has no timeout either, gets the batch again", () => {
    const outcomes: CallOutcome[] = ["never"];
    const account = new Account(() => outcomes.shift() ?? { status: 200 }, { timeout: "1s" });
    account.ask(10);
    account.proxy.clock.advance(2_500);
    assert.equal(account.proxy.calls.length, 1);
    account.settle();
    assert.equal(account.count("retries"), 1);
    assert.equal(account.count("delivered"), 10);
  });

  test("that is away for an hour costs the lines of that hour but the newest, and no memory", () => {
    let isBack = false;
    const account = new Account(() => (isBack ? { status: 200 } : "refused"), { queueBytes: 4096 });
    const memory = () => account.proxy.workers[0]!.vmOf(account.plugin)!.memoryBytes;
    account.ask(400);
    const atFirst = memory();
    for (let minute = 0; minute < 60; minute++) {
      account.ask(200);
      account.proxy.clock.advance(60_000);
    }
    assert.equal(memory(), atFirst);
    assert.ok(account.count("dropped_retries") >= 100, "old batches made room");
    isBack = true;
    account.settle();
    assert.equal(account.count("delivered"), account.received.length);
    assert.equal(account.received.at(-1), account.asked - 1);
    assert.ok(account.received.length > 100);
  });

  test("may do whatever it likes: every line has one end, and what was taken is what was delivered", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const draw = (below: number) => random.below(below);
      let isCalm = false;
      const wild = (): CallOutcome => {
        const answers: CallOutcome[] = [
          "refused",
          "timeout",
          "reset",
          "unhealthy",
          "never",
          { status: 200 },
        ];
        answers.push(
          { status: 200, delayMillis: draw(3_000) },
          { status: 204 },
          { status: 400 },
          { status: 302 },
        );
        answers.push(
          { status: 503 },
          { status: 429, headers: { "retry-after": String(draw(90)) } },
        );
        answers.push(
          { status: 500, body: "x".repeat(100_000) },
          { status: 503, headers: { "retry-after": "soon" } },
        );
        return isCalm ? { status: 200 } : random.one(answers);
      };
      const http = { timeout: "2s", queueBytes: 8_192, batch: { records: 25, interval: "500ms" } };
      const account = new Account(wild, http, 3);
      for (let step = 0; step < 150; step++) {
        account.ask(draw(60), draw(3));
        account.proxy.clock.advance(draw(4_000));
      }
      isCalm = true;
      account.settle();
      assert.equal(account.received.length, account.count("delivered"), `seed ${seed}`);
      assert.equal(
        new Set(account.received).size,
        account.received.length,
        `seed ${seed}: a line came twice`,
      );
      assert.equal(
        account.proxy.workers.filter((each) => each.vmOf(account.plugin)!.failure).length,
        0,
      );
    }
  });
});

describe("a plugin that goes away", () => {
  const update = (account: Account, http: object = { path: "/other" }) =>
    account.proxy.update(account.plugin, settings(http));
  const roots = (account: Account) => account.proxy.workers[0]!.vmOf(account.plugin)!.contexts.size;

  test("leaves what waits to the one that comes, which sends it batch after batch", () => {
    const account = new Account(() => ({ status: 200, delayMillis: 100 }), {
      batch: { records: 30, interval: "1m" },
    });
    account.ask(25);
    assert.ok(update(account));
    assert.equal(roots(account), 1);
    account.proxy.clock.advance(1_000);
    assert.equal(account.count("delivered"), 25);
    assert.deepEqual(account.received, [...Array(25).keys()]);
  });

  test("leaves it even to one that has no such sink, and through several updates", () => {
    const account = new Account(() => ({ status: 200 }), {
      batch: { records: 30, interval: "1m" },
    });
    account.ask(25);
    const local = { ...settings(), sinks: [{ proxyLog: {} }] };
    for (let round = 0; round < 3; round++) assert.ok(account.proxy.update(account.plugin, local));
    account.proxy.clock.advance(1_000);
    assert.equal(account.count("delivered"), 25);
  });

  test("loses no line that is on its way: the batch is sent again", () => {
    const account = new Account(() => ({ status: 200, delayMillis: 100 }), {
      batch: { records: 10, interval: "1m" },
    });
    account.ask(25);
    assert.ok(update(account));
    account.proxy.clock.advance(1_000);
    assert.equal(account.count("delivered"), 25);
    assert.deepEqual(
      [...new Set(account.received)].sort((a, b) => a - b),
      [...Array(25).keys()],
    );
  });

  test("gives up after ten seconds, and counts what it gave up", () => {
    const account = new Account(() => "never", { timeout: "1m" });
    account.ask(25);
    assert.ok(update(account));
    account.proxy.clock.advance(9_000);
    assert.equal(account.count("dropped_shutdown"), 0);
    account.proxy.clock.advance(2_000);
    assert.equal(account.count("dropped_shutdown"), 25);
  });

  test("gives its memory back: a hundred updates with full queues take no more than a few queues", () => {
    const queueBytes = 65_536;
    const account = new Account(() => "refused", { queueBytes });
    for (let round = 0; round < 100; round++) {
      account.ask(200);
      assert.ok(account.proxy.update(account.plugin, settings({ queueBytes, path: `/${round}` })));
      account.proxy.clock.advance(20_000);
    }
    assert.ok(account.proxy.workers[0]!.vmOf(account.plugin)!.memoryBytes < 16 * queueBytes);
  });
});
