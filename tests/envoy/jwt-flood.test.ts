// A flood of dear and bad tokens beside good ones, on the real Envoy with one worker.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { bootstrap, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { generateLoad } from "../support/load.ts";
import { closeConnections, send } from "../support/client.ts";
import { type ForgeKey, forge, jwksOf, makeKey } from "./jwt-forge.ts";

const ISSUER = "https://auth.example.com";
const rsa = makeKey("RS256");
const dear = makeKey("ES512");
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const good = (key: ForgeKey, jti: string) =>
  forge(key, { iss: ISSUER, jti, exp: Math.floor(Date.now() / 1000) + 600 });

after(closeConnections);

const providers = [
  { name: "main", issuer: ISSUER, jwks: jwksOf(rsa, dear) },
  { name: "other", issuer: "https://other.example.com", jwks: jwksOf(rsa, dear) },
];
const rules = [
  { match: [{ uri: { prefix: "/other" } }], requires: { provider: "other" } },
  { requires: { provider: "main" } },
];

/** A bad token that is well formed up to its signature; no two are the same. */
function badToken(): (index: number) => Record<string, string> {
  const [head, payload] = good(dear, "bad").split(".");
  return (index) => {
    const signature = Buffer.alloc(132, 1);
    signature.writeUInt32BE(index + 1, 8);
    return bearer(`${head}.${payload}.${signature.toString("base64url")}`);
  };
}

async function withEnvoy(run: (envoy: RunningEnvoy) => Promise<void>): Promise<void> {
  const envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({
          filters: [wasmFilter({ name: "jwt-auth", config: { providers, rules } })],
          routes: [directResponse(200, "in")],
        }),
      ],
    }),
    { concurrency: 1 },
  );
  try {
    await run(envoy);
  } finally {
    await envoy.stop();
  }
}

test("bad ES512 tokens, as many as come, leave other networks, other providers and known tokens served", () =>
  withEnvoy(async (envoy) => {
    const known = bearer(good(rsa, "known"));
    assert.equal((await send(envoy.port(), { headers: known })).status, 200);
    const flood = generateLoad({
      port: envoy.port(),
      connections: 16,
      requests: 6_000,
      headersOf: badToken(),
    });
    let done = false;
    void flood.then(() => (done = true));
    const statuses = { elsewhere: new Set(), provider: new Set(), known: new Set() };
    let asked = 0;
    for (; !done || asked < 50; asked++) {
      const headers = bearer(good(asked % 2 ? rsa : dear, String(asked)));
      statuses.elsewhere.add((await send(envoy.port(), { headers, from: "127.0.9.1" })).status);
      const other = forge(rsa, { iss: providers[1]!.issuer, jti: String(asked) });
      statuses.provider.add(
        (await send(envoy.port(), { path: "/other", headers: bearer(other) })).status,
      );
      statuses.known.add((await send(envoy.port(), { headers: known })).status);
    }
    assert.deepEqual([...statuses.elsewhere], [200], "another network");
    assert.deepEqual([...statuses.provider], [200], "another provider");
    assert.deepEqual([...statuses.known], [200], "a known token");
    const { statuses: answers, seconds } = await flood;
    assert.deepEqual(Object.keys(answers), ["401", "503"]);
    // An eighth of a worker is about 90 checks of 1.4 ms a second; the others cost what reading
    // does.
    assert.ok(
      answers[401]! <= 90 * (Math.ceil(seconds) + 2),
      `${answers[401]} were checked in ${seconds} s`,
    );
    assert.equal(
      await envoy.stat("wasmcustom.gatehouse.jwt-auth.main.verification_limit"),
      answers[503],
    );
  }));

test("bad tokens from many networks leave a good one served while the worker has room", () =>
  withEnvoy(async (envoy) => {
    const bad = badToken();
    const statuses = new Set<number>();
    // 20 networks, 10 tokens each: in all a quarter of a second of checks.
    for (let i = 0; i < 200; i++) {
      await send(envoy.port(), { headers: bad(i), from: `127.0.${i % 20}.1` });
      const headers = bearer(good(rsa, String(i)));
      statuses.add((await send(envoy.port(), { headers, from: "127.0.200.1" })).status);
    }
    assert.deepEqual([...statuses], [200]);
  }));
