// access-log's host effects: a finished request goes to the policy, and its line to the sinks. It
// decides nothing by itself, and it exports no callback that could answer or change a request.
import { Root, Stream } from "../../host/context";
import { LogLevel, log } from "../../host/log";
import { register } from "../../host/runtime";
import { setTickPeriod, setTickPeriodOf } from "../../host/tick";
import { ConfigErrors } from "../../lib/config/reader";
import { Config } from "./config";
import { LineCounters } from "./counters";
import { Line } from "./format/line";
import { HostRecord } from "./host-record";
import { Decision, Policy } from "./policy";
import { HttpSink } from "./sinks/http-sink";
import { EnvoyLogSink, ProxyLogSink } from "./sinks/local-sinks";
import { Senders } from "./sinks/senders";
import { Sink } from "./sinks/sink";
import { SinkConfig, SinkKind } from "./sinks/sink-config";
import { readVariables } from "./variables";

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
  private senders: Senders = new Senders();
  /** There when the policy is. */
  private counters: LineCounters | null = null;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (!errors.any) readVariables(config, errors);
    if (errors.any) {
      log(LogLevel.Error, "access-log: configuration refused: " + errors.first);
      return false;
    }
    this.use(config);
    return true;
  }

  private use(config: Config): void {
    this.counters = new LineCounters();
    this.policy = new Policy(config);
    record.readClocks();
    // A host may configure the same root again: what waits moves to its new senders.
    this.close(this);
    for (let i = 0; i < config.sinks.length; i++) this.open(config.sinks[i]);
    setTickPeriod(this.senders.tickMillis);
  }

  private open(config: SinkConfig): void {
    const http = config.http;
    if (http !== null) {
      const sender = new HttpSink(config.name, http);
      this.sinks.push(sender);
      this.senders.add(sender);
    } else if (config.kind == SinkKind.EnvoyLog) {
      this.sinks.push(new EnvoyLogSink(config.name));
    } else {
      this.sinks.push(new ProxyLogSink(<LogLevel>config.level));
    }
  }

  createStream(): Stream {
    return new AccessLogStream();
  }

  /** The current context's request is over. */
  write(): void {
    const policy = this.policy;
    const counters = this.counters;
    if (policy === null || counters === null) return;
    record.open();
    const decision = policy.decide(record);
    if (decision != Decision.Write) return counters.of(decision).add();
    policy.write(record, line);
    if (line.isCut) counters.tooLong.add();
    if (this.senders.hasOwn) policy.describe(record, line);
    for (let i = 0; i < this.sinks.length; i++) unchecked(this.sinks[i]).take(line);
    counters.written.add();
  }

  onTick(): void {
    if (this.senders.tick()) setTickPeriod(this.senders.tickMillis);
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    this.senders.onCallAnswer(token, headers, bodyBytes);
  }

  /** Lines that wait move to `successor`: an update of the settings loses nothing. */
  close(successor: Root | null): void {
    const senders = this.senders;
    this.sinks = [];
    this.senders = new Senders();
    const next = changetype<AccessLogRoot | null>(successor);
    if (!senders.close(next === null ? null : next.senders) || next === null) return;
    setTickPeriodOf(next.id, next.senders.tickMillis);
  }
}

register((): Root => new AccessLogRoot());
