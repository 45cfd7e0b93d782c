// Paths that servers read differently, before rules that decide by path, on a real Envoy that
// leaves paths as they come.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { forge, jwksOf, makeKey } from "./jwt-forge.ts";

const key = makeKey("ES256");
const exp = Math.floor(Date.now() / 1000) + 600;
const token = forge(key, { exp });

/**
 * To some server each of these is below /admin, and to the rule it is not, or the other way round.
 */
const ambiguous = [
  "/%61dmin/users",
  "/%2561dmin/users",
  "//admin/users",
  "/x//admin",
  "/./admin/users",
  "/x/../admin/users",
  "/x/%2e%2e/admin/users",
  "/x/%2E./admin/users",
  "/x/..;/admin/users",
  "/x;/../admin",
  "/x%3b/admin",
  "/x/..%2fadmin/users",
  "/x/..%2Fadmin/users",
  "/x/..%5cadmin/users",
  "/x\\..\\admin",
  "/admin%2f..%2fx",
  "/admin/..",
  "/admin/%2e",
  "/admin%00",
  "/x%c0%af..%c0%afadmin",
];
const plain = ["/", "/x/y", "/admin.html", "/x/y/", "/x..y/...", "/100%25", "/caf%C3%A9", "/a%20b"];

const rules = [
  { match: [{ authority: { exact: "open.example" } }], requires: { none: true } },
  { match: [{ uri: { prefix: "/admin/" } }, { uri: { exact: "/admin" } }] },
  { match: [{ uri: { prefix: "/" } }], requires: { none: true } },
];

before(() => build(["jwt-auth"]));
after(closeConnections);

function chainOf(more: object): Promise<Chain> {
  const providers = [{ name: "main", jwks: jwksOf(key) }];
  return startChain({
    filters: [{ name: "jwt-auth", config: { providers, rules, ...more } }],
    connectionManager: { normalize_path: false, merge_slashes: false },
    accessLog: "%RESPONSE_CODE_DETAILS%\n",
    concurrency: 1,
  });
}

describe("with ambiguousPaths: refuse", () => {
  let chain: Chain;
  before(async () => {
    chain = await chainOf({ ambiguousPaths: "refuse" });
  });
  after(() => chain?.stop());

  it("a path that servers may read differently gets 400, with a token and without", async () => {
    for (const path of ambiguous) {
      const got = await chain.send({ path });
      assert.deepEqual([path, got.status], [path, 400]);
      assert.equal(got.body, "Path can be read in more than one way");
      assert.match(got.header("www-authenticate") ?? "", /error="invalid_request"/);
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await chain.send({ path, headers })).status, 400, path);
    }
    await chain.envoy.awaitLog(/jwt_authn_access_denied\{Path_can_be_read_in_more_than_one_way\}/);
    assert.equal(
      await chain.envoy.stat("wasmcustom.gatehouse.jwt-auth.none.path_ambiguous"),
      2 * ambiguous.length,
    );
  });

  it("every other path is decided by the rules", async () => {
    for (const path of plain) assert.equal((await chain.send({ path })).status, 200, path);
    assert.equal((await chain.send({ path: "/x?q=//a;b/../%2f" })).status, 200);
    for (const path of ["/admin", "/admin/users"]) {
      assert.equal((await chain.send({ path })).status, 401, path);
    }
  });

  it("a path that decides nothing passes as it is", async () => {
    for (const path of ambiguous) {
      const got = await chain.send({ path, authority: "open.example" });
      assert.equal(got.status, 200, path);
      assert.equal(JSON.parse(got.body).path, path);
    }
  });
});

it("with ambiguousPaths: allow such paths reach the rules, and pass those that do not know them", async () => {
  const chain = await chainOf({});
  try {
    for (const path of ["/%61dmin/users", "//admin/users", "/x/..;/admin/users"]) {
      assert.equal((await chain.send({ path })).status, 200, path);
    }
  } finally {
    await chain.stop();
  }
});

it("in report mode such a request passes and is counted", async () => {
  const chain = await chainOf({ ambiguousPaths: "refuse", mode: "report" });
  try {
    assert.equal((await chain.send({ path: "//admin" })).status, 200);
    assert.equal(await chain.envoy.stat("wasmcustom.gatehouse.jwt-auth.none.path_ambiguous"), 1);
  } finally {
    await chain.stop();
  }
});
