// The playground on a loopback address, with the files of one folder. Nobody else can reach it, and
// only its own page can read or write the folder.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, extname, join } from "node:path";

/** The only files that the page may read or write. */
const editable = ["edge.yaml", "cases.yaml"];
/** What the page's editor takes, and some room. */
const FILE_BYTES_MAX = 2 * 1024 * 1024;

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// Ajv makes a function of each schema; nothing else is evaluated, and nothing leaves the origin.
const policy =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-eval'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

export interface Served {
  url: string;
  port: number;
  close(): Promise<void>;
}

export interface ServeOptions {
  /** The built playground. */
  assets: string;
  /** Where edge.yaml and cases.yaml are read and written. Undefined: nothing is. */
  folder?: string;
  /** Taken if it is free, else any other. */
  port?: number;
}

/** Starts the server on 127.0.0.1. */
export async function servePlayground(options: ServeOptions): Promise<Served> {
  const key = randomBytes(24).toString("base64url");
  const server = createServer((request, response) => {
    answer(request, response, options, key).catch((error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    });
  });
  const port = await listen(server, options.port ?? 0);
  const close = async () => {
    const closed = once(server, "close");
    server.closeAllConnections();
    server.close();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}/`, port, close };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if (port === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return listen(server, 0);
  }
  return (server.address() as AddressInfo).port;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { assets, folder }: ServeOptions,
  key: string,
): Promise<void> {
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
  };
  // A name that another site made resolve to this address is not ours (DNS rebinding).
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ""))
    return refuse(421, "open the playground by its loopback address");
  const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
  response.setHeader("content-security-policy", policy);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cache-control", "no-store");
  if (pathname === "/folder" || pathname.startsWith("/folder/")) {
    if (folder === undefined) return refuse(404, "no folder is open");
    if (!isKey(request.headers["x-gatehouse-key"], key)) return refuse(403, "wrong key");
    return folderAnswer(request, response, folder, pathname.slice("/folder/".length), refuse);
  }
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "only GET");
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const file = join(assets, name);
  if (!/^[\w.-]+$/.test(name) || !existsSync(file)) return refuse(404, "not found");
  response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream");
  const content = readFileSync(file);
  const meta = folder === undefined ? "" : `<meta name="gatehouse-key" content="${key}" />`;
  response.end(
    name === "index.html" ? content.toString().replace("<!-- folder -->", meta) : content,
  );
}

function isKey(given: string | string[] | undefined, key: string): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function folderAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  name: string,
  refuse: (status: number, text: string) => void,
): Promise<void> {
  if (name === "") {
    const present = editable.filter((each) => existsSync(join(folder, each)));
    const files = present.map((each) => [each, readFileSync(join(folder, each), "utf8")]);
    response.setHeader("content-type", types[".json"]!);
    response.end(JSON.stringify({ name: basename(folder), files: Object.fromEntries(files) }));
    return;
  }
  if (!editable.includes(name)) return refuse(404, `only ${editable.join(" and ")} can be saved`);
  if (request.method !== "PUT") return refuse(405, "only PUT");
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > FILE_BYTES_MAX) return refuse(413, "larger than 2 MiB");
    parts.push(part);
  }
  writeFileSync(join(folder, name), Buffer.concat(parts));
  response.statusCode = 204;
  response.end();
}
