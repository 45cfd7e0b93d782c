// The proxy around the modules: one chain of plugins, its workers, what they share, the calls
// they make and the time. State lives here and is read by tests and by `gatehouse try`; nothing
// is printed.
import { EmulatorError, type LogLevel } from "./abi.ts";
import { type CallOutcome, answerOf } from "./callout.ts";
import { Clock } from "./clock.ts";
import type { RootContext } from "./context.ts";
import type { Request, Response } from "./exchange.ts";
import type { Call, CallAnswer, Host, HostContext } from "./machine.ts";
import { Plugin, type PluginOptions, configurationBytes } from "./plugin.ts";
import { Metrics, SharedData } from "./shared-data.ts";
import { type AfterFilter, Stream, type StreamHost } from "./stream.ts";
import type { Tree } from "./tree.ts";
import { Worker } from "./worker.ts";

export type { CallOutcome } from "./callout.ts";
export type { Call } from "./machine.ts";
export type { PluginOptions } from "./plugin.ts";

/** How long `exchange` lets time pass for a held stream: longer than any callout's timeout. */
const HELD_MILLIS_MAX = 120_000;

export interface LogLine {
  level: LogLevel;
  message: string;
  plugin: string;
  worker: number;
}

export interface ProxyOptions {
  /** Worker threads; each has virtual machines of its own. Default 1. */
  workers?: number;
  /** Default: now. */
  clock?: Clock;
  /** Answers calls to other clusters. Without it no cluster is known. */
  onCall?: (call: Call) => CallOutcome;
  /** Which clusters exist when `onCall` is given. Default: all. */
  clusters?: readonly string[];
  /** The node the proxy is: `node.*` and `xds.node.*`. */
  node?: Tree;
  logLevel?: LogLevel;
  /** Host functions callable by name; a host without `verify_signature` has it left out here. */
  foreignFunctions?: readonly string[];
}

export class Proxy implements Host, StreamHost {
  readonly clock: Clock;
  readonly shared = new SharedData();
  readonly metrics = new Metrics();
  readonly log: LogLine[] = [];
  readonly plugins: Plugin[] = [];
  readonly workers: Worker[];
  readonly node: Tree;
  readonly logLevel: LogLevel;
  readonly foreignFunctions: ReadonlySet<string>;
  /** Every call that was started, in order. */
  readonly calls: Call[] = [];
  /** Called before each shared-data write: the place where a test lets another worker be faster. */
  beforeSharedWrite?: (key: string) => void;
  afterFilter?: AfterFilter;
  private readonly onCall?: ProxyOptions["onCall"];
  private readonly clusters?: readonly string[];
  private readonly retiring = new Set<RootContext>();
  private readonly openStreams = new Set<Stream>();
  private requests = 0;
  private connections = 0;

  constructor(options: ProxyOptions = {}) {
    this.clock = options.clock ?? new Clock();
    this.node = options.node ?? { id: "gatehouse", cluster: "gatehouse", metadata: {} };
    this.logLevel = options.logLevel ?? "warn";
    this.foreignFunctions = new Set(
      options.foreignFunctions ?? ["verify_signature", "clear_route_cache"],
    );
    this.onCall = options.onCall;
    this.clusters = options.clusters;
    this.workers = Array.from(
      { length: options.workers ?? 1 },
      (_, index) => new Worker(this, index),
    );
  }

  /**
   * Appends a filter to the chain. Throws EmulatorError with the module's own words if it refuses
   * the configuration.
   */
  install(options: PluginOptions): Plugin {
    const plugin = new Plugin(options);
    const from = this.log.length;
    for (const worker of this.workers) {
      const root = worker.open(plugin, plugin.configuration);
      if (!root) {
        const words = this.log.slice(from).map((line) => line.message);
        throw new EmulatorError(
          "CONFIG_REFUSED",
          words.join("\n") || `${plugin.name} refused its configuration`,
        );
      }
      worker.adopt(plugin, root);
    }
    this.plugins.push(plugin);
    return plugin;
  }

  /**
   * Gives an installed filter another configuration, as an xDS update does: new root contexts in
   * the same machines, the old ones end with their last stream. False, and nothing changes, when
   * it is refused.
   */
  update(plugin: Plugin, config: unknown): boolean {
    const configuration = configurationBytes(config);
    const opened: RootContext[] = [];
    for (const worker of this.workers) {
      const root = worker.open(plugin, configuration);
      if (!root) {
        opened.forEach((each) => each.close());
        return false;
      }
      opened.push(root);
    }
    for (const [i, worker] of this.workers.entries()) {
      const old = worker.currentRoot(plugin);
      if (old) this.retiring.add(old);
      worker.adopt(plugin, opened[i]!);
    }
    plugin.configuration = configuration;
    this.retire();
    return true;
  }

  /** Ends replaced root contexts that no stream needs any more. */
  private retire(): void {
    for (const root of this.retiring) {
      const isNeeded = [...root.vm.contexts.values()].some(
        (each) => each.stream && each.root === root,
      );
      if (isNeeded) continue;
      this.retiring.delete(root);
      if (!root.vm.failure) root.close();
    }
  }

  /** Opens a stream on a worker and runs it until it is forwarded, held or answered. */
  open(request: Request, worker = 0): Stream {
    const stream = new Stream(this, request);
    this.openStreams.add(stream);
    stream.begin(this.workers[worker]!);
    return stream;
  }

  /**
   * One whole request: opened, calls answered while it is held (time passes as they need),
   * responded to by the upstream if it gets there. A stream that is still held after two minutes
   * comes back as it is.
   */
  exchange(request: Request, response: Response = {}, worker = 0): Stream {
    const stream = this.open(request, worker);
    this.clock.settle();
    for (let millis = 0; stream.state === "held" && millis < HELD_MILLIS_MAX; millis += 10)
      this.clock.advance(10);
    if (stream.state === "forwarded") stream.respond(response);
    this.clock.settle();
    return stream;
  }

  streamEnded(stream: Stream): void {
    this.openStreams.delete(stream);
    if (this.retiring.size > 0) this.retire();
  }

  /** Ends everything: open streams are reset, root contexts get their done and delete. */
  shutdown(): void {
    for (const stream of [...this.openStreams]) stream.reset();
    for (const worker of this.workers) {
      for (const plugin of this.plugins) {
        const root = worker.currentRoot(plugin);
        if (root && !root.vm.failure) root.close();
      }
    }
  }

  write(context: HostContext | undefined, level: LogLevel, message: string): void {
    this.log.push({
      level,
      message,
      plugin: context?.plugin.name ?? "",
      worker: context?.root.worker ?? -1,
    });
  }

  setShared(key: Buffer, value: Buffer, version: number): number {
    const racer = this.beforeSharedWrite;
    if (racer) {
      this.beforeSharedWrite = undefined;
      racer(key.toString("latin1"));
      this.beforeSharedWrite = racer;
    }
    return this.shared.set(key, value, version);
  }

  /** Every request comes on a connection of its own. */
  nextConnectionId(): bigint {
    return BigInt(++this.connections);
  }

  nextRequestId(): string {
    return `00000000-0000-4000-8000-${(++this.requests).toString(16).padStart(12, "0")}`;
  }

  hasCluster(name: string): boolean {
    return this.onCall !== undefined && (this.clusters?.includes(name) ?? true);
  }

  /**
   * False when the call cannot even be sent. The answer never comes before the callback that made
   * the call is over.
   */
  startCall(call: Call, onAnswer: (answer: CallAnswer | undefined) => void): boolean {
    this.calls.push(call);
    const outcome = this.onCall!(call);
    if (outcome === "unhealthy") return false;
    if (outcome === "never") return true;
    const timeoutMillis = call.timeoutMillis > 0 ? call.timeoutMillis : Infinity;
    const delayMillis =
      typeof outcome === "object"
        ? (outcome.delayMillis ?? 0)
        : outcome === "timeout"
          ? Infinity
          : 0;
    const isLate = delayMillis >= timeoutMillis;
    if (!isLate && delayMillis === Infinity) return true;
    const answer = answerOf(isLate ? "timeout" : outcome);
    const deliver = () => onAnswer(answer);
    this.clock.schedule(BigInt(Math.round((isLate ? timeoutMillis : delayMillis) * 1e6)), deliver);
    return true;
  }
}
