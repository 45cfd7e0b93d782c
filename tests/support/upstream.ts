// Servers for tests: they remember what reached them and answer as told. Loopback, free ports.
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type ServerHttp2Stream, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";

export interface Received {
  method: string;
  path: string;
  /** Lower-case names, in order, duplicates kept. */
  headers: [name: string, value: string][];
  body: Buffer;
}

/** `hang`: no answer ever; `drop`: the connection is cut; `text`: status, headers and body. */
export type Answer =
  | "hang"
  | "drop"
  | {
      status?: number;
      headers?: Record<string, string | string[]>;
      body?: string | Uint8Array;
      trailers?: Record<string, string>;
      delayMillis?: number;
    };

export type Handler = (request: Received) => Answer | Promise<Answer>;

export interface Upstream {
  port: number;
  /** `127.0.0.1:<port>`. */
  endpoint: string;
  /** All requests so far. */
  received: Received[];
  /** Decides the answers from now on; default: 200 and what was received, as JSON. */
  handler: Handler;
  /** Waits until the `count`-th request has been received completely, and gives it. */
  awaitRequest(count: number): Promise<Received>;
  close(): Promise<void>;
}

const echo: Handler = ({ method, path, headers }) => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ method, path, headers }),
});

/** The first value of a received header. */
export function headerOf(request: Received, name: string): string | undefined {
  return request.headers.find(([each]) => each === name)?.[1];
}

class Recorder {
  readonly received: Received[] = [];
  handler: Handler;
  private waiting: { count: number; resolve: (request: Received) => void }[] = [];

  constructor(handler: Handler) {
    this.handler = handler;
  }

  async take(request: Received): Promise<Answer> {
    this.received.push(request);
    const ready = this.waiting.filter((each) => each.count <= this.received.length);
    this.waiting = this.waiting.filter((each) => each.count > this.received.length);
    for (const each of ready) each.resolve(this.received[each.count - 1]!);
    const answer = await this.handler(request);
    if (typeof answer === "object" && answer.delayMillis) {
      await new Promise((done) => setTimeout(done, answer.delayMillis));
    }
    return answer;
  }

  awaitRequest(count: number): Promise<Received> {
    const existing = this.received[count - 1];
    if (existing) return Promise.resolve(existing);
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }
}

/** An HTTP/1.1 server. */
export async function startUpstream(handler: Handler = echo): Promise<Upstream> {
  const recorder = new Recorder(handler);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => void answerOne(recorder, request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return present(recorder, (server.address() as AddressInfo).port, () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(() => done()));
  });
}

async function answerOne(
  recorder: Recorder,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) {
  const headers: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push([request.rawHeaders[i]!.toLowerCase(), request.rawHeaders[i + 1]!]);
  }
  const answer = await recorder.take({
    method: request.method!,
    path: request.url!,
    headers,
    body,
  });
  if (answer === "hang") return;
  if (answer === "drop") return void request.socket.destroy();
  if (answer.trailers) response.setHeader("trailer", Object.keys(answer.trailers));
  response.writeHead(answer.status ?? 200, answer.headers);
  if (answer.body) response.write(answer.body);
  if (answer.trailers) response.addTrailers(answer.trailers);
  response.end();
}

/** An HTTP/2 server without TLS, as gRPC services are; `trailers` go as trailers. */
export async function startHttp2Upstream(handler: Handler = echo): Promise<Upstream> {
  const recorder = new Recorder(handler);
  const server = createHttp2Server();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => stream.close());
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => void answerStream(recorder, stream, headers, Buffer.concat(chunks)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return present(recorder, (server.address() as AddressInfo).port, () => {
    for (const session of sessions) session.destroy();
    return new Promise((done) => server.close(() => done()));
  });
}

async function answerStream(
  recorder: Recorder,
  stream: ServerHttp2Stream,
  incoming: Record<string, string | string[] | undefined>,
  body: Buffer,
) {
  const headers = Object.entries(incoming).flatMap(([name, value]): [string, string][] =>
    (Array.isArray(value) ? value : [value ?? ""]).map((each) => [name, each]),
  );
  const [method, path] = [String(incoming[":method"]), String(incoming[":path"])];
  const answer = await recorder.take({ method, path, headers, body });
  if (answer === "hang" || stream.destroyed) return;
  if (answer === "drop") return stream.session?.destroy();
  stream.respond(
    { ":status": answer.status ?? 200, ...answer.headers },
    { waitForTrailers: !!answer.trailers },
  );
  if (answer.trailers) stream.on("wantTrailers", () => stream.sendTrailers(answer.trailers!));
  stream.end(answer.body ? Buffer.from(answer.body) : undefined);
}

function present(recorder: Recorder, port: number, close: () => Promise<void>): Upstream {
  return Object.assign(recorder, { port, endpoint: `127.0.0.1:${port}`, close });
}

/** A loopback port that refuses connections: it was free a moment ago. */
export async function refusingEndpoint(): Promise<string> {
  const upstream = await startUpstream();
  await upstream.close();
  return upstream.endpoint;
}
