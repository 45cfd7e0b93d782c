// Answers that an issuer should never give, on the real Envoy with a real server: good keys stay,
// memory is bounded.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { closeConnections } from "../support/client.ts";
import { jwksOf, makeKey } from "./jwt-forge.ts";
import { type Answer, json } from "./jwt-issuer.ts";
import { settled, withIssuer } from "./jwt-setup.ts";

const first = makeKey("ES256", "first");
const second = makeKey("ES256", "second");
/**
 * What the proxy may take for an answer that it will not use: Envoy buffers some of it before it
 * gives up.
 */
const GROWTH_BYTES_MAX = 96 * 1024 * 1024;

after(closeConnections);

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
  "an answer in an encoding that was not asked for": (_request, response) => {
    response.writeHead(200, { "content-encoding": "br" });
    response.end(brotliCompressSync(JSON.stringify(jwksOf(second))));
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

describe("good keys survive", { concurrency: 4 }, () => {
  for (const [name, answer] of Object.entries(broken)) {
    it(name, () =>
      withIssuer(
        json(jwksOf(first)),
        { cacheDuration: "200ms", timeout: "2s" },
        async ({ issuer, ask, stat, awaitStat, envoy }) => {
          assert.equal(await settled(() => ask(first), 200), 200);
          const failures = await stat("jwks_fetch_failed");
          const before = envoy.residentBytes();
          issuer.answer = answer;
          await awaitStat("jwks_fetch_failed", (count) => count > failures);
          assert.equal((await ask(first)).status, 200);
          const grown = envoy.residentBytes() - before;
          assert.ok(
            grown < GROWTH_BYTES_MAX,
            `the proxy grew by ${(grown / 1048576).toFixed(0)} MiB`,
          );
          issuer.answer = json(jwksOf(first, second));
          await awaitStat("jwks_keys", (count) => count === 2);
          assert.equal((await ask(second)).status, 200);
        },
      ),
    );
  }
});

it("a set of a thousand keys in a mebibyte works, one of more is refused", () => {
  const many = Array.from({ length: 999 }, (_, i) => ({ ...second.jwk, kid: `other-${i}` }));
  const keys = [...many, first.jwk];
  const filler = "x".repeat((1 << 20) - JSON.stringify({ keys, filler: "" }).length);
  return withIssuer(
    json({ keys, filler }),
    { cacheDuration: "200ms" },
    async ({ issuer, ask, awaitStat }) => {
      assert.equal((await ask(first)).status, 200);
      issuer.answer = json({ keys: [...many, first.jwk, second.jwk] });
      await awaitStat("jwks_fetch_failed", (count) => count > 0);
      assert.equal((await ask(first)).status, 200);
    },
  );
});
