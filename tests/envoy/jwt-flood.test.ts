// A flood of dear and bad tokens beside good ones, on the real Envoy with one worker.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { bootstrap, directResponse, listener, wasmFilter } from "../../envoy/bootstrap.ts";
import { launchEnvoy } from "../../envoy/launch.ts";
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

test("well-formed bad ES512 tokens, as many as come, leave good RS256 tokens served", async () => {
  const provider = { name: "main", issuer: ISSUER, jwks: jwksOf(rsa, dear) };
  const envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({
          filters: [wasmFilter({ name: "jwt-auth", config: { providers: [provider] } })],
          routes: [directResponse(200, "in")],
        }),
      ],
    }),
    { concurrency: 1 },
  );
  try {
    const [head, payload] = good(dear, "bad").split(".");
    const bad = (index: number) => {
      const signature = Buffer.alloc(132, 1);
      signature.writeUInt32BE(index + 1, 8);
      return bearer(`${head}.${payload}.${signature.toString("base64url")}`);
    };
    const flood = generateLoad({
      port: envoy.port(),
      connections: 16,
      requests: 6_000,
      headersOf: bad,
    });
    const statuses = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const { status } = await send(envoy.port(), { headers: bearer(good(rsa, String(i))) });
      statuses.add(status);
    }
    assert.deepEqual([...statuses], [200]);
    const { statuses: answers, seconds } = await flood;
    assert.deepEqual(Object.keys(answers), ["401", "503"]);
    // 180 a second cost a verification; all others only what reading them costs.
    assert.ok(
      answers[401]! <= 180 * (Math.ceil(seconds) + 1),
      `${answers[401]} were verified in ${seconds} s`,
    );
    assert.equal(
      await envoy.stat("wasmcustom.gatehouse.jwt-auth.main.verification_limit"),
      answers[503],
    );
  } finally {
    await envoy.stop();
  }
});
