// The key set of one provider, fetched for all workers of the proxy by whichever holds the lease.
// Host facts: calls, metrics, the log. When to fetch is fetch-record.ts's to say, what the
// workers share is shared-keys.ts's.
import { Bytes, NONE, lengthOf, view } from "../../../lib/bytes";
import { startStatus, startToken } from "../../../host/http-call";
import { Counter, Gauge } from "../../../host/metrics";
import { Status } from "../../../host/status";
import { CallHeader } from "../../../lib/config/call-header";
import { spent } from "../../../lib/garbage";
import { KeySet, KeySetStatus, describeKeySet } from "../../../lib/jose/key-set";
import { Address } from "./address";
import { DiscoveryStatus, describeDiscovery, readDiscovered } from "./discovery";
import { FetchRecord } from "./fetch-record";
import { KeyAnswer } from "./key-answer";
import { logFailure, logKeySet, logRecovery } from "./key-log";
import { startKeyRequest } from "./key-request";
import { KeyRing } from "./key-ring";
import { metricPrefix } from "../metrics";
import { KeySource, Provider } from "../provider";
import { SharedKeys } from "./shared-keys";

const SECOND: i64 = 1_000_000_000;
/** Over the timeout, which the host keeps. */
const ANSWER_MARGIN_NANOS: i64 = SECOND;
/**
 * Another worker's write in between makes us look again; more than a few in a row does not
 * happen.
 */
const WRITE_ATTEMPTS = 4;

const noHeaders: CallHeader[] = [];
const answer = new KeyAnswer();

/** What became of a fetched set. */
const enum Published {
  /** The lease ran out, and another worker is at it. */
  No,
  /** The workers have this very set already. */
  Same,
  Changed,
}


@final
export class RemoteKeys {
  /** Grows whenever requests that wait for these keys may have another answer than before. */
  changes: u32 = 0;

  private shared: SharedKeys;
  /** The edition that `ring` holds; 0: none. */
  private edition: u32 = 0;
  /** Of the call in flight. */
  private token: u32 = 0;
  private isCalling: bool = false;
  /** The call in flight is for the OpenID configuration. */
  private isDiscovering: bool = false;
  private callStartedAt: i64 = 0;
  private finishedSeen: i64 = 0;
  private lastFailure: string = "";

  private successes: Counter;
  private failures: Counter;
  private ageGauge: Gauge;
  private keysGauge: Gauge;

  constructor(
    readonly provider: Provider,
    readonly ring: KeyRing,
    instance: string,
  ) {
    this.shared = new SharedKeys(provider, instance);
    const metric = metricPrefix(provider.name);
    this.successes = new Counter(metric + "jwks_fetch_success");
    this.failures = new Counter(metric + "jwks_fetch_failed");
    this.ageGauge = new Gauge(metric + "jwks_age_seconds");
    this.keysGauge = new Gauge(metric + "jwks_keys");
    this.refresh(0);
  }

  private get record(): FetchRecord {
    return this.shared.record;
  }

  /** When the last fetch ended that is known of here. */
  get finishedAt(): i64 {
    return this.record.finishedAt;
  }

  /** Whether `token` is of the call in flight here. */
  owns(token: u32): bool {
    return this.isCalling && this.token == token;
  }

  /**
   * Looks what the workers know by now, and takes newer keys. True: keys of before are no longer
   * good.
   */
  refresh(now: i64): bool {
    this.shared.look();
    const record = this.record;
    let changed = false;
    const usableUntil = record.freshUntil + this.provider.staleNanos;
    this.ring.usableUntil = usableUntil;
    const isNew = record.edition != this.edition && record.edition != 0;
    if (isNew && now < usableUntil) changed = this.loadKeys();
    if (this.ring.expire(now)) {
      this.edition = 0;
      changed = true;
    }
    if (changed || record.finishedAt != this.finishedSeen) this.changes++;
    this.finishedSeen = record.finishedAt;
    return changed;
  }

  /** Takes the shared key set. */
  private loadKeys(): bool {
    const stored = this.shared.keys(this.edition);
    if (stored == NONE) return false;
    const keys = new KeySet();
    spent(4 * lengthOf(stored));
    if (keys.read(stored) != KeySetStatus.Ok) return false;
    this.ring.keys = keys;
    this.edition = this.shared.editionRead;
    return true;
  }

  /**
   * What is due by the clock: fetching, keeping the lease of a fetch under way, telling the
   * gauges.
   */
  tick(now: i64): void {
    if (this.isCalling) this.keepLease(now);
    if (this.record.isDue(now)) this.fetch(now);
    const keys = this.ring.keys;
    this.keysGauge.set(keys === null ? 0 : keys.count);
    if (this.record.edition != 0)
      this.ageGauge.set(<u64>max<i64>(0, (now - this.record.fetchedAt) / SECOND));
  }

  /** A host that never answers keeps nobody from asking again. */
  private keepLease(now: i64): void {
    if (now - this.callStartedAt > this.fetchNanos + ANSWER_MARGIN_NANOS) {
      this.isCalling = false;
      this.fail("no answer", now);
    } else if (this.record.startedAt == this.callStartedAt) {
      this.record.renew(now);
      this.shared.write();
    }
  }

  /** How long one fetch may take. */
  get fetchNanos(): i64 {
    return (this.provider.keySource == KeySource.Discovery ? 2 : 1) * this.provider.timeoutNanos;
  }

  /** There are no keys at all: fetches if it is due. True: a fetch is under way. */
  fetchForMissing(now: i64): bool {
    return this.isFetching(now, this.record.isDue(now));
  }

  /**
   * A key that nobody knows was asked for: fetches unless that was tried lately. True: a fetch is
   * under way.
   */
  fetchForUnknown(now: i64): bool {
    return this.isFetching(now, this.record.mayAskForUnknown(now));
  }

  private isFetching(now: i64, mayFetch: bool): bool {
    if (this.record.isFetchingAt(now)) return true;
    return mayFetch && (this.fetch(now) || this.record.isFetchingAt(now));
  }

  /** Whether the last fetch failed: what the keys are now is not known. */
  get isFailing(): bool {
    return this.record.failures > 0;
  }

  /** Seconds until it is worth asking again. */
  retryAfterSeconds(now: i64): i64 {
    const next = this.record.isFetchingAt(now) ? now : this.record.nextAt;
    return max<i64>(1, (next - now + SECOND - 1) / SECOND);
  }

  /**
   * Takes the lease and calls. The worker that loses the race finds the winner's lease in the
   * record.
   */
  private fetch(now: i64): bool {
    this.shared.look();
    if (this.isCalling || this.record.isFetchingAt(now)) return false;
    this.record.begin(now);
    if (!this.shared.write()) {
      this.shared.look();
      return false;
    }
    this.callStartedAt = now;
    this.isDiscovering = this.provider.keySource == KeySource.Discovery;
    const provider = this.provider;
    const cluster = this.isDiscovering ? provider.discoveryCluster : provider.keysCluster;
    return this.call(provider.keysAddress, view(cluster), now);
  }

  /** `headers`: of the settings; they may hold a key, so they go to the configured server alone. */
  private call(address: Address, cluster: Bytes, now: i64): bool {
    const isOurs = address.sameServer(this.provider.keysAddress);
    const headers = isOurs ? this.provider.keysHeaders : noHeaders;
    const millis = max<i64>(1, this.provider.timeoutNanos / 1_000_000);
    const start = startKeyRequest(address, cluster, headers, <u32>millis);
    this.isCalling = startStatus(start) == Status.Ok;
    if (this.isCalling) this.token = startToken(start);
    else this.fail(reasonOf(startStatus(start)), now);
    return this.isCalling;
  }

  /** The answer to the call in flight. True: keys of before are no longer good. */
  take(headers: i32, bodyBytes: i32, now: i64): bool {
    this.isCalling = false;
    let failure = answer.take(headers, bodyBytes);
    if (failure.length == 0)
      failure = this.isDiscovering ? this.takeConfiguration(now) : this.takeKeys(now);
    if (failure.length > 0) this.fail(failure, now);
    return this.refresh(now);
  }

  /** Empty when all is well so far, else why not. */
  private takeConfiguration(now: i64): string {
    const asked = this.provider.keysAddress;
    const address = new Address();
    const status = readDiscovered(answer.body, view(this.provider.issuer), asked, address);
    spent(4 * lengthOf(answer.body));
    if (status != DiscoveryStatus.Ok) return describeDiscovery(status);
    this.isDiscovering = false;
    const provider = this.provider;
    const isKnown = provider.namesKeysCluster || address.sameServer(asked);
    const cluster = isKnown ? provider.keysCluster : address.cluster;
    this.call(address, view(cluster), now);
    return "";
  }

  private takeKeys(now: i64): string {
    const keys = new KeySet();
    spent(4 * lengthOf(answer.body));
    const status = keys.read(answer.body);
    if (status != KeySetStatus.Ok) return describeKeySet(status);
    const published = this.publish(answer.body, now);
    if (published == Published.No) return "";
    this.successes.add();
    if (published == Published.Changed) logKeySet(this.provider.name, keys);
    if (this.lastFailure.length > 0) logRecovery(this.provider.name);
    this.lastFailure = "";
    return "";
  }

  /** Shares a good set. */
  private publish(body: Bytes, now: i64): Published {
    const fresh = answer.freshNanos(this.provider.cacheNanos);
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      this.shared.look();
      if (this.record.startedAt != this.callStartedAt) return Published.No;
      const isSame = this.shared.isStored(body);
      this.record.succeed(now, fresh, !isSame);
      if (!isSame && !this.shared.put(body)) continue;
      if (this.shared.write()) return isSame ? Published.Same : Published.Changed;
    }
    return Published.No;
  }

  /** Says once why keys cannot be had, and sets the next attempt. Good keys stay. */
  private fail(why: string, now: i64): void {
    this.failures.add();
    if (why != this.lastFailure) logFailure(this.provider.name, why);
    this.lastFailure = why;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      this.shared.look();
      if (this.record.startedAt != this.callStartedAt) return;
      this.record.fail(now);
      if (this.shared.write()) break;
    }
    this.changes++;
  }
}

/** Why a call could not be started. */
function reasonOf(status: Status): string {
  return status == Status.BadArgument ? "the cluster is not known" : "the cluster has no hosts";
}
