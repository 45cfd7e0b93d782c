// One request: asks the policy, and then the rate limit service, and turns what they say into host
// calls.
import { monotonicNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { addCorsHeaders } from "../../host/cors";
import { MapType, headerValue } from "../../host/header-map";
import { GRPC_STATUS_NONE, sendLocalReply } from "../../host/local-reply";
import { setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { continueRequest } from "../../host/stream-control";
import { Bytes, EMPTY, NONE, isPresent, text, view } from "../../lib/bytes";
import { ORIGIN, REQUEST_METHOD, isPreflight } from "../../lib/http/cors";
import { RESOURCE_EXHAUSTED } from "../../lib/http/grpc-status";
import { AMBIGUOUS_PATH_TEXT } from "../../lib/http/path";
import { SEARCH_NANOS_MAX } from "../../lib/http/request";
import { ActiveLimits } from "./active-limits";
import { ReplyHeaders, ResponseHeaders, addTo, setOwnHeaders } from "./answer";
import { TICKS_PER_NANO } from "./bucket";
import { Config, HeaderValue, Mode, OnFailure, QuotaHeaders } from "./config";
import { Decision } from "./decision";
import { Quota } from "./quota";
import { NO_CALL, NO_STREAM } from "./service/client";
import { isAsked, rateLimitRequest } from "./service/request";
import { RateLimitResponse, ServiceDecision } from "./service/response";

const LIMIT_PROPERTY = text("gatehouse_limit");
const X_ENVOY_RATELIMITED = text("x-envoy-ratelimited");
const TRUE = text("true");
const NO_HEADERS: HeaderValue[] = [];
const LOCAL_DETAILS = text("local_rate_limited");
const GLOBAL_DETAILS = text("global_rate_limited");
const PATH_DETAILS = text("path_ambiguous");
const SERVICE_DETAILS = text("rate_limit_service_unavailable");

const request = new HostRequest();
request.searchNanosMax = SEARCH_NANOS_MAX;
const reply = new ReplyHeaders();
const response = new ResponseHeaders();

/** What a stream needs of its root. */
export abstract class LimitsRoot extends Root {
  /** Null until a configuration was accepted. */
  limits: ActiveLimits | null = null;
}


@final
export class RateLimitStream extends Stream {
  /** What decided on this request. A newer configuration may have come since. */
  private limits: ActiveLimits | null = null;
  private readonly quota: Quota = new Quota();
  /** A local reply of this filter has its headers already. */
  private replied: bool = false;
  /** The call that this request waits for. */
  private token: u32 = NO_CALL;
  /** Which limits the service was asked about: their places in the settings, one bit each. */
  private asked: u64 = 0;

  open(): void {
    this.quota.clear();
    this.replied = false;
    this.token = NO_CALL;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const limits = changetype<LimitsRoot>(this.root).limits;
    this.limits = limits;
    if (limits === null) return HeaderAction.Continue;
    const decision = decide(limits, !endOfStream);
    if (decision.isPathAmbiguous) return this.refusePath(limits.config);
    limits.count(decision);
    const quota = decision.quota;
    const tells = limits.config.headers != QuotaHeaders.None || !decision.admitted;
    if (quota !== null && tells) this.quota.set(limits.config.headers, quota, limits.policy.limits);
    const limited = decision.limited;
    if (limited !== null) setProperty(LIMIT_PROPERTY, limited.name);
    if (!decision.admitted && limits.config.mode == Mode.Enforce) {
      const details = limited === null ? LOCAL_DETAILS : view(limited.limit.localDetails);
      return this.refuse(limits.config, details);
    }
    tellUpstream(limits.config, decision);
    return decision.admitted ? this.askService(limits) : HeaderAction.Continue;
  }

  /** The request waits for the service's response, unless the response cannot change anything. */
  private askService(limits: ActiveLimits): HeaderAction {
    const global = limits.config.global;
    const service = limits.service;
    if (global === null || service === null) return HeaderAction.Continue;
    const message = rateLimitRequest(global, limits.policy.limits, request);
    if (message == NONE) return HeaderAction.Continue;
    if (limits.config.mode == Mode.Report) {
      service.call(global, message, NO_STREAM);
      return HeaderAction.Continue;
    }
    this.asked = limitsAsked(limits);
    this.token = service.call(global, message, this);
    if (this.token != NO_CALL) return HeaderAction.Stop;
    return this.passesWithoutService(limits.config) ? HeaderAction.Continue : HeaderAction.Stop;
  }

  /** The service has responded to this request's call. */
  onServiceResponse(response: RateLimitResponse): void {
    const limits = this.limits;
    this.token = NO_CALL;
    if (limits === null) return;
    if (response.decision == ServiceDecision.OverLimit) {
      this.refuseForService(limits, response);
    } else if (
      response.decision == ServiceDecision.Ok ||
      this.passesWithoutService(limits.config)
    ) {
      continueRequest();
    }
  }

  /** The quota headers then tell the service's quota, as far as the service said which. */
  private refuseForService(limits: ActiveLimits, response: RateLimitResponse): void {
    this.quota.clear();
    const charge = limits.chargeOf(this.asked, response.descriptor);
    if (charge === null) {
      this.refuse(limits.config, GLOBAL_DETAILS, true);
      return;
    }
    setProperty(LIMIT_PROPERTY, charge.name);
    this.quota.setService(limits.config.headers, charge, response);
    this.refuse(limits.config, view(charge.limit.globalDetails), true);
  }

  /** What `onFailure` says. False: the request has been refused. */
  private passesWithoutService(config: Config): bool {
    const global = config.global;
    if (global === null || global.onFailure != OnFailure.Deny) return true;
    beginReply(config, NO_HEADERS);
    this.replied = true;
    sendLocalReply(503, SERVICE_DETAILS, EMPTY, reply.pairs);
    return false;
  }

  private refuse(config: Config, details: Bytes, isByService: bool = false): HeaderAction {
    beginReply(config, config.responseHeaders);
    this.quota.write(reply);
    if (config.retryAfter) this.quota.writeRetryAfter(reply);
    const global = config.global;
    if (isByService && global !== null && global.tellsRateLimited) {
      reply.header(X_ENVOY_RATELIMITED, TRUE);
    }
    this.replied = true;
    const grpcStatus = config.grpcResourceExhausted ? RESOURCE_EXHAUSTED : GRPC_STATUS_NONE;
    sendLocalReply(config.status, details, view(config.body), reply.pairs, grpcStatus);
    return HeaderAction.Stop;
  }

  private refusePath(config: Config): HeaderAction {
    beginReply(config, NO_HEADERS);
    this.replied = true;
    sendLocalReply(400, PATH_DETAILS, AMBIGUOUS_PATH_TEXT, reply.pairs);
    return HeaderAction.Stop;
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    const limits = this.limits;
    if (this.replied || limits === null) return HeaderAction.Continue;
    const config = limits.config;
    if (config.mode == Mode.Report) return HeaderAction.Continue;
    this.quota.write(response);
    addTo(response, config.responseHeadersAlways);
    return HeaderAction.Continue;
  }

  /** The request is gone. A response that comes later finds nobody waiting. */
  close(): void {
    const limits = this.limits;
    if (this.token != NO_CALL && limits !== null) {
      const service = limits.service;
      if (service !== null) service.take(this.token);
    }
    this.token = NO_CALL;
    this.limits = null;
  }
}

function decide(limits: ActiveLimits, hasBody: bool): Decision {
  const policy = limits.policy;
  const mustOpen = limits.looksAtRequest || mayBePreflight(limits.config);
  const hasHeaders = !mustOpen || request.open();
  request.hasBody = hasBody;
  if (mustOpen && !limits.config.chargesPreflights && isPreflight(request)) return policy.exempt();
  const now = monotonicNanos() * TICKS_PER_NANO;
  return hasHeaders ? policy.decide(request, now) : policy.decideWithoutHeaders(now);
}

/** Asks for the one header that few requests have: an answer of "none" costs the host nothing. */
function mayBePreflight(config: Config): bool {
  if (config.chargesPreflights) return false;
  return isPresent(headerValue(MapType.RequestHeaders, REQUEST_METHOD));
}

function beginReply(config: Config, headers: HeaderValue[]): void {
  reply.begin(headers, config.responseHeadersAlways);
  const cors = config.cors;
  if (cors !== null) addCorsHeaders(reply.pairs, cors, headerValue(MapType.RequestHeaders, ORIGIN));
}

/** Tells the upstream when a limit would have refused. Only this filter may say so. */
function tellUpstream(config: Config, decision: Decision): void {
  if (config.requestHeadersWhenNotEnforced.length == 0) return;
  setOwnHeaders(config, request, decision.limited !== null && config.mode == Mode.Enforce);
}

function limitsAsked(limits: ActiveLimits): u64 {
  const buckets = limits.policy.limits;
  let asked: u64 = 0;
  for (let i = 0; i < buckets.length; i++) {
    if (isAsked(unchecked(buckets[i]).charge)) asked |= (<u64>1) << i;
  }
  return asked;
}
