// How keys are asked for and what answers are taken, on the real Envoy with a real server.
import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { after, describe, it } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { closeConnections, send } from "../support/client.ts";
import { type ForgeKey, forge, jwksOf, makeKey } from "./jwt-forge.ts";
import { type Answer, json } from "./jwt-issuer.ts";
import { settled, withIssuer } from "./jwt-setup.ts";

const key = makeKey("ES256", "key");
/** Another key with the same id. */
const successor = makeKey("ES256", "key");
const nameless = (each: ForgeKey): ForgeKey => {
  const { kid: _kid, ...jwk } = each.jwk;
  return { ...each, jwk };
};

after(closeConnections);

/** Answers as `answer` does, and keeps the headers of each request. */
function recording(answer: Answer): { answer: Answer; seen: IncomingHttpHeaders[] } {
  const seen: IncomingHttpHeaders[] = [];
  return {
    seen,
    answer: (request, response) => {
      seen.push(request.headers);
      answer(request, response);
    },
  };
}

const encoded = (body: Buffer, encoding?: string): Answer => {
  return (_request, response) => {
    response.writeHead(200, encoding === undefined ? {} : { "content-encoding": encoding });
    response.end(body);
  };
};

describe("a request for keys", { concurrency: 4 }, () => {
  it("names its client and what it takes", () => {
    const { answer, seen } = recording(json(jwksOf(key)));
    return withIssuer(answer, {}, async ({ ask }) => {
      assert.equal((await ask(key)).status, 200);
      assert.equal(seen[0]!["user-agent"], "gatehouse-jwt-auth");
      assert.match(seen[0]!.accept ?? "", /application\/json/);
    });
  });

  it("has the headers of the settings, from the settings and from the environment", () => {
    const { answer, seen } = recording((request, response) => {
      const isAllowed = request.headers["x-api-key"] === "from-env";
      json(isAllowed ? jwksOf(key) : {}, {}, isAllowed ? 200 : 403)(request, response);
    });
    const jwksHeaders = [
      { name: "X-Tenant", value: "shop" },
      { name: "x-api-key", valueFromEnv: "KEYS_API_KEY" },
      { name: "User-Agent", value: "shop/1.0" },
    ];
    return withIssuer(
      answer,
      { jwksHeaders },
      async ({ ask, envoy }) => {
        assert.equal((await ask(key)).status, 200);
        assert.equal(seen[0]!["x-tenant"], "shop");
        assert.equal(seen[0]!["user-agent"], "shop/1.0");
        assert.doesNotMatch(envoy.log(), /from-env/);
      },
      { env: { KEYS_API_KEY: "from-env" } },
    );
  });

  it("goes through jwksCluster when discovery names another host, without the settings' headers", () => {
    const path = "/.well-known/openid-configuration";
    const { answer, seen } = recording((request, response) => {
      const isKeys = request.headers.host === "keys.example.net";
      const document = { issuer: "http://auth.example.com", jwks_uri: "http://keys.example.net/k" };
      json(isKeys ? jwksOf(key) : document)(request, response);
    });
    const provider = {
      issuer: "http://auth.example.com",
      discovery: true,
      jwksHeaders: [{ name: "x-api-key", value: "secret" }],
    };
    return withIssuer(answer, provider, async ({ envoy, issuer }) => {
      const bearer = forge(key, { iss: "http://auth.example.com" });
      const ask = () => send(envoy.port(), { headers: { authorization: `Bearer ${bearer}` } });
      assert.equal(await settled(ask, 200), 200);
      assert.deepEqual(issuer.paths, [path, "/k"]);
      assert.deepEqual(
        seen.map((headers) => headers["x-api-key"]),
        ["secret", undefined],
      );
    });
  });

  it("asks for the OpenID configuration through discoveryCluster", () => {
    const document = { issuer: "http://auth.example.com", jwks_uri: "http://auth.example.com/k" };
    const answer: Answer = (request, response) =>
      json(request.url === "/k" ? jwksOf(key) : document)(request, response);
    const provider = {
      issuer: "http://auth.example.com",
      discovery: true,
      discoveryCluster: "issuer",
    };
    return withIssuer(
      answer,
      provider,
      async ({ issuer, awaitStat }) => {
        // The keys themselves are asked of a cluster without hosts.
        await awaitStat("jwks_fetch_failed", (count) => count > 0);
        assert.ok(issuer.paths.every((each) => each.startsWith("/.well-known/")));
        assert.ok(issuer.requests > 0);
      },
      { cluster: "empty" },
    );
  });
});

describe("an answer with keys", { concurrency: 4 }, () => {
  const body = Buffer.from(JSON.stringify(jwksOf(key)));
  for (const [name, answer] of [
    ["an empty content-encoding", encoded(body, "")],
    ["identity in capitals", encoded(body, "Identity")],
    ["gzip", encoded(gzipSync(body), "gzip")],
    ["x-gzip in capitals", encoded(gzipSync(body), "X-GZIP")],
  ] as [string, Answer][]) {
    it(`is taken with ${name}`, () =>
      withIssuer(answer, {}, async ({ ask }) => assert.equal((await ask(key)).status, 200)));
  }

  for (const [name, answer, reason] of [
    ["brotli", encoded(brotliCompressSync(body), "br"), "the content-encoding is neither"],
    ["gzip that is none", encoded(body, "gzip"), "the answer is no gzip"],
    ["status 403", json("no", {}, 403), "the HTTP status is 403"],
    ["status 301", json("", { location: "http://elsewhere" }, 301), "the HTTP status is 301"],
  ] as [string, Answer, string][]) {
    it(`is refused with ${name}, and the log says why`, () =>
      withIssuer(answer, {}, async ({ ask, envoy, awaitStat }) => {
        await awaitStat("jwks_fetch_failed", (count) => count > 0);
        assert.equal((await ask(key)).status, 503);
        assert.match(envoy.log(), new RegExp(`provider edge: keys cannot be fetched: ${reason}`));
      }));
  }

  it("is one line of the log, with each key left out and why", () => {
    const keys = [
      { kty: "EC", crv: "P-256K", x: "AA", y: "AA" },
      key.jwk,
      { ...successor.jwk, use: "enc", kid: "secret-kid" },
    ];
    return withIssuer(
      json({ keys }),
      { cacheDuration: "100ms" },
      async ({ ask, envoy, issuer }) => {
        assert.equal((await ask(key)).status, 200);
        await issuer.arrived(4);
        const lines = envoy
          .log()
          .split("\n")
          .filter((line) => line.includes("another key set"));
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(
          lines[0]!,
          /provider edge: another key set, with 1 key; left out: \/keys\/0: crv is not supported; \/keys\/2: use is not for signatures$/,
        );
      },
    );
  });
});

describe("a key that changed under the same id", { concurrency: 4 }, () => {
  for (const [name, before, after] of [
    ["with a kid", key, successor],
    ["without a kid", nameless(key), nameless(successor)],
  ] as const) {
    it(`is fetched when a signature fails, ${name}`, () =>
      withIssuer(json(jwksOf(before)), {}, async ({ issuer, ask }) => {
        assert.equal((await ask(before)).status, 200);
        issuer.answer = json(jwksOf(after));
        // The pause counts from the first fetch on.
        await new Promise((done) => setTimeout(done, 10_500));
        const answers = await Promise.all(Array.from({ length: 20 }, () => ask(after)));
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
        assert.equal((await ask(before)).status, 401);
        assert.equal(issuer.requests, 2);
      }));
  }
});

it("a token of a new key while the issuer is down is a 503, and a token of a known key passes", () =>
  withIssuer(json(jwksOf(key)), {}, async ({ issuer, ask }) => {
    assert.equal((await ask(key)).status, 200);
    issuer.answer = json("", {}, 500);
    await new Promise((done) => setTimeout(done, 10_500));
    const rotated = await ask(makeKey("ES256", "rotated"));
    assert.equal(rotated.status, 503);
    assert.equal(rotated.body, "Jwks remote fetch is failed");
    assert.match(rotated.header("retry-after") ?? "", /^[1-9]\d*$/);
    assert.equal(rotated.header("www-authenticate"), undefined);
    assert.equal((await ask(key)).status, 200);
    assert.equal((await ask(successor)).status, 401, "a forged signature of a known key");
  }));
