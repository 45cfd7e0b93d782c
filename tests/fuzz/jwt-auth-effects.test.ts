// What a request leaves behind in the proxy: the claims for the other filters, the reason, and
// the tokens known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Proxy } from "../../deploy/emulator/proxy.ts";
import { Module } from "../../deploy/emulator/vm.ts";
import { type Claims, forge, jwksOf, makeKey } from "../envoy/jwt-forge.ts";

const module = Module.load("build/jwt-auth.wasm");
const key = makeKey("ES256");
const other = makeKey("ES256", "other");
const now = Math.floor(Date.now() / 1000);
const token = (more: Claims = {}) => forge(key, { iss: "me", exp: now + 600, ...more });
const provider = { name: "main", issuer: "me", jwks: jwksOf(key) };

function start(config: object = {}) {
  const proxy = new Proxy();
  const plugin = proxy.install({ module, config: { providers: [provider], ...config } });
  const ask = (bearer?: string, path = "/") => {
    const stream = proxy.exchange({
      path,
      headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    });
    const state = (name: string) => stream.filterState.get(name)?.toString();
    return {
      status: stream.responseCode,
      claims: state("gatehouse_claims"),
      reason: state("gatehouse_reason"),
    };
  };
  return { proxy, plugin, ask };
}

test("the payload is handed over as it is when the token satisfied the rule, and a second time too", () => {
  const { ask } = start();
  const bearer = token({ sub: "ada", deep: { n: 12345678901234567890n.toString() } });
  const payload = Buffer.from(bearer.split(".")[1]!, "base64url").toString();
  for (let i = 0; i < 2; i++)
    assert.deepEqual(ask(bearer), { status: 200, claims: payload, reason: undefined });
});

test("nothing is handed over when no token satisfied the rule", () => {
  const rules = [
    { match: [{ uri: { exact: "/open" } }], requires: { none: true } },
    { match: [{ uri: { exact: "/maybe" } }], allowMissing: true },
    { match: [{ uri: { exact: "/failed" } }], allowMissingOrFailed: true },
    { match: [{ uri: { exact: "/scope" } }], claims: [{ claim: "scope", contains: "write" }] },
  ];
  for (const mode of ["enforce", "report"]) {
    const { ask } = start({ rules, mode });
    assert.equal(ask(token(), "/open").claims, undefined);
    assert.equal(ask(undefined, "/maybe").claims, undefined);
    assert.equal(ask(token({ exp: 1 }), "/failed").claims, undefined);
    assert.equal(ask(token({ exp: 1 })).claims, undefined);
    const lacking = ask(token(), "/scope");
    assert.deepEqual([lacking.claims, lacking.reason], [undefined, "claim_not_allowed"]);
    assert.equal(lacking.status, mode === "report" ? 200 : 403);
    assert.ok(ask(token({ scope: "write" }), "/scope").claims);
  }
});

test("the claims of an earlier jwt-auth do not stay when no token satisfies a later one", () => {
  const requires = { provider: "later" };
  const rules = [
    { match: [{ uri: { exact: "/open" } }], requires: { none: true } },
    { match: [{ uri: { exact: "/failed" } }], requires, allowMissingOrFailed: true },
    { requires },
  ];
  for (const mode of ["enforce", "report"]) {
    const proxy = new Proxy();
    const earlier = { ...provider, forwardOriginalToken: true };
    proxy.install({ module, config: { providers: [earlier] } });
    const later = { ...provider, name: "later", issuer: "other" };
    proxy.install({ module, config: { mode, providers: [later], rules } });
    for (const path of mode === "report" ? ["/open", "/failed", "/"] : ["/open", "/failed"]) {
      const stream = proxy.exchange({ path, headers: { authorization: `Bearer ${token()}` } });
      assert.equal(stream.responseCode, 200);
      assert.equal(stream.filterState.get("gatehouse_claims")?.toString(), "", `${mode} ${path}`);
    }
  }
});

test("a known token is refused from the second of its expiry on, and its rules are asked again for each rule", () => {
  const rules = [
    { match: [{ uri: { exact: "/a" } }], claims: [{ claim: "role", equals: "a" }] },
    { match: [{ uri: { exact: "/b" } }], claims: [{ claim: "role", equals: "b" }] },
  ];
  const { proxy, ask } = start({ rules, providers: [{ ...provider, clockSkew: "0s" }] });
  const bearer = token({ role: "a", exp: now + 30 });
  for (let i = 0; i < 3; i++) {
    assert.equal(ask(bearer, "/a").status, 200);
    assert.equal(ask(bearer, "/b").status, 403);
  }
  proxy.clock.setUnix(new Date((now + 29) * 1000));
  assert.equal(ask(bearer, "/a").status, 200);
  proxy.clock.setUnix(new Date((now + 30) * 1000));
  assert.equal(ask(bearer, "/a").reason, "expired");
  assert.equal(proxy.metrics.get("gatehouse.jwt-auth.main.cache_miss"), 1);
});

test("a known token is not good for another signature, another audience or another provider", () => {
  const providers = [
    { ...provider, audiences: ["api"] },
    { name: "second", issuer: "me", jwks: jwksOf(other), fromHeaders: [{ name: "x-second" }] },
  ];
  const rules = [
    { match: [{ uri: { exact: "/admin" } }], requires: { provider: "main", audiences: ["admin"] } },
    { match: [{ uri: { exact: "/second" } }], requires: { provider: "second" } },
    { requires: { provider: "main" } },
  ];
  const { proxy, ask } = start({ providers, rules });
  const bearer = token({ aud: "api" });
  assert.equal(ask(bearer).status, 200);
  assert.equal(ask(bearer, "/admin").reason, "audience_not_allowed");
  const stream = proxy.exchange({ path: "/second", headers: { "x-second": bearer } });
  assert.equal(stream.filterState.get("gatehouse_reason")?.toString(), "key_not_found");
  assert.equal(ask(`${bearer.slice(0, -4)}AAAA`).reason, "verification_fails");
  assert.equal(ask(bearer).status, 200);
});

test("a configuration that changes forgets the tokens that the one before had verified", () => {
  const { proxy, plugin, ask } = start();
  const bearer = token();
  assert.equal(ask(bearer).status, 200);
  assert.ok(proxy.update(plugin, { providers: [{ ...provider, jwks: jwksOf(other) }] }));
  assert.equal(ask(bearer).reason, "key_not_found");
});

test("a flood of distinct bad tokens pushes out no good one", () => {
  const { proxy, ask } = start({ cache: { entries: 16 }, maxVerificationsPerSecond: 1_000_000 });
  const good = Array.from({ length: 4 }, (_, i) => token({ jti: `good ${i}` }));
  for (const each of good) assert.equal(ask(each).status, 200);
  const misses = () => proxy.metrics.get("gatehouse.jwt-auth.main.cache_miss");
  const hits = () => proxy.metrics.get("gatehouse.jwt-auth.main.cache_hit");
  const [head, payload] = token().split(".");
  for (let i = 0; i < 2_000; i++) {
    const signature = Buffer.alloc(64, i & 255);
    signature.writeUInt32BE(i, 30);
    assert.equal(ask(`${head}.${payload}.${signature.toString("base64url")}`).status, 401);
  }
  assert.equal(misses(), 2_004);
  for (const each of good) assert.equal(ask(each).status, 200);
  assert.equal(hits(), 4);
});

test("10,000 distinct good tokens in turn take no more memory once the cache is full", () => {
  const { proxy, plugin, ask } = start({ cache: { entries: 1024 } });
  const tokens = Array.from({ length: 10_000 }, (_, i) =>
    token({ jti: String(i), filler: "x".repeat(i % 50) }),
  );
  const memory = () => proxy.workers[0]!.vmOf(plugin)!.memoryBytes;
  for (const each of tokens.slice(0, 3_000)) assert.equal(ask(each).status, 200);
  const before = memory();
  for (const each of tokens.slice(3_000)) assert.equal(ask(each).status, 200);
  for (const each of tokens.slice(0, 3_000)) assert.equal(ask(each).status, 200);
  assert.equal(memory(), before);
});

test("one token in the places of two hundred providers is read once and verified once", () => {
  const providers = Array.from({ length: 200 }, (_, i) => ({
    ...provider,
    name: `p${i}`,
    issuer: `issuer ${i}`,
  }));
  const { ask } = start({ providers });
  const bearer = token({ iss: "issuer 199", filler: "x".repeat(4_000) });
  ask(bearer);
  const started = performance.now();
  for (let i = 0; i < 200; i++)
    assert.equal(ask(token({ iss: "issuer 200", filler: "x".repeat(4_000) })).status, 401);
  assert.ok(performance.now() - started < 5_000);
  assert.equal(ask(bearer).status, 200);
});
