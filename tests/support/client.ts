// An HTTP/1.1 client that sends exactly what it is told: raw paths, duplicate headers, any
// authority.
import { Agent, type IncomingMessage, request } from "node:http";

export interface Sent {
  method?: string;
  path?: string;
  authority?: string;
  headers?: readonly [string, string][] | Record<string, string | string[]>;
  body?: string | Uint8Array;
  /** Without a keep-alive connection: needed right after a listener update. */
  fresh?: boolean;
  /** The loopback address that the request comes from, such as 127.0.9.1; not kept alive. */
  from?: string;
}

export interface Got {
  status: number;
  /** Lower-case names, in order, duplicates kept. */
  headers: [name: string, value: string][];
  trailers: Record<string, string>;
  body: string;
  /** The body as it came. */
  bytes: Buffer;
  /** First value of a header. */
  header(name: string): string | undefined;
}

const keepAlive = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * Sends one request to 127.0.0.1:`port`. Rejects if the connection is cut before the answer is
 * complete.
 */
export function send(port: number, options: Sent = {}): Promise<Got> {
  const given = Array.isArray(options.headers)
    ? options.headers
    : Object.entries(options.headers ?? {});
  const headers: string[] = ["host", options.authority ?? "example.com"];
  for (const [name, value] of given) {
    for (const each of Array.isArray(value) ? value : [value]) headers.push(name, each);
  }
  if (options.body !== undefined)
    headers.push("content-length", String(Buffer.byteLength(options.body)));
  const isFresh = options.fresh || options.from !== undefined;
  if (isFresh) headers.push("connection", "close");
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        method: options.method ?? "GET",
        path: options.path ?? "/",
        headers,
        agent: isFresh ? false : keepAlive,
        localAddress: options.from,
      },
      (incoming) => collect(incoming).then(resolve, reject),
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

async function collect(incoming: IncomingMessage): Promise<Got> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers: [string, string][] = [];
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.push([incoming.rawHeaders[i]!.toLowerCase(), incoming.rawHeaders[i + 1]!]);
  }
  const bytes = Buffer.concat(chunks);
  return {
    status: incoming.statusCode!,
    headers,
    trailers: incoming.trailers as Record<string, string>,
    body: bytes.toString("utf8"),
    bytes,
    header: (name) => headers.find(([each]) => each === name)?.[1],
  };
}

/** Closes the kept connections, so that a test process can end. */
export function closeConnections(): void {
  keepAlive.destroy();
}
