// What every context can do, and the root context: one plugin configuration in one virtual
// machine. Requests are the business of stream-context.ts.
import { BufferType, MapType, Status, StreamType } from "./abi.ts";
import { type ForeignResult, verifySignature } from "./foreign.ts";
import { HeaderMap } from "./headers.ts";
import type { LocalReply } from "./local-reply.ts";
import type { CallAnswer, HostContext, HostRoot } from "./machine.ts";
import type { Plugin } from "./plugin.ts";
import { lookUp } from "./properties.ts";
import type { StreamFacts } from "./properties.ts";
import type { Vm } from "./vm.ts";

/** A buffer that is there, but empty. */
export const NOTHING: Buffer = Buffer.alloc(0);

/** The stream of a context, as far as every context needs it. */
export interface ContextStream extends StreamFacts {
  clearRouteCache(): void;
}

export abstract class Context implements HostContext {
  readonly id: number;
  readonly vm: Vm;
  readonly plugin: Plugin;
  abstract readonly root: RootContext;
  /** The stream this context belongs to; a root has none. */
  readonly stream?: ContextStream;
  isLogging = false;

  constructor(vm: Vm, plugin: Plugin, stream?: ContextStream) {
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
    const isBody = type === BufferType.HttpRequestBody || type === BufferType.HttpResponseBody;
    return isBody || type === BufferType.VmConfiguration ? NOTHING : undefined;
  }

  replaceBuffer(_type: number, _start: number, _length: number, _data: Buffer): number {
    return Status.NotFound;
  }

  /** `path` has its parts separated by zero bytes. */
  property(path: string): Buffer | number {
    return lookUp(this, path.split("\0"));
  }

  setProperty(_path: string, _value: Buffer): number {
    return Status.NotFound;
  }

  continueStream(type: number): number {
    return type === StreamType.Request || type === StreamType.Response
      ? Status.Ok
      : Status.BadArgument;
  }

  closeStream(type: number): number {
    return type === StreamType.Request || type === StreamType.Response
      ? Status.Ok
      : Status.BadArgument;
  }

  sendLocalReply(_reply: LocalReply): number {
    return Status.Ok;
  }

  callForeign(name: string, argument: Buffer): ForeignResult {
    const { foreignFunctions } = this.vm.proxy;
    if (foreignFunctions.has("verify_signature") && name === "verify_signature")
      return verifySignature(argument);
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
export class RootContext extends Context implements HostRoot {
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
      !this.vm.exported("proxy_on_configure") ||
      this.call("proxy_on_configure", configuration.length) !== 0;
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

  /** A period for an existing timer restarts it; 0 stops it. */
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
    if (!headers.has(":path") || !headers.has(":method") || !headers.has(":authority"))
      return Status.BadArgument;
    if (body.length > 0) headers.set("content-length", String(body.length));
    const token = this.nextToken++;
    const sent = this.vm.proxy.startCall(
      { cluster, headers, body, timeoutMillis, plugin: this.plugin.name, token },
      (answer) => this.onCallAnswer(token, answer),
    );
    return sent ? { token } : Status.InternalFailure;
  }

  /**
   * Delivers an answer; without one the connection broke in a way for which Envoy has no status.
   */
  onCallAnswer(token: number, answer: CallAnswer | undefined): void {
    if (!this.vm.contexts.has(this.id)) return;
    this.answer = answer;
    const sizes = answer
      ? [answer.headers.size, answer.body.length, answer.trailers?.size ?? 0]
      : [0, 0, 0];
    this.call("proxy_on_http_call_response", token, ...sizes);
    this.answer = undefined;
  }
}
