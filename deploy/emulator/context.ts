// The two kinds of context as the host sees them. What can be read and changed depends on the phase, as in Envoy: a map is
// there while its callback runs or the stream is held by this filter, and all of them, unchangeable, in the log phase.
import { BufferType, CONTINUE, MapType, Status, StreamType } from "./abi.ts";
import { type ForeignResult, verifySignature } from "./foreign.ts";
import { HeaderMap } from "./headers.ts";
import type { Plugin } from "./proxy.ts";
import { lookUp } from "./properties.ts";
import type { LocalReply, Stream } from "./stream.ts";
import type { Vm } from "./vm.ts";

export interface CallAnswer {
  headers: HeaderMap;
  body: Buffer;
  trailers: HeaderMap;
}

export abstract class Context {
  readonly id: number;
  readonly vm: Vm;
  readonly plugin: Plugin;
  abstract readonly root: RootContext;
  /** The stream this context belongs to; a root has none. */
  readonly stream?: Stream;
  isLogging = false;

  constructor(vm: Vm, plugin: Plugin, stream?: Stream) {
    this.id = vm.allocateContextId();
    this.vm = vm;
    this.plugin = plugin;
    this.stream = stream;
    vm.contexts.set(this.id, this);
  }

  call(callback: string, ...parameters: number[]): number {
    return this.vm.call(this, callback, this.id, ...parameters);
  }

  readableMap(type: number): HeaderMap | undefined {
    if (type === MapType.HttpCallResponseHeaders) return this.root.answer?.headers;
    if (type === MapType.HttpCallResponseTrailers) return this.root.answer?.trailers;
    return undefined;
  }

  writableMap(_type: number): HeaderMap | undefined {
    return undefined;
  }

  headersChanged(_type: number): void {}

  buffer(type: number): Buffer | undefined {
    if (type === BufferType.HttpCallResponseBody) return this.root.answer?.body;
    if (type === BufferType.PluginConfiguration) return this.root.configuration;
    return type === BufferType.VmConfiguration ? Buffer.alloc(0) : undefined;
  }

  replaceBuffer(_type: number, _start: number, _length: number, _data: Buffer): number {
    return Status.NotFound;
  }

  /** `path` has its parts separated by zero bytes. */
  property(path: string): Buffer | undefined {
    return lookUp(this, path.split("\0"));
  }

  setProperty(_path: string, _value: Buffer): number {
    return Status.NotFound;
  }

  continueStream(_type: number): number {
    return Status.Ok;
  }

  closeStream(_type: number): number {
    return Status.Ok;
  }

  sendLocalReply(_reply: LocalReply): number {
    return Status.Ok;
  }

  callForeign(name: string, argument: Buffer): ForeignResult {
    const { foreignFunctions } = this.vm.proxy;
    if (foreignFunctions.has("verify_signature") && name === "verify_signature") return verifySignature(argument);
    if (foreignFunctions.has("clear_route_cache") && name === "clear_route_cache") {
      this.stream?.clearRouteCache();
      return { status: Status.Ok };
    }
    return { status: Status.NotFound };
  }

  delete(): void {
    this.vm.contexts.delete(this.id);
  }
}

/** One plugin configuration in one virtual machine. */
export class RootContext extends Context {
  readonly worker: number;
  /** There while `proxy_on_configure` runs. */
  configuration?: Buffer;
  /** There while `proxy_on_http_call_response` runs. */
  answer?: CallAnswer;
  private tickMillis = 0;
  private cancelTick?: () => void;
  private nextToken = 1;
  private isClosing = false;

  constructor(vm: Vm, plugin: Plugin, worker: number) {
    super(vm, plugin);
    this.worker = worker;
  }

  get root(): RootContext {
    return this;
  }

  /** Creates the context in the module and hands it its configuration; false when it is refused. */
  open(configuration: Buffer): boolean {
    this.call("proxy_on_context_create", 0);
    if (!this.vm.begin(this)) return false;
    this.configuration = configuration;
    const accepted =
      !this.vm.exported("proxy_on_configure") || this.call("proxy_on_configure", configuration.length) !== 0;
    this.configuration = undefined;
    return accepted && !this.vm.failure;
  }

  /** The plugin goes: it may delay its end until it calls `proxy_done`. */
  close(): void {
    this.isClosing = true;
    const ready = !this.vm.exported("proxy_on_done") || this.call("proxy_on_done") !== 0;
    if (ready) this.end();
  }

  done(): number {
    if (!this.isClosing) return Status.NotFound;
    this.vm.afterCall(() => this.end());
    return Status.Ok;
  }

  private end(): void {
    this.cancelTick?.();
    this.call("proxy_on_delete");
    this.delete();
  }

  /** A period for an existing timer starts it anew; 0 stops it. */
  setTickPeriod(millis: number): number {
    this.tickMillis = millis;
    this.cancelTick?.();
    this.cancelTick = undefined;
    if (millis > 0) this.scheduleTick();
    return Status.Ok;
  }

  private scheduleTick(): void {
    this.cancelTick = this.vm.proxy.clock.schedule(BigInt(this.tickMillis) * 1_000_000n, () => {
      if (this.vm.failure || !this.vm.contexts.has(this.id)) return;
      const armed = this.cancelTick;
      this.call("proxy_on_tick");
      if (this.tickMillis > 0 && this.cancelTick === armed && !this.vm.failure) this.scheduleTick();
    });
  }

  /** Starts a call to another cluster; a number is the status it is refused with. */
  openCall(
    cluster: string,
    pairs: [string, Buffer][],
    body: Buffer,
    timeoutMillis: number,
  ): { token: number } | number {
    const headers = new HeaderMap(pairs);
    if (!this.vm.proxy.hasCluster(cluster)) return Status.BadArgument;
    if (!headers.has(":path") || !headers.has(":method") || !headers.has(":authority")) return Status.BadArgument;
    if (body.length > 0) headers.set("content-length", String(body.length));
    const token = this.nextToken++;
    const sent = this.vm.proxy.startCall(
      { cluster, headers, body, timeoutMillis, plugin: this.plugin.name, token },
      this,
    );
    return sent ? { token } : Status.InternalFailure;
  }

  /** Delivers an answer; without one the connection broke in a way for which Envoy has no status. */
  onCallAnswer(token: number, answer: CallAnswer | undefined): void {
    if (!this.vm.contexts.has(this.id)) return;
    this.answer = answer;
    const sizes = answer ? [answer.headers.size, answer.body.length, answer.trailers.size] : [0, 0, 0];
    this.call("proxy_on_http_call_response", token, ...sizes);
    this.answer = undefined;
  }
}

/** One plugin's view of one stream. */
export class StreamContext extends Context {
  readonly root: RootContext;
  override readonly stream: Stream;
  /** Place in the chain. */
  readonly index: number;
  private stopped = false;
  private requestHeaders?: HeaderMap;
  private requestTrailers?: HeaderMap;
  private responseHeaders?: HeaderMap;
  private responseTrailers?: HeaderMap;
  private requestBody?: Buffer;
  private responseBody?: Buffer;

  constructor(root: RootContext, stream: Stream, index: number) {
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
    if (goesOn) this.requestBody = undefined;
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
    if (goesOn) this.responseBody = undefined;
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
    const action = this.call(callback, size, ...(endOfStream === undefined ? [] : [endOfStream ? 1 : 0]));
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
    if (!body || (type !== BufferType.HttpRequestBody && type !== BufferType.HttpResponseBody)) return Status.NotFound;
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
    this.requestHeaders = this.requestTrailers = this.requestBody = undefined;
    return Status.Ok;
  }

  override closeStream(type: number): number {
    if (type !== StreamType.Request && type !== StreamType.Response) return Status.BadArgument;
    this.vm.afterCall(() => this.stream.reset("wasm_close_stream"));
    return Status.Ok;
  }

  override sendLocalReply(reply: LocalReply): number {
    this.stopped = true;
    const details = `via_wasm::${this.plugin.name}::${reply.details.replace(/\s/g, "_")}`;
    this.vm.afterCall(() => this.stream.replyLocally({ ...reply, details }));
    return Status.Ok;
  }
}
