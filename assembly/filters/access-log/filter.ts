// access-log at work: a finished request into the policy's question, its lines into sinks. No decision of its own, and
// nothing that could answer or change a request.
import { Root, Stream } from "../../host/context";
import { environmentVariable } from "../../host/environment";
import { LogLevel, log } from "../../host/log";
import { Counter } from "../../host/metrics";
import { register } from "../../host/runtime";
import { setTickPeriod, setTickPeriodOf } from "../../host/tick";
import { lengthOf, text, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { Config } from "./config";
import { countersOf } from "./counters";
import { HostRecord } from "./host-record";
import { HttpSink } from "./sinks/http-sink";
import { Line } from "./format/line";
import { EnvoyLogSink, ProxyLogSink } from "./sinks/local-sinks";
import { Policy, Verdict } from "./policy";
import { Sink } from "./sinks/sink";
import { SinkConfig, SinkKind } from "./sinks/sink-config";
import { decimal } from "../../lib/writer";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_log,
  proxy_on_memory_allocate,
  proxy_on_tick,
  proxy_on_vm_start,
} from "../../host/runtime";

/** By verdict, and what was too long for a line. */
const COUNTS = text("written would_write filtered sampled_out capped too_long");
const TOO_LONG = 5;

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
  /** By verdict, and TOO_LONG. Those there are when there is a policy. */
  private counters: Counter[] = [];
  /** 0: never. */
  private tickMillis: i32 = 0;
  /** Sinks of plugins that are gone, until they have sent what they had. */
  private inherited: Sink[] = [];

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
    this.counters = countersOf("gatehouse.access-log.lines.", COUNTS);
    this.policy = new Policy(config);
    record.readClocks();
    // A host may configure a root anew: it is its own heir then.
    this.close(this);
    this.wantsDescription = false;
    this.tickMillis = 0;
    for (let i = 0; i < config.sinks.length; i++) {
      const sink = this.sinkOf(config.sinks[i]);
      this.sinks.push(sink);
      if (sink.wantsDescription()) this.wantsDescription = true;
      const millis = sink.tickMillis();
      if (millis > 0 && (this.tickMillis == 0 || millis < this.tickMillis)) this.tickMillis = millis;
    }
    if (this.inherited.length == 0) setTickPeriod(this.tickMillis);
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
    unchecked(this.counters[verdict == Verdict.Write ? this.hand(policy) : verdict]).add();
  }

  /** Writes the line; gives the counter that has to know of it. */
  private hand(policy: Policy): i32 {
    line.bytes = policy.write(record);
    if (lengthOf(line.bytes) == 0) return TOO_LONG;
    if (this.wantsDescription) policy.describe(record, line);
    for (let i = 0; i < this.sinks.length; i++) unchecked(this.sinks[i]).take(line);
    return Verdict.Write;
  }

  onTick(): void {
    for (let i = 0; i < this.sinks.length; i++) this.sinks[i].tick();
    if (this.inherited.length == 0) return;
    const left: Sink[] = [];
    for (let i = 0; i < this.inherited.length; i++) {
      const sink = this.inherited[i];
      sink.tick();
      if (sink.isOver) sink.abandon();
      else left.push(sink);
    }
    this.inherited = left;
    if (this.inherited.length == 0) setTickPeriod(this.tickMillis);
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    const isOurs = answer(this.sinks, token, headers, bodyBytes, trailers);
    if (!isOurs) answer(this.inherited, token, headers, bodyBytes, trailers);
  }

  /** What sinks have left an heir sends: an update of the settings loses nothing. */
  close(heir: Root | null): void {
    const sinks = this.sinks;
    const inherited = this.inherited;
    this.sinks = [];
    this.inherited = [];
    leave(sinks, heir);
    leave(inherited, heir);
  }

  inherit(sink: Sink): void {
    this.inherited.push(sink);
    const millis = sink.tickMillis();
    setTickPeriodOf(this.id, this.tickMillis == 0 ? millis : min(millis, this.tickMillis));
  }
}

/** Gives the answer to the sink that waits for it. */
function answer(sinks: Sink[], token: u32, headers: i32, bodyBytes: i32, trailers: i32): bool {
  for (let i = 0; i < sinks.length; i++) {
    if (sinks[i].onCallAnswer(token, headers, bodyBytes, trailers)) return true;
  }
  return false;
}

function leave(sinks: Sink[], heir: Root | null): void {
  for (let i = 0; i < sinks.length; i++) {
    const sink = sinks[i];
    sink.shutDown();
    if (heir === null || sink.isOver) sink.abandon();
    else changetype<AccessLogRoot>(heir).inherit(sink);
  }
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
      const at = "/sinks/" + decimal(i) + "/http/headers/" + decimal(k) + "/valueFromEnv";
      if (problem.length > 0) errors.add(at, problem);
    }
  }
}

register((): Root => new AccessLogRoot());
