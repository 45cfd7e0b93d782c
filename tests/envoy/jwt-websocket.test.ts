// Tokens that a WebSocket client offers as protocols, on the real Envoy with a real client:
// browsers let a page set no other header of the request.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Chain, startChain } from "../support/chain.ts";
import { type StreamServer, startStreamServer } from "../support/stream-server.ts";
import { routeTo } from "../../envoy/bootstrap.ts";
import { forge, jwksOf, makeKey } from "./jwt-forge.ts";

const ISSUER = "https://auth.example.com";
const HEADER = "sec-websocket-protocol";
const ENCODED = "base64url.bearer.authorization.k8s.io.";
const key = makeKey("RS256");
const exp = Math.floor(Date.now() / 1000) + 600;
const good = forge(key, { iss: ISSUER, exp });
const expired = forge(key, { iss: ISSUER, exp: exp - 6000 });
const encoded = (token: string) => ENCODED + Buffer.from(token).toString("base64url");
let chain: Chain;
let server: StreamServer;

before(async () => {
  server = await startStreamServer();
  const provider = {
    name: "main",
    issuer: ISSUER,
    jwks: jwksOf(key),
    fromHeaders: [
      { name: "authorization", prefix: "Bearer " },
      { name: HEADER, prefix: "bearer, " },
      { name: HEADER, prefix: ENCODED },
    ],
  };
  chain = await startChain({
    filters: [{ name: "jwt-auth", config: { providers: [provider] } }],
    clusters: { sockets: server.endpoint },
    routes: [routeTo("sockets")],
    connectionManager: { upgrade_configs: [{ upgrade_type: "websocket" }] },
  });
});

after(async () => {
  await chain?.stop();
  await server?.close();
});

/** The protocols that reached the server and the one it chose; "failed" without a connection. */
function connect(protocols: string[]): Promise<string> {
  return new Promise((done) => {
    const url = `ws://127.0.0.1:${chain.envoy.port()}/namesProtocols`;
    const socket = new WebSocket(url, protocols);
    socket.onmessage = ({ data }) => {
      done(`${data} -> ${socket.protocol}`);
      socket.close();
    };
    socket.onerror = () => done("failed");
  });
}

describe("a WebSocket client that offers its token as a protocol", () => {
  it("gets in behind bearer, and the server chooses among what is left", async () => {
    assert.equal(await connect(["bearer", good]), "bearer -> bearer");
    assert.equal(await connect(["bearer", good, "chat"]), "bearer, chat -> bearer");
    assert.equal(await connect(["chat", "bearer", good, "v2"]), "chat, bearer, v2 -> chat");
  });

  it("gets in with the form that Kubernetes defined, which goes as a whole", async () => {
    assert.equal(await connect([encoded(good), "chat"]), "chat -> chat");
    assert.equal(await connect(["v1", encoded(good), "v2"]), "v1, v2 -> v1");
  });

  it("stays out without a token, and with one that is no good", async () => {
    assert.equal(await connect([]), "failed");
    assert.equal(await connect(["chat"]), "failed");
    assert.equal(await connect(["bearer"]), "failed");
    assert.equal(await connect(["bearer", expired]), "failed");
    assert.equal(await connect(["bearer", "chat"]), "failed");
    assert.equal(await connect([encoded(expired), "chat"]), "failed");
    assert.equal(await connect(["bearer", good, encoded(expired)]), "failed");
    assert.equal(await connect([good]), "failed");
  });
});

describe("the header of a handshake that the token alone was in", () => {
  const handshake = (protocols: string) =>
    chain.send({ path: "/answers", headers: { [HEADER]: protocols }, fresh: true });

  it("is removed, and refusals name what is wrong", async () => {
    assert.equal((await handshake(encoded(good))).status, 200);
    assert.equal((await handshake(`bearer,${good}`)).status, 200);
    assert.equal(
      (await handshake(`${ENCODED}!`)).body,
      "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
    );
    assert.equal((await handshake(`bearer, ${expired}`)).body, "Jwt is expired");
    assert.equal((await handshake("bearer, ")).body, "Jwt is missing");
  });
});
