// The root and the streams of jwt-auth: hands host facts to the policy, and carries out what it
// decides. Who may pass is policy.ts's decision; when keys are fetched is remote-keys.ts's.
import { Bytes, EMPTY, text, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { mark, release } from "../../host/arena";
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { LogLevel, log } from "../../host/log";
import { setProperty } from "../../host/property";
import { randomBits } from "../../host/random";
import { HostRequest } from "../../host/request";
import { failClosed, register } from "../../host/runtime";
import { Status } from "../../host/status";
import { continueRequest, useContext } from "../../host/stream-control";
import { setTickPeriod } from "../../host/tick";
import { SEARCH_NANOS_MAX } from "../../lib/http/request";
import { JwtStatus } from "../../lib/jose/status";
import { sendRefusal } from "./answers/answer";
import { Config, readSettings } from "./config";
import { Forwarder } from "./forward";
import { completeFromHost } from "./host-settings";
import { EnvoySignatures } from "./token/host-signatures";
import { KeySources } from "./key-sources";
import { Metrics } from "./metrics";
import { Policy } from "./policy";
import { refuseWithoutSettings } from "./answers/no-settings";
import { refusalOf } from "./answers/refusal";
import { Decision, DecisionKind } from "./answers/decision";
import { KeyWaiters, Wait } from "./keys/key-waiters";
import { logInlineKeys } from "./keys/key-log";
import { WaitingList, WaitingStream } from "./keys/waiting";

export {
  proxy_abi_version_0_2_1,
  proxy_on_configure,
  proxy_on_context_create,
  proxy_on_delete,
  proxy_on_http_call_response,
  proxy_on_memory_allocate,
  proxy_on_request_headers,
  proxy_on_tick,
  proxy_on_vm_start,
} from "../../host/runtime";

/**
 * Requests that go on in one callback. The proxy acts on them when it is over, one inside the
 * other where they end at once (an answer of its own, a route without a cluster): some 280 of
 * them overflow V8's stack on Envoy 1.40.
 */
const RESUMED_MAX = 16;
// How often a worker looks for keys that others fetched.
/** While requests are left that may go on. */
const TICK_RESUMING_MILLIS = 1;
/** While requests wait. */
const TICK_WAITING_MILLIS = 20;
/** While a provider has no keys. */
const TICK_EMPTY_MILLIS = 100;
const TICK_CALM_MILLIS = 1_000;

const REASON = text("gatehouse_reason");
const request = new HostRequest();
request.searchNanosMax = SEARCH_NANOS_MAX;


@final
class JwtAuth extends WaitingStream {
  onRequestHeaders(endOfStream: bool): HeaderAction {
    const goesOn = changetype<JwtAuthRoot>(this.root).handle(this, !endOfStream);
    return goesOn ? HeaderAction.Continue : HeaderAction.Stop;
  }

  close(): void {
    if (this.isWaiting) changetype<JwtAuthRoot>(this.root).forget(this);
  }
}


@final
export class JwtAuthRoot extends Root {
  private config: Config = new Config();
  /** Null until there is a configuration, as are the others. */
  private policy: Policy | null = null;
  private sources: KeySources | null = null;
  private waiters: KeyWaiters | null = null;
  private readonly waiting: WaitingList = new WaitingList();
  private forwarder: Forwarder = new Forwarder(new Config());
  private metrics: Metrics = new Metrics([]);
  private tickMillis: u32 = 0;
  /** Requests are left that may go on. */
  private hasMoreToResume: bool = false;

  createStream(): Stream {
    return new JwtAuth();
  }

  configure(configuration: StaticArray<u8>): bool {
    const errors = new ConfigErrors();
    const config = readSettings(configuration, errors);
    const signatures = new EnvoySignatures();
    completeFromHost(config, signatures, errors);
    if (errors.any) {
      log(LogLevel.Error, "jwt-auth: configuration refused: " + errors.first);
      return false;
    }
    for (let i = 0; i < config.providers.length; i++) {
      const keys = config.providers[i].inlineKeys;
      if (keys !== null) logInlineKeys(config.providers[i].name, keys);
    }
    const policy = new Policy(config, signatures, randomBits(), randomBits());
    const sources = new KeySources(config, policy);
    this.config = config;
    this.policy = policy;
    this.sources = sources;
    this.waiters = new KeyWaiters(sources, this.waiting, config.waitingMax, config.reportsOnly);
    this.forwarder = new Forwarder(config);
    this.metrics = new Metrics(config.providers);
    this.tickMillis = 0;
    this.tickAsNeeded();
    return true;
  }

  /** Decides about the current request and acts on it. True: it goes on now. */
  handle(stream: WaitingStream, hasBody: bool): bool {
    const policy = this.policy;
    // Without the header map nothing is known, so nobody passes.
    if (policy === null || !request.open()) return this.refuse(JwtStatus.HeadersUnreadable, -1);
    request.hasBody = hasBody;
    let decision = policy.decide(request, unixNanos());
    if (decision.kind == DecisionKind.NeedKeys && this.newerKeysCame(decision.provider)) {
      decision = policy.decide(request, unixNanos());
    }
    if (decision.kind == DecisionKind.NeedKeys && this.beginWait(stream, decision)) return false;
    if (decision.kind == DecisionKind.NeedKeys && decision.mayFail) {
      decision = policy.decide(request, unixNanos(), false);
    }
    if (decision.status == JwtStatus.KeyNotFound && this.isFailing(decision.provider)) {
      decision.status = JwtStatus.KeysUnavailable;
    }
    this.metrics.cached(decision.provider, policy.hits, policy.misses);
    return decision.kind == DecisionKind.Allow ? this.allow(decision) : this.refuseBy(decision);
  }

  /**
   * The issuer cannot be asked: an unknown key may be a new one, which is not the client's fault.
   */
  private isFailing(provider: i32): bool {
    const sources = this.sources;
    if (sources === null) return false;
    const remote = sources.of(provider);
    return remote !== null && remote.isFailing;
  }

  /** Another worker may have fetched since the last tick. */
  private newerKeysCame(provider: i32): bool {
    const sources = this.sources;
    return sources !== null && sources.refresh(provider, monotonicNanos());
  }

  /** Whether the request waits for keys now; otherwise the decision's status says why not. */
  private beginWait(stream: WaitingStream, decision: Decision): bool {
    const waiters = this.waiters;
    if (waiters === null) return false;
    // Calls and the period of ticks belong to the root context.
    useContext(this.id);
    const wait = waiters.begin(stream, decision.provider, decision.status, monotonicNanos());
    if (wait == Wait.Begun) this.tickAsNeeded();
    useContext(stream.id);
    if (wait == Wait.Full) decision.status = JwtStatus.WaitingFull;
    return wait == Wait.Begun;
  }

  private allow(decision: Decision): bool {
    this.forwarder.apply(request, decision);
    this.metrics.allowed(decision.provider);
    return true;
  }

  private refuseBy(decision: Decision): bool {
    const rule = decision.rule;
    const isClaim = decision.status == JwtStatus.ClaimNotAllowed;
    const scope = isClaim && rule !== null ? view(rule.scope) : EMPTY;
    return this.refuse(decision.status, decision.provider, scope);
  }

  /** True in report mode: the request goes on all the same. */
  private refuse(status: JwtStatus, provider: i32, scope: Bytes = 0): bool {
    const refusal = refusalOf(status);
    this.metrics.refused(provider, status);
    setProperty(REASON, refusal.reasonBytes);
    if (this.config.reportsOnly) {
      this.forwarder.clearClaims();
      this.forwarder.sanitize(request);
      return true;
    }
    const retryAfterSeconds = this.retryAfterSeconds(status, provider);
    sendRefusal(this.config.response, request, refusal, scope, retryAfterSeconds);
    return false;
  }

  private retryAfterSeconds(status: JwtStatus, provider: i32): i64 {
    const sources = this.sources;
    if (sources === null || status != JwtStatus.KeysUnavailable) return 1;
    const remote = sources.of(provider);
    return remote === null ? 1 : remote.retryAfterSeconds(monotonicNanos());
  }

  /** The request is over: it must not be touched any more. */
  forget(stream: WaitingStream): void {
    this.waiting.remove(stream);
  }

  onTick(): void {
    const now = monotonicNanos();
    const sources = this.sources;
    if (sources !== null) sources.tick(now);
    this.resumeWaiting(now);
    this.tickAsNeeded();
  }

  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): void {
    const now = monotonicNanos();
    const sources = this.sources;
    if (sources !== null) sources.take(token, headers, bodyBytes, now);
    this.resumeWaiting(now);
    this.tickAsNeeded();
  }

  /** Handles again the requests that may go on, RESUMED_MAX at a time. */
  private resumeWaiting(now: i64): void {
    this.hasMoreToResume = false;
    const waiters = this.waiters;
    if (waiters === null) return;
    const list = this.waiting;
    let resumed = 0;
    for (let i = list.count - 1; i >= 0; i--) {
      // A reply to one may have ended others.
      if (i >= list.count) continue;
      const stream = list.at(i);
      if (!waiters.maySettle(stream, now)) continue;
      if (resumed++ == RESUMED_MAX) {
        this.hasMoreToResume = true;
        break;
      }
      list.remove(stream);
      this.resume(stream);
    }
    if (resumed > 0) useContext(this.id);
  }

  private resume(stream: WaitingStream): void {
    if (useContext(stream.id) != Status.Ok) return;
    const before = mark();
    // A preflight never waits, so whatever waited is none: what counts as its body does not matter.
    if (this.handle(stream, true)) continueRequest();
    release(before);
  }

  private tickAsNeeded(): void {
    const sources = this.sources;
    if (sources === null || sources.isEmpty) return;
    let millis = sources.lacksKeys ? TICK_EMPTY_MILLIS : TICK_CALM_MILLIS;
    if (this.waiting.count > 0) millis = TICK_WAITING_MILLIS;
    if (this.hasMoreToResume) millis = TICK_RESUMING_MILLIS;
    if (<u32>millis == this.tickMillis) return;
    this.tickMillis = millis;
    setTickPeriod(millis);
  }
}

register((): Root => new JwtAuthRoot());
failClosed(refuseWithoutSettings);
