// access-log at work: a finished request into the policy's question, its lines into sinks. No decision of its own, and
// nothing that could answer or change a request.
import { Root, Stream } from "../../host/context";
import { monotonicNanos } from "../../host/clock";
import { environmentVariable } from "../../host/environment";
import { LogLevel, log } from "../../host/log";
import { Counter } from "../../host/metrics";
import { register } from "../../host/runtime";
import { finishShutdown } from "../../host/shutdown";
import { setTickPeriod } from "../../host/tick";
import { lengthOf, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { Config } from "./config";
import { HostRecord } from "./host-record";
import { HttpSink } from "./sinks/http-sink";
import { Line } from "./format/line";
import { EnvoyLogSink, ProxyLogSink } from "./sinks/local-sinks";
import { Policy, Verdict } from "./policy";
import { Sink } from "./sinks/sink";
import { SinkConfig, SinkKind } from "./sinks/sink-config";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_done,
  proxy_on_http_call_response,
  proxy_on_log,
  proxy_on_memory_allocate,
  proxy_on_tick,
  proxy_on_vm_start,
} from "../../host/runtime";

/** What a plugin that goes away waits for its sinks; then the lines that are left are given up. */
const CLOSE_NANOS: i64 = 10_000_000_000;
const NEVER: i64 = i64.MAX_VALUE;

const record = new HostRecord();
const line = new Line();


@final
class AccessLogStream extends Stream {
  onLog(): void {
    changetype<AccessLogRoot>(this.root).write();
  }
}


@final
class AccessLogRoot extends Root {
  private policy: Policy | null = null;
  private sinks: Sink[] = [];
  private wantsDescription: bool = false;
  private written: Counter | null = null;
  private wouldWrite: Counter | null = null;
  private filtered: Counter | null = null;
  private sampledOut: Counter | null = null;
  private capped: Counter | null = null;
  private tooLong: Counter | null = null;
  /** Until when the sinks may still send, once the plugin goes away. */
  private closeBy: i64 = NEVER;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (!errors.any) readKey(config, errors);
    if (!errors.any) readHeaders(config, errors);
    if (errors.any) {
      log(LogLevel.Error, "access-log: configuration refused: " + errors.first);
      return false;
    }
    this.use(config);
    return true;
  }

  private use(config: Config): void {
    this.written = new Counter("gatehouse.access-log.lines.written");
    this.wouldWrite = new Counter("gatehouse.access-log.lines.would_write");
    this.filtered = new Counter("gatehouse.access-log.lines.filtered");
    this.sampledOut = new Counter("gatehouse.access-log.lines.sampled_out");
    this.capped = new Counter("gatehouse.access-log.lines.capped");
    this.tooLong = new Counter("gatehouse.access-log.lines.too_long");
    this.policy = new Policy(config);
    record.readClocks();
    this.sinks = [];
    this.wantsDescription = false;
    let tickMillis = 0;
    for (let i = 0; i < config.sinks.length; i++) {
      const sink = this.sinkOf(config.sinks[i]);
      this.sinks.push(sink);
      if (sink.wantsDescription()) this.wantsDescription = true;
      const millis = sink.tickMillis();
      if (millis > 0 && (tickMillis == 0 || millis < tickMillis)) tickMillis = millis;
    }
    setTickPeriod(tickMillis);
  }

  private sinkOf(config: SinkConfig): Sink {
    const http = config.http;
    if (http !== null) return new HttpSink(config.name, http);
    if (config.kind == SinkKind.EnvoyLog) return new EnvoyLogSink(config.name);
    return new ProxyLogSink(<LogLevel>config.level);
  }

  createStream(): Stream {
    return new AccessLogStream();
  }

  /** The current context's request is over. */
  write(): void {
    const policy = this.policy;
    if (policy === null) return;
    record.open();
    const verdict = policy.judge(record);
    if (verdict == Verdict.Write) this.hand(policy);
    else this.count(verdict);
  }

  private hand(policy: Policy): void {
    line.bytes = policy.write(record);
    if (lengthOf(line.bytes) == 0) return add(this.tooLong);
    if (this.wantsDescription) policy.describe(record, line);
    for (let i = 0; i < this.sinks.length; i++) unchecked(this.sinks[i]).take(line);
    add(this.written);
  }

  private count(verdict: Verdict): void {
    switch (verdict) {
      case Verdict.Filtered:
        return add(this.filtered);
      case Verdict.SampledOut:
        return add(this.sampledOut);
      case Verdict.Capped:
        return add(this.capped);
      default:
        return add(this.wouldWrite);
    }
  }

  onTick(): void {
    for (let i = 0; i < this.sinks.length; i++) this.sinks[i].tick();
    this.closeWhenDone();
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    for (let i = 0; i < this.sinks.length; i++) {
      if (this.sinks[i].onCallAnswer(token, headers, bodyBytes, trailers)) break;
    }
    this.closeWhenDone();
  }

  onShutdown(): bool {
    for (let i = 0; i < this.sinks.length; i++) this.sinks[i].shutDown();
    if (this.areSinksEmpty()) {
      this.abandonSinks();
      return true;
    }
    this.closeBy = monotonicNanos() + CLOSE_NANOS;
    return false;
  }

  /** The last answer, or the end of patience, ends the plugin. */
  private closeWhenDone(): void {
    if (this.closeBy == NEVER || (!this.areSinksEmpty() && monotonicNanos() < this.closeBy)) return;
    this.closeBy = NEVER;
    this.abandonSinks();
    finishShutdown();
  }

  private areSinksEmpty(): bool {
    for (let i = 0; i < this.sinks.length; i++) {
      if (!this.sinks[i].isEmpty) return false;
    }
    return true;
  }

  private abandonSinks(): void {
    for (let i = 0; i < this.sinks.length; i++) this.sinks[i].abandon();
  }
}

function add(counter: Counter | null): void {
  if (counter !== null) counter.add();
}

/** The key of keyed hashes, when the configuration names a variable for it. */
function readKey(config: Config, errors: ConfigErrors): void {
  const name = view(config.redact.hashKeyVariable);
  if (lengthOf(name) == 0) return;
  const value = environmentVariable(name);
  const problem = config.redact.keyProblem(value);
  if (problem.length > 0) errors.add("/redact/hashKeyFromEnv", problem);
  else config.redaction.useKey(value);
}

/** Headers of sinks whose values are in the environment. */
function readHeaders(config: Config, errors: ConfigErrors): void {
  for (let i = 0; i < config.sinks.length; i++) {
    const http = config.sinks[i].http;
    if (http === null) continue;
    for (let k = 0; k < http.headers.length; k++) {
      const header = http.headers[k];
      if (header.variable.length == 0) continue;
      const problem = header.use(environmentVariable(view(header.variable)));
      const at = "/sinks/" + i.toString() + "/http/headers/" + k.toString() + "/valueFromEnv";
      if (problem.length > 0) errors.add(at, problem);
    }
  }
}

register((): Root => new AccessLogRoot());
