// rate-limit on a real Envoy, one request at a time: who a client is, what it is told, and what
// cannot fool it.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { build } from "../../tools/build.ts";
import { directResponse, nativeFilter } from "../../envoy/bootstrap.ts";
import { type Chain, type ChainOptions, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";

before(() => build(["rate-limit", "jwt-auth"]));
after(closeConnections);

const once = { maxTokens: 1, fillInterval: "1h" };

async function withLimits(
  config: object,
  use: (chain: Chain) => Promise<void>,
  options: Partial<ChainOptions> = {},
): Promise<void> {
  const chain = await startChain({
    filters: [{ name: "rate-limit", config }],
    routes: [directResponse(200, "ok")],
    accessLog: "details=%RESPONSE_CODE_DETAILS% limit=%FILTER_STATE(wasm.gatehouse_limit:PLAIN)%\n",
    ...options,
  });
  try {
    await use(chain);
  } finally {
    await chain.stop();
  }
}

const byAddress = {
  limits: [{ name: "by-address", key: [{ sourceAddress: {} }], tokenBucket: once }],
};

test("a forged x-forwarded-for does not choose the bucket, unless the proxy trusts who sent it", async () => {
  const status = async (chain: Chain, address: string) =>
    (await chain.send({ headers: { "x-forwarded-for": address } })).status;
  await withLimits(byAddress, async (chain) => {
    assert.equal(await status(chain, "203.0.113.1"), 200);
    assert.equal(await status(chain, "203.0.113.2"), 429);
  });
  await withLimits(
    byAddress,
    async (chain) => {
      assert.equal(await status(chain, "203.0.113.1"), 200);
      assert.equal(await status(chain, "203.0.113.2"), 200);
      assert.equal(await status(chain, "203.0.113.1"), 429);
      // What came before the proxy that is trusted is anyone's word.
      assert.equal(await status(chain, "198.51.100.7, 203.0.113.2"), 429);
    },
    { trustedHops: 1 },
  );
});

test("networks of both families are one client each", async () => {
  const config = {
    limits: [
      { name: "nets", key: [{ sourceAddress: { v4Prefix: 24, v6Prefix: 48 } }], tokenBucket: once },
    ],
  };
  await withLimits(
    config,
    async (chain) => {
      const statuses: number[] = [];
      for (const address of [
        "203.0.113.1",
        "203.0.113.200",
        "203.0.114.1",
        "2001:db8:1::1",
        "2001:db8:1:ffff::2",
        "2001:db8:2::1",
      ]) {
        statuses.push((await chain.send({ headers: { "x-forwarded-for": address } })).status);
      }
      assert.deepEqual(statuses, [200, 429, 200, 200, 429, 200]);
    },
    { trustedHops: 1 },
  );
});

test("a key of 64 kB is a key like any other", async () => {
  const config = { limits: [{ name: "by-key", key: [{ header: "x-key" }], tokenBucket: once }] };
  await withLimits(
    config,
    async (chain) => {
      const status = async (value: string) =>
        (await chain.send({ headers: { "x-key": value } })).status;
      const key = "k".repeat(64 * 1024);
      assert.deepEqual(
        [await status(`${key}a`), await status(`${key}b`), await status(`${key}a`)],
        [200, 200, 429],
      );
      const { residentBytes } = chain.envoy;
      const before = residentBytes.call(chain.envoy);
      for (let i = 0; i < 300; i++) await status(`${key}${i}`);
      assert.ok(residentBytes.call(chain.envoy) - before < 16 * 2 ** 20);
    },
    { connectionManager: { max_request_headers_kb: 96 } },
  );
});

test("a refusal says which limit, in the details and to later filters, and when to come back", async () => {
  const config = {
    limits: [
      { name: "fast", tokenBucket: { maxTokens: 2, tokensPerFill: 1, fillInterval: "10s" } },
      { name: "slow", tokenBucket: { maxTokens: 2, tokensPerFill: 1, fillInterval: "90.5s" } },
    ],
    headers: "ietf",
    status: 503,
    body: '{"error":"slow down"}',
    responseHeaders: [
      { name: "content-type", value: "application/json" },
      { name: "X-Rate-Limit-Limit", value: "1000" },
    ],
    responseHeadersAlways: [{ name: "x-limits", value: "on" }],
  };
  await withLimits(config, async (chain) => {
    const first = await chain.send();
    assert.equal(first.status, 200);
    assert.equal(first.header("ratelimit-policy"), '"fast";q=2;w=20, "slow";q=2;w=181');
    assert.equal(first.header("ratelimit"), '"fast";r=1;t=10, "slow";r=1;t=91');
    assert.equal(first.header("x-limits"), "on");
    assert.equal(first.header("x-rate-limit-limit"), undefined);
    await chain.send();
    const refused = await chain.send();
    assert.equal(refused.status, 503);
    assert.equal(refused.body, '{"error":"slow down"}');
    assert.equal(refused.header("content-type"), "application/json");
    assert.equal(refused.header("ratelimit-policy"), '"slow";q=2;w=181, "fast";q=2;w=20');
    assert.match(refused.header("ratelimit")!, /^"slow";r=0;t=1(80|81), "fast";r=0;t=(19|20)$/);
    assert.match(refused.header("retry-after")!, /^9[01]$/);
    assert.equal(refused.header("x-rate-limit-limit"), "1000");
    assert.equal(refused.header("x-limits"), "on");
    await chain.envoy.awaitLog(/details=local_rate_limited\{slow\} limit=slow/);
    await chain.envoy.awaitLog(/details=direct_response limit=-/);
  });
});

test("a body without a length costs the most that content-length may cost", async () => {
  const config = {
    limits: [
      {
        name: "bytes",
        cost: { header: "content-length", max: 100 },
        tokenBucket: { maxTokens: 150, fillInterval: "1h" },
      },
    ],
    headers: "ietf",
  };
  await withLimits(config, async (chain) => {
    const remaining = async (request: string) => {
      const response = await exchange(chain.envoy.port(), request);
      return [response.match(/ (\d+) /)![1], response.match(/ratelimit: "bytes";r=(\d+)/)![1]];
    };
    const head = "POST / HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n";
    assert.deepEqual(await remaining(`${head}content-length: 7\r\n\r\n1234567`), ["200", "143"]);
    const get = "GET / HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n";
    assert.deepEqual(await remaining(get), ["200", "142"]);
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n7\r\n1234567\r\n0\r\n\r\n`;
    assert.deepEqual(await remaining(chunked), ["200", "42"]);
    assert.deepEqual(await remaining(chunked), ["429", "42"]);
  });
});

test("addresses of one IPv6 /64 are one client unless the key says otherwise", async () => {
  await withLimits(
    byAddress,
    async (chain) => {
      const statuses: number[] = [];
      for (const address of ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"]) {
        statuses.push((await chain.send({ headers: { "x-forwarded-for": address } })).status);
      }
      assert.deepEqual(statuses, [200, 429, 200]);
    },
    { trustedHops: 1 },
  );
});

test("in report mode nobody notices, and everything is counted", async () => {
  const config = {
    mode: "report",
    limits: [{ name: "all", tokenBucket: once }],
    headers: "draft03",
  };
  await withLimits(config, async (chain) => {
    for (let i = 0; i < 3; i++) {
      const got = await chain.send();
      assert.equal(got.status, 200);
      assert.ok(!got.headers.some(([name]) => /ratelimit|retry-after/.test(name)));
    }
    const counted = await chain.envoy.stats("gatehouse\\.rate-limit");
    assert.deepEqual(counted, {
      "wasmcustom.gatehouse.rate-limit.all.admitted": 1,
      "wasmcustom.gatehouse.rate-limit.all.limited": 2,
      "wasmcustom.gatehouse.rate-limit.all.shadowed": 0,
      "wasmcustom.gatehouse.rate-limit.all.overflowed": 0,
    });
  });
});

test("claims that jwt-auth verified tell clients apart; without a token all share one bucket", async () => {
  const { publicKey, sign } = await issuer();
  const chain = await startChain({
    filters: [
      {
        name: "jwt-auth",
        config: {
          providers: [
            { name: "p", issuer: "https://issuer.example.com", jwks: { keys: [publicKey] } },
          ],
          rules: [{ requires: { provider: "p", allowMissing: true } }],
        },
      },
      {
        name: "rate-limit",
        config: { limits: [{ name: "per-user", key: [{ claim: "sub" }], tokenBucket: once }] },
      },
    ],
    routes: [directResponse(200, "ok")],
  });
  try {
    const status = async (subject?: string) => {
      const headers: Record<string, string> = subject
        ? { authorization: `Bearer ${await sign(subject)}` }
        : {};
      return (await chain.send({ headers })).status;
    };
    assert.deepEqual(
      [await status("ann"), await status("bob"), await status("ann")],
      [200, 200, 429],
    );
    assert.deepEqual([await status(), await status()], [200, 429]);
  } finally {
    await chain.stop();
  }
});

test("claims that Envoy's own jwt_authn verified tell clients apart too: texts, and lists of texts in a condition", async () => {
  const { publicKey, sign } = await issuer();
  const native = nativeFilter("envoy.filters.http.jwt_authn", "jwt_authn.v3.JwtAuthentication", {
    providers: {
      p: {
        issuer: "https://issuer.example.com",
        local_jwks: { inline_string: JSON.stringify({ keys: [publicKey] }) },
        payload_in_metadata: "payload",
      },
    },
    rules: [
      {
        match: { prefix: "/" },
        requires: {
          requires_any: { requirements: [{ provider_name: "p" }, { allow_missing: {} }] },
        },
      },
    ],
  });
  const config = {
    limits: [
      {
        name: "by-number",
        match: [{ uri: { exact: "/number" } }],
        key: [{ claim: "level" }],
        whenMissing: "reject",
        tokenBucket: once,
      },
      {
        name: "per-user",
        match: [{ uri: { exact: "/" } }],
        key: [{ claim: "sub" }, { claim: ["realm", "name"] }],
        tokenBucket: once,
        overrides: [
          {
            match: [{ claims: [{ claim: "roles", exact: "admin" }] }],
            tokenBucket: { maxTokens: 2, fillInterval: "1h" },
          },
        ],
      },
    ],
  };
  await withLimits(
    config,
    async (chain) => {
      const ask = async (subject: string, roles: string[], path = "/") => {
        const token = await sign(subject, { roles, realm: { name: "eight-by" }, level: 12345678 });
        return (await chain.send({ path, headers: { authorization: `Bearer ${token}` } })).status;
      };
      assert.deepEqual(
        [await ask("ann", ["dev"]), await ask("bob", []), await ask("ann", ["dev"])],
        [200, 200, 429],
      );
      const admins = [
        await ask("eve", ["dev", "admin"]),
        await ask("eve", ["admin"]),
        await ask("eve", ["admin"]),
      ];
      assert.deepEqual(admins, [200, 200, 429]);
      // A number reaches a Wasm filter without its type, so it is no claim.
      assert.equal(await ask("ann", [], "/number"), 429);
    },
    { filters: [native, { name: "rate-limit", config }] },
  );
});

/** Sends bytes on a connection of their own, and gives all bytes that come back. */
async function exchange(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  return Buffer.concat(await socket.toArray())
    .toString("latin1")
    .toLowerCase();
}

/** An issuer of tokens, and its key as a JWK. */
async function issuer() {
  const { SignJWT, exportJWK, generateKeyPair } = await import("jose");
  const pair = await generateKeyPair("ES256");
  return {
    publicKey: { ...(await exportJWK(pair.publicKey)), kid: "k", alg: "ES256" },
    sign: (subject: string, claims: object = {}) =>
      new SignJWT({ ...claims, sub: subject, iss: "https://issuer.example.com" })
        .setProtectedHeader({ alg: "ES256", kid: "k" })
        .setExpirationTime("1h")
        .sign(pair.privateKey),
  };
}
