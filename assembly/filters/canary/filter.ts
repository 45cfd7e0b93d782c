// canary at work: host facts into the policy's question, its verdict into host calls. No decision of its own.
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { MapType, addHeader, removeHeader, replaceHeader } from "../../host/header-map";
import { LogLevel, log } from "../../host/log";
import { Counter, Gauge } from "../../host/metrics";
import { integerProperty, path, setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import { readShared, sharedVersion, writeShared } from "../../host/shared-data";
import { Status } from "../../host/status";
import { Bytes, equal, isPresent, pointerOf, text, toText, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { Scratch } from "../../lib/http/scratch";
import { withMember } from "./baggage";
import { Config, Mode, Route } from "./config";
import { GuardMode, isFailure } from "./guard";
import { Policy, Reason, Store, Verdict } from "./policy";
import { ISSUED_KEY_BYTES } from "./sticky";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_log,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_response_headers,
  proxy_on_vm_start,
} from "../../host/runtime";

const VARIANT_PROPERTY = text("gatehouse_variant");
const SET_COOKIE = text("set-cookie");
const BAGGAGE = text("baggage");
const RESPONSE_CODE = path("response.code");
const GRPC_STATUS = path("response.grpc_status");
const DURATION = path("request.duration");


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

const request = new HostRequest();
const cookieText = new Scratch();


@final
class CanaryStream extends Stream {
  private routeIndex: i32 = -1;
  private variant: i32 = -1;
  private reason: Reason = Reason.None;
  /** The key that the answer gives the client. */
  private readonly issued: StaticArray<u8> = new StaticArray<u8>(ISSUED_KEY_BYTES);
  private hasIssued: bool = false;

  open(): void {
    this.routeIndex = -1;
    this.variant = -1;
    this.reason = Reason.None;
    this.hasIssued = false;
  }

  onRequestHeaders(endOfStream: bool): HeaderAction {
    const root = changetype<CanaryRoot>(this.root);
    const policy = root.policy;
    if (policy === null) return HeaderAction.Continue;
    const verdict = request.open() ? policy.judge(request, unixNanos(), monotonicNanos()) : policy.judgeBlind();
    this.routeIndex = verdict.routeIndex;
    this.variant = verdict.variant;
    this.reason = verdict.reason;
    this.hasIssued = isPresent(verdict.issued);
    if (this.hasIssued) memory.copy(changetype<usize>(this.issued), pointerOf(verdict.issued), ISSUED_KEY_BYTES);
    root.count(verdict);
    this.sanitize(root, verdict);
    const route = verdict.route;
    if (route === null || verdict.variant < 0) return HeaderAction.Continue;
    setProperty(VARIANT_PROPERTY, verdict.name);
    if (root.config.mode == Mode.Enforce && verdict.reason != Reason.Trusted) this.forward(route, verdict);
    return HeaderAction.Continue;
  }

  /** Sets what the mesh routes by; a header that is right already is left, since each change matches the routes again. */
  private forward(route: Route, verdict: Verdict): void {
    const header = view(route.header);
    const current = request.header(header);
    if (!isPresent(current) || !equal(current, verdict.name))
      replaceHeader(MapType.RequestHeaders, header, verdict.name);
    if (route.baggage.length == 0) return;
    const baggage = withMember(request.joinedHeader(BAGGAGE), view(route.baggage), verdict.name);
    if (isPresent(baggage)) replaceHeader(MapType.RequestHeaders, BAGGAGE, baggage);
  }

  /** Takes away every verdict header that a client brought, but for the one of a trusted sender. */
  private sanitize(root: CanaryRoot, verdict: Verdict): void {
    const chosen = verdict.route;
    for (let i = 0; i < root.headers.length; i++) {
      const header = view(unchecked(root.headers[i]));
      const isChosen = chosen !== null && equal(header, view(chosen.header));
      if (isChosen && (verdict.reason == Reason.Trusted || root.config.mode == Mode.Enforce)) continue;
      if (isPresent(request.header(header))) removeHeader(MapType.RequestHeaders, header);
    }
  }

  onResponseHeaders(endOfStream: bool): HeaderAction {
    const root = changetype<CanaryRoot>(this.root);
    if (this.routeIndex < 0 || root.config.mode == Mode.Report) return HeaderAction.Continue;
    const route = root.config.routes[this.routeIndex];
    if (this.hasIssued) {
      const cookie = route.sticky.setCookie(view(this.issued), cookieText);
      addHeader(MapType.ResponseHeaders, SET_COOKIE, cookie);
    }
    if (route.responseHeader.length > 0 && this.variant >= 0) {
      replaceHeader(MapType.ResponseHeaders, view(route.responseHeader), view(route.variants[this.variant]));
    }
    return HeaderAction.Continue;
  }

  /** Tells the guard how its variant answered, also when the request was reset. */
  onLog(): void {
    const root = changetype<CanaryRoot>(this.root);
    const policy = root.policy;
    if (this.routeIndex < 0 || policy === null) return;
    const route = root.config.routes[this.routeIndex];
    const guard = route.guard;
    if (guard === null || this.variant != guard.variant) return;
    const isForced = this.reason == Reason.Forced || this.reason == Reason.Rule;
    if (isForced && guard.exemptForced) return;
    const code = integerProperty(RESPONSE_CODE, 0);
    // No status at all: the client went away before there was one, which says nothing about the variant.
    if (code == 0) return;
    const slow = guard.slowerThanNanos > 0 && integerProperty(DURATION, 0) > guard.slowerThanNanos;
    const failed = slow || isFailure(code, integerProperty(GRPC_STATUS, 0));
    if (policy.count(this.routeIndex, failed, monotonicNanos())) root.announce(this.routeIndex, policy.guardMode);
  }
}

/** Counts the verdicts of one route by variant, and what its guard did. */
@final
class RouteCounters {
  readonly variants: Counter[] = [];
  readonly ejected: Counter;
  readonly guardMode: Gauge | null;

  constructor(route: Route) {
    const prefix = "gatehouse.canary." + toText(view(route.name)) + ".";
    this.ejected = new Counter(prefix + "sent_to_fallback");
    this.guardMode = route.guard === null ? null : new Gauge(prefix + "guard_mode");
    for (let i = 0; i < route.variants.length; i++) {
      this.variants.push(new Counter(prefix + toText(view(route.variants[i]))));
    }
  }
}


@final
class CanaryRoot extends Root {
  config: Config = new Config();
  policy: Policy | null = null;
  /** The verdict headers of all routes, each once. */
  headers: StaticArray<u8>[] = [];
  private counters: RouteCounters[] = [];

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = Config.read(configuration, errors);
    if (errors.any) {
      log(LogLevel.Error, "canary: configuration refused: " + errors.first);
      return false;
    }
    this.config = config;
    this.headers = distinctHeaders(config.routes);
    this.counters = [];
    for (let i = 0; i < config.routes.length; i++) this.counters.push(new RouteCounters(config.routes[i]));
    this.policy = new Policy(config, new SharedStore(), unixNanos() ^ (monotonicNanos() << 20));
    return true;
  }

  createStream(): Stream {
    return new CanaryStream();
  }

  count(verdict: Verdict): void {
    if (verdict.routeIndex < 0 || verdict.variant < 0) return;
    const counters = unchecked(this.counters[verdict.routeIndex]);
    unchecked(counters.variants[verdict.variant]).add();
    if (verdict.reason == Reason.Ejected) counters.ejected.add();
  }

  /** One line and one gauge each time a guard changes its mode. */
  announce(routeIndex: i32, mode: GuardMode): void {
    const route = this.config.routes[routeIndex];
    const guard = route.guard;
    if (guard === null) return;
    const variant = toText(view(route.variants[guard.variant]));
    const name = "canary: route " + toText(view(route.name)) + ": ";
    if (mode == GuardMode.Open) {
      const fallback = toText(view(route.variants[guard.fallback]));
      log(LogLevel.Warn, name + variant + " fails too often; its traffic goes to " + fallback);
    } else {
      log(LogLevel.Warn, name + variant + " is healthy again and takes its traffic back");
    }
    const gauge = this.counters[routeIndex].guardMode;
    if (gauge !== null) gauge.set(<u64>mode);
  }
}

function distinctHeaders(routes: Route[]): StaticArray<u8>[] {
  const headers: StaticArray<u8>[] = [];
  for (let i = 0; i < routes.length; i++) {
    let known = false;
    for (let j = 0; j < headers.length; j++) known = known || equal(view(headers[j]), view(routes[i].header));
    if (!known) headers.push(routes[i].header);
  }
  return headers;
}

register((): Root => new CanaryRoot());
