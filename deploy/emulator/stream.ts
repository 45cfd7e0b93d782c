// One request through the chain: filters in order on the way in, in reverse on the way out, then
// log and end for all.
import { StreamType } from "./abi.ts";
import type { Clock } from "./clock.ts";
import { StreamContext } from "./stream-context.ts";
import type { FilteredStream } from "./stream-context.ts";
import { HeaderMap } from "./headers.ts";
import { type LocalReply, localResponse } from "./local-reply.ts";
import type { Plugin } from "./plugin.ts";
import type { Tree } from "./tree.ts";
import type { Worker } from "./worker.ts";
import { type Request, type Response, asAddress, asBytes, normalizePath } from "./exchange.ts";

/**
 * Where the stream stands. `held`: a filter stopped the request; `forwarded`: the upstream has
 * it; `heldBack`: a filter stopped the response; `answered`: the client has a response; `reset`:
 * it got none.
 */
export type StreamState = "opening" | "held" | "forwarded" | "heldBack" | "answered" | "reset";

/** The proxy, as a stream sees it. */
export interface StreamHost {
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  readonly afterFilter?: AfterFilter;
  nextConnectionId(): bigint;
  nextRequestId(): string;
  streamEnded(stream: Stream): void;
}

/**
 * Called when a filter is done with the headers of a request or response, so that what it changed
 * can be seen; without a plugin before the first of them.
 */
export type AfterFilter = (
  plugin: Plugin | undefined,
  stream: Stream,
  moment: "request" | "response",
) => void;

export class Stream implements FilteredStream {
  state: StreamState = "opening";
  readonly requestHeaders: HeaderMap;
  readonly requestTrailers?: HeaderMap;
  requestBody: Buffer;
  /** What the upstream received; undefined if it received nothing. */
  upstreamHeaders?: HeaderMap;
  responseHeaders?: HeaderMap;
  responseTrailers?: HeaderMap;
  responseBody: Buffer = Buffer.alloc(0);
  responseCode?: number;
  /** Why the response is what it is, as in %RESPONSE_CODE_DETAILS%. */
  details?: string;
  responseFlags: string[] = [];
  readonly filterState = new Map<string, Buffer>();
  readonly metadata: Tree;
  readonly connection: Tree;
  readonly xds: Tree;
  readonly protocol: string;
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly startUnixNanos: bigint;
  readonly connectionId: bigint;
  upstreamAddress?: string;
  transportFailure?: string;
  /** Body bytes that the client got. */
  bytesSent = 0;
  backendLatencyNanos?: bigint;
  /** Set when the stream is over: what %DURATION% is made of. */
  durationNanos?: bigint;
  /** How often the route cache was cleared. */
  routeCacheCleared = 0;
  private readonly proxy: StreamHost;
  private roots: ReturnType<Worker["rootOf"]>[] = [];
  private readonly contexts: (StreamContext | undefined)[] = [];
  private readonly startMonotonicNanos: bigint;
  private stoppedAt = -1;
  private hasFailed = false;
  private encoding = false;
  private responseDelayNanos = 0n;

  /** Use `Proxy.open`. */
  constructor(proxy: StreamHost, request: Request) {
    this.proxy = proxy;
    this.startUnixNanos = proxy.clock.unixNanos;
    this.startMonotonicNanos = proxy.clock.monotonicNanos;
    this.sourceAddress = asAddress(request.sourceAddress ?? "127.0.0.1", 40_000);
    this.destinationAddress = asAddress(request.destinationAddress ?? "127.0.0.1", 10_000);
    this.protocol = request.protocol ?? "HTTP/1.1";
    this.connectionId = proxy.nextConnectionId();
    this.connection = request.connection ?? {};
    this.metadata = request.metadata ?? {};
    this.xds = {
      cluster_name: "upstream",
      route_name: "",
      virtual_host_name: "all",
      ...request.xds,
    };
    this.requestBody = asBytes(request.body);
    this.requestHeaders = this.arrivingHeaders(request);
    this.requestTrailers = request.trailers && new HeaderMap(request.trailers);
  }

  /** The headers as the connection manager hands them to the first filter. */
  private arrivingHeaders(request: Request): HeaderMap {
    const headers = new HeaderMap([
      [":authority", request.authority ?? "example.com"],
      [":path", normalizePath(request.path ?? "/")],
      [":method", request.method ?? "GET"],
      [":scheme", request.scheme ?? "http"],
    ]);
    for (const [name, value] of new HeaderMap(request.headers ?? []).pairs())
      headers.add(name, value);
    const address = this.sourceAddress
      .slice(0, this.sourceAddress.lastIndexOf(":"))
      .replace(/^\[|\]$/g, "");
    if (!headers.has("x-forwarded-for")) {
      headers.add("x-forwarded-for", address);
      headers.add("x-envoy-external-address", address);
    }
    if (!headers.has("x-forwarded-proto"))
      headers.add("x-forwarded-proto", request.scheme ?? "http");
    if (!headers.has("x-request-id")) headers.add("x-request-id", this.proxy.nextRequestId());
    if (
      this.requestBody.length > 0 &&
      !headers.has("content-length") &&
      !headers.has("transfer-encoding")
    ) {
      headers.add("content-length", String(this.requestBody.length));
    }
    return headers;
  }

  /** Runs the request through the filters until one holds it or the upstream would have it. */
  begin(worker: Worker): void {
    this.roots = this.proxy.plugins.map((plugin) => worker.rootOf(plugin));
    this.proxy.afterFilter?.(undefined, this, "request");
    this.decodeFrom(0);
  }

  private get isRunning(): boolean {
    return this.state === "opening" || this.state === "held";
  }

  private decodeFrom(index: number): void {
    const bodyless = this.requestBody.length === 0 && !this.requestTrailers;
    for (let i = index; i < this.roots.length; i++) {
      const root = this.roots[i];
      if (!root) return this.failWithoutContext();
      if (root === "bypass") continue;
      const context = new StreamContext(root, this, i);
      this.contexts[i] = context;
      const goesOn = context.onRequestHeaders(this.requestHeaders, bodyless);
      if (goesOn || !this.isRunning) this.proxy.afterFilter?.(root.plugin, this, "request");
      if (!this.isRunning) return;
      if (!goesOn) return this.hold(i);
    }
    this.decodeRest();
  }

  private hold(index: number): void {
    if (this.hasFailed) return;
    this.state = "held";
    this.stoppedAt = index;
  }

  /**
   * Body and trailers go through once the headers have. A filter that holds either holds the
   * whole stream.
   */
  private decodeRest(): void {
    for (const context of this.living()) {
      if (
        this.requestBody.length > 0 &&
        !context.onRequestBody(this.requestBody, !this.requestTrailers)
      ) {
        return this.isRunning ? this.hold(this.roots.length) : undefined;
      }
      if (this.requestTrailers && !context.onRequestTrailers(this.requestTrailers)) {
        return this.isRunning ? this.hold(this.roots.length) : undefined;
      }
      if (!this.isRunning) return;
    }
    this.forward();
  }

  private forward(): void {
    this.state = "forwarded";
    this.stoppedAt = -1;
    this.upstreamHeaders = this.requestHeaders.clone();
  }

  private living(): StreamContext[] {
    return this.contexts.filter(
      (context) => context !== undefined && !context.vm.failure,
    ) as StreamContext[];
  }

  /** `proxy_continue_stream`. Nothing happens for a stream that this filter does not hold. */
  resume(context: StreamContext, type: number): void {
    if (type === StreamType.Request && this.state === "held") {
      if (this.stoppedAt === this.roots.length) return this.forward();
      if (this.stoppedAt !== context.index) return;
      this.state = "opening";
      this.proxy.afterFilter?.(context.plugin, this, "request");
      this.decodeFrom(context.index + 1);
    } else if (
      type === StreamType.Response &&
      this.state === "heldBack" &&
      this.stoppedAt === context.index
    ) {
      this.encodeFrom(context.index - 1);
    }
  }

  clearRouteCache(): void {
    this.routeCacheCleared++;
  }

  /** The upstream answers. Only for a forwarded stream. */
  respond(response: Response): void {
    this.responseDelayNanos = BigInt(Math.round((response.durationMillis ?? 0) * 1e6));
    this.proxy.clock.advanceNanos(this.responseDelayNanos);
    if (this.state !== "forwarded") return;
    this.upstreamAddress = response.upstreamAddress ?? "127.0.0.1:8080";
    this.transportFailure = response.transportFailure;
    if (response.cluster) this.xds.cluster_name = response.cluster;
    const headers = new HeaderMap([[":status", String(response.status ?? 200)]]);
    for (const [name, value] of new HeaderMap(response.headers ?? []).pairs())
      headers.add(name, value);
    if (response.grpcStatus !== undefined && !headers.has("content-type"))
      headers.add("content-type", "application/grpc");
    if (!response.flags?.length)
      headers.set("x-envoy-upstream-service-time", String(response.durationMillis ?? 0));
    const trailers = new HeaderMap(response.trailers ?? []);
    if (response.grpcStatus !== undefined) trailers.set("grpc-status", String(response.grpcStatus));
    this.responseFlags = [...(response.flags ?? [])];
    this.details = response.details ?? "via_upstream";
    this.encode(headers, asBytes(response.body), trailers.size > 0 ? trailers : undefined);
  }

  private encode(headers: HeaderMap, body: Buffer, trailers?: HeaderMap): void {
    this.responseHeaders = headers;
    this.responseBody = body;
    this.responseTrailers = trailers;
    this.responseCode = Number(headers.get(":status"));
    this.encoding = true;
    this.proxy.afterFilter?.(undefined, this, "response");
    this.encodeFrom(this.roots.length - 1);
  }

  private encodeFrom(index: number): void {
    this.state = "heldBack";
    const bodyless = this.responseBody.length === 0 && !this.responseTrailers;
    for (let i = index; i >= 0; i--) {
      const context = this.contexts[i];
      if (!context || context.vm.failure) continue;
      this.stoppedAt = i;
      const goesOn = context.onResponseHeaders(this.responseHeaders!, bodyless);
      this.proxy.afterFilter?.(context.plugin, this, "response");
      if (this.state !== "heldBack") return;
      if (!goesOn) return;
    }
    for (const context of this.living().reverse()) {
      if (this.responseBody.length > 0)
        context.onResponseBody(this.responseBody, !this.responseTrailers);
      if (this.responseTrailers) context.onResponseTrailers(this.responseTrailers);
      if (this.state !== "heldBack") return;
    }
    this.deliver();
  }

  /** The client has its response: what Envoy adds last, then the end. */
  private deliver(): void {
    this.state = "answered";
    this.bytesSent = this.responseBody.length;
    if (this.details === "via_upstream") this.backendLatencyNanos = this.responseDelayNanos;
    this.encoding = false;
    this.responseCode = Number(this.responseHeaders!.get(":status"));
    this.responseHeaders!.set("server", "envoy");
    if (!this.responseHeaders!.has("date")) {
      this.responseHeaders!.set(
        "date",
        new Date(Number(this.proxy.clock.unixNanos / 1_000_000n)).toUTCString(),
      );
    }
    this.end();
  }

  /**
   * Ends the stream with a response made in the proxy; before the upstream's response it passes
   * the filters too.
   */
  replyLocally(reply: LocalReply): void {
    if (this.state === "answered" || this.state === "reset") return;
    const { headers, body } = localResponse(this.requestHeaders, reply);
    this.details = reply.details;
    this.stoppedAt = -1;
    if (!this.encoding) return this.encode(headers, body);
    this.responseHeaders = headers;
    this.responseBody = body;
    this.responseTrailers = undefined;
    this.deliver();
  }

  /** A filter's machine died in one of this stream's callbacks, or had died before. */
  fail(context: StreamContext): void {
    if (context.plugin.failurePolicy === "FAIL_OPEN" || this.hasFailed) return;
    this.failWithoutContext();
  }

  private failWithoutContext(): void {
    this.hasFailed = true;
    const reply = {
      status: 503,
      details: "wasm_fail_stream",
      body: Buffer.alloc(0),
      headers: [],
      grpcStatus: 14,
    };
    this.replyLocally(reply);
  }

  /** The stream ends without a complete response: the client went away, or a filter closed it. */
  reset(details = "downstream_remote_disconnect"): void {
    if (this.state === "answered" || this.state === "reset") return;
    this.state = "reset";
    this.details ??= details;
    if (details === "downstream_remote_disconnect") this.responseFlags.push("DC");
    this.end();
  }

  /** Log, done and delete for every filter, also for those that never saw the request. */
  private end(): void {
    this.durationNanos = this.proxy.clock.monotonicNanos - this.startMonotonicNanos;
    for (const [i, root] of this.roots.entries()) {
      if (!root || root === "bypass" || root.vm.failure) continue;
      const context =
        this.contexts[i] ??
        (root.vm.exported("proxy_on_log") ? new StreamContext(root, this, i) : undefined);
      this.contexts[i] = context;
      context?.onLog();
    }
    for (const context of this.contexts) context?.close();
    this.proxy.streamEnded(this);
  }
}
