// Tokens as large as the proxy's header limit lets through (many groups or roles), beside the
// native filter.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bootstrap, cluster, listener, nativeFilter, wasmFilter } from "../../envoy/bootstrap.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { type Upstream, startUpstream } from "../support/upstream.ts";
import { forge, jwksOf, makeKey } from "./jwt-forge.ts";

const ISSUER = "https://auth.example.com";
const keys = ["RS256", "ES256", "PS256", "EdDSA"].map((name) => makeKey(name));
const jwks = JSON.stringify(jwksOf(...keys));
let envoy: RunningEnvoy;
let upstream: Upstream;

before(async () => {
  upstream = await startUpstream();
  const native = nativeFilter("envoy.filters.http.jwt_authn", "jwt_authn.v3.JwtAuthentication", {
    providers: { main: { issuer: ISSUER, local_jwks: { inline_string: jwks } } },
    rules: [{ match: { prefix: "/" }, requires: { provider_name: "main" } }],
  });
  const provider = {
    name: "main",
    issuer: ISSUER,
    jwks,
    outputClaimToHeaders: [{ header: "x-last-group", claim: "last" }],
  };
  envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({ name: "native", filters: [native] }),
        listener({
          name: "ours",
          filters: [wasmFilter({ name: "jwt-auth", config: { providers: [provider] } })],
        }),
      ],
      clusters: [cluster({ name: "upstream", endpoints: [upstream.endpoint] })],
    }),
    { concurrency: 1 },
  );
});

after(async () => {
  await envoy?.stop();
  closeConnections();
  await upstream?.close();
});

/** A token of about so many bytes. */
function tokenOf(bytes: number, index: number): string {
  const groups: string[] = [];
  const exp = Math.floor(Date.now() / 1000) + 600;
  const make = () =>
    forge(keys[index % keys.length]!, { iss: ISSUER, exp, groups, last: String(bytes) });
  const each = "6a1e4f0c-1c1c-4b5e-9c1e-0123456789ab";
  while (groups.length < (bytes * 3) / 4 / (each.length + 3) - 12) groups.push(each);
  return make();
}

for (const [index, kibibytes] of [4, 8, 12, 16, 32, 48, 56].entries()) {
  test(`a token of ${kibibytes} KiB passes, first seen and known`, async () => {
    const token = tokenOf(kibibytes * 1024, index);
    assert.ok(Math.abs(token.length - kibibytes * 1024) < 1024, `${token.length} bytes`);
    const ask = (name: string) =>
      send(envoy.port(name), { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await ask("native")).status, 200, "native");
    const hits = () => envoy.stat("wasmcustom.gatehouse.jwt-auth.main.cache_hit");
    const before = await hits();
    for (let i = 0; i < 2; i++) {
      const { status, body } = await ask("ours");
      assert.equal(status, 200, body);
      assert.ok(body.includes(`["x-last-group","${kibibytes * 1024}"]`), "its claims are read");
    }
    assert.equal(await hits(), before + 1);
    const broken = token.slice(0, -8) + "AAAAAAAA";
    const refused = await send(envoy.port("ours"), {
      headers: { authorization: `Bearer ${broken}` },
    });
    assert.equal(refused.status, 401);
  });
}

test("a request beyond the proxy's header limit gets the proxy's own answer", async () => {
  const headers = { authorization: `Bearer ${tokenOf(62 * 1024, 0)}` };
  assert.equal((await send(envoy.port("ours"), { headers })).status, 431);
  assert.equal((await send(envoy.port("native"), { headers })).status, 431);
});
