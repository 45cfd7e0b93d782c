// rate-limit at work: host facts into the policy's question, its verdict into host calls. No
// decision of its own.
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { GRPC_STATUS_NONE, sendLocalReply } from "../../host/local-reply";
import { LogLevel, log } from "../../host/log";
import { setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import { SharedData } from "../../host/shared-data";
import { Status } from "../../host/status";
import { continueRequest, useContext } from "../../host/stream-control";
import { Bytes, EMPTY, NONE, text, toText, utf8, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { ReplyHeaders, ResponseHeaders, addTo, addToRequest, removeFromRequest } from "./answer";
import { TICKS_PER_NANO } from "./bucket";
import { Charge } from "./charge";
import { Config, Mode, OnFailure } from "./config";
import { Fleet, NOBODY, NO_CALL } from "./fleet";
import { Limit } from "./limit";
import { LimitCounters } from "./metrics";
import { Policy } from "./policy";
import { isAsked, question } from "./question";
import { Quota } from "./quota";
import { Answer, ServiceAnswer } from "./service-answer";

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

const request = new HostRequest();
const reply = new ReplyHeaders();
const response = new ResponseHeaders();


@final
class RateLimitStream extends Stream {
  private readonly quota: Quota = new Quota();
  /** A reply of ours carries its headers already. */
  private replied: bool = false;
  /** The call that this request waits for. */
  private token: u32 = NO_CALL;
  /**
   * Which limits the service was asked about, in the order of the question: their places in the
   * settings, one bit each.
   */
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
    const verdict =
      !root.looksAtRequest || request.open() ? policy.judge(request, now) : policy.judgeBlind(now);
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
      removeFromRequest(config.requestHeadersWhenNotEnforced, request);
      if (limited !== null && enforces) addToRequest(config.requestHeadersWhenNotEnforced);
    }
    const global = config.global;
    const fleet = root.fleet;
    if (!verdict.admitted || global === null || fleet === null) return HeaderAction.Continue;
    return this.askFleet(root, fleet, question(global, policy.charges, request), policy);
  }

  /**
   * The local limits have admitted; now the fleet's. The request waits for the answer, unless it
   * cannot change anything.
   */
  private askFleet(root: RateLimitRoot, fleet: Fleet, body: Bytes, policy: Policy): HeaderAction {
    const global = root.config.global;
    if (body == NONE || global === null) return HeaderAction.Continue;
    this.asked = 0;
    for (let i = 0; i < policy.charges.length; i++) {
      if (isAsked(unchecked(policy.charges[i]))) this.asked |= (<u64>1) << i;
    }
    const waits = root.config.mode == Mode.Enforce;
    const token = fleet.ask(global, body, waits ? this : NOBODY);
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
    const fleet = changetype<RateLimitRoot>(this.root).fleet;
    if (this.token != NO_CALL && fleet !== null) fleet.forget(this.token);
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


@final
export class RateLimitRoot extends Root {
  config: Config = new Config();
  policy: Policy | null = null;
  /** Whether anything asks about the request: else its headers are not even read. */
  looksAtRequest: bool = false;
  private counters: LimitCounters[] = [];
  private details: StaticArray<u8>[] = [];
  private globalDetails: StaticArray<u8>[] = [];
  /** The rate limit service, when there is one. */
  fleet: Fleet | null = null;

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
    if (config.global !== null && this.fleet === null) this.fleet = new Fleet();
    this.config = config;
    this.policy = new Policy(config, new SharedData(), unixNanos() ^ (monotonicNanos() << 20));
    return true;
  }

  createStream(): Stream {
    return new RateLimitStream();
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    const fleet = this.fleet;
    if (fleet === null) return;
    const stream = fleet.take(token, bodyBytes);
    if (stream === null || useContext(stream.id) != Status.Ok) return;
    changetype<RateLimitStream>(stream).onServiceAnswer(this, fleet.answer);
  }

  /** Adds what each limit said about the request just judged. */
  count(policy: Policy, admitted: bool): void {
    for (let i = 0; i < policy.charges.length; i++) {
      unchecked(this.counters[i]).count(unchecked(policy.charges[i]), admitted);
    }
  }

  /**
   * The limit that was the `descriptor`-th of those `asked` about (a bit for each limit); null
   * when there is none.
   */
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
