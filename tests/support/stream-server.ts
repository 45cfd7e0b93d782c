// A server for long exchanges: WebSockets, event streams, slow bodies. What it does follows from
// the last part of the path.
import { createHash } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** How long a slow part takes, in milliseconds. */
export const SLOW_MILLIS = 400;

export interface StreamServer {
  endpoint: string;
  close(): Promise<void>;
}

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis));

type Behaviour = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const behaviours: Record<string, Behaviour> = {
  /** Reads the request to its end, then answers at once. */
  async answers(request, response) {
    for await (const _ of request);
    response.end("ok");
  },
  async answersLate(request, response) {
    for await (const _ of request);
    await pause(SLOW_MILLIS);
    response.end("ok");
  },
  hangs() {},
  async eventStream(_request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    await pause(SLOW_MILLIS);
    response.end("data: 2\n\n");
  },
  async eventStreamLate(_request, response) {
    await pause(SLOW_MILLIS);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end("data: 1\n\n");
  },
  /** The server goes away in the middle of the stream. */
  eventStreamCut(request, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n", () => request.socket.destroy());
  },
  async longBody(_request, response) {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    response.write("first");
    await pause(SLOW_MILLIS);
    response.end("last");
  },
  grpcWeb(_request, response) {
    response.writeHead(200, { "content-type": "application/grpc-web+proto" });
    response.end(Buffer.from("\x80\0\0\0\x0fgrpc-status: 0\r\n", "latin1"));
  },
};

/** Starts the server on a free loopback port. */
export async function startStreamServer(): Promise<StreamServer> {
  const server = createServer((request, response) => {
    const behaviour = behaviours[lastPart(request)];
    if (behaviour) void Promise.resolve(behaviour(request, response)).catch(() => {});
    else response.writeHead(501).end();
  });
  const sockets = new Set<Socket>();
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    openWebSocket(request, socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

function lastPart(request: IncomingMessage): string {
  return request.url!.split("?")[0]!.split("/").at(-1)!;
}

/**
 * RFC 6455: the handshake with the first protocol that is offered, one message, and on
 * `serverCloses` a close frame. On `namesProtocols` the message is the list of protocols as it
 * came, else "hi".
 */
function openWebSocket(request: IncomingMessage, socket: Socket): void {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  const offered = request.headers["sec-websocket-protocol"];
  const chosen = offered ? `sec-websocket-protocol: ${offered.split(",")[0]!.trim()}\r\n` : "";
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
      `sec-websocket-accept: ${accept}\r\n${chosen}\r\n`,
  );
  const behaviour = lastPart(request);
  const message = behaviour === "namesProtocols" ? (offered ?? "none") : "hi";
  socket.write(Buffer.from([0x81, message.length, ...Buffer.from(message)]));
  const close = Buffer.from([0x88, 2, 0x03, 0xe8]);
  if (behaviour === "serverCloses") socket.end(close);
  // The client's frame, whatever it says, is its close.
  else socket.once("data", () => socket.end(close));
}
