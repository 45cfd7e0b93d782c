// Methods in every spelling, over HTTP/2, where Envoy lets any method pass; and preflights that are
// none.
import assert from "node:assert/strict";
import { type ClientHttp2Session, connect } from "node:http2";
import { after, before, describe, it } from "node:test";
import { directResponse } from "../../envoy/bootstrap.ts";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { jwksOf, makeKey } from "./jwt-forge.ts";

const rules = [
  { match: [{ uri: { prefix: "/orders" }, method: { exact: "POST" } }] },
  {
    match: [{ uri: { prefix: "/cache" }, method: { regex: "PURGE|GET" } }],
    requires: { none: true },
  },
  { match: [{ uri: { prefix: "/files" }, method: { exact: "GET" } }], requires: { none: true } },
  {
    match: [{ uri: { prefix: "/notes" }, method: { exact: "DELETE", invert: true } }],
    requires: { none: true },
  },
  {
    match: [{ uri: { prefix: "/orders" } }, { uri: { prefix: "/open" } }],
    requires: { none: true },
  },
];
let chain: Chain;
let session: ClientHttp2Session;

before(async () => {
  await build(["jwt-auth"]);
  const providers = [{ name: "main", jwks: jwksOf(makeKey("ES256")) }];
  chain = await startChain({
    filters: [{ name: "jwt-auth", config: { providers, rules } }],
    // A server behind it could refuse a method by itself.
    routes: [directResponse(200, "in")],
    concurrency: 1,
  });
  session = connect(`http://127.0.0.1:${chain.envoy.port()}`);
});

after(async () => {
  session?.destroy();
  await chain?.stop();
});

interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

function ask({ method, path, headers, body }: Asked): Promise<number> {
  return new Promise((done, fail) => {
    const head = { ":method": method, ":path": path, ...headers };
    const stream = session.request(head, { endStream: body === undefined });
    stream.on("response", (got) => done(got[":status"]!));
    stream.on("error", fail);
    stream.resume();
    if (body !== undefined) stream.end(body);
  });
}

const odd = ["post", "Post", "pOST", "FOO", "POSTS", "POS", "get", "delete", "PURGE"];

describe("a method that no registry and no rule knows", () => {
  it("does not slip past a rule that is about another method", async () => {
    assert.equal(await ask({ method: "POST", path: "/orders" }), 401);
    for (const method of odd) {
      assert.deepEqual([method, await ask({ method, path: "/orders" })], [method, 400]);
    }
  });

  it("does not pass by a rule that opens one method, or all but one", async () => {
    assert.equal(await ask({ method: "GET", path: "/files" }), 200);
    assert.equal(await ask({ method: "PUT", path: "/files" }), 401);
    assert.equal(await ask({ method: "PUT", path: "/notes" }), 200);
    assert.equal(await ask({ method: "DELETE", path: "/notes" }), 401);
    for (const method of odd) {
      for (const path of ["/files", "/notes"]) {
        assert.deepEqual([method, await ask({ method, path })], [method, 400]);
      }
    }
  });

  it("passes where a rule names it, and where no rule is about methods", async () => {
    assert.equal(await ask({ method: "PURGE", path: "/cache" }), 200);
    assert.equal(await ask({ method: "purge", path: "/cache" }), 400);
    for (const method of odd) assert.equal(await ask({ method, path: "/open" }), 200);
    for (const method of odd) assert.equal(await ask({ method, path: "/other" }), 401);
  });

  it("is not in the way of methods that the registry has", async () => {
    for (const method of ["GET", "PUT", "PROPFIND", "VERSION-CONTROL"]) {
      assert.equal(await ask({ method, path: "/orders" }), 200, method);
    }
  });
});

describe("a CORS preflight", () => {
  const path = "/other";
  const headers = { origin: "https://page.example.com", "access-control-request-method": "GET" };

  it("passes without a token", async () => {
    assert.equal(await ask({ method: "OPTIONS", path, headers }), 200);
  });

  it("is none with a body, in another case, or without what makes it one", async () => {
    assert.equal(await ask({ method: "OPTIONS", path, headers, body: "x" }), 401);
    assert.equal(await ask({ method: "options", path, headers }), 401);
    const { origin: _, ...noOrigin } = headers;
    assert.equal(await ask({ method: "OPTIONS", path, headers: noOrigin }), 401);
    const got = await chain.send({ method: "OPTIONS", path, headers, body: "x" });
    assert.equal(got.status, 401);
  });
});
