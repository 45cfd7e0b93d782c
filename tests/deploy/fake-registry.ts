// A registry small enough to misbehave on purpose: in memory, on loopback, with a token server.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Behaviour {
  auth?: "bearer" | "basic";
  user?: string;
  password?: string;
  refreshToken?: string;
  /** Answers this many requests with 503 before it works. */
  failures?: number;
  /** Never answers uploads. */
  stall?: boolean;
  /** Refuses every PUT with this status. */
  refuse?: number;
  /** Stores another manifest than it was given. */
  rewrite?: boolean;
  /** Sends uploads to another origin. */
  uploadOrigin?: string;
  realm?: string;
}

export class FakeRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Buffer>();
  /** Method, path and authorization of every request. */
  readonly seen: { method: string; path: string; authorization?: string }[] = [];
  private readonly behaviour: Behaviour;
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly token = randomUUID();
  private failures: number;

  constructor(behaviour: Behaviour = {}) {
    this.behaviour = behaviour;
    this.failures = behaviour.failures ?? 0;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return this;
  }
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, `http://${this.host}`);
    const method = request.method!;
    this.seen.push({ method, path: url.pathname, authorization: request.headers.authorization });
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const answer = (status: number, headers: Record<string, string> = {}, text = "") =>
      response.writeHead(status, headers).end(method === "HEAD" ? undefined : text);
    if (url.pathname === "/token") return void this.serveToken(url, body, request, answer);
    if (this.failures > 0) {
      this.failures--;
      return void answer(503);
    }
    if (!this.isAllowed(request)) return void answer(401, { "www-authenticate": this.challenge() });
    if (this.behaviour.stall && method !== "HEAD") return;
    if (this.behaviour.refuse && method === "PUT") {
      return void answer(
        this.behaviour.refuse,
        {},
        JSON.stringify({ errors: [{ code: "DENIED", message: "no more room" }] }),
      );
    }
    const [, repository, kind, id] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(url.pathname) ?? [];
    if (method === "POST") {
      return void answer(202, {
        location: `${this.behaviour.uploadOrigin ?? ""}/v2/${repository}/blobs/uploads/1?state=x`,
      });
    }
    const store = kind === "manifests" ? this.manifests : this.blobs;
    const key =
      kind === "manifests" ? `${repository}:${id}` : (url.searchParams.get("digest") ?? id!);
    if (method === "PUT") {
      const stored = this.behaviour.rewrite && kind === "manifests" ? Buffer.from("{}") : body;
      store.set(key, stored);
      return void answer(201, { "docker-content-digest": digest(stored) });
    }
    const found = store.get(key);
    answer(
      found ? 200 : 404,
      found ? { "docker-content-digest": digest(found) } : {},
      found?.toString("latin1"),
    );
  }

  private serveToken(
    url: URL,
    body: Buffer,
    request: IncomingMessage,
    answer: (status: number, headers: Record<string, string>, text: string) => unknown,
  ): void {
    const { user, password, refreshToken } = this.behaviour;
    const form = new URLSearchParams(body.toString());
    const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const scope = url.searchParams.get("scope") ?? form.get("scope");
    const isUser = refreshToken
      ? form.get("refresh_token") === refreshToken
      : request.headers.authorization === wanted;
    if (!isUser || !/^repository:.+:pull(,push)?$/.test(scope ?? ""))
      return void answer(401, {}, "{}");
    answer(
      200,
      {},
      JSON.stringify(refreshToken ? { access_token: this.token } : { token: this.token }),
    );
  }

  private isAllowed(request: IncomingMessage): boolean {
    const { auth, user, password } = this.behaviour;
    if (auth === "bearer") return request.headers.authorization === `Bearer ${this.token}`;
    if (auth === "basic")
      return (
        request.headers.authorization ===
        `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
      );
    return true;
  }

  private challenge(): string {
    if (this.behaviour.auth === "basic") return 'Basic realm="registry"';
    return `Bearer realm="${this.behaviour.realm ?? `http://${this.host}/token`}",service="fake",scope="repository:x:pull"`;
  }
}

function digest(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
