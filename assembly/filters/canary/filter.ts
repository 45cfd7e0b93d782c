// The callbacks of canary: asks the policy for a decision and carries it out. Decides nothing
// itself.
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { HeaderMap, MapType } from "../../host/header-map";
import { sendLocalReply } from "../../host/local-reply";
import { LogLevel, log } from "../../host/log";
import { Pairs } from "../../host/pairs";
import { integerProperty, property, setProperty } from "../../host/property";
import { randomBits } from "../../host/random";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import { NONE, equal, isPresent, lengthOf, path, pointerOf, text, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { AMBIGUOUS_PATH_TEXT } from "../../lib/http/path";
import { SEARCH_NANOS_MAX } from "../../lib/http/request";
import { ActiveConfig } from "./active-config";
import { ISSUED_KEY_BYTES } from "./client-key";
import { Config, Mode } from "./config";
import { Decision, Reason } from "./decision";
import { forwardDecision, removeForgedHeaders } from "./forwarding";
import { Exchange, Media, Outcome, parseGrpcStatus } from "./outcome";
import { addVary, issueCookie, mayBeShared, nameVariant } from "./response-headers";
import { Route } from "./route";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_request_body,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_vm_start,
  proxy_on_response_trailers,
} from "../../host/runtime";

const VARIANT_PROPERTY = text("gatehouse_variant");
const PATH_DETAILS = text("path_ambiguous");
const CONNECT = text("CONNECT");
const UPSTREAM_TIME = text("x-envoy-upstream-service-time");
const CONTENT_TYPE = text("content-type");
const GRPC_STATUS = text("grpc-status");
const RESPONSE_CODE = path("response.code");
const RESPONSE_FLAGS = path("response.flags");
const RESPONSE_DETAILS = path("response.code_details");

const request = new HostRequest();
request.searchNanosMax = SEARCH_NANOS_MAX;
/** Headers or trailers of the response at hand. */
const response = new HeaderMap();
const refusalHeaders = new Pairs();


@final
class CanaryStream extends Stream {
  /** What decided on this request; kept, since a newer configuration may have come since. */
  private active: ActiveConfig | null = null;
  private route: Route | null = null;
  private routeIndex: i32 = -1;
  private variant: i32 = -1;
  private isGuarded: bool = false;
  /** A variant was chosen by this filter, not by a trusted hop before it. */
  private isChosenHere: bool = false;
  private readonly exchange: Exchange = new Exchange();
  /** The key that the answer gives the client. */
  private readonly issued: StaticArray<u8> = new StaticArray<u8>(ISSUED_KEY_BYTES);
  private hasIssued: bool = false;

  open(): void {
    this.isGuarded = false;
    this.hasIssued = false;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const active = changetype<CanaryRoot>(this.root).active;
    if (active === null) return HeaderAction.Continue;
    const config = active.config;
    const unix: i64 = config.hasSchedule ? unixNanos() : 0;
    const monotonic: i64 = config.hasGuard ? monotonicNanos() : 0;
    const policy = active.policy;
    const isOpen = request.open();
    request.hasBody = !endOfStream;
    const decision = isOpen
      ? policy.decide(request, unix, monotonic)
      : policy.decideWithoutHeaders();
    if (decision.isPathAmbiguous) return refusePath();
    active.count(decision);
    this.keep(active, decision);
    if (this.isGuarded) this.watchRequest(endOfStream, monotonic);
    removeForgedHeaders(active.policy, request, decision);
    const route = decision.route;
    if (route === null || decision.variant < 0) return HeaderAction.Continue;
    setProperty(VARIANT_PROPERTY, decision.name);
    if (config.mode == Mode.Enforce && decision.reason != Reason.Trusted)
      forwardDecision(route, request, decision);
    return HeaderAction.Continue;
  }

  private keep(active: ActiveConfig, decision: Decision): void {
    this.active = active;
    this.route = decision.route;
    this.routeIndex = decision.routeIndex;
    this.variant = decision.variant;
    this.isGuarded = decision.isGuarded;
    this.isChosenHere = decision.variant >= 0 && decision.reason != Reason.Trusted;
    this.hasIssued = isPresent(decision.issued);
    if (this.hasIssued)
      memory.copy(changetype<usize>(this.issued), pointerOf(decision.issued), ISSUED_KEY_BYTES);
  }

  private watchRequest(endOfStream: bool, now: i64): void {
    const exchange = this.exchange;
    exchange.reset();
    exchange.asksForTunnel = equal(request.method(), CONNECT);
    if (endOfStream) exchange.endRequest(now);
  }

  onRequestBody(endOfStream: bool): void {
    if (this.isGuarded && endOfStream) this.exchange.endRequest(this.now());
  }

  /** The time, where the guard's settings ask for it. */
  private now(): i64 {
    const route = this.route;
    if (route === null) return 0;
    const guard = route.guard;
    return guard !== null && guard.slowerThanNanos > 0 ? monotonicNanos() : 0;
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    const active = this.active;
    const route = this.route;
    if (active === null || route === null) return HeaderAction.Continue;
    if (this.isGuarded) this.watchResponse();
    if (active.config.mode == Mode.Report) return HeaderAction.Continue;
    if (this.hasIssued) issueCookie(route, view(this.issued));
    if (lengthOf(route.varyNames) > 0 && this.isChosenHere && mayBeShared()) {
      addVary(route.varyNames);
    }
    if (lengthOf(route.responseHeader) > 0 && this.variant >= 0) nameVariant(route, this.variant);
    return HeaderAction.Continue;
  }

  private watchResponse(): void {
    const exchange = this.exchange;
    exchange.endWait(this.now());
    exchange.hasResponse = true;
    response.read(MapType.ResponseHeaders);
    exchange.hasUpstreamTime = isPresent(response.get(UPSTREAM_TIME));
    exchange.setMedia(response.get(CONTENT_TYPE), response.get(GRPC_STATUS));
  }

  onResponseTrailers(): void {
    if (!this.isGuarded || this.exchange.media != Media.Grpc) return;
    response.read(MapType.ResponseTrailers);
    this.exchange.grpcStatus = parseGrpcStatus(response.get(GRPC_STATUS));
  }

  /**
   * The request is over. Here, not in a log callback: that one would be paid for every request of
   * every route.
   */
  close(): void {
    const active = this.active;
    const route = this.route;
    if (this.isGuarded && active !== null && route !== null) this.reportToGuard(active, route);
    this.active = null;
    this.route = null;
  }

  /** Tells the guard how its variant answered, also when the response broke off. */
  private reportToGuard(active: ActiveConfig, route: Route): void {
    const guard = route.guard;
    if (guard === null) return;
    const exchange = this.exchange;
    exchange.code = integerProperty(RESPONSE_CODE, 0);
    exchange.flags = integerProperty(RESPONSE_FLAGS, 0);
    if (!exchange.hasResponse) exchange.endWait(this.now());
    const details = exchange.asksForDetails ? property(RESPONSE_DETAILS) : NONE;
    const outcome = exchange.outcome(details, guard.slowerThanNanos);
    if (outcome == Outcome.Nothing) return;
    const isFailed = outcome == Outcome.Failed;
    if (active.policy.count(this.routeIndex, isFailed, monotonicNanos())) {
      active.reportGuardMode(this.routeIndex);
    }
  }
}

function refusePath(): HeaderAction {
  refusalHeaders.reset();
  sendLocalReply(400, PATH_DETAILS, AMBIGUOUS_PATH_TEXT, refusalHeaders);
  return HeaderAction.Stop;
}


@final
export class CanaryRoot extends Root {
  active: ActiveConfig | null = null;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "canary: configuration refused: " + errors.first);
      return false;
    }
    this.active = new ActiveConfig(config, randomBits());
    return true;
  }

  createStream(): Stream {
    return new CanaryStream();
  }
}

register((): Root => new CanaryRoot());
