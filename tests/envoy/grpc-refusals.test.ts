// What a gRPC and a gRPC-Web client are told when a filter refuses their call, on the real Envoy.
// Envoy's own grpc_web filter in front of ours says what a gRPC-Web client should learn.
import assert from "node:assert/strict";
import { connect } from "node:http2";
import { after, before, describe, it } from "node:test";
import { nativeFilter } from "../../envoy/bootstrap.ts";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { type Got, closeConnections } from "../support/client.ts";
import { jwksOf, makeKey } from "./jwt-forge.ts";

const provider = { name: "main", jwks: jwksOf(makeKey("ES256")) };
const jwtAuth = (body: string) => ({
  name: "jwt-auth",
  config: { providers: [provider], response: { body } },
});
const rateLimit = (more: object) => ({
  name: "rate-limit",
  config: {
    limits: [{ name: "none", tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: "1h" } }],
    ...more,
  },
});
const grpcWeb = nativeFilter("envoy.filters.http.grpc_web", "grpc_web.v3.GrpcWeb");

interface Told {
  status: string | undefined;
  message: string | undefined;
}

interface Refusal {
  name: string;
  filter: { name: string; config: object };
  /** What a gRPC client should learn. */
  told: Told;
  /**
   * What Envoy's grpc_web filter makes of it, when that is less: it knows the HTTP status and the
   * body.
   */
  native?: Told;
}

const refusals: Refusal[] = [
  {
    name: "jwt-auth",
    filter: jwtAuth("text"),
    told: { status: "16", message: "Jwt is missing" },
  },
  {
    name: "jwt-auth with problem+json",
    filter: jwtAuth("problem+json"),
    told: { status: "16", message: "Jwt is missing" },
  },
  {
    name: "jwt-auth without a body",
    filter: jwtAuth("none"),
    told: { status: "16", message: undefined },
    native: { status: undefined, message: undefined },
  },
  {
    name: "rate-limit",
    filter: rateLimit({ responseHeaders: [{ name: "content-type", value: "text/html" }] }),
    told: { status: "14", message: "local_rate_limited" },
  },
  {
    name: "rate-limit with RESOURCE_EXHAUSTED",
    filter: rateLimit({ grpcResourceExhausted: true }),
    told: { status: "8", message: "local_rate_limited" },
    native: { status: "14", message: "local_rate_limited" },
  },
];

const types = [
  "application/grpc-web",
  "application/grpc-web+proto",
  "application/grpc-web-text",
  "application/grpc-web-text+proto",
];

before(() => build(["jwt-auth", "rate-limit"]));
after(closeConnections);

/** The trailers in a gRPC-Web response, read as PROTOCOL-WEB.md says. */
function trailersOf(got: Got, isText: boolean): Told {
  const frame = isText ? Buffer.from(got.body, "base64") : got.bytes;
  assert.equal(frame[0], 0x80);
  assert.equal(frame.readUInt32BE(1), frame.length - 5);
  const lines = frame.subarray(5).toString("latin1").trimEnd().split("\r\n");
  const fields = Object.fromEntries(lines.map((line) => line.split(":") as [string, string]));
  return { status: fields["grpc-status"], message: fields["grpc-message"] };
}

const call = (chain: Chain, type: string, more: Record<string, string> = {}, method = "POST") =>
  chain.send({
    method,
    headers: { "content-type": type, ...more },
    body: "\0\0\0\0\0",
    fresh: true,
  });

function callOverHttp2(chain: Chain): Promise<Told & { type: string | undefined }> {
  return new Promise((done, fail) => {
    const session = connect(`http://127.0.0.1:${chain.envoy.port()}`);
    session.on("error", fail);
    const headers = { ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc" };
    const stream = session.request({ ...headers, te: "trailers" });
    stream.on("response", (got) => {
      const [status, message] = [got["grpc-status"], got["grpc-message"]].map(
        (each) => each && decodeURIComponent(String(each)),
      );
      session.close(() => done({ status, message, type: got["content-type"] }));
    });
    stream.on("error", fail);
    stream.resume().end();
  });
}

for (const { name, filter, told, native: nativelyTold = told } of refusals) {
  describe(`a refusal of ${name}`, () => {
    let ours: Chain;
    let native: Chain;

    before(async () => {
      ours = await startChain({ filters: [filter], concurrency: 1 });
      native = await startChain({ filters: [grpcWeb, filter], concurrency: 1 });
      // The one request that a limit lets through.
      for (const chain of [ours, native]) await chain.send({ fresh: true });
    });

    after(async () => {
      await ours?.stop();
      await native?.stop();
    });

    for (const type of types) {
      it(`carries the status and the message in the frame for ${type}`, async () => {
        const got = await call(ours, type);
        assert.equal(got.status, 200);
        assert.deepEqual(
          got.headers.filter(([each]) => each === "content-type").map(([, value]) => value),
          [
            type.includes("text")
              ? "application/grpc-web-text+proto"
              : "application/grpc-web+proto",
          ],
        );
        assert.deepEqual(trailersOf(got, type.includes("text")), told);
        const expected = await call(native, type);
        assert.deepEqual(
          { status: expected.header("grpc-status"), message: expected.header("grpc-message") },
          nativelyTold,
        );
      });
    }

    it("comes in base64 where accept asks for it", async () => {
      const got = await call(ours, types[0]!, { accept: types[2]! });
      assert.deepEqual(trailersOf(got, true), told);
    });

    it("stays an HTTP status for a GET, which a cache might keep", async () => {
      const got = await call(ours, types[0]!, {}, "GET");
      assert.ok(got.status === 401 || got.status === 429, String(got.status));
    });

    it("is a gRPC answer with the text as its message for a gRPC client", async () => {
      assert.deepEqual(await callOverHttp2(ours), { ...told, type: "application/grpc" });
    });
  });
}
