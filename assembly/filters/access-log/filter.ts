// access-log at work: a finished request into the policy's question, its lines into sinks. No
// decision of its own, and nothing that could answer or change a request.
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
export class AccessLogRoot extends Root {
  private policy: Policy | null = null;
  private sinks: Sink[] = [];
  /** Those of them that send, which takes ticks and answers. */
  private senders: HttpSink[] = [];
  /** By verdict, and TOO_LONG. Those there are when there is a policy. */
  private counters: StaticArray<Counter> = [];
  /** 0: never. */
  private tickMillis: i32 = 0;
  /** Senders of plugins that are gone, until they have sent what they had. */
  private inherited: HttpSink[] = [];

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
    this.tickMillis = 0;
    for (let i = 0; i < config.sinks.length; i++) this.open(config.sinks[i]);
    if (this.inherited.length == 0) setTickPeriod(this.tickMillis);
  }

  private open(config: SinkConfig): void {
    const http = config.http;
    if (http !== null) {
      const sender = new HttpSink(config.name, http);
      this.sinks.push(sender);
      this.senders.push(sender);
      this.tickMillis = this.tickMillisWith(sender);
    } else if (config.kind == SinkKind.EnvoyLog) {
      this.sinks.push(new EnvoyLogSink(config.name));
    } else {
      this.sinks.push(new ProxyLogSink(<LogLevel>config.level));
    }
  }

  /** Often enough for `sender`, too. */
  private tickMillisWith(sender: HttpSink): i32 {
    const millis = sender.tickMillis();
    return this.tickMillis == 0 ? millis : min(millis, this.tickMillis);
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
    if (this.senders.length > 0) policy.describe(record, line);
    for (let i = 0; i < this.sinks.length; i++) unchecked(this.sinks[i]).take(line);
    return Verdict.Write;
  }

  onTick(): void {
    for (let i = 0; i < this.senders.length; i++) this.senders[i].tick();
    if (this.inherited.length == 0) return;
    const left: HttpSink[] = [];
    for (let i = 0; i < this.inherited.length; i++) {
      const sender = this.inherited[i];
      sender.tick();
      if (sender.isOver) sender.abandon();
      else left.push(sender);
    }
    this.inherited = left;
    if (left.length == 0) setTickPeriod(this.tickMillis);
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    const isOurs = answer(this.senders, token, headers, bodyBytes);
    if (!isOurs) answer(this.inherited, token, headers, bodyBytes);
  }

  /** What senders have left an heir sends: an update of the settings loses nothing. */
  close(heir: Root | null): void {
    const senders = this.senders;
    const inherited = this.inherited;
    this.sinks = [];
    this.senders = [];
    this.inherited = [];
    leave(senders, heir);
    leave(inherited, heir);
  }

  inherit(sender: HttpSink): void {
    this.inherited.push(sender);
    setTickPeriodOf(this.id, this.tickMillisWith(sender));
  }
}

/** Gives the answer to the sender that waits for it. */
function answer(senders: HttpSink[], token: u32, headers: i32, bodyBytes: i32): bool {
  for (let i = 0; i < senders.length; i++) {
    if (senders[i].onCallAnswer(token, headers, bodyBytes)) return true;
  }
  return false;
}

function leave(senders: HttpSink[], heir: Root | null): void {
  for (let i = 0; i < senders.length; i++) {
    const sender = senders[i];
    sender.shutDown();
    if (heir === null || sender.isOver) sender.abandon();
    else changetype<AccessLogRoot>(heir).inherit(sender);
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
