// Which exchanges a guard counts against its variant, with real clients on the real Envoy: only
// what the variant's upstream did.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { after, before, describe, it } from "node:test";
import { build } from "../../tools/build.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { SLOW_MILLIS, type StreamServer, startStreamServer } from "../support/stream-server.ts";
import { refusingEndpoint } from "../support/upstream.ts";

before(() => build(["canary"]));
after(closeConnections);

/** Exchanges of each case; with `minRequests` of them the guard may trip. */
const EXCHANGES = 4;

type Client = (chain: Chain, path: string) => Promise<unknown>;

/** A request whose client does nothing special. */
const get: Client = (chain, path) => chain.send({ path, fresh: true }).catch(() => undefined);
const post: Client = (chain, path) =>
  chain.send({ path, method: "POST", body: "body", fresh: true });

/** Sends half of a body, and the rest later than the guard waits for a response. */
const uploadSlowly: Client = (chain, path) =>
  new Promise((done, fail) => {
    const headers = { "content-length": "8" };
    const options = { host: "127.0.0.1", port: chain.envoy.port(), path, method: "POST", headers };
    const outgoing = httpRequest({ ...options, agent: false }, (incoming) => {
      incoming.resume().on("end", done);
    });
    outgoing.on("error", fail);
    outgoing.write("half");
    setTimeout(() => outgoing.end("rest"), SLOW_MILLIS);
  });

/** The same over HTTP/2, where the end of the body is a frame of its own. */
const uploadSlowlyOverHttp2: Client = (chain, path) =>
  new Promise((done, fail) => {
    const session = connectHttp2(`http://127.0.0.1:${chain.envoy.port()}`);
    session.on("error", fail);
    const stream = session.request({ ":path": path, ":method": "POST" });
    stream.resume().on("close", () => session.close(() => done(undefined)));
    stream.write("half");
    setTimeout(() => stream.end(), SLOW_MILLIS);
  });

/** Resets the stream while the upstream has not answered. */
const resetOverHttp2: Client = (chain, path) =>
  new Promise((done, fail) => {
    const session = connectHttp2(`http://127.0.0.1:${chain.envoy.port()}`);
    session.on("error", fail);
    const stream = session.request({ ":path": path });
    stream.on("error", () => {});
    stream.on("close", () => session.close(() => done(undefined)));
    setTimeout(() => stream.close(8), 50);
  });

/** Leaves after `millis` without a response, or as soon as one begins. */
const leave =
  (millis: number): Client =>
  (chain, path) =>
    new Promise((done) => {
      const options = { host: "127.0.0.1", port: chain.envoy.port(), path, agent: false };
      const outgoing = httpRequest(options, (incoming) => {
        incoming.on("error", () => {});
        incoming.once("data", () => outgoing.destroy());
      });
      outgoing.on("error", () => {});
      outgoing.on("close", () => done(undefined));
      outgoing.end();
      setTimeout(() => outgoing.destroy(), millis).unref();
    });

/** Opens a WebSocket, hears a message, and closes it unless the server does. */
const webSocket: Client = (chain, path) =>
  new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${chain.envoy.port()}${path}`);
    socket.onerror = () => fail(new Error("the WebSocket failed"));
    socket.onmessage = () => path.endsWith("clientCloses") && socket.close(1000);
    socket.onclose = () => done(undefined);
  });

interface Case {
  name: string;
  /** The last part of the path: what the server does. */
  server: string;
  client: Client;
}

const harmless: Case[] = [
  { name: "a WebSocket that the client closes", server: "clientCloses", client: webSocket },
  { name: "a WebSocket that the server closes", server: "serverCloses", client: webSocket },
  { name: "an event stream that lasts", server: "eventStream", client: get },
  { name: "an event stream that the client leaves", server: "eventStream", client: leave(5000) },
  { name: "an event stream that the server cuts", server: "eventStreamCut", client: get },
  { name: "a response whose body lasts", server: "longBody", client: get },
  { name: "a slow upload", server: "answers", client: uploadSlowly },
  { name: "a slow upload over HTTP 2", server: "answers", client: uploadSlowlyOverHttp2 },
  { name: "a client that leaves early", server: "hangs", client: leave(50) },
  { name: "a stream that the client resets", server: "hangs", client: resetOverHttp2 },
  { name: "gRPC-Web with its status in the body", server: "grpcWeb", client: post },
  { name: "a 503 of another filter", server: "answers?abort", client: get },
  { name: "a delay by another filter", server: "answers?delay", client: get },
];
const harmful: Case[] = [
  { name: "a late first byte", server: "answersLate", client: get },
  { name: "a late first byte after a body", server: "answersLate", client: post },
  { name: "a late first byte after a slow upload", server: "answersLate", client: uploadSlowly },
  { name: "a late event stream", server: "eventStreamLate", client: get },
  { name: "a client that gives up waiting", server: "hangs", client: leave(SLOW_MILLIS) },
  { name: "an upstream that refuses connections", server: "unreachable", client: get },
];

const nameOf = ({ name }: Case) => name.replaceAll(" ", "-");

/** Envoy's own fault filter, behind ours: a filter that refuses and delays. */
const fault = {
  name: "envoy.filters.http.fault",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
  },
};
const faults = (fault: object) => ({
  "envoy.filters.http.fault": {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
    ...fault,
  },
});
const always = { numerator: 100 };
const route = (query: string, fault: object) => ({
  match: { prefix: "/", query_parameters: [{ name: query, present_match: true }] },
  route: { cluster: "streams" },
  typed_per_filter_config: faults(fault),
});

for (const version of ["newest", "oldest"]) {
  describe(`what a guard counts on Envoy (${version})`, () => {
    let chain: Chain;
    let server: StreamServer;

    before(async () => {
      server = await startStreamServer();
      chain = await startChain({
        version,
        filters: [
          {
            name: "canary",
            config: {
              routes: [...harmless, ...harmful].map((each) => ({
                name: nameOf(each),
                match: [{ uri: { prefix: `/${nameOf(each)}/` } }],
                split: { stable: 0, canary: 100 },
                base: "stable",
                guard: {
                  variant: "canary",
                  minRequests: EXCHANGES,
                  maxFailurePercent: 20,
                  window: "1h",
                  ejectFor: "1h",
                  slowerThan: `${SLOW_MILLIS / 2}ms`,
                },
              })),
            },
          },
          fault,
        ],
        clusters: { streams: server.endpoint, refusing: await refusingEndpoint() },
        routes: [
          route("abort", { abort: { http_status: 503, percentage: always } }),
          route("delay", {
            delay: { fixed_delay: `${SLOW_MILLIS / 1000}s`, percentage: always },
          }),
          {
            match: { safe_regex: { regex: ".*/unreachable" } },
            route: { cluster: "refusing" },
          },
          { match: { prefix: "/" }, route: { cluster: "streams", timeout: "0s" } },
        ],
        connectionManager: { upgrade_configs: [{ upgrade_type: "websocket" }] },
      });
    });
    after(async () => {
      await chain?.stop();
      await server?.close();
    });

    async function exchange(each: Case): Promise<number> {
      const path = `/${nameOf(each)}/${each.server}`;
      await Promise.all(Array.from({ length: EXCHANGES }, () => each.client(chain, path)));
      await chain.envoy.awaitStat("http.ingress.downstream_rq_active", (value) => value === 0);
      return chain.envoy.stat(`wasmcustom.gatehouse.canary.${nameOf(each)}.guard_mode`);
    }

    for (const each of harmless) {
      it(`${each.name} is no failure`, async () => assert.equal(await exchange(each), 0));
    }
    for (const each of harmful) {
      it(`${each.name} is a failure`, async () => assert.equal(await exchange(each), 1));
    }
  });
}
