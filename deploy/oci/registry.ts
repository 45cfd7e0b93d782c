// A client for one repository of one registry: blobs and manifests (OCI distribution
// specification 1.1). Every request has a time limit; what may have been a passing trouble is
// tried again.
import { setTimeout as sleep } from "node:timers/promises";
import { ToolError, reasonOf } from "../core/problem.ts";
import type { Credentials } from "./credentials.ts";
import { digestOf } from "./image.ts";
import type { Blob } from "./image.ts";
import { originOf } from "./name.ts";
import type { Name } from "./name.ts";
import { basic, parseChallenge, tokenIn, tokenRequest } from "./token.ts";

export interface RegistryOptions {
  credentials?: Credentials;
  /** Limit of one request. */
  timeoutMillis?: number;
  /** Tries of one request that fails by the network, by 429 or by 5xx. */
  tries?: number;
  /** First pause between tries; it doubles. */
  pauseMillis?: number;
  /** Nothing is stored: the login needs no more rights than to pull. */
  isReadOnly?: boolean;
}

const defaults = { timeoutMillis: 30_000, tries: 4, pauseMillis: 500, isReadOnly: false };
/** A registry that asks for a longer pause is told no. */
const pauseMillisMax = 10_000;
/** An answer that is not a blob is small; more is not read. */
const answerBytesMax = 4 * 1024 * 1024;

/** A layer of a small base image; it is held in memory. */
const blobBytesMax = 512 * 1024 * 1024;

interface Ask {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: Buffer;
}

export class Registry {
  private readonly name: Name;
  private readonly options: Required<Omit<RegistryOptions, "credentials">>;
  private readonly credentials?: Credentials;
  private authorization?: string;

  constructor(name: Name, options: RegistryOptions = {}) {
    this.name = name;
    const { credentials, ...limits } = options;
    this.credentials = credentials;
    this.options = { ...defaults, ...limits };
  }

  /** Uploads a blob unless the registry has it. Gives true if bytes were sent. */
  async putBlob(blob: Blob): Promise<boolean> {
    const found = await this.send({ method: "HEAD", url: this.url(`blobs/${blob.digest}`) });
    if (found.status === 200) return false;
    const started = await this.send(
      { method: "POST", url: this.url("blobs/uploads/") },
      [201, 202],
    );
    const location = started.headers.get("location");
    if (!location) throw this.error("the answer to an upload has no Location");
    const target = new URL(location, this.url(""));
    target.searchParams.set("digest", blob.digest);
    const headers = { "content-type": "application/octet-stream" };
    await this.send({ method: "PUT", url: target.href, headers, body: blob.data }, [201]);
    return true;
  }

  /** The digest a tag stands for, or undefined. */
  async digestOf(reference: string, mediaType: string): Promise<string | undefined> {
    const answer = await this.send({
      method: "HEAD",
      url: this.url(`manifests/${reference}`),
      headers: { accept: mediaType },
    });
    if (answer.status !== 200) return undefined;
    return answer.headers.get("docker-content-digest") ?? undefined;
  }

  /**
   * Stores a manifest under a tag or its digest. Throws when the registry has stored something
   * else.
   */
  async putManifest(reference: string, mediaType: string, manifest: Buffer): Promise<void> {
    const headers = { "content-type": mediaType };
    const answer = await this.send(
      { method: "PUT", url: this.url(`manifests/${reference}`), headers, body: manifest },
      [201, 202],
    );
    const stored = answer.headers.get("docker-content-digest");
    if (stored && stored !== digestOf(manifest))
      throw this.error(`the registry changed the manifest: its digest is now ${stored}`);
  }

  /**
   * JSON at a path of the repository, or undefined where there is none. Throws `registry` when it
   * is not what the digest says.
   */
  async json(path: string, accept: string, digest?: string): Promise<unknown> {
    const ask = { method: "GET", url: this.url(path), headers: { accept } };
    const answer = await this.authorised(ask);
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (answer.status !== 200) throw await this.refusal(ask, answer);
    const data = await this.bounded(answer);
    if (digest !== undefined && digestOf(data) !== digest)
      throw this.error(`answered ${path} with other content than its digest says; do not trust it`);
    try {
      return JSON.parse(data.toString("utf8"));
    } catch (error) {
      throw this.error(`answered ${path} with something that is no JSON`, "registry", error);
    }
  }

  /** The bytes of a blob. Throws `registry` when there is none, or when they are other bytes. */
  async blob(digest: string): Promise<Buffer> {
    const ask = { method: "GET", url: this.url(`blobs/${digest}`) };
    const answer = await this.authorised(ask);
    if (answer.status !== 200) throw await this.refusal(ask, answer);
    const data = await this.bounded(answer, blobBytesMax);
    if (digestOf(data) !== digest)
      throw this.error(`answered ${digest} with other content; do not trust it`);
    return data;
  }

  private async bounded(answer: Response, bytesMax = answerBytesMax): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body ?? []) {
      bytes += part.length;
      if (bytes > bytesMax)
        throw this.error(`sent more than ${bytesMax} bytes; name another registry`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  private url(path: string): string {
    return `${originOf(this.name)}/v2/${this.name.repository}/${path}`;
  }

  /**
   * One request, authorised when the registry asks for it. Statuses other than 404 and `expected`
   * are errors.
   */
  private async send(ask: Ask, expected?: number[]): Promise<Response> {
    const answer = await this.authorised(ask);
    const good = expected
      ? expected.includes(answer.status)
      : answer.status === 200 || answer.status === 404;
    if (!good) throw await this.refusal(ask, answer);
    await answer.body?.cancel();
    return answer;
  }

  private async authorised(ask: Ask): Promise<Response> {
    const answer = await this.tryOften(ask);
    return answer.status === 401 && (await this.authorise(answer)) ? this.tryOften(ask) : answer;
  }

  private async tryOften(ask: Ask): Promise<Response> {
    const { tries, pauseMillis } = this.options;
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= tries;
      let pause = pauseMillis * 2 ** (attempt - 1);
      try {
        const answer = await this.once(ask);
        if (last || (answer.status !== 429 && answer.status < 500)) return answer;
        pause = Math.max(pause, Number(answer.headers.get("retry-after") ?? 0) * 1000 || 0);
        if (pause > pauseMillisMax) return answer;
        await answer.body?.cancel();
      } catch (error) {
        const stalled = error instanceof Error && error.name === "TimeoutError";
        if (!last && !stalled) {
          await sleep(pause);
          continue;
        }
        const what = stalled
          ? `gave no answer within ${this.options.timeoutMillis / 1000} s`
          : `cannot be reached: ${reasonOf(error)}`;
        throw this.error(what, stalled ? "timeout" : "registry", error);
      }
      await sleep(pause);
    }
  }

  private once({ method, url, headers, body }: Ask): Promise<Response> {
    // An upload may go to another host, which must not see our token.
    const own = new URL(url).origin === originOf(this.name);
    const authorization: Record<string, string> =
      own && this.authorization ? { authorization: this.authorization } : {};
    const signal = AbortSignal.timeout(this.options.timeoutMillis);
    const payload = body ? new Uint8Array(body) : undefined;
    return fetch(url, { method, headers: { ...headers, ...authorization }, body: payload, signal });
  }

  /** Meets the challenge of a 401. False if that was tried already, or there is nothing to try. */
  private async authorise(answer: Response): Promise<boolean> {
    const challenge = parseChallenge(answer.headers.get("www-authenticate"));
    await answer.body?.cancel();
    if (!challenge) return false;
    if (challenge.scheme === "basic") {
      if (!this.credentials || this.authorization) return false;
      this.authorization = basic(this.credentials);
      return true;
    }
    const actions = this.options.isReadOnly ? "pull" : "pull,push";
    const scope = `repository:${this.name.repository}:${actions}`;
    const request = tokenRequest({ ...challenge, scope }, this.credentials, this.name.plainHttp);
    const signal = AbortSignal.timeout(this.options.timeoutMillis);
    let response: Response;
    try {
      response = await fetch(request, { signal });
    } catch (error) {
      throw this.error(
        `its token server ${new URL(request.url).origin} cannot be reached: ${reasonOf(error)}`,
        "registry",
        error,
      );
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw this.error(`its token server answered ${response.status}; ${this.loginHint()}`);
    }
    const token = `Bearer ${tokenIn(await response.json().catch(() => undefined))}`;
    const isNew = token !== this.authorization;
    this.authorization = token;
    return isNew;
  }

  private async refusal(ask: Ask, answer: Response): Promise<ToolError> {
    const text = (await answer.text().catch(() => "")).slice(0, answerBytesMax);
    const hint = this.hintFor(answer.status, ask.method);
    return this.error(
      `answered ${answer.status} to ${ask.method} ${new URL(ask.url).pathname}${messageIn(text)}${hint}`,
    );
  }

  private hintFor(status: number, method: string): string {
    if (status === 401 || status === 403) return `; ${this.loginHint()}`;
    if (status === 405)
      return "; it takes no pushes, as a mirror or a read-only registry: name another repository with --to";
    if (status === 404 && method === "POST")
      return `; create the repository ${this.name.repository} there first`;
    return "";
  }

  private loginHint(): string {
    if (this.credentials)
      return `the login as "${this.credentials.username || "token"}" may not ${this.options.isReadOnly ? "pull from" : "push to"} ${this.name.repository}; ask for that right, or log in as another`;
    return `log in first (docker login ${this.name.registry}, or GATEHOUSE_REGISTRY_USER and GATEHOUSE_REGISTRY_PASSWORD)`;
  }

  private error(
    what: string,
    code: "registry" | "timeout" = "registry",
    cause?: unknown,
  ): ToolError {
    return new ToolError(code, `registry ${this.name.registry} ${what}`, { cause });
  }
}

/**
 * The registry's own words (`{"errors":[{"code","message"}]}`), without anything longer than a
 * line.
 */
function messageIn(text: string): string {
  try {
    const errors: { code?: string; message?: string }[] = JSON.parse(text).errors ?? [];
    const words = errors
      .map(({ code, message }) => [code, message].filter(Boolean).join(" "))
      .join("; ");
    return words ? ` (${words.slice(0, 300)})` : "";
  } catch {
    return "";
  }
}
