// A small load generator: N keep-alive connections, one request at a time on each. For tests that
// need many requests, not for figures.
import { connect } from "node:net";

export interface Load {
  port: number;
  /** In all. */
  requests: number;
  connections?: number;
  path?: string;
  headers?: Record<string, string>;
  /** Headers of one request, when they differ; `index` counts from 0. */
  headersOf?: (index: number) => Record<string, string>;
}

export interface LoadResult {
  /** Responses by status. */
  statuses: Record<number, number>;
  /** Connections that broke; their request got no response. */
  broken: number;
  seconds: number;
}

/**
 * Runs the load and counts the statuses. Responses must carry a content-length or end by it being
 * 0.
 */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const result: LoadResult = { statuses: {}, broken: 0, seconds: 0 };
  const started = performance.now();
  const work = { next: 0 };
  const connections = Math.min(load.connections ?? 32, load.requests);
  await Promise.all(Array.from({ length: connections }, () => runConnection(load, work, result)));
  result.seconds = (performance.now() - started) / 1000;
  return result;
}

function requestBytes(load: Load, index: number): string {
  const headers = { host: "example.com", ...load.headers, ...load.headersOf?.(index) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${load.path ?? "/"} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** One connection; it is replaced when it breaks while there is work left. */
async function runConnection(
  load: Load,
  work: { next: number },
  result: LoadResult,
): Promise<void> {
  while (work.next < load.requests) {
    await new Promise<void>((done) => {
      const socket = connect(load.port, "127.0.0.1");
      let pending = false;
      let buffered = "";
      const sendNext = () => {
        if (work.next >= load.requests) return void socket.end();
        pending = true;
        socket.write(requestBytes(load, work.next++), "latin1");
      };
      socket.setNoDelay(true);
      socket.on("connect", sendNext);
      socket.on("data", (data) => {
        buffered += data.toString("latin1");
        const length = responseLength(buffered);
        if (length < 0 || buffered.length < length) return;
        const status = Number(buffered.slice(9, 12));
        result.statuses[status] = (result.statuses[status] ?? 0) + 1;
        buffered = buffered.slice(length);
        pending = false;
        sendNext();
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        if (pending) result.broken++;
        done();
      });
    });
  }
}

/** How many characters the first response takes, or -1 while its head is incomplete. */
function responseLength(text: string): number {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return -1;
  const head = text.slice(0, end);
  const length = head.match(/\r\ncontent-length: (\d+)/i)?.[1];
  if (length) return end + 4 + Number(length);
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return end + 4;
  const last = text.indexOf("\r\n0\r\n\r\n", end + 2);
  return last < 0 ? -1 : last + 7;
}
