// The key set of one provider, fetched for all workers of the proxy by whichever holds the lease, and shared through
// shared data. Host facts: calls, shared data, metrics. When to fetch is fetch-record.ts's to say.
//
//   jwt-auth/<instance>/<provider>-<digest of address and cluster>/record    FetchRecord
//   jwt-auth/<instance>/<provider>-<digest of address and cluster>/keys      edition u32 | the key set as it came
import { Bytes, EMPTY, NONE, bytes, equal, lengthOf, pointerOf, slice, text, utf8, view } from "../../lib/bytes";
import { allocate } from "../../host/arena";
import { BufferType, bufferBytes } from "../../host/buffer";
import { MapType, headerValue } from "../../host/header-map";
import { startCall, startedToken } from "../../host/http-call";
import { LogLevel, log } from "../../host/log";
import { Counter, Gauge } from "../../host/metrics";
import { Pairs } from "../../host/pairs";
import { readShared, sharedVersion, writeShared } from "../../host/shared-data";
import { Status } from "../../host/status";
import { siphash } from "../../lib/hash";
import { spent } from "../../lib/garbage";
import { JWKS_BYTES_MAX, KeySet, KeySetStatus, describeKeySet } from "../../lib/jose/key-set";
import { Address } from "./address";
import { DiscoveryStatus, describeDiscovery, readDiscovered } from "./discovery";
import { FetchRecord } from "./fetch-record";
import { UNSTATED, freshSeconds } from "./freshness";
import { KeyRing } from "./key-ring";
import { KeySource, Provider } from "./provider";

const SECOND: i64 = 1_000_000_000;
/** Bounds on what HTTP caching headers may ask for. */
const FRESH_LEAST_SECONDS: i64 = 60;
const FRESH_MOST_SECONDS: i64 = 24 * 3600;
/** Another worker's write in between makes us look again; more than a few in a row does not happen. */
const WRITE_ATTEMPTS = 4;
/** What stands before the key set in shared data. */
const EDITION_BYTES = 4;

const METHOD = text(":method");
const GET = text("GET");
const PATH = text(":path");
const AUTHORITY = text(":authority");
const SCHEME = text(":scheme");
const HTTP = text("http");
const HTTPS = text("https");
const ACCEPT = text("accept");
const ACCEPTED = text("application/json, application/jwk-set+json");
const STATUS = text(":status");
const OK = text("200");
const CACHE_CONTROL = text("cache-control");
const AGE = text("age");
const CONTENT_ENCODING = text("content-encoding");
const IDENTITY = text("identity");

const request = new Pairs();


@final
export class RemoteKeys {
  /** Grows whenever requests that wait for these keys may have another answer than before. */
  changes: u32 = 0;
  readonly record: FetchRecord = new FetchRecord();

  private recordKey: StaticArray<u8>;
  private keysKey: StaticArray<u8>;
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
    const cluster = view(provider.keysCluster);
    const address = siphash(view(provider.keysAddress.path), siphash(view(provider.keysAddress.authority), 0, 0), 0);
    const digest = siphash(cluster, address, provider.keySource);
    const base = "jwt-auth/" + instance + "/" + provider.name + "-" + digest.toString(16) + "/";
    this.recordKey = utf8(base + "record");
    this.keysKey = utf8(base + "keys");
    const metric = "gatehouse.jwt-auth." + provider.name + ".";
    this.successes = new Counter(metric + "jwks_fetch_success");
    this.failures = new Counter(metric + "jwks_fetch_failed");
    this.ageGauge = new Gauge(metric + "jwks_age_seconds");
    this.keysGauge = new Gauge(metric + "jwks_keys");
    if (readShared(view(this.recordKey)) == NONE) writeShared(view(this.recordKey), this.record.toBytes(), 0);
    this.refresh(0);
  }

  /** Whether a token's `token` is of the call in flight here. */
  owns(token: u32): bool {
    return this.isCalling && this.token == token;
  }

  /** Looks what the workers know by now, and takes newer keys. True: keys of before are no longer good. */
  refresh(now: i64): bool {
    this.readRecord();
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

  private readRecord(): void {
    const stored = readShared(view(this.recordKey));
    this.record.read(stored == NONE ? EMPTY : stored);
  }

  /** Takes the shared key set. */
  private loadKeys(): bool {
    const stored = readShared(view(this.keysKey));
    if (stored == NONE || lengthOf(stored) <= EDITION_BYTES) return false;
    const edition = load<u32>(pointerOf(stored));
    if (edition == this.edition) return false;
    const keys = new KeySet();
    spent(4 * lengthOf(stored));
    if (keys.read(slice(stored, EDITION_BYTES)) != KeySetStatus.Ok) return false;
    this.ring.keys = keys;
    this.edition = edition;
    return true;
  }

  /** Tells the gauges; the same figures in every worker. */
  report(now: i64): void {
    const keys = this.ring.keys;
    this.keysGauge.set(keys === null ? 0 : keys.count);
    if (this.record.edition != 0) this.ageGauge.set(<u64>max<i64>(0, (now - this.record.fetchedAt) / SECOND));
  }

  /** Fetches if it is due and nobody else does. True: a fetch has begun, here. */
  fetchIfDue(now: i64): bool {
    return this.record.isDue(now) && this.fetch(now);
  }

  /** How long one fetch may take. */
  get fetchNanos(): i64 {
    return (this.provider.keySource == KeySource.Discovery ? 2 : 1) * this.provider.timeoutNanos;
  }

  /** There are no keys at all: fetches if it is due. True: a fetch is under way. */
  fetchForMissing(now: i64): bool {
    if (this.record.isFetchingAt(now)) return true;
    return this.record.isDue(now) && (this.fetch(now) || this.record.isFetchingAt(now));
  }

  /** A key that nobody knows was asked for: fetches unless that was tried lately. True: a fetch is under way. */
  fetchForUnknown(now: i64): bool {
    if (this.record.isFetchingAt(now)) return true;
    return this.record.mayAskForUnknown(now) && (this.fetch(now) || this.record.isFetchingAt(now));
  }

  /** Seconds until it is worth asking again. */
  retryAfterSeconds(now: i64): i64 {
    const next = this.record.isFetchingAt(now) ? now : this.record.nextAt;
    return max<i64>(1, (next - now + SECOND - 1) / SECOND);
  }

  /** Takes the lease and calls. The worker that loses the race finds the winner's lease in the record. */
  private fetch(now: i64): bool {
    this.readRecord();
    if (this.isCalling || this.record.isFetchingAt(now)) return false;
    this.record.begin(now, this.fetchNanos);
    if (writeShared(view(this.recordKey), this.record.toBytes(), sharedVersion) != Status.Ok) {
      this.readRecord();
      return false;
    }
    this.callStartedAt = now;
    this.isDiscovering = this.provider.keySource == KeySource.Discovery;
    return this.call(this.provider.keysAddress, now);
  }

  private call(address: Address, now: i64): bool {
    request.reset();
    request.add(METHOD, GET);
    request.add(PATH, view(address.path));
    request.add(AUTHORITY, view(address.authority));
    request.add(SCHEME, address.isSecure ? HTTPS : HTTP);
    request.add(ACCEPT, ACCEPTED);
    const millis = max<i64>(1, this.provider.timeoutNanos / 1_000_000);
    const status = startCall(view(this.provider.keysCluster), request, EMPTY, <u32>millis);
    this.isCalling = status == Status.Ok;
    if (this.isCalling) this.token = startedToken;
    else this.fail(status == Status.BadArgument ? "the cluster is not known" : "the cluster has no hosts", now);
    return this.isCalling;
  }

  /** The answer to the call in flight. True: keys of before are no longer good. */
  take(headers: i32, bodyBytes: i32, now: i64): bool {
    this.isCalling = false;
    const failure = this.takeBody(headers, bodyBytes, now);
    if (failure.length > 0) this.fail(failure, now);
    return this.refresh(now);
  }

  /** Empty when all is well so far, else why not. */
  private takeBody(headers: i32, bodyBytes: i32, now: i64): string {
    if (headers == 0) return "no answer";
    const status = headerValue(MapType.HttpCallResponseHeaders, STATUS);
    if (status == NONE || !equal(status, OK)) return "the answer's status is not 200";
    const encoding = headerValue(MapType.HttpCallResponseHeaders, CONTENT_ENCODING);
    if (encoding != NONE && !equal(encoding, IDENTITY)) return "the answer is compressed";
    if (bodyBytes > JWKS_BYTES_MAX) return "the answer is larger than 1 MiB";
    const body = bodyBytes > 0 ? bufferBytes(BufferType.HttpCallResponseBody, bodyBytes) : EMPTY;
    if (body == NONE) return "the answer cannot be read";
    return this.isDiscovering ? this.takeConfiguration(body, now) : this.takeKeys(body, now);
  }

  private takeConfiguration(body: Bytes, now: i64): string {
    const address = new Address();
    const status = readDiscovered(body, view(this.provider.issuer), this.provider.keysAddress, address);
    spent(4 * lengthOf(body));
    if (status != DiscoveryStatus.Ok) return describeDiscovery(status);
    this.isDiscovering = false;
    this.call(address, now);
    return "";
  }

  private takeKeys(body: Bytes, now: i64): string {
    const keys = new KeySet();
    spent(4 * lengthOf(body));
    const status = keys.read(body);
    if (status != KeySetStatus.Ok) return describeKeySet(status);
    if (!this.publish(body, now)) return "";
    this.successes.add();
    if (this.lastFailure.length > 0) log(LogLevel.Warn, this.title() + "keys are fetched again");
    this.lastFailure = "";
    return "";
  }

  /** Shares a good set. False: the lease ran out, and another worker is at it. */
  private publish(body: Bytes, now: i64): bool {
    const fresh = this.freshNanos();
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      this.readRecord();
      const version = sharedVersion;
      if (this.record.startedAt != this.callStartedAt) return false;
      const stored = readShared(view(this.keysKey));
      const isSame = stored != NONE && this.record.edition != 0 && equal(slice(stored, EDITION_BYTES), body);
      this.record.succeed(now, fresh, !isSame);
      if (!isSame && !this.storeKeys(body)) return false;
      if (writeShared(view(this.recordKey), this.record.toBytes(), version) == Status.Ok) return true;
    }
    return false;
  }

  private storeKeys(body: Bytes): bool {
    const size = EDITION_BYTES + lengthOf(body);
    const place = allocate(size);
    if (place == 0) return false;
    store<u32>(place, this.record.edition);
    memory.copy(place + EDITION_BYTES, pointerOf(body), lengthOf(body));
    return writeShared(view(this.keysKey), bytes(place, size), 0) == Status.Ok;
  }

  private freshNanos(): i64 {
    const control = headerValue(MapType.HttpCallResponseHeaders, CACHE_CONTROL);
    const stated = freshSeconds(control, headerValue(MapType.HttpCallResponseHeaders, AGE));
    if (stated == UNSTATED) return this.provider.cacheNanos;
    return min(max(stated, FRESH_LEAST_SECONDS), FRESH_MOST_SECONDS) * SECOND;
  }

  /** Says once why keys cannot be had, and sets the next attempt. Good keys stay. */
  private fail(why: string, now: i64): void {
    this.failures.add();
    if (why != this.lastFailure) log(LogLevel.Warn, this.title() + "keys cannot be fetched: " + why);
    this.lastFailure = why;
    for (let attempt = 0; attempt < WRITE_ATTEMPTS; attempt++) {
      this.readRecord();
      if (this.record.startedAt != this.callStartedAt) return;
      const version = sharedVersion;
      this.record.fail(now);
      if (writeShared(view(this.recordKey), this.record.toBytes(), version) == Status.Ok) break;
    }
    this.changes++;
  }

  private title(): string {
    return "jwt-auth, provider " + this.provider.name + ": ";
  }
}
