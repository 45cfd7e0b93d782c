// jwt-auth beside a real OpenID provider (oidc-provider, certified by the OpenID Foundation): its
// discovery document, its key set and its tokens, through a rotation and an outage.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { request } from "node:http";
import { json as bodyOf } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import Provider, { type AsymmetricSigningAlgorithm, type JWK } from "oidc-provider";
import { type Got, closeConnections, send } from "../support/client.ts";
import { type Answer, json } from "../envoy/jwt-issuer.ts";
import { type Setup, settled, withIssuer } from "../envoy/jwt-setup.ts";

after(closeConnections);

const ISSUER = "http://auth.example.com";
const AUDIENCE = "https://shop.example.com";
const CLIENT = { id: "shop-job", secret: "a-secret-of-this-test-only-0123456789" };
const algorithms: AsymmetricSigningAlgorithm[] = ["RS256", "PS256", "ES256", "EdDSA"];

/** A private key for `algorithm`, as an issuer keeps it. */
function signingKey(algorithm: string, kid: string): JWK {
  const { privateKey } = algorithm.startsWith("ES")
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : algorithm === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" } as JWK;
}

const keySet = (generation: string) =>
  algorithms.map((algorithm) => signingKey(algorithm, `${algorithm}-${generation}`));

/**
 * The issuer with these keys: clients get JWT access tokens (RFC 9068) in the algorithm they ask
 * for.
 */
function providerWith(keys: JWK[]): Answer {
  const provider = new Provider(ISSUER, {
    jwks: { keys },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: algorithms.join(" "),
          audience: new URL(resource).origin,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: new URL(resource).pathname.slice(1) as AsymmetricSigningAlgorithm } },
        }),
      },
    },
  });
  const answer = provider.callback();
  return (incoming, response) => void answer(incoming, response);
}

/** A new access token from the token endpoint, signed with `algorithm`. */
async function tokenFrom(
  { issuer }: Setup,
  algorithm: string,
  audience = AUDIENCE,
): Promise<string> {
  const [host, port] = issuer.host.split(":");
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    resource: `${audience}/${algorithm}`,
  });
  const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64");
  const headers = {
    host: "auth.example.com",
    authorization: `Basic ${basic}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  const answer = await new Promise((resolve, reject) => {
    request({ host, port, method: "POST", path: "/token", headers }, (incoming) =>
      bodyOf(incoming).then(resolve, reject),
    )
      .on("error", reject)
      .end(form.toString());
  });
  const token = (answer as { access_token?: string }).access_token;
  assert.ok(token, JSON.stringify(answer));
  return token;
}

const ask = ({ envoy }: Setup, token: string): Promise<Got> =>
  send(envoy.port(), { headers: { authorization: `Bearer ${token}` } });

const settings = { issuer: ISSUER, discovery: true, audiences: [AUDIENCE] };

const withProvider = (run: (setup: Setup) => Promise<void>) =>
  withIssuer(providerWith(keySet("first")), settings, run);

describe("a real OpenID provider", { concurrency: 3 }, () => {
  it("has its tokens accepted in each algorithm that it signs with", () =>
    withProvider(async (setup) => {
      for (const algorithm of algorithms) {
        const token = await tokenFrom(setup, algorithm);
        assert.equal(await settled(() => ask(setup, token), 200), 200, algorithm);
        const [header, payload] = token.split(".");
        assert.equal((await ask(setup, `${header}.${payload}.${"A".repeat(86)}`)).status, 401);
      }
    }));

  it("has a token for another audience refused with 403", () =>
    withProvider(async (setup) => {
      const good = await tokenFrom(setup, "RS256");
      assert.equal(await settled(() => ask(setup, good), 200), 200);
      const other = await tokenFrom(setup, "RS256", "https://bank.example.com");
      assert.equal((await ask(setup, other)).status, 403);
    }));

  it("rotates its keys, and the next token is accepted while one of the old keys is not", () =>
    withProvider(async (setup) => {
      const seen = await tokenFrom(setup, "ES256");
      assert.equal(await settled(() => ask(setup, seen), 200), 200);
      const unseen = await tokenFrom(setup, "RS256");
      setup.issuer.answer = providerWith(keySet("second"));
      for (const algorithm of algorithms) {
        const token = await tokenFrom(setup, algorithm);
        assert.equal(await settled(() => ask(setup, token), 200), 200, algorithm);
      }
      assert.equal((await ask(setup, unseen)).status, 401);
    }));

  it("is down, and its known keys go on while a token of a new key gets 503", () =>
    withProvider(async (setup) => {
      const known = await tokenFrom(setup, "EdDSA");
      assert.equal(await settled(() => ask(setup, known), 200), 200);
      const next = await tokenFrom(setup, "EdDSA");
      setup.issuer.answer = providerWith(keySet("second"));
      const rotated = await tokenFrom(setup, "EdDSA");
      setup.issuer.answer = json({ error: "temporarily_unavailable" }, {}, 503);
      assert.equal((await ask(setup, known)).status, 200);
      assert.equal((await ask(setup, next)).status, 200);
      // Within ten seconds of the last fetch the key set counts as current: 401 until then.
      assert.equal(await settled(() => ask(setup, rotated), 503), 503);
    }));
});
