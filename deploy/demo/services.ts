// What stands behind and beside the proxy in a demo: services that answer as a case says, and
// whoever the filters call.
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Response } from "../emulator/exchange.ts";
import type { Scripted } from "../try/chain.ts";

export interface Service {
  /** `127.0.0.1:<port>` */
  endpoint: string;
  close(): void;
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Service> {
  const server: Server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What the services have seen, and what they shall answer from now on. */
export class Upstream {
  /**
   * Headers of the last request that reached a service, with the pseudo-headers that HTTP/1.1 has
   * in its first line.
   */
  reached?: [name: string, value: string][];
  response: Response = {};

  /** A service that says who it is. */
  startService(name: string): Promise<Service> {
    return listen((request, response) => {
      this.reached = headersOf(request);
      const { status = 200, headers = {}, body, durationMillis = 0 } = this.response;
      setTimeout(() => {
        response.writeHead(status, {
          "content-type": "application/json",
          ...(headers as Record<string, string>),
        });
        response.end(body ?? `${JSON.stringify({ service: name, path: request.url })}\n`);
      }, durationMillis);
    });
  }
}

function headersOf(request: IncomingMessage): [string, string][] {
  const { method = "", url = "", headers, rawHeaders } = request;
  const pairs: [string, string][] = [
    [":method", method],
    [":path", url],
    [":authority", headers.host ?? ""],
  ];
  for (let at = 0; at < rawHeaders.length; at += 2)
    pairs.push([rawHeaders[at]!.toLowerCase(), rawHeaders[at + 1]!]);
  return pairs;
}

/** Answers a filter's calls as scripted; a cluster without a scripted answer is down. */
export function startCallee(script: Scripted[]): Promise<Service> {
  return listen((request, response) => {
    const found = script.find(({ path }) => path === undefined || path === request.url);
    if (!found || typeof found.answer === "string") return void response.writeHead(503).end();
    const { status = 200, headers = {}, body = "" } = found.answer;
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
}
