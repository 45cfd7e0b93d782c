// What holds for every request, however hostile: nobody's forged decision, forced variant or
// baggage member gets through, the decision is a variant, a cookie is given to those without one
// alone, and the same key has the same decision.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { Random } from "../support/random.ts";
import { hostileRequest } from "./hostile.ts";

const module = Module.load(join(import.meta.dirname, "../../build/canary.wasm"));
const REQUESTS = 4000;
const variants = ["stable", "canary", "mobile"];

const config = {
  routes: [
    {
      name: "shop",
      variants: [
        { name: "mobile", match: [{ headers: { "user-agent": { regex: ".*Mobile.*" } } }] },
        {
          name: "canary",
          match: [
            { cookies: { beta: { exact: "1" } } },
            { queryParams: { beta: { regex: "[^0]+" } } },
          ],
        },
      ],
      split: { stable: 50, canary: 50 },
      base: "stable",
      sticky: { cookie: { name: "release" } },
      trust: [{ headers: { "x-gateway": { exact: "ours" } } }],
      force: { header: "x-force", trust: [{ headers: { "x-tester": { exact: "ours" } } }] },
      baggage: "release",
      responseHeader: "x-served-by",
    },
  ],
};

const counters = [
  ...["canary.by_force", "canary.by_rule", "canary.by_split", "canary.by_trust"],
  ...["mobile.by_force", "mobile.by_rule", "mobile.by_trust"],
  ...["stable.by_force", "stable.by_split", "stable.by_trust"],
];

/** What an attacker would try besides. */
function forged(random: Random): [string, string][] {
  const name = random.one(["x-variant", "x-force", "baggage", "cookie"]);
  const value: Record<string, string[]> = {
    "x-variant": ["canary", "", "canary,canary", "CANARY", " canary"],
    "x-force": ["canary", "mobile", "\xff"],
    baggage: [
      "release=forged",
      "a=b,release=forged;p=1",
      `${"a=b,".repeat(3000)}release=forged`,
      "release =forged",
    ],
    cookie: [
      "release=canary",
      "release",
      "release=; release=x",
      "beta=1",
      ";".repeat(8192),
      'release="',
      "=release=x",
    ],
  };
  return Array.from({ length: random.below(3) }, () => [name, random.one(value[name]!)]);
}

for (const mode of ["enforce", "report"]) {
  test(`${mode}: ${REQUESTS} hostile requests`, () => {
    const random = new Random(mode.length);
    const proxy = new Proxy();
    proxy.install({ module, config: { ...config, mode } });
    let requests = REQUESTS;
    for (let i = 0; i < REQUESTS; i++) {
      const request = hostileRequest(random);
      const headers = [...(request.headers as [string, Buffer | string][]), ...forged(random)];
      const stream = proxy.open({ ...request, headers });
      const said = JSON.stringify(headers).slice(0, 500);
      assert.equal(stream.state, "forwarded", said);
      const variant = stream.filterState.get("gatehouse_variant")?.toString();
      assert.ok(variants.includes(variant!), `${variant}: ${said}`);
      const upstream = stream
        .upstreamHeaders!.pairs()
        .map(([name, value]) => [name, value.toString("latin1")]);
      const of = (name: string) =>
        upstream.filter((pair) => pair[0] === name).map((pair) => pair[1]);
      assert.deepEqual(of("x-variant"), mode === "enforce" ? [variant] : [], said);
      assert.deepEqual(of("x-force"), [], said);
      assert.doesNotMatch(of("baggage").join(), /release ?=forged/, said);
      stream.respond({ status: 200, headers: [] });
      const answer = stream
        .responseHeaders!.pairs()
        .map(([name, value]) => `${name}: ${value.toString("latin1")}`);
      assert.equal(answer.includes(`x-served-by: ${variant}`), mode === "enforce", said);
      const cookie = answer.find((line) => line.startsWith("set-cookie: release="))?.slice(20, 52);
      if (mode === "report") assert.equal(cookie, undefined, said);
      if (cookie !== undefined) {
        // Whoever comes back with the cookie gets no other, and, with nothing else in the
        // request, the same decision.
        requests++;
        const again = proxy.open({ path: "/", headers: [["cookie", `release=${cookie}`]] });
        assert.equal(again.filterState.get("gatehouse_variant")?.toString(), variant, said);
        again.respond({ status: 200, headers: [] });
        assert.equal(
          again.responseHeaders!.pairs().some(([name]) => name === "set-cookie"),
          false,
        );
      }
      assert.deepEqual(proxy.log, []);
    }
    // Each decision is counted once, and there is a counter for whatever the settings can decide,
    // and no other.
    const counted = Object.entries(proxy.metrics.all());
    assert.deepEqual(
      counted.map(([name]) => name.slice("gatehouse.canary.shop.".length)).sort(),
      counters,
    );
    assert.equal(
      counted.reduce((sum, [, count]) => sum + count, 0),
      requests,
    );
  });
}
