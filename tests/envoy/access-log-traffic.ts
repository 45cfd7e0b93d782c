// A proxy with every kind of route, and requests of every kind through it: answered, refused by
// an earlier filter, reset by the client, cut by the upstream, never routed, retried, rewritten,
// upgraded, gRPC.
import {
  type Http2Server,
  connect as connectHttp2,
  createServer as createHttp2Server,
} from "node:http2";
import { type AddressInfo, type Server, connect, createServer } from "node:net";
import {
  bootstrap,
  cluster,
  type Json,
  listener,
  nativeFilter,
  wasmFilter,
} from "../../envoy/bootstrap.ts";
import { formOf } from "../support/chain.ts";
import { pinnedEnvoy } from "../../envoy/find.ts";
import { type RunningEnvoy, launchEnvoy } from "../../envoy/launch.ts";
import { closeConnections, send } from "../support/client.ts";
import { jwks } from "../support/tokens.ts";
import { type Upstream, refusingEndpoint, startUpstream } from "../support/upstream.ts";

export interface Traffic {
  envoy: RunningEnvoy;
  upstream: Upstream;
  stop(): Promise<void>;
}

/**
 * Starts the proxy; `log` is the access-log plugin's configuration, `accessLog` what Envoy itself
 * logs.
 */
export async function startTraffic(
  log: Json,
  accessLog: Json[],
  version: "newest" | "oldest" = "newest",
): Promise<Traffic> {
  const upstream = await startUpstream(({ path, headers }) => {
    if (path.includes("/hang")) return "hang";
    if (path.includes("/drop")) return "drop";
    const wanted = headers.find(([name]) => name === "x-answer")?.[1];
    return {
      status: Number(wanted ?? 200),
      headers: {
        "content-type": "text/plain",
        "set-cookie": ["a=1; Path=/", "b=2"],
        "x-odd": 'q"uo\\te',
      },
      body: path.includes("/empty") ? "" : "hello",
    };
  });
  const grpc = await startGrpc();
  const upgraded = await startUpgraded();
  const clusters = [
    cluster({ name: "upstream", endpoints: [upstream.endpoint] }),
    cluster({ name: "aliased", endpoints: [upstream.endpoint] }),
    cluster({ name: "grpc", endpoints: [endpointOf(grpc)], http2: true }),
    cluster({ name: "upgraded", endpoints: [endpointOf(upgraded)] }),
    cluster({ name: "refused", endpoints: [await refusingEndpoint()] }),
    cluster({ name: "empty", endpoints: [] }),
  ];
  const close = async () => {
    closeConnections();
    await upstream.close();
    grpc.close();
    upgraded.close();
  };
  const envoy = await launchEnvoy(
    bootstrap({
      listeners: [
        listener({
          filters: [
            metadata,
            wasmFilter(formOf({ name: "access-log", config: log, env: { REGION: "north" } })),
            await guard(),
          ],
          routes,
          connectionManager: {
            access_log: accessLog,
            upgrade_configs: [{ upgrade_type: "websocket" }],
          },
        }),
      ],
      clusters,
    }),
    { concurrency: 1, envoy: await pinnedEnvoy(version) },
  ).catch(async (cause) => {
    await close();
    throw cause;
  });
  const stop = () => envoy.stop().then(close);
  return { envoy, upstream, stop };
}

const routes: Json[] = [
  {
    match: { path: "/direct" },
    name: "direct",
    direct_response: { status: 418, body: { inline_string: "short" } },
  },
  { match: { path: "/moved" }, redirect: { path_redirect: "/elsewhere?token=abc" } },
  {
    match: { prefix: "/rewritten" },
    name: "rewriting",
    route: { cluster: "upstream", prefix_rewrite: "/new" },
  },
  { match: { prefix: "/refused" }, route: { cluster: "refused" } },
  {
    match: { prefix: "/retried" },
    route: { cluster: "refused", retry_policy: { retry_on: "connect-failure", num_retries: 2 } },
  },
  { match: { prefix: "/unhealthy" }, route: { cluster: "empty" } },
  { match: { prefix: "/unknown" }, route: { cluster_header: "x-to" } },
  {
    match: { prefix: "/late" },
    route: { cluster: "upstream", timeout: "0.05s", prefix_rewrite: "/hang" },
  },
  { match: { prefix: "/grpc." }, route: { cluster: "grpc" } },
  { match: { prefix: "/socket" }, route: { cluster: "upgraded" } },
  { match: { prefix: "/aliased" }, route: { cluster: "aliased" } },
  ...["/api", "/hang", "/drop", "/private"].map((prefix) => ({
    match: { prefix },
    name: `to${prefix}`,
    route: { cluster: "upstream", timeout: "15s" },
    metadata: { filter_metadata: { team: { owner: "edge", level: 3 } } },
  })),
];

/** Dynamic metadata as another filter would leave it. */
const metadata = nativeFilter(
  "envoy.filters.http.header_to_metadata",
  "header_to_metadata.v3.Config",
  {
    request_rules: [
      {
        header: "x-tenant",
        on_header_present: { metadata_namespace: "tenant", key: "name", type: "STRING" },
      },
      {
        header: "x-level",
        on_header_present: { metadata_namespace: "tenant", key: "level", type: "NUMBER" },
      },
    ],
  },
);

/** Refuses what asks for /private without a token. */
async function guard(): Promise<Json> {
  return wasmFilter({
    name: "jwt-auth",
    config: {
      providers: [{ name: "own", issuer: "https://issuer.example.com", jwks: await jwks("es1") }],
      rules: [
        { match: [{ uri: { prefix: "/private" } }], requires: { provider: "own" } },
        { requires: { none: true } },
      ],
    },
  });
}

function endpointOf(server: Server | Http2Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with the gRPC status that `x-status` asks for: in trailers, or in the headers alone. */
async function startGrpc(): Promise<Http2Server> {
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    const status = String(headers["x-status"] ?? "0");
    stream.on("error", () => {});
    if (headers["x-only-headers"]) {
      return stream.respond(
        { ":status": 200, "content-type": "application/grpc", "grpc-status": status },
        { endStream: true },
      );
    }
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () =>
      stream.sendTrailers({ "grpc-status": status, "grpc-message": "it is so" }),
    );
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

/** Switches protocols, then says what it hears once, and hangs up. */
async function startUpgraded(): Promise<Server> {
  const server = createServer((socket) => {
    let switched = false;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (switched) return socket.end(data);
      switched = true;
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

export interface Kind {
  path: string;
  method?: string;
  headers?: [string, string][];
  body?: string;
  /** How it is sent; default HTTP/1.1 and a whole answer. */
  how?: "reset" | "grpc" | "http2" | "upgrade" | "raw" | "cut";
}

/** Sends one request whose line can be told by the header `x-case`. */
export async function sendKind(traffic: Traffic, kind: Kind, id: string): Promise<void> {
  const port = traffic.envoy.port();
  const headers: [string, string][] = [["x-case", id], ...(kind.headers ?? [])];
  const { path, method, body } = kind;
  if (kind.how === "grpc" || kind.how === "http2") return overHttp2(port, kind, headers);
  if (kind.how === "upgrade") return upgrade(port, path, headers);
  if (kind.how === "raw" || kind.how === "reset") return raw(traffic, kind, headers);
  await send(port, { path, method, headers, body }).then(
    () => {},
    (error: Error) => {
      if (kind.how !== "cut") throw error;
    },
  );
}

/** A request written byte by byte; `reset`: the client goes away once the upstream has it. */
async function raw(
  traffic: Traffic,
  { path, method = "GET", how }: Kind,
  headers: [string, string][],
): Promise<void> {
  const socket = connect(traffic.envoy.port(), "127.0.0.1");
  const ended = new Promise<void>((done) => socket.on("close", () => done()));
  socket.on("error", () => {});
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const arrived = traffic.upstream.awaitRequest(traffic.upstream.received.length + 1);
  socket.write(
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n${lines}\r\n`,
      "latin1",
    ),
  );
  socket.resume();
  if (how === "reset") {
    await arrived;
    socket.destroy();
  }
  await ended;
}

function overHttp2(
  port: number,
  { path, how, body }: Kind,
  headers: [string, string][],
): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const grpc =
    how === "grpc" ? { ":method": "POST", "content-type": "application/grpc", te: "trailers" } : {};
  return new Promise((done, fail) => {
    session.on("error", fail);
    const stream = session.request({
      ":path": path,
      ":authority": "example.com",
      ...grpc,
      ...Object.fromEntries(headers),
    });
    stream.on("error", fail);
    stream.on("close", () => session.close(done));
    stream.resume();
    stream.end(how === "grpc" ? Buffer.from([0, 0, 0, 0, 0]) : body);
  });
}

function upgrade(port: number, path: string, headers: [string, string][]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: example.com\r\nconnection: upgrade\r\nupgrade: websocket\r\n${lines}\r\n`,
  );
  return new Promise((done) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write("ping"));
    socket.on("close", () => done());
  });
}

const long = "x".repeat(60_000);

/** At least 300 requests: each kind, most of them with several methods, statuses and headers. */
export function kinds(): Kind[] {
  const all: Kind[] = [
    { path: "/direct" },
    { path: "/moved?x=1" },
    { path: "/rewritten/part?page=2&token=abc" },
    { path: "/refused", headers: [["x-tenant", "a b"]] },
    { path: "/retried?again=1" },
    { path: "/unhealthy" },
    { path: "/unknown", headers: [["x-to", "nonesuch"]] },
    { path: "/nowhere?x=%20y#part" },
    { path: "/late?slow" },
    { path: "/drop", how: "cut" },
    { path: "/hang", how: "reset" },
    { path: "/hang?token=gone", how: "reset", method: "POST" },
    { path: "/private/account?access_token=nope" },
    { path: "/private", headers: [["authorization", "Bearer abc.def.ghi"]] },
    { path: "/grpc.Service/Method", how: "grpc" },
    { path: "/grpc.Service/Method", how: "grpc", headers: [["x-status", "5"]] },
    { path: "/grpc.Service/Method", how: "grpc", headers: [["x-status", "99"]] },
    {
      path: "/grpc.Service/Method",
      how: "grpc",
      headers: [
        ["x-status", "13"],
        ["x-only-headers", "1"],
      ],
    },
    ...["x", "", "-1", "+5", "05", "1.5", "99999999999999999999", "17"].flatMap(
      (status): Kind[] => [
        { path: "/grpc.Service/Odd", how: "grpc", headers: [["x-status", status]] },
        {
          path: "/grpc.Service/OddHeaders",
          how: "grpc",
          headers: [
            ["x-status", status],
            ["x-only-headers", "1"],
          ],
        },
      ],
    ),
    ...[
      "application/grpc;charset=utf-8",
      "application/grpc+proto; charset=utf-8",
      "application/grpc-web+proto",
      "application/grpcx",
      "Application/gRPC",
    ].map((type): Kind => ({
      path: "/grpc.Service/Typed",
      how: "grpc",
      headers: [
        ["content-type", type],
        ["x-status", "5"],
      ],
    })),
    { path: "/private/Method", how: "grpc" },
    { path: "/nowhere/Method", how: "grpc" },
    { path: "/api/plain", how: "http2" },
    { path: "/api/posted", how: "http2", headers: [[":method", "POST"]], body: "some body" },
    { path: "/socket?id=1", how: "upgrade" },
    {
      path: "/api/raw",
      how: "raw",
      headers: [["user-agent", "tab\there caf\xe9 \xff"]],
    },
    { path: "/api/long", headers: [["user-agent", long]] },
    { path: "/api/decoded?a=x%20%26%2541+y%zz%4&a=2&b=%41" },
    { path: "/api/decoded?%61=%c3%a9%22%3d&token=%41%42%43" },
    { path: "/api/decoded?b=1&a=z#fragment?a=2" },
    {
      path: "/aliased/one",
      headers: [
        ["x-tenant", "acme"],
        ["x-level", "7"],
      ],
    },
  ];
  const agents = [
    'quo"te',
    "back\\slash",
    "per%cent %REQ(A)%",
    "{json}",
    "-",
    "",
    "ünï cödé",
    "a,b;c=d",
  ];
  const queries = [
    "",
    "?",
    "?a",
    "?a=1&b=2",
    "?a=1&a=2&c=%2F%3f",
    "?page=&token=x",
    "?q=a+b%20c",
    "?=x&&y=1#f",
  ];
  for (const [index, method] of [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
  ].entries()) {
    for (const [at, query] of queries.entries()) {
      const agent = agents[(index + at) % agents.length]!;
      const headers: [string, string][] = [
        ["user-agent", Buffer.from(agent, "utf8").toString("latin1")],
      ];
      if (at % 2)
        headers.push(
          ["x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"],
          ["x-b3-spanid", "e457b5a2e4d86bd1"],
        );
      else headers.push(["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]);
      const body = method === "POST" || method === "PUT" ? "b".repeat(at * 100) : undefined;
      all.push({ path: `/api/items${query}`, method, headers, body });
    }
  }
  for (const status of [
    200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504,
  ]) {
    for (const path of ["/api/answer", "/api/empty?x=1", "/rewritten/a?b=c"]) {
      all.push({
        path,
        headers: [
          ["x-answer", String(status)],
          ["accept", "*/*"],
          ["x-forwarded-for", "203.0.113.7"],
        ],
      });
    }
  }
  for (const [index, agent] of agents.entries()) {
    for (const query of queries) {
      const headers: [string, string][] = [
        ["user-agent", Buffer.from(agent, "utf8").toString("latin1")],
        ["referer", `https://example.com/${index}${query}`],
      ];
      all.push(
        { path: `/rewritten/${index}${query}`, headers },
        { path: `/nowhere/${index}${query}`, headers },
      );
      if (!query.includes("#")) all.push({ path: `/api/two${query}`, headers, how: "http2" });
    }
  }
  return all;
}
