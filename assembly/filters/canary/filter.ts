// canary at work: host facts into the policy's question, its verdict into host calls. No decision
// of its own.
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { HeaderMap, MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { LogLevel, log } from "../../host/log";
import { integerProperty, setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import {
  Bytes,
  equal,
  isPresent,
  lengthOf,
  path,
  pointerOf,
  startsWith,
  text,
  view,
} from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { Writer } from "../../lib/writer";
import { withMember, withoutMember } from "./baggage";
import { Config, Mode } from "./config";
import { NO_STATUS, Outcome, outcomeOf, parseGrpcStatus } from "./outcome";
import { Release } from "./release";
import { Route } from "./route";
import { ISSUED_KEY_BYTES } from "./sticky";
import { Reason, Verdict } from "./verdict";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_vm_start,
  proxy_on_response_trailers,
} from "../../host/runtime";

const VARIANT_PROPERTY = text("gatehouse_variant");
const SET_COOKIE = text("set-cookie");
const BAGGAGE = text("baggage");
const CONTENT_TYPE = text("content-type");
const GRPC = text("application/grpc");
const GRPC_STATUS = text("grpc-status");
const RESPONSE_CODE = path("response.code");
const RESPONSE_FLAGS = path("response.flags");
const DURATION = path("request.duration");

const request = new HostRequest();
/** Headers or trailers of the answer at hand. */
const answer = new HeaderMap();
const cookieText = new Writer();


@final
class CanaryStream extends Stream {
  /** What decided on this request; kept, since a newer configuration may have come since. */
  private release: Release | null = null;
  private route: Route | null = null;
  private routeIndex: i32 = -1;
  private variant: i32 = -1;
  private isWatched: bool = false;
  private isGrpc: bool = false;
  /** NO_STATUS until headers or trailers have said it. */
  private grpcStatus: i32 = NO_STATUS;
  /** The key that the answer gives the client. */
  private readonly issued: StaticArray<u8> = new StaticArray<u8>(ISSUED_KEY_BYTES);
  private hasIssued: bool = false;

  open(): void {
    this.isWatched = false;
    this.isGrpc = false;
    this.grpcStatus = NO_STATUS;
    this.hasIssued = false;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const release = changetype<CanaryRoot>(this.root).release;
    if (release === null) return HeaderAction.Continue;
    const config = release.config;
    const unix: i64 = config.hasSchedule ? unixNanos() : 0;
    const monotonic: i64 = config.hasGuard ? monotonicNanos() : 0;
    const policy = release.policy;
    const verdict = request.open() ? policy.judge(request, unix, monotonic) : policy.judgeBlind();
    release.count(verdict);
    this.remember(release, verdict);
    sanitize(release, verdict);
    const route = verdict.route;
    if (route === null || verdict.variant < 0) return HeaderAction.Continue;
    setProperty(VARIANT_PROPERTY, verdict.name);
    if (config.mode == Mode.Enforce && verdict.reason != Reason.Trusted) forward(route, verdict);
    return HeaderAction.Continue;
  }

  private remember(release: Release, verdict: Verdict): void {
    this.release = release;
    this.route = verdict.route;
    this.routeIndex = verdict.routeIndex;
    this.variant = verdict.variant;
    this.isWatched = verdict.isWatched;
    this.hasIssued = isPresent(verdict.issued);
    if (this.hasIssued)
      memory.copy(changetype<usize>(this.issued), pointerOf(verdict.issued), ISSUED_KEY_BYTES);
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    const release = this.release;
    const route = this.route;
    if (release === null || route === null) return HeaderAction.Continue;
    if (this.isWatched) this.readGrpc();
    if (release.config.mode == Mode.Report) return HeaderAction.Continue;
    if (this.hasIssued) {
      addHeader(
        MapType.ResponseHeaders,
        SET_COOKIE,
        route.sticky.setCookie(view(this.issued), cookieText),
      );
    }
    if (route.responseHeader.length > 0 && this.variant >= 0) {
      replaceHeader(
        MapType.ResponseHeaders,
        view(route.responseHeader),
        view(route.variants[this.variant]),
      );
    }
    return HeaderAction.Continue;
  }

  /**
   * Whether this is a gRPC answer; one without a body says in its headers what others say in
   * trailers.
   */
  private readGrpc(): void {
    answer.read(MapType.ResponseHeaders);
    const type = answer.get(CONTENT_TYPE);
    this.isGrpc = isPresent(type) && startsWith(type, GRPC);
    if (this.isGrpc) this.grpcStatus = parseGrpcStatus(answer.get(GRPC_STATUS));
  }

  onResponseTrailers(): void {
    if (!this.isGrpc) return;
    answer.read(MapType.ResponseTrailers);
    this.grpcStatus = parseGrpcStatus(answer.get(GRPC_STATUS));
  }

  /**
   * The request is over. Here, not in a log callback: that one would be paid for every request of
   * every route.
   */
  close(): void {
    const release = this.release;
    const route = this.route;
    if (this.isWatched && release !== null && route !== null) this.tell(release, route);
    this.release = null;
    this.route = null;
  }

  /** Tells the guard how its variant answered, also when the answer broke off. */
  private tell(release: Release, route: Route): void {
    const guard = route.guard;
    if (guard === null) return;
    const outcome = outcomeOf(
      integerProperty(RESPONSE_CODE, 0),
      integerProperty(RESPONSE_FLAGS, 0),
      this.isGrpc,
      this.grpcStatus,
    );
    if (outcome == Outcome.Nothing) return;
    let failed = outcome == Outcome.Failed;
    if (!failed && guard.slowerThanNanos > 0)
      failed = integerProperty(DURATION, 0) > guard.slowerThanNanos;
    if (release.policy.count(this.routeIndex, failed, monotonicNanos()))
      release.announce(this.routeIndex);
  }
}

/**
 * Takes away every verdict header that its sender must not bring; the one that `forward` sets
 * anew is left to it.
 */
function sanitize(release: Release, verdict: Verdict): void {
  const headers = release.config.headers;
  const chosen = verdict.variant >= 0 && release.config.mode == Mode.Enforce ? verdict.route : null;
  for (let i = 0; i < headers.length; i++) {
    if (chosen !== null && i == chosen.headerIndex) continue;
    const forged = release.policy.isForged(i, request);
    if (forged) removeHeader(MapType.RequestHeaders, view(unchecked(headers[i]).name));
  }
  const route = verdict.route;
  if (route === null || route.baggage.length == 0 || chosen !== null) return;
  if (verdict.reason == Reason.Trusted) return;
  const current = request.joinedHeader(BAGGAGE);
  const rest = withoutMember(current, view(route.baggage));
  if (rest == current) return;
  if (lengthOf(rest) == 0) removeHeader(MapType.RequestHeaders, BAGGAGE);
  else replaceHeader(MapType.RequestHeaders, BAGGAGE, rest);
}

/**
 * Sets what the mesh routes by; a header that is right already is left, since each change matches
 * the routes again.
 */
function forward(route: Route, verdict: Verdict): void {
  setHeader(view(route.header), verdict.name);
  if (route.baggage.length == 0) return;
  setHeader(BAGGAGE, withMember(request.joinedHeader(BAGGAGE), view(route.baggage), verdict.name));
}

/**
 * Makes `value` the only one of `name`. Adding what is not there costs the proxy less than
 * replacing it.
 */
function setHeader(name: Bytes, value: Bytes): void {
  if (!request.mayHave(name)) addHeader(MapType.RequestHeaders, name, value);
  else if (!equal(request.joinedHeader(name), value))
    replaceHeader(MapType.RequestHeaders, name, value);
}


@final
class CanaryRoot extends Root {
  release: Release | null = null;

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "canary: configuration refused: " + errors.first);
      return false;
    }
    this.release = new Release(config, unixNanos() ^ (monotonicNanos() << 20));
    return true;
  }

  createStream(): Stream {
    return new CanaryStream();
  }
}

register((): Root => new CanaryRoot());
