// What all workers of a proxy know together about one remote key set: who fetches now, when next,
// which edition is the newest. Knows times and a byte layout; where the record is kept is the
// fetcher's business.
//
//   | edition u32 | failures u32 | fetchedAt i64 | nextAt i64 | leaseUntil i64 | startedAt i64 | finishedAt i64
//   | freshUntil i64 |
//
// All times are nanoseconds of the monotonic clock, which the workers of a process share.
import { Bytes, bytes, lengthOf, pointerOf } from "../../../lib/bytes";

const RECORD_BYTES = 56;

/** However many requests ask for unknown keys, the issuer is asked no more often than this. */
export const UNKNOWN_KEY_PAUSE_NANOS: i64 = 10_000_000_000;
const BACKOFF_FIRST_NANOS: i64 = 1_000_000_000;
const BACKOFF_LAST_NANOS: i64 = 60_000_000_000;
/**
 * Renewed on every tick, at least once a second: it ends soon after the worker that holds it is
 * gone.
 */
const LEASE_NANOS: i64 = 3_000_000_000;

/** The fields in the order of the layout: they are the record's bytes. */
@final
export class FetchRecord {
  /** Counts key sets that differ from the one before; 0: none yet. */
  edition: u32 = 0;
  /** Failed fetches since the last good one. */
  failures: u32 = 0;
  /** When the newest good answer came, also if it held the same keys. */
  fetchedAt: i64 = 0;
  /** When the next fetch is due. */
  nextAt: i64 = 0;
  /** Until when a worker has the right to fetch alone; 0: nobody does. */
  leaseUntil: i64 = 0;
  startedAt: i64 = 0;
  /** When the last fetch ended, well or badly. */
  finishedAt: i64 = 0;
  /** Until when the newest good answer counts as fresh. */
  freshUntil: i64 = 0;

  /** Reads what `toBytes` gave; anything else gives the record of a key set never fetched. */
  read(from: Bytes): void {
    const fields = changetype<usize>(this);
    if (lengthOf(from) == RECORD_BYTES) memory.copy(fields, pointerOf(from), RECORD_BYTES);
    else memory.fill(fields, 0, RECORD_BYTES);
  }

  /** The record's bytes, as they are at any time. */
  toBytes(): Bytes {
    return bytes(changetype<usize>(this), RECORD_BYTES);
  }

  /**
   * A fetch that holds the lease at `now`; a lease that ran out belongs to a worker that is gone.
   */
  isFetchingAt(now: i64): bool {
    return now < this.leaseUntil;
  }

  /** Whether somebody should fetch: it is due. */
  isDue(now: i64): bool {
    return !this.isFetchingAt(now) && now >= this.nextAt;
  }

  /**
   * Whether an unknown key is reason enough to fetch before it is due. Not while the last fetches
   * failed: back-off.
   */
  mayAskForUnknown(now: i64): bool {
    if (this.isFetchingAt(now)) return false;
    if (this.failures > 0) return now >= this.nextAt;
    return this.startedAt == 0 || now - this.startedAt >= UNKNOWN_KEY_PAUSE_NANOS;
  }

  begin(now: i64): void {
    this.startedAt = now;
    this.renew(now);
  }

  /** The fetch goes on. */
  renew(now: i64): void {
    this.leaseUntil = now + LEASE_NANOS;
  }

  /** Good keys came; `changed` when they are not the ones from before. */
  succeed(now: i64, freshNanos: i64, changed: bool): void {
    if (changed) this.edition = this.edition == u32.MAX_VALUE ? 1 : this.edition + 1;
    this.failures = 0;
    this.fetchedAt = now;
    this.freshUntil = now + freshNanos;
    this.nextAt = this.freshUntil;
    this.leaseUntil = 0;
    this.finishedAt = now;
  }

  fail(now: i64): void {
    const doublings = min<u32>(this.failures, 6);
    this.failures++;
    this.nextAt = now + min<i64>(BACKOFF_FIRST_NANOS << doublings, BACKOFF_LAST_NANOS);
    this.leaseUntil = 0;
    this.finishedAt = now;
  }
}
