// Keys over the network, on the real Envoy with a real server: rotation, outage, slow, broken and oversized answers.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { bootstrap, cluster, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { type Got, closeConnections, send } from "../support/client.ts";
import { type ForgeKey, forge, jwksOf, makeKey } from "./jwt-forge.ts";
import { type Answer, Issuer, json } from "./jwt-issuer.ts";

const ISSUER = "https://auth.example.com";
const first = makeKey("ES256", "first");
const second = makeKey("ES256", "second");

interface Setup {
  envoy: RunningEnvoy;
  issuer: Issuer;
  /** Sends a request with a token of `key`; each token is another one. */
  ask: (key?: ForgeKey) => Promise<Got>;
  stat: (name: string) => Promise<number>;
}

let serial = 0;

async function withIssuer(
  answer: Answer,
  provider: Record<string, unknown>,
  run: (setup: Setup) => Promise<void>,
  options: { concurrency?: number; config?: Record<string, unknown>; cluster?: string } = {},
): Promise<void> {
  const issuer = await Issuer.start(answer);
  const keySource = provider.discovery ? {} : { jwksUri: "http://auth.example.com/jwks.json" };
  const config = {
    providers: [{ name: "edge", issuer: ISSUER, ...keySource, jwksCluster: options.cluster ?? "issuer", ...provider }],
    ...options.config,
  };
  const envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({ filters: [wasmFilter({ name: "jwt-auth", config })], routes: [directResponse(200, "in")] }),
      ],
      clusters: [cluster({ name: "issuer", endpoints: [issuer.host] }), cluster({ name: "empty", endpoints: [] })],
    }),
    { concurrency: options.concurrency ?? 1 },
  );
  const ask = (key?: ForgeKey) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = key && forge(key, { iss: ISSUER, exp, jti: String(serial++) });
    return send(envoy.port(), { headers: token ? { authorization: `Bearer ${token}` } : {} });
  };
  const stat = (name: string) => envoy.stat(`wasmcustom.gatehouse.jwt-auth.edge.${name}`);
  try {
    await run({ envoy, issuer, ask, stat });
    assert.doesNotMatch(envoy.log(), /trap|Function: proxy_on|wasm.*crash/i);
  } finally {
    await envoy.stop();
    await issuer.stop();
  }
}

after(closeConnections);

test("one fetch at the start serves all workers", () =>
  withIssuer(
    json(jwksOf(first)),
    {},
    async ({ issuer, ask, stat }) => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(first)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.equal(issuer.requests, 1);
      assert.deepEqual(issuer.paths, ["/jwks.json"]);
      assert.equal(await stat("jwks_fetch_success"), 1);
    },
    { concurrency: 4 },
  ));

test("a request that comes before the keys waits for them", () => {
  let release = () => {};
  const slow: Answer = (request, response) => {
    release = () => json(jwksOf(first))(request, response);
  };
  return withIssuer(slow, {}, async ({ issuer, ask }) => {
    await issuer.arrived(1);
    const waiting = [ask(first), ask(first), ask(second)];
    setTimeout(release, 300);
    const [one, two, unknown] = await Promise.all(waiting);
    assert.equal(one!.status, 200);
    assert.equal(two!.status, 200);
    assert.equal(unknown!.status, 401);
  });
});

test("an answer that never comes is a 503 with Retry-After once the timeout is over", () =>
  withIssuer(
    () => {},
    { timeout: "700ms" },
    async ({ ask, stat, envoy }) => {
      const started = performance.now();
      const { status, header, body } = await ask(first);
      assert.equal(status, 503);
      assert.ok(performance.now() - started < 5_000);
      assert.match(header("retry-after") ?? "", /^[1-9]\d*$/);
      assert.equal(header("www-authenticate"), undefined);
      assert.equal(body, "Jwks remote fetch is failed");
      await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed", (count) => count >= 1);
      assert.ok((await stat("keys_unavailable")) >= 1);
    },
  ));

test("more requests than may wait are refused at once", () =>
  withIssuer(
    () => {},
    { timeout: "1s" },
    async ({ ask, issuer }) => {
      await issuer.arrived(1);
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(first)));
      assert.ok(answers.every(({ status }) => status === 503));
      const full = answers.filter(({ body }) => body === "Too many requests wait for Jwks");
      assert.ok(full.length >= 5, `${full.length} were refused for that reason`);
    },
    { config: { maxWaiting: 3 } },
  ));

test("an issuer that is down at first is asked again, and then all is well", () =>
  withIssuer(json("", {}, 500), {}, async ({ issuer, ask, stat }) => {
    await issuer.arrived(1);
    assert.equal((await ask(first)).status, 503);
    issuer.answer = json(jwksOf(first));
    const before = issuer.requests;
    await issuer.arrived(before + 1);
    for (let i = 0; i < 100 && (await ask(first)).status !== 200; i++)
      await new Promise((done) => setTimeout(done, 20));
    assert.equal((await ask(first)).status, 200);
    assert.ok((await stat("jwks_fetch_failed")) >= 1);
  }));

test("a key that is unknown fetches the set again, once for however many requests", () =>
  withIssuer(
    json(jwksOf(first)),
    {},
    async ({ issuer, ask }) => {
      assert.equal((await ask(first)).status, 200);
      issuer.answer = json(jwksOf(first, second));
      // The pause counts from the first fetch on.
      await new Promise((done) => setTimeout(done, 10_500));
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(second)));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.equal(issuer.requests, 2);
      assert.equal((await ask(first)).status, 200);
      const unknown = makeKey("ES256", "nobody's");
      const refused = await Promise.all(Array.from({ length: 50 }, () => ask(unknown)));
      assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set([401]));
      assert.equal(issuer.requests, 2);
    },
    { concurrency: 2 },
  ));

/** Answers that must never replace good keys. */
const broken: Record<string, Answer> = {
  "a 500": json("", {}, 500),
  "a redirect": json("", { location: "http://169.254.169.254/" }, 302),
  "an empty set": json({ keys: [] }),
  "no key that can be used": json({ keys: [{ kty: "RSA", n: "AQAB", e: "AQAB" }, { kty: "??" }] }),
  "something that is no JSON": json("<html>"),
  "a JSON document of another kind": json([1, 2, 3]),
  "half an answer": (_request, response) => {
    response.writeHead(200, { "content-length": "5000" });
    response.write('{"keys":[');
    response.destroy();
  },
  "a cut connection": (request) => request.socket.destroy(),
  "a compressed answer": (_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(gzipSync(JSON.stringify(jwksOf(second))));
  },
  "32 MB": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`{"keys":[],"x":"${"a".repeat(32 * 1024 * 1024)}"}`);
  },
  "an endless answer": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const piece = " ".repeat(64 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    response.on("error", () => {});
    more();
  },
};

test("no broken answer takes good keys away", () =>
  withIssuer(json(jwksOf(first)), { cacheDuration: "200ms", timeout: "500ms" }, async ({ issuer, ask, envoy }) => {
    assert.equal((await ask(first)).status, 200);
    const failed = "wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed";
    const success = "wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_success";
    const before = envoy.residentBytes();
    for (const [name, answer] of Object.entries(broken)) {
      const failures = await envoy.stat(failed);
      issuer.answer = answer;
      await envoy.awaitStat(failed, (count) => count > failures);
      assert.equal((await ask(first)).status, 200, name);
      const successes = await envoy.stat(success);
      issuer.answer = json(jwksOf(first));
      await envoy.awaitStat(success, (count) => count > successes);
    }
    const grown = envoy.residentBytes() - before;
    assert.ok(grown < 96 * 1024 * 1024, `the proxy grew by ${(grown / 1048576).toFixed(0)} MiB`);
    assert.equal((await ask(second)).status, 401);
  }));

test("last good keys are used through an outage, for as long as staleFor says", () =>
  withIssuer(json(jwksOf(first)), { cacheDuration: "100ms", staleFor: "2s" }, async ({ issuer, ask, envoy }) => {
    assert.equal((await ask(first)).status, 200);
    issuer.answer = json("", {}, 503);
    await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed", (count) => count > 0);
    assert.equal((await ask(first)).status, 200);
    await new Promise((done) => setTimeout(done, 3_000));
    const { status, header } = await ask(first);
    assert.equal(status, 503);
    assert.match(header("retry-after") ?? "", /^\d+$/);
  }));

test("a token signed by a key that was withdrawn is refused, also if it was seen before", () =>
  withIssuer(json(jwksOf(first, second)), { cacheDuration: "200ms" }, async ({ issuer, envoy }) => {
    const token = forge(first, { iss: ISSUER, exp: Math.floor(Date.now() / 1000) + 600 });
    const askAgain = () => send(envoy.port(), { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await askAgain()).status, 200);
    issuer.answer = json(jwksOf(second));
    const successes = await envoy.stat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_success");
    await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_success", (count) => count >= successes + 2);
    for (let i = 0; i < 100 && (await askAgain()).status !== 401; i++)
      await new Promise((done) => setTimeout(done, 20));
    assert.equal((await askAgain()).status, 401);
  }));

test("a set of a thousand keys works, one of more is refused", () => {
  const many = Array.from({ length: 999 }, (_, i) => ({ ...second.jwk, kid: `other-${i}` }));
  return withIssuer(
    json({ keys: [...many, first.jwk] }),
    { cacheDuration: "200ms" },
    async ({ issuer, ask, envoy }) => {
      assert.equal((await ask(first)).status, 200);
      issuer.answer = json({ keys: [...many, first.jwk, second.jwk] });
      await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed", (count) => count > 0);
      assert.equal((await ask(first)).status, 200);
    },
  );
});

test("a cluster that is not there, or has no hosts, is a 503 and no trap", async () => {
  for (const name of ["nowhere", "empty"]) {
    const run = async ({ ask, envoy }: Setup) => {
      await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed", (count) => count > 0);
      assert.equal((await ask(first)).status, 503, name);
      assert.equal((await ask()).status, 401);
    };
    await withIssuer(json(jwksOf(first)), {}, run, { cluster: name });
  }
});

test("requests that are reset while they wait leave nothing behind", () => {
  let release = () => {};
  const slow: Answer = (request, response) => {
    release = () => json(jwksOf(first))(request, response);
  };
  return withIssuer(slow, {}, async ({ issuer, ask, envoy, stat }) => {
    await issuer.arrived(1);
    const token = forge(first, { iss: ISSUER });
    const gone = Array.from({ length: 20 }, () =>
      fetch(envoy.url(), { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(200) }).catch(
        (error: Error) => error.name,
      ),
    );
    assert.deepEqual(new Set(await Promise.all(gone)), new Set(["TimeoutError"]));
    release();
    assert.equal((await ask(first)).status, 200);
    assert.equal(await stat("waiting"), 0);
  });
});

test("the address of the keys is found through the issuer's OpenID configuration", async () => {
  const issuerUri = "http://auth.example.com/tenant";
  const documents: Record<string, unknown> = {};
  const answer: Answer = (request, response) => json(documents[request.url ?? ""] ?? {})(request, response);
  documents["/keys"] = jwksOf(first);
  const ask = (envoy: RunningEnvoy) =>
    send(envoy.port(), { headers: { authorization: `Bearer ${forge(first, { iss: issuerUri })}` } });
  const path = "/tenant/.well-known/openid-configuration";
  const provider = { issuer: issuerUri, discovery: true };
  documents[path] = { issuer: issuerUri, jwks_uri: "http://auth.example.com/keys" };
  await withIssuer(answer, provider, async ({ envoy, issuer }) => {
    assert.equal((await ask(envoy)).status, 200);
    assert.deepEqual(issuer.paths, [path, "/keys"]);
  });
  for (const wrong of [
    { issuer: "http://evil.example.com", jwks_uri: "http://auth.example.com/keys" },
    { issuer: issuerUri, jwks_uri: "http://evil.example.com/keys" },
    { issuer: issuerUri },
  ]) {
    documents[path] = wrong;
    await withIssuer(answer, provider, async ({ envoy }) => {
      await envoy.awaitStat("wasmcustom.gatehouse.jwt-auth.edge.jwks_fetch_failed", (count) => count > 0);
      assert.equal((await ask(envoy)).status, 503, JSON.stringify(wrong));
    });
  }
});
