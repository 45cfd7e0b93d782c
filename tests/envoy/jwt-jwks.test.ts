// Keys over the network, on the real Envoy with a real server: the first fetch, waiting,
// rotation, outage, discovery.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { RunningEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { generateLoad } from "../support/load.ts";
import { forge, jwksOf, makeKey } from "./jwt-forge.ts";
import { type Answer, json } from "./jwt-issuer.ts";
import { ISSUER, type Setup, activeRequests, settled, withIssuer } from "./jwt-setup.ts";

const first = makeKey("ES256", "first");
const second = makeKey("ES256", "second");

after(closeConnections);

describe("keys over the network", { concurrency: 4 }, () => {
  it("one fetch at the start serves all workers", () =>
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

  it("a request that comes before the keys waits for them", () => {
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

  it("an answer that never comes is a 503 with Retry-After once the timeout is over", () =>
    withIssuer(
      () => {},
      { timeout: "700ms" },
      async ({ ask, stat, awaitStat }) => {
        const started = performance.now();
        const { status, header, body } = await ask(first);
        assert.equal(status, 503);
        assert.ok(performance.now() - started < 5_000);
        assert.match(header("retry-after") ?? "", /^[1-9]\d*$/);
        assert.equal(header("www-authenticate"), undefined);
        assert.equal(body, "Jwks remote fetch is failed");
        await awaitStat("jwks_fetch_failed", (count) => count >= 1);
        assert.ok((await stat("keys_unavailable")) >= 1);
      },
    ));

  it("more requests than may wait are refused at once", () =>
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

  it("an issuer that is down at first is asked again, and then all is well", () =>
    withIssuer(json("", {}, 500), {}, async ({ issuer, ask, stat }) => {
      await issuer.arrived(1);
      assert.equal((await ask(first)).status, 503);
      issuer.answer = json(jwksOf(first));
      const before = issuer.requests;
      await issuer.arrived(before + 1);
      assert.equal(await settled(() => ask(first), 200), 200);
      assert.ok((await stat("jwks_fetch_failed")) >= 1);
    }));

  it("a key that is unknown fetches the set again, once for however many requests", () =>
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

  it("last good keys are used through an outage, for as long as staleFor says", () =>
    withIssuer(
      json(jwksOf(first)),
      { cacheDuration: "100ms", staleFor: "5s" },
      async ({ issuer, ask, awaitStat }) => {
        assert.equal((await ask(first)).status, 200);
        issuer.answer = json("", {}, 503);
        await awaitStat("jwks_fetch_failed", (count) => count > 0);
        assert.equal((await ask(first)).status, 200);
        assert.equal(await settled(() => ask(first), 503), 503);
        const { header } = await ask(first);
        assert.match(header("retry-after") ?? "", /^\d+$/);
      },
    ));

  it("a token signed by a key that was withdrawn is refused, also if it was seen before", () =>
    withIssuer(
      json(jwksOf(first, second)),
      { cacheDuration: "200ms" },
      async ({ issuer, envoy, stat, awaitStat }) => {
        const token = forge(first, { iss: ISSUER, exp: Math.floor(Date.now() / 1000) + 600 });
        const askAgain = () =>
          send(envoy.port(), { headers: { authorization: `Bearer ${token}` } });
        assert.equal((await askAgain()).status, 200);
        issuer.answer = json(jwksOf(second));
        const successes = await stat("jwks_fetch_success");
        await awaitStat("jwks_fetch_success", (count) => count >= successes + 2);
        assert.equal(await settled(askAgain, 401), 401);
      },
    ));

  it("a cluster that is not there, or has no hosts, is a 503 and no trap", async () => {
    for (const name of ["nowhere", "empty"]) {
      const run = async ({ ask, awaitStat }: Setup) => {
        await awaitStat("jwks_fetch_failed", (count) => count > 0);
        assert.equal((await ask(first)).status, 503, name);
        assert.equal((await ask()).status, 401);
      };
      await withIssuer(json(jwksOf(first)), {}, run, { cluster: name });
    }
  });

  it("requests that are reset while they wait make room for others", () => {
    let release = () => {};
    const slow: Answer = (request, response) => {
      release = () => json(jwksOf(first))(request, response);
    };
    const run = async ({ issuer, ask, envoy, stat }: Setup) => {
      await issuer.arrived(1);
      const token = forge(first, { iss: ISSUER });
      const abandon = () =>
        fetch(envoy.url(), {
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(300),
        }).catch((error: Error) => error.name);
      for (let round = 0; round < 3; round++) {
        const gone = await Promise.all(Array.from({ length: 20 }, abandon));
        assert.deepEqual(new Set(gone), new Set(["TimeoutError"]));
        await activeRequests(envoy, 0);
      }
      assert.equal(await stat("waiting_full"), 0);
      const waiting = Array.from({ length: 20 }, () => ask(first));
      await activeRequests(envoy, 20);
      release();
      assert.deepEqual(
        new Set((await Promise.all(waiting)).map(({ status }) => status)),
        new Set([200]),
      );
    };
    return withIssuer(slow, { timeout: "30s" }, run, { config: { maxWaiting: 20 } });
  });

  it("a thousand connections wait at once, and all are served when the keys come", () => {
    let release = () => {};
    const slow: Answer = (request, response) => {
      release = () => json(jwksOf(first))(request, response);
    };
    const run = async ({ issuer, envoy, stat }: Setup) => {
      await issuer.arrived(1);
      const headers = { authorization: `Bearer ${forge(first, { iss: ISSUER })}` };
      const waiting = generateLoad({
        port: envoy.port(),
        requests: 1_000,
        connections: 1_000,
        headers,
      });
      await activeRequests(envoy, 1_000);
      release();
      const { statuses, broken } = await waiting;
      assert.deepEqual(statuses, { 200: 1_000 });
      assert.equal(broken, 0);
      assert.equal(await stat("allowed"), 1_000);
      const after = await generateLoad({
        port: envoy.port(),
        requests: 4_000,
        connections: 1_000,
        headers,
      });
      assert.deepEqual(after.statuses, { 200: 4_000 });
    };
    return withIssuer(slow, { timeout: "30s" }, run, { concurrency: 2 });
  });

  it("a thousand connections that wait in vain are all told so", () => {
    let refuse = () => {};
    const down: Answer = (request, response) => {
      refuse = () => json("", {}, 500)(request, response);
    };
    const run = async ({ issuer, envoy }: Setup) => {
      await issuer.arrived(1);
      const headers = { authorization: `Bearer ${forge(first, { iss: ISSUER })}` };
      const waiting = generateLoad({
        port: envoy.port(),
        requests: 1_000,
        connections: 1_000,
        headers,
      });
      await activeRequests(envoy, 1_000);
      refuse();
      const { statuses, broken } = await waiting;
      assert.deepEqual(statuses, { 503: 1_000 });
      assert.equal(broken, 0);
      assert.equal(await envoy.stat("wasmcustom.gatehouse.jwt-auth.edge.keys_unavailable"), 1_000);
    };
    return withIssuer(down, { timeout: "30s" }, run);
  });

  it("a configuration that changes while requests wait leaves none behind", () => {
    let hold = true;
    const answer: Answer = (request, response) => {
      if (!hold) json(jwksOf(first))(request, response);
    };
    const run = async ({ issuer, change, envoy }: Setup) => {
      const headers = { authorization: `Bearer ${forge(first, { iss: ISSUER })}` };
      const ask = () => send(envoy.port(), { headers, fresh: true });
      await issuer.arrived(1);
      // Draining may close a connection of the old listener.
      const waiting = Array.from({ length: 10 }, () => ask().catch(() => ({ status: 0 })));
      await activeRequests(envoy, 10);
      hold = false;
      await change({ clockSkew: "1s", jwksUri: "http://auth.example.com/others.json" });
      assert.equal(await settled(ask, 200), 200);
      for (const { status } of await Promise.all(waiting))
        assert.ok([0, 200, 503].includes(status), String(status));
      assert.ok(issuer.paths.includes("/others.json"));
      await activeRequests(envoy, 0);
    };
    return withIssuer(answer, { timeout: "2s" }, run, { concurrency: 2 });
  });

  it("the address of the keys is found through the issuer's OpenID configuration", async () => {
    const issuerUri = "http://auth.example.com/tenant";
    const documents: Record<string, unknown> = {};
    const answer: Answer = (request, response) =>
      json(documents[request.url ?? ""] ?? {})(request, response);
    documents["/keys"] = jwksOf(first);
    const path = "/tenant/.well-known/openid-configuration";
    const provider = { issuer: issuerUri, discovery: true };
    const ask = (envoy: RunningEnvoy) =>
      send(envoy.port(), {
        headers: { authorization: `Bearer ${forge(first, { iss: issuerUri })}` },
      });
    documents[path] = { issuer: issuerUri, jwks_uri: "http://auth.example.com/keys" };
    await withIssuer(answer, provider, async ({ envoy, issuer }) => {
      assert.equal((await ask(envoy)).status, 200);
      assert.deepEqual(issuer.paths, [path, "/keys"]);
    });
    for (const wrong of [
      { issuer: "http://evil.example.com", jwks_uri: "http://auth.example.com/keys" },
      { issuer: issuerUri },
    ]) {
      documents[path] = wrong;
      await withIssuer(answer, provider, async ({ envoy, awaitStat }) => {
        await awaitStat("jwks_fetch_failed", (count) => count > 0);
        assert.equal((await ask(envoy)).status, 503, JSON.stringify(wrong));
      });
    }
  });
});
