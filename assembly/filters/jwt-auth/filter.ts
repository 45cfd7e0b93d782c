// Host facts in, host effects out: who may pass is policy.ts's to say, when keys are fetched is
// remote-keys.ts's.
import { Bytes, EMPTY, text, view } from "../../lib/bytes";
import { ConfigErrors } from "../../lib/config/reader";
import { mark, release } from "../../host/arena";
import { monotonicNanos, unixNanos } from "../../host/clock";
import { HeaderAction, Root, Stream } from "../../host/context";
import { LogLevel, log } from "../../host/log";
import { setProperty } from "../../host/property";
import { HostRequest } from "../../host/request";
import { register } from "../../host/runtime";
import { Status } from "../../host/status";
import { continueRequest, useContext } from "../../host/stream-control";
import { setTickPeriod } from "../../host/tick";
import { JwtStatus } from "../../lib/jose/status";
import { sendRefusal } from "./answers/answer";
import { Config, readSettings } from "./config";
import { Forwarder } from "./forward";
import { completeFromHost } from "./host-settings";
import { EnvoySignatures } from "./token/host-signatures";
import { KeySources } from "./key-sources";
import { Metrics } from "./metrics";
import { Policy } from "./policy";
import { refusalOf } from "./answers/refusal";
import { RemoteKeys } from "./keys/remote-keys";
import { Verdict, VerdictKind } from "./answers/verdict";
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
/**
 * How often a worker looks for what others fetched: while requests that may go on are left, while
 * requests wait, while keys are missing, and otherwise.
 */
const TICK_RESUMING_MILLIS = 1;
const TICK_WAITING_MILLIS = 20;
const TICK_EMPTY_MILLIS = 100;
const TICK_CALM_MILLIS = 1_000;
/** Time that a fetch may take beyond its timeout before a request that waits for it is told so. */
const WAIT_MARGIN_NANOS: i64 = 1_000_000_000;

const REASON = text("gatehouse_reason");
const request = new HostRequest();


@final
class JwtAuth extends WaitingStream {
  onRequestHeaders(endOfStream: bool): HeaderAction {
    return changetype<JwtAuthRoot>(this.root).decide(this)
      ? HeaderAction.Continue
      : HeaderAction.Stop;
  }

  close(): void {
    if (this.isWaiting) changetype<JwtAuthRoot>(this.root).forget(this);
  }
}


@final
export class JwtAuthRoot extends Root {
  private config: Config = new Config();
  private policy: Policy | null = null;
  private forwarder: Forwarder = new Forwarder(new Config());
  private metrics: Metrics = new Metrics([]);
  private sources: KeySources | null = null;
  private readonly waiting: WaitingList = new WaitingList();
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
    const policy = new Policy(config, signatures, <u64>unixNanos(), <u64>monotonicNanos());
    this.config = config;
    this.policy = policy;
    this.forwarder = new Forwarder(config);
    this.metrics = new Metrics(config.providers);
    this.sources = new KeySources(config, policy);
    this.tickMillis = 0;
    this.tickAsNeeded();
    return true;
  }

  /** Judges the request in hand and acts on it. True: it goes on now. */
  decide(stream: WaitingStream): bool {
    const policy = this.policy;
    if (policy === null || !request.open()) return this.refuseBlind();
    let verdict = policy.judge(request, unixNanos());
    if (verdict.kind == VerdictKind.NeedKeys) {
      if (this.newerKeysCame(verdict)) verdict = policy.judge(request, unixNanos());
      if (verdict.kind == VerdictKind.NeedKeys && this.waits(stream, verdict)) return false;
      // What may fail passes without the keys; a status that says why none are waited for stays.
      if (verdict.kind == VerdictKind.NeedKeys && verdict.mayFail)
        verdict = policy.judge(request, unixNanos(), false);
    }
    this.metrics.cached(verdict.provider, policy.hits, policy.misses);
    return verdict.kind == VerdictKind.Pass ? this.pass(verdict) : this.refuse(verdict);
  }

  /** Another worker may have fetched since the last tick. */
  private newerKeysCame(verdict: Verdict): bool {
    const sources = this.sources;
    return sources !== null && sources.refresh(verdict.provider, monotonicNanos());
  }

  private pass(verdict: Verdict): bool {
    this.forwarder.apply(request, verdict);
    this.metrics.allowed(verdict.provider);
    return true;
  }

  /** True in report mode: the request goes on all the same. */
  private refuse(verdict: Verdict): bool {
    const rule = verdict.rule;
    const scope: Bytes =
      verdict.status == JwtStatus.ClaimNotAllowed && rule !== null ? view(rule.scope) : EMPTY;
    return this.refuseFor(verdict.status, verdict.provider, scope, this.retryAfterSeconds(verdict));
  }

  /** The header map cannot be had: nothing is known, so nobody passes. */
  private refuseBlind(): bool {
    return this.refuseFor(JwtStatus.HeadersUnreadable, -1, EMPTY, 1);
  }

  private refuseFor(status: JwtStatus, provider: i32, scope: Bytes, retryAfterSeconds: i64): bool {
    const refusal = refusalOf(status);
    this.metrics.refused(provider, status);
    setProperty(REASON, refusal.reasonBytes);
    if (this.config.reportsOnly) {
      this.forwarder.sanitize(request);
      return true;
    }
    sendRefusal(this.config.response, request, refusal, scope, retryAfterSeconds);
    return false;
  }

  private remoteOf(provider: i32): RemoteKeys | null {
    const sources = this.sources;
    return sources === null ? null : sources.of(provider);
  }

  private retryAfterSeconds(verdict: Verdict): i64 {
    const remote =
      verdict.status == JwtStatus.KeysUnavailable ? this.remoteOf(verdict.provider) : null;
    return remote === null ? 1 : remote.retryAfterSeconds(monotonicNanos());
  }

  /**
   * Whether the request now waits for keys. If it need not or may not, the verdict's status is
   * what it gets.
   */
  private waits(stream: WaitingStream, verdict: Verdict): bool {
    // Calls and the period of ticks are the root's.
    useContext(this.id);
    const waits = this.beginsToWait(stream, verdict);
    useContext(stream.id);
    return waits;
  }

  private beginsToWait(stream: WaitingStream, verdict: Verdict): bool {
    const remote = this.remoteOf(verdict.provider);
    if (remote === null) return false;
    const now = monotonicNanos();
    if (!this.isWorthWaiting(stream, remote, verdict.status, now) || this.config.reportsOnly)
      return false;
    if (this.waiting.count >= this.config.waitingMax) {
      verdict.status = JwtStatus.WaitingFull;
      return false;
    }
    this.waiting.add(stream, verdict.provider, remote.changes, now);
    this.tickAsNeeded();
    return true;
  }

  private isWorthWaiting(
    stream: WaitingStream,
    remote: RemoteKeys,
    status: JwtStatus,
    now: i64,
  ): bool {
    if (stream.hasWaited) {
      // A fetch that ended since then has said all it will say.
      if (remote.finishedAt >= stream.since) return false;
      if (now >= this.deadlineOf(stream, remote)) return false;
    }
    return status == JwtStatus.KeysUnavailable
      ? remote.fetchForMissing(now)
      : remote.fetchForUnknown(now);
  }

  private deadlineOf(stream: WaitingStream, remote: RemoteKeys): i64 {
    return stream.since + remote.fetchNanos + WAIT_MARGIN_NANOS;
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

  /**
   * Judges again whoever waits for something that has changed, or has waited long enough: so many
   * at a time.
   */
  private resumeWaiting(now: i64): void {
    this.hasMoreToResume = false;
    let resumed = 0;
    for (let i = this.waiting.count - 1; i >= 0; i--) {
      // A reply to one may have ended others.
      if (i >= this.waiting.count) continue;
      const stream = this.waiting.at(i);
      if (!this.isSettled(stream, now)) continue;
      if (resumed++ == RESUMED_MAX) {
        this.hasMoreToResume = true;
        break;
      }
      this.resume(stream);
    }
    if (resumed > 0) useContext(this.id);
  }

  private isSettled(stream: WaitingStream, now: i64): bool {
    const remote = this.remoteOf(stream.provider);
    return (
      remote === null ||
      remote.changes != stream.changesSeen ||
      now >= this.deadlineOf(stream, remote)
    );
  }

  private resume(stream: WaitingStream): void {
    this.waiting.remove(stream);
    if (useContext(stream.id) != Status.Ok) return;
    const before = mark();
    if (this.decide(stream)) continueRequest();
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
