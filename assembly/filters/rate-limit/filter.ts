// rate-limit at work: host facts into the policy's question, its verdict into host calls. No decision of its own.
import { keep } from "../../host/arena";
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { MapType, addHeader, replaceHeader } from "../../host/header-map";
import { sendLocalReply, GRPC_STATUS_NONE } from "../../host/local-reply";
import { LogLevel, log } from "../../host/log";
import { Counter } from "../../host/metrics";
import { Pairs } from "../../host/pairs";
import { setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import { readShared, sharedVersion, writeShared } from "../../host/shared-data";
import { Status } from "../../host/status";
import { Bytes, text, toText, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { TICKS_PER_NANO } from "./bucket";
import { Outcome } from "./charge";
import { Config, HeaderValue, Limit, Mode } from "./config";
import { Policy, Verdict } from "./policy";
import { HeaderSink, Quota } from "./quota";
import { Store } from "./store";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_response_headers,
} from "../../host/runtime";

const LIMIT_PROPERTY = text("gatehouse_limit");
const GRPC_RESOURCE_EXHAUSTED = 8;

/** The proxy's shared data as the buckets' store. */
@final
class SharedStore extends Store {
  read(key: Bytes): Bytes {
    const value = readShared(key);
    this.version = sharedVersion;
    return value;
  }

  write(key: Bytes, value: Bytes, version: u32): bool {
    return writeShared(key, value, version) == Status.Ok;
  }
}

/** Counts the outcomes of one limit. */
@final
class LimitCounters {
  readonly admitted: Counter;
  readonly limited: Counter;
  readonly shadowed: Counter;
  readonly overflowed: Counter;

  constructor(limit: Limit) {
    const prefix = "gatehouse.rate-limit." + toText(view(limit.name)) + ".";
    this.admitted = new Counter(prefix + "admitted");
    this.limited = new Counter(prefix + "limited");
    this.shadowed = new Counter(prefix + "shadowed");
    this.overflowed = new Counter(prefix + "overflowed");
  }
}

/** Headers of a refusal. */
@final
class ReplyHeaders extends HeaderSink {
  readonly pairs: Pairs = new Pairs();

  header(name: Bytes, value: Bytes): void {
    this.pairs.add(name, keep(value));
  }
}

/** Headers of an answer from upstream. */
@final
class ResponseHeaders extends HeaderSink {
  header(name: Bytes, value: Bytes): void {
    replaceHeader(MapType.ResponseHeaders, name, value);
  }
}

const request = new HostRequest();
const reply = new ReplyHeaders();
const response = new ResponseHeaders();


@final
class RateLimitStream extends Stream {
  private readonly quota: Quota = new Quota();
  /** A reply of ours carries its headers already. */
  private replied: bool = false;

  open(): void {
    this.quota.clear();
    this.replied = false;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const root = changetype<RateLimitRoot>(this.root);
    const policy = root.policy;
    if (policy === null) return HeaderAction.Continue;
    const now = monotonicNanos() * TICKS_PER_NANO;
    const verdict = !root.looksAtRequest || request.open() ? policy.judge(request, now) : policy.judgeBlind(now);
    root.count(policy);
    const quota = verdict.quota;
    if (quota !== null) this.quota.set(quota, now);
    const limited = verdict.limited;
    if (limited !== null) setProperty(LIMIT_PROPERTY, limited.name);
    if (!verdict.admitted && root.config.mode == Mode.Enforce) return this.refuse(root, verdict);
    if (limited !== null && root.config.mode == Mode.Enforce) addAll(root.config.requestHeadersWhenNotEnforced);
    return HeaderAction.Continue;
  }

  private refuse(root: RateLimitRoot, verdict: Verdict): HeaderAction {
    const config = root.config;
    reply.pairs.reset();
    this.quota.write(config.headers, reply);
    if (config.retryAfter && !verdict.rejected) this.quota.writeRetryAfter(reply);
    addTo(reply, config.responseHeaders);
    addTo(reply, config.responseHeadersAlways);
    this.replied = true;
    const limited = verdict.limited;
    const details = limited === null ? root.plainDetails : root.detailsOf(limited.limit);
    const grpcStatus = config.grpcResourceExhausted ? GRPC_RESOURCE_EXHAUSTED : GRPC_STATUS_NONE;
    sendLocalReply(config.status, details, view(config.body), reply.pairs, grpcStatus);
    return HeaderAction.Stop;
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    const config = changetype<RateLimitRoot>(this.root).config;
    if (this.replied || config.mode == Mode.Report) return HeaderAction.Continue;
    if (this.quota.isKnown) this.quota.write(config.headers, response);
    addTo(response, config.responseHeadersAlways);
    return HeaderAction.Continue;
  }
}

function addTo(sink: HeaderSink, headers: HeaderValue[]): void {
  for (let i = 0; i < headers.length; i++) {
    const each = unchecked(headers[i]);
    sink.header(view(each.name), view(each.value));
  }
}

function addAll(headers: HeaderValue[]): void {
  for (let i = 0; i < headers.length; i++) {
    const each = unchecked(headers[i]);
    addHeader(MapType.RequestHeaders, view(each.name), view(each.value));
  }
}


@final
class RateLimitRoot extends Root {
  config: Config = new Config();
  policy: Policy | null = null;
  /** Whether any limit asks about the request: else its headers are not even read. */
  looksAtRequest: bool = false;
  readonly plainDetails: Bytes = text("local_rate_limited");
  private counters: LimitCounters[] = [];
  private details: Bytes[] = [];

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "rate-limit: configuration refused: " + errors.first);
      return false;
    }
    this.looksAtRequest = false;
    this.counters = [];
    this.details = [];
    for (let i = 0; i < config.limits.length; i++) {
      const limit = config.limits[i];
      this.counters.push(new LimitCounters(limit));
      this.details.push(text("local_rate_limited{" + toText(view(limit.name)) + "}"));
      const asks = !limit.match.isEmpty || limit.key.length > 0 || limit.overrides.length > 0;
      if (asks || limit.costHeader.length > 0) this.looksAtRequest = true;
    }
    this.config = config;
    this.policy = new Policy(config, new SharedStore(), unixNanos() ^ (monotonicNanos() << 20));
    return true;
  }

  createStream(): Stream {
    return new RateLimitStream();
  }

  /** Adds what each limit said about the request just judged. */
  count(policy: Policy): void {
    for (let i = 0; i < policy.charges.length; i++) {
      const charge = unchecked(policy.charges[i]);
      const counters = unchecked(this.counters[i]);
      switch (charge.outcome) {
        case Outcome.None:
          continue;
        case Outcome.Admitted:
          counters.admitted.add();
          break;
        case Outcome.Limited:
          counters.limited.add();
          break;
        default:
          counters.shadowed.add();
      }
      if (charge.overflowed) counters.overflowed.add();
    }
  }

  detailsOf(limit: Limit): Bytes {
    const index = this.config.limits.indexOf(limit);
    return index < 0 ? this.plainDetails : this.details[index];
  }
}

register((): Root => new RateLimitRoot());
