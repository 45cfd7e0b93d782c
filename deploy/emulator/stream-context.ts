// One plugin's view of one stream. What can be read and changed depends on the phase, as in
// Envoy: a map is there while its callback runs or this filter holds the stream, and all of them,
// unchangeable, in the log phase.
import { BufferType, CONTINUE, MapType, Status, StreamType } from "./abi.ts";
import { Context, NOTHING, type ContextStream, type RootContext } from "./context.ts";
import type { HeaderMap } from "./headers.ts";
import type { LocalReply } from "./local-reply.ts";

/** The stream, as the contexts of its filters change and end it. */
export interface FilteredStream extends ContextStream {
  readonly requestHeaders: HeaderMap;
  readonly responseHeaders?: HeaderMap;
  readonly responseTrailers?: HeaderMap;
  requestBody: Buffer;
  responseBody: Buffer;
  readonly filterState: Map<string, Buffer>;
  resume(context: StreamContext, type: number): void;
  replyLocally(reply: LocalReply): void;
  reset(details?: string): void;
  fail(context: StreamContext): void;
}

export class StreamContext extends Context {
  readonly root: RootContext;
  override readonly stream: FilteredStream;
  /** Place in the chain. */
  readonly index: number;
  private stopped = false;
  private requestHeaders?: HeaderMap;
  private requestTrailers?: HeaderMap;
  private responseHeaders?: HeaderMap;
  private responseTrailers?: HeaderMap;
  /** Empty, but there, outside their callbacks. */
  private requestBody = NOTHING;
  private responseBody = NOTHING;

  constructor(root: RootContext, stream: FilteredStream, index: number) {
    super(root.vm, root.plugin, stream);
    this.root = root;
    this.stream = stream;
    this.index = index;
    this.call("proxy_on_context_create", root.id);
  }

  /** The callbacks. Each gives true when the stream may go on to the next filter. */
  onRequestHeaders(headers: HeaderMap, endOfStream: boolean): boolean {
    this.requestHeaders = headers;
    const goesOn = this.ask("proxy_on_request_headers", headers.size, endOfStream);
    if (goesOn) this.requestHeaders = undefined;
    return goesOn;
  }

  onRequestBody(body: Buffer, endOfStream: boolean): boolean {
    this.requestBody = body;
    const goesOn = this.ask("proxy_on_request_body", body.length, endOfStream);
    if (goesOn) this.requestBody = NOTHING;
    return goesOn;
  }

  onRequestTrailers(trailers: HeaderMap): boolean {
    this.requestTrailers = trailers;
    const goesOn = this.ask("proxy_on_request_trailers", trailers.size);
    if (goesOn) this.requestTrailers = undefined;
    return goesOn;
  }

  onResponseHeaders(headers: HeaderMap, endOfStream: boolean): boolean {
    this.responseHeaders = headers;
    const goesOn = this.ask("proxy_on_response_headers", headers.size, endOfStream);
    if (goesOn) this.responseHeaders = undefined;
    return goesOn;
  }

  onResponseBody(body: Buffer, endOfStream: boolean): boolean {
    this.responseBody = body;
    const goesOn = this.ask("proxy_on_response_body", body.length, endOfStream);
    if (goesOn) this.responseBody = NOTHING;
    return goesOn;
  }

  onResponseTrailers(trailers: HeaderMap): boolean {
    this.responseTrailers = trailers;
    const goesOn = this.ask("proxy_on_response_trailers", trailers.size);
    if (goesOn) this.responseTrailers = undefined;
    return goesOn;
  }

  private ask(callback: string, size: number, endOfStream?: boolean): boolean {
    if (!this.vm.exported(callback)) return true;
    this.stopped = false;
    const action = this.call(
      callback,
      size,
      ...(endOfStream === undefined ? [] : [endOfStream ? 1 : 0]),
    );
    if (this.vm.failure) {
      this.stream.fail(this);
      return false;
    }
    return action === CONTINUE && !this.stopped;
  }

  onLog(): void {
    this.isLogging = true;
    this.call("proxy_on_log");
    this.isLogging = false;
  }

  close(): void {
    this.call("proxy_on_done");
    this.call("proxy_on_delete");
    this.delete();
  }

  override readableMap(type: number): HeaderMap | undefined {
    if (!this.isLogging) return this.writableMap(type) ?? super.readableMap(type);
    if (type === MapType.RequestHeaders) return this.stream.requestHeaders;
    if (type === MapType.ResponseHeaders) return this.stream.responseHeaders;
    if (type === MapType.ResponseTrailers) return this.stream.responseTrailers;
    return super.readableMap(type);
  }

  override writableMap(type: number): HeaderMap | undefined {
    if (type === MapType.RequestHeaders) return this.requestHeaders;
    if (type === MapType.RequestTrailers) return this.requestTrailers;
    if (type === MapType.ResponseHeaders) return this.responseHeaders;
    return type === MapType.ResponseTrailers ? this.responseTrailers : undefined;
  }

  /** What properties below `request` and `response` are read from. */
  get visibleRequestHeaders(): HeaderMap | undefined {
    return this.requestHeaders ?? (this.isLogging ? this.stream.requestHeaders : undefined);
  }

  get visibleResponseHeaders(): HeaderMap | undefined {
    return this.responseHeaders ?? (this.isLogging ? this.stream.responseHeaders : undefined);
  }

  get visibleResponseTrailers(): HeaderMap | undefined {
    return this.responseTrailers ?? (this.isLogging ? this.stream.responseTrailers : undefined);
  }

  /** Up to ABI 0.2.1 every change of a request header clears the route cache. */
  override headersChanged(type: number): void {
    if (type === MapType.RequestHeaders) this.stream.clearRouteCache();
  }

  override buffer(type: number): Buffer | undefined {
    if (type === BufferType.HttpRequestBody) return this.requestBody;
    return type === BufferType.HttpResponseBody ? this.responseBody : super.buffer(type);
  }

  override replaceBuffer(type: number, start: number, length: number, data: Buffer): number {
    const body = this.buffer(type);
    if (!body || (type !== BufferType.HttpRequestBody && type !== BufferType.HttpResponseBody))
      return Status.NotFound;
    const changed = Buffer.concat([body.subarray(0, start), data, body.subarray(start + length)]);
    if (type === BufferType.HttpRequestBody) this.stream.requestBody = this.requestBody = changed;
    else this.stream.responseBody = this.responseBody = changed;
    return Status.Ok;
  }

  override setProperty(path: string, value: Buffer): number {
    this.stream.filterState.set(path, value);
    return Status.Ok;
  }

  override continueStream(type: number): number {
    if (type !== StreamType.Request && type !== StreamType.Response) return Status.BadArgument;
    this.vm.afterCall(() => this.stream.resume(this, type));
    this.requestHeaders = this.requestTrailers = undefined;
    this.requestBody = NOTHING;
    return Status.Ok;
  }

  override closeStream(type: number): number {
    if (type !== StreamType.Request && type !== StreamType.Response) return Status.BadArgument;
    this.vm.afterCall(() => this.stream.reset("wasm_close_stream"));
    return Status.Ok;
  }

  override sendLocalReply(reply: LocalReply): number {
    this.stopped = true;
    const details = reply.details.replace(/\s/g, "_");
    this.vm.afterCall(() => this.stream.replyLocally({ ...reply, details }));
    return Status.Ok;
  }
}
