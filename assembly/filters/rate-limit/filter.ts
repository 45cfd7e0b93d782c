// rate-limit at work: host facts into the policy's question, its verdict into host calls. No decision of its own.
import { keep } from "../../host/arena";
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { BufferType, bufferBytes } from "../../host/buffer";
import { HeaderMap, MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { startCall, startedToken } from "../../host/http-call";
import { sendLocalReply, GRPC_STATUS_NONE } from "../../host/local-reply";
import { LogLevel, log } from "../../host/log";
import { Counter } from "../../host/metrics";
import { Pairs } from "../../host/pairs";
import { setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register, streamOf } from "../../host/runtime";
import { readShared, sharedVersion, writeShared } from "../../host/shared-data";
import { Status } from "../../host/status";
import { continueRequest, useContext } from "../../host/stream-control";
import { Bytes, EMPTY, NONE, equal, lengthOf, text, toText, utf8, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { spent } from "../../lib/garbage";
import { TICKS_PER_NANO } from "./bucket";
import { Charge, Outcome } from "./charge";
import { Config, Global, HeaderValue, Limit, Mode, OnFailure } from "./config";
import { Policy } from "./policy";
import { HeaderSink, Quota } from "./quota";
import { Answer, RPC_PATH, ServiceAnswer, isAsked, question, readAnswer } from "./service";
import { Store } from "./store";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_vm_start,
} from "../../host/runtime";

const LIMIT_PROPERTY = text("gatehouse_limit");
const GRPC_RESOURCE_EXHAUSTED = 8;
const LOCAL_DETAILS = text("local_rate_limited");
const GLOBAL_DETAILS = text("global_rate_limited");
const SERVICE_DETAILS = text("rate_limit_service_unavailable");
/** No token: the host counts them from 1, and in 32 bits it does not get here. */
const NO_CALL: u32 = u32.MAX_VALUE;
/** No stream: context 0 is never one. */
const NOBODY: u32 = 0;
/** A RateLimitResponse is a few hundred bytes; more is not one. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** What a waiting request costs in the table of calls, for the garbage account. */
const FLIGHT_BYTES = 32;

const METHOD = text(":method");
const POST = text("POST");
const PATH = text(":path");
const AUTHORITY = text(":authority");
const CONTENT_TYPE = text("content-type");
const GRPC = text("application/grpc");
const TE = text("te");
const TRAILERS = text("trailers");
const GRPC_STATUS = text("grpc-status");
const GRPC_OK = text("0");

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

  constructor(limitName: string) {
    const prefix = "gatehouse.rate-limit." + limitName + ".";
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
const answerMap = new HeaderMap();
const serviceAnswer = new ServiceAnswer();


@final
class RateLimitStream extends Stream {
  private readonly quota: Quota = new Quota();
  /** A reply of ours carries its headers already. */
  private replied: bool = false;
  /** The call that this request waits for. */
  private token: u32 = NO_CALL;
  /** Which limits the service was asked about, in the order of the question: their places in the settings, one bit each. */
  private asked: u64 = 0;

  open(): void {
    this.quota.clear();
    this.replied = false;
    this.token = NO_CALL;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const root = changetype<RateLimitRoot>(this.root);
    const policy = root.policy;
    if (policy === null) return HeaderAction.Continue;
    const config = root.config;
    const now = monotonicNanos() * TICKS_PER_NANO;
    const verdict = !root.looksAtRequest || request.open() ? policy.judge(request, now) : policy.judgeBlind(now);
    root.count(policy, verdict.admitted);
    const quota = verdict.quota;
    if (quota !== null) this.quota.set(quota);
    const limited = verdict.limited;
    if (limited !== null) setProperty(LIMIT_PROPERTY, limited.name);
    const enforces = config.mode == Mode.Enforce;
    if (!verdict.admitted && enforces) {
      return this.refuse(root, limited === null ? LOCAL_DETAILS : root.detailsOf(limited.limit));
    }
    if (config.requestHeadersWhenNotEnforced.length > 0) {
      removeAll(config.requestHeadersWhenNotEnforced);
      if (limited !== null && enforces) addAll(config.requestHeadersWhenNotEnforced);
    }
    const global = config.global;
    return verdict.admitted && global !== null ? this.askService(root, global, policy) : HeaderAction.Continue;
  }

  /** The local limits have admitted; now the fleet's. The request waits for the answer, unless it cannot change anything. */
  private askService(root: RateLimitRoot, global: Global, policy: Policy): HeaderAction {
    const body = question(global, policy.charges, request);
    if (body == NONE) return HeaderAction.Continue;
    this.asked = 0;
    for (let i = 0; i < policy.charges.length; i++) {
      if (isAsked(unchecked(policy.charges[i]))) this.asked |= (<u64>1) << i;
    }
    const waits = root.config.mode == Mode.Enforce;
    const token = root.ask(global, body, waits ? this.id : NOBODY);
    if (!waits) return HeaderAction.Continue;
    this.token = token;
    if (token != NO_CALL) return HeaderAction.Stop;
    return this.failed(root) ? HeaderAction.Continue : HeaderAction.Stop;
  }

  /** The service has answered this request. */
  onServiceAnswer(root: RateLimitRoot, answer: ServiceAnswer): void {
    this.token = NO_CALL;
    if (answer.said == Answer.OverLimit) this.refuseForFleet(root, answer);
    else if (answer.said == Answer.Ok || this.failed(root)) continueRequest();
  }

  /** The quota that the answer tells is then the service's, as far as it said which. */
  private refuseForFleet(root: RateLimitRoot, answer: ServiceAnswer): void {
    this.quota.clear();
    const charge = root.chargeOf(this.asked, answer.descriptor);
    if (charge === null) {
      this.refuse(root, GLOBAL_DETAILS);
      return;
    }
    setProperty(LIMIT_PROPERTY, charge.name);
    this.quota.setService(charge, answer);
    this.refuse(root, root.globalDetailsOf(charge.limit));
  }

  /** What `onFailure` says: true to pass. Otherwise the request has been refused. */
  private failed(root: RateLimitRoot): bool {
    const global = root.config.global;
    if (global === null || global.onFailure != OnFailure.Deny) return true;
    reply.pairs.reset();
    addTo(reply, root.config.responseHeadersAlways);
    this.replied = true;
    sendLocalReply(503, SERVICE_DETAILS, EMPTY, reply.pairs);
    return false;
  }

  /** The request is gone; an answer that comes later finds nobody. */
  close(): void {
    if (this.token != NO_CALL) changetype<RateLimitRoot>(this.root).forget(this.token);
    this.token = NO_CALL;
  }

  private refuse(root: RateLimitRoot, details: Bytes): HeaderAction {
    const config = root.config;
    reply.pairs.reset();
    if (this.quota.isKnown) this.quota.write(config.headers, reply);
    if (config.retryAfter) this.quota.writeRetryAfter(reply);
    addTo(reply, config.responseHeaders);
    addTo(reply, config.responseHeadersAlways);
    this.replied = true;
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

/** Whoever sent them: only we say that a limit would have refused. */
function removeAll(headers: HeaderValue[]): void {
  for (let i = 0; i < headers.length; i++) {
    const name = view(unchecked(headers[i]).name);
    if (request.headerIndex(name, 0) >= 0) removeHeader(MapType.RequestHeaders, name);
  }
}


@final
class RateLimitRoot extends Root {
  config: Config = new Config();
  policy: Policy | null = null;
  /** Whether anything asks about the request: else its headers are not even read. */
  looksAtRequest: bool = false;
  private counters: LimitCounters[] = [];
  private details: StaticArray<u8>[] = [];
  private globalDetails: StaticArray<u8>[] = [];
  /** Calls under way: token → stream, or NOBODY where only the count matters. */
  private readonly flights: Map<u32, u32> = new Map<u32, u32>();
  private serviceOk: Counter | null = null;
  private serviceOverLimit: Counter | null = null;
  private serviceFailed: Counter | null = null;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "rate-limit: configuration refused: " + errors.first);
      return false;
    }
    this.looksAtRequest = config.requestHeadersWhenNotEnforced.length > 0;
    this.counters = [];
    this.details = [];
    this.globalDetails = [];
    for (let i = 0; i < config.limits.length; i++) {
      const limit = config.limits[i];
      const name = toText(view(limit.name));
      this.counters.push(new LimitCounters(name));
      this.details.push(utf8("local_rate_limited{" + name + "}"));
      this.globalDetails.push(utf8("global_rate_limited{" + name + "}"));
      const asks = !limit.match.isEmpty || limit.key.length > 0 || limit.overrides.length > 0;
      if (asks || limit.costHeader.length > 0) this.looksAtRequest = true;
    }
    if (config.global !== null) {
      this.serviceOk = new Counter("gatehouse.rate-limit.global.ok");
      this.serviceOverLimit = new Counter("gatehouse.rate-limit.global.over_limit");
      this.serviceFailed = new Counter("gatehouse.rate-limit.global.failed");
    }
    this.config = config;
    this.policy = new Policy(config, new SharedStore(), unixNanos() ^ (monotonicNanos() << 20));
    return true;
  }

  createStream(): Stream {
    return new RateLimitStream();
  }

  /** Asks the service for one request; NO_CALL when it cannot even be asked. */
  ask(global: Global, body: Bytes, streamId: u32): u32 {
    const pairs = reply.pairs;
    pairs.reset();
    pairs.add(METHOD, POST);
    pairs.add(PATH, RPC_PATH);
    pairs.add(AUTHORITY, view(global.cluster));
    pairs.add(CONTENT_TYPE, GRPC);
    pairs.add(TE, TRAILERS);
    const isWhole = lengthOf(body) > 0;
    if (!isWhole || startCall(view(global.cluster), pairs, body, global.timeoutMillis) != Status.Ok) {
      this.countService(Answer.Failure);
      return NO_CALL;
    }
    this.flights.set(startedToken, streamId);
    spent(FLIGHT_BYTES);
    return startedToken;
  }

  forget(token: u32): void {
    this.flights.delete(token);
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    if (!this.flights.has(token)) return;
    const streamId = this.flights.get(token);
    this.flights.delete(token);
    this.readService(bodyBytes);
    this.countService(serviceAnswer.said);
    if (streamId == NOBODY) return;
    const stream = streamOf(streamId);
    if (stream === null || useContext(streamId) != Status.Ok) return;
    changetype<RateLimitStream>(stream).onServiceAnswer(this, serviceAnswer);
  }

  /** The service's word; gRPC's own status counts before it, in the trailers or, without a message, in the headers. */
  private readService(bodyBytes: i32): void {
    serviceAnswer.clear();
    let status = NONE;
    if (answerMap.read(MapType.HttpCallResponseTrailers) == Status.Ok) status = answerMap.get(GRPC_STATUS);
    if (status == NONE && answerMap.read(MapType.HttpCallResponseHeaders) == Status.Ok) {
      status = answerMap.get(GRPC_STATUS);
    }
    if (status == NONE || !equal(status, GRPC_OK) || bodyBytes > ANSWER_BYTES_MAX) return;
    const body = bufferBytes(BufferType.HttpCallResponseBody, bodyBytes);
    if (body != NONE) readAnswer(body, serviceAnswer);
  }

  private countService(said: Answer): void {
    const counter =
      said == Answer.Ok ? this.serviceOk : said == Answer.OverLimit ? this.serviceOverLimit : this.serviceFailed;
    if (counter !== null) counter.add();
  }

  /** Adds what each limit said about the request just judged. One that admitted what another refused took nothing. */
  count(policy: Policy, admitted: bool): void {
    for (let i = 0; i < policy.charges.length; i++) {
      const charge = unchecked(policy.charges[i]);
      const counters = unchecked(this.counters[i]);
      switch (charge.outcome) {
        case Outcome.None:
          continue;
        case Outcome.Admitted:
          if (admitted) counters.admitted.add();
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

  /** The limit that was the `descriptor`-th of those `asked` about (a bit for each limit); null when there is none. */
  chargeOf(asked: u64, descriptor: i32): Charge | null {
    const policy = this.policy;
    if (policy === null || descriptor < 0) return null;
    let before = 0;
    for (let i = 0; i < policy.charges.length; i++) {
      if (((asked >> i) & 1) == 0) continue;
      if (before++ == descriptor) return unchecked(policy.charges[i]);
    }
    return null;
  }

  detailsOf(limit: Limit): Bytes {
    const index = this.config.limits.indexOf(limit);
    return index < 0 ? LOCAL_DETAILS : view(unchecked(this.details[index]));
  }

  globalDetailsOf(limit: Limit): Bytes {
    const index = this.config.limits.indexOf(limit);
    return index < 0 ? GLOBAL_DETAILS : view(unchecked(this.globalDetails[index]));
  }
}

register((): Root => new RateLimitRoot());
