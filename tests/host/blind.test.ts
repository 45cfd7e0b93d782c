// A host that will not hand over the request's header map, with whatever status: jwt-auth lets
// nobody pass, rate-limit charges the bucket of all, canary takes the base variant, access-log
// writes the rest. What a client may have sent under a name that is ours is taken away unseen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { build } from "../../tools/build.ts";
import { BareHost, encodeHeaders } from "../support/bare-host.ts";

await build();

/**
 * Of the ABI: NotFound, BadArgument, Empty, InternalFailure, Unimplemented; and one that nobody
 * has.
 */
const statuses = [1, 2, 7, 10, 12, 99];
const seen = encodeHeaders([
  [":method", "GET"],
  [":path", "/api/products/7"],
  [":authority", "products.example.com"],
  ["x-api-key", "client-7"],
]);

function hostOf(filter: string, config: object): BareHost {
  const module = new WebAssembly.Module(
    readFileSync(join(import.meta.dirname, `../../build/${filter}.wasm`)),
  );
  return new BareHost(module, config);
}

/** What a filter does about one request. */
function effects(host: BareHost, headers: Uint8Array | number): string[] {
  const journal: string[] = [];
  host.journal = journal;
  host.exchange({ headers });
  host.journal = undefined;
  return journal;
}

describe("a request of a root context that nobody made", () => {
  const provider = { name: "a", jwksUri: "https://auth.example.com/keys" };
  const settings = { providers: [provider], rules: [{ requires: { none: true } }] };

  for (const [filter, config] of [
    ["jwt-auth", settings],
    ["edge", { "jwt-auth": settings }],
  ] as [string, object][]) {
    it(`is refused by ${filter}`, () => {
      const host = hostOf(filter, config);
      assert.ok(!effects(host, seen).includes("reply 503"));
      const journal: string[] = [];
      host.journal = journal;
      host.exchange({ headers: seen, root: 99 });
      assert.deepEqual(journal, ["reply 503"]);
    });
  }
});

describe("jwt-auth without a header map", () => {
  const config = {
    providers: [
      {
        name: "example",
        issuer: "https://auth.example.com",
        jwks: { keys: [{ kty: "RSA", n: "w".repeat(342), e: "AQAB" }] },
        outputPayloadToHeader: "x-jwt-payload",
        outputClaimToHeaders: [{ header: "x-sub", claim: "sub" }],
      },
    ],
  };
  const open = { ...config, rules: [{ requires: { none: true } }] };

  it("refuses with 503 and says why, even where no token is asked for", () => {
    for (const settings of [
      config,
      open,
      { ...open, response: { cors: { allowOrigins: [{ exact: "https://a" }] } } },
    ]) {
      const host = hostOf("jwt-auth", settings);
      for (const status of statuses) {
        assert.deepEqual(effects(host, status), [
          "property gatehouse_reason: headers_unreadable",
          "reply 503",
        ]);
      }
    }
  });

  it("knows nothing of the request before, and decides on the next one that it can see", () => {
    const host = hostOf("jwt-auth", open);
    assert.deepEqual(effects(host, seen), []);
    assert.deepEqual(effects(host, 2).at(-1), "reply 503");
    assert.deepEqual(effects(host, seen), []);
  });

  it("lets it pass in report mode, but without the headers that only it may set", () => {
    const host = hostOf("jwt-auth", { ...config, mode: "report" });
    assert.deepEqual(effects(host, 2), [
      "property gatehouse_reason: headers_unreadable",
      "remove x-jwt-payload",
      "remove x-sub",
    ]);
  });

  it("refuses a map of zero bytes too", () => {
    assert.deepEqual(effects(hostOf("jwt-auth", config), new Uint8Array()).at(-1), "reply 503");
  });
});

describe("rate-limit without a header map", () => {
  const bucket = { maxTokens: 2, tokensPerFill: 1, fillInterval: "1h" };
  const config = {
    limits: [{ name: "client", key: [{ header: "x-api-key" }], tokenBucket: bucket }],
    requestHeadersWhenNotEnforced: [{ name: "x-limited", value: "yes" }],
  };

  it("charges the bucket that all such requests share, and no client's", () => {
    const host = hostOf("rate-limit", config);
    const refused = ["property gatehouse_limit: client", "reply 429"];
    const replies = statuses
      .slice(0, 4)
      .map((status) => effects(host, status).filter((line) => !/^remove/.test(line)));
    assert.deepEqual(replies, [[], [], refused, refused]);
    for (let i = 0; i < 2; i++) assert.deepEqual(effects(host, seen), []);
    assert.deepEqual(effects(host, seen), refused);
  });

  it("takes away what only it may say to the upstream", () => {
    assert.deepEqual(effects(hostOf("rate-limit", config), 2), ["remove x-limited"]);
  });
});

describe("canary without a header map", () => {
  const route = {
    name: "product",
    variants: [{ name: "mobile", match: [{ headers: { "user-agent": { contains: "Mobile" } } }] }],
    split: { stable: 50, canary: 50 },
    sticky: { header: "x-api-key" },
    force: { header: "x-force", trust: [{ headers: { "x-tester": { present: true } } }] },
  };
  const base = "property gatehouse_variant: stable";

  it("takes the base variant and puts it in the place of what a client may have sent", () => {
    const host = hostOf("canary", { routes: [{ ...route, base: "stable" }] });
    for (const status of statuses) {
      assert.deepEqual(effects(host, status), [
        "remove x-force",
        base,
        "replace x-variant: stable",
      ]);
    }
  });

  it("changes nothing else in report mode, and takes forged headers away", () => {
    const host = hostOf("canary", { mode: "report", routes: [{ ...route, base: "stable" }] });
    assert.deepEqual(effects(host, 2), ["remove x-variant", "remove x-force", base]);
  });

  it("leaves requests of a route that it cannot tell to the mesh, without the header", () => {
    const host = hostOf("canary", { routes: [{ ...route, match: [{ uri: { prefix: "/api" } }] }] });
    assert.deepEqual(effects(host, 2), ["remove x-variant", "remove x-force"]);
  });
});

describe("access-log without a header map", () => {
  it("writes what it can", () => {
    const json = {
      from: "%DOWNSTREAM_REMOTE_ADDRESS%",
      path: "%REQ(:PATH)%",
      type: "%RESP(CONTENT-TYPE)%",
    };
    const host = hostOf("access-log", { format: { json }, sinks: [{ proxyLog: {} }] });
    for (const status of statuses) {
      assert.deepEqual(effects(host, status), [
        'log {"from":"10.1.2.3:4567","path":null,"type":"application/json"}',
      ]);
    }
  });
});
