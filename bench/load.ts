// A small HTTP/1.1 load generator on raw sockets: one request in flight per connection, answers
// counted by status.
import { connect, type Socket } from "node:net";

export interface Load {
  port: number;
  /** Concurrent keep-alive connections. */
  connections: number;
  /** How many requests to send in all. */
  requests: number;
  /** The request of a running number, as bytes on the wire (see `wire`). */
  request: (index: number) => Buffer;
}

export interface LoadResult {
  /** How many answers came with each status. */
  statuses: Map<number, number>;
  seconds: number;
  /** Latencies in microseconds, ascending. */
  latencies: Float64Array;
}

/** A GET request as bytes. */
export function wire(path: string, headers: Record<string, string> = {}): Buffer {
  const lines = Object.entries({ host: "products.example.com", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

const HEAD_END = Buffer.from("\r\n\r\n");
const CONTENT_LENGTH = Buffer.from("content-length: ");

/**
 * Where the first complete answer in `data` ends, or -1 while it is not all there. Answers must
 * have a content-length.
 */
function answerEnd(data: Buffer): number {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd < 0) return -1;
  const at = data.indexOf(CONTENT_LENGTH);
  let length = 0;
  if (at >= 0 && at < headEnd) {
    for (let i = at + CONTENT_LENGTH.length; data[i]! >= 0x30; i++)
      length = length * 10 + data[i]! - 0x30;
  }
  const end = headEnd + 4 + length;
  return end <= data.length ? end : -1;
}

/** Sends the load and resolves when the last answer is in; rejects when a connection breaks. */
export function load({ port, connections, requests, request }: Load): Promise<LoadResult> {
  const statuses = new Map<number, number>();
  const latencies = new Float64Array(requests);
  let sent = 0;
  let answered = 0;
  const started = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = [];
    const open = () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      sockets.push(socket);
      let pending: Buffer | undefined;
      let sentAt = 0;
      const next = () => {
        if (sent === requests) return;
        sentAt = performance.now();
        socket.write(request(sent++));
      };
      socket.on("connect", next);
      socket.on("data", (chunk) => {
        const data = pending ? Buffer.concat([pending, chunk]) : chunk;
        const end = answerEnd(data);
        pending = end < 0 ? data : undefined;
        if (end < 0) return;
        const status = (data[9]! - 48) * 100 + (data[10]! - 48) * 10 + data[11]! - 48;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        latencies[answered++] = (performance.now() - sentAt) * 1000;
        if (answered < requests) return next();
        for (const each of sockets) each.destroy();
        const seconds = Number(process.hrtime.bigint() - started) / 1e9;
        resolve({ statuses, seconds, latencies: latencies.sort() });
      });
      socket.on("error", reject);
      socket.on(
        "close",
        () => answered < requests && reject(new Error(`port ${port} closed a connection`)),
      );
    };
    for (let i = 0; i < Math.min(connections, requests); i++) open();
  });
}
