// An issuer's key endpoint that can be made to fail in every way that one does: real sockets,
// real answers.
import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers with `body` as JSON. */
export function json(body: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

export class Issuer {
  /** How many requests came, and for which paths. */
  readonly paths: string[] = [];
  answer: Answer;
  private readonly server: Server;
  private readonly arrivals = new Set<() => void>();

  private constructor(answer: Answer) {
    this.answer = answer;
    this.server = createServer((request, response) => {
      this.paths.push(request.url ?? "");
      this.answer(request, response);
      this.arrivals.forEach((tell) => tell());
    });
  }

  static async start(answer: Answer): Promise<Issuer> {
    const issuer = new Issuer(answer);
    issuer.server.listen(0, "127.0.0.1");
    await once(issuer.server, "listening");
    return issuer;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get requests(): number {
    return this.paths.length;
  }

  /** Resolves when at least `count` requests have come in all. */
  async arrived(count: number, millis = 15_000): Promise<void> {
    if (this.requests >= count) return;
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`${this.requests} of ${count} requests came`)),
        millis,
      );
      const tell = () => {
        if (this.requests < count) return;
        clearTimeout(timer);
        this.arrivals.delete(tell);
        done();
      };
      this.arrivals.add(tell);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
