// When a sink's lines go out, and what becomes of a batch: one in flight, tried again later where
// that may help. Knows times and statuses; how a batch travels is the caller's business. All times
// are nanoseconds of one monotonic clock.
//
//   Idle ──begin──► InFlight ──accepted, or refused for good──► Idle
//                      │  ▲
//     unreachable, busy │  │ begin, when the pause is over
//                      ▼  │
//                     Waiting ──tried for too long──► Idle
import { Bytes, EMPTY } from "../../../lib/bytes";
import { mix } from "../../../lib/hash";
import { Writer } from "../../../lib/writer";
import { Encoder } from "./encoders/encoder";
import { Line } from "../format/line";
import { Queue, NO_ROOM } from "./queue";
import { UNSTATED } from "./retry-after";
import { Tally } from "./tally";

const SECOND: i64 = 1_000_000_000;

/**
 * Pauses between tries double from the first to the last, and are up to a quarter longer so that
 * workers spread.
 */
const PAUSE_FIRST_NANOS: i64 = SECOND;
const PAUSE_LAST_NANOS: i64 = 30 * SECOND;
/** Whatever Retry-After says, a sink is asked again after this. */
const RETRY_AFTER_MAX_NANOS: i64 = 60 * SECOND;
/** A batch that did not get through for so long makes room for newer ones. */
const TRY_FOR_NANOS: i64 = 300 * SECOND;
/** The host answers a call in its timeout; when it has not by then, the answer is never coming. */
const OVERDUE_NANOS: i64 = 2 * SECOND;
/**
 * What a batch has around its records: names and labels of the configuration, 1 MiB at most in all.
 */
const AROUND_BYTES_MAX = 1024 * 1024;
/** A queue of many tiny records ends here: their number is bounded as their bytes are. */
const SMALLEST_RECORD_BYTES = 32;

/** What a sink has left, once its plugin is gone, is sent in this time or given up. */
const CLOSE_NANOS: i64 = 10 * SECOND;
const NEVER: i64 = i64.MAX_VALUE;

const enum Phase {
  Idle,
  InFlight,
  Waiting,
}

/** The answer had no headers: the connection broke. */
export const NO_STATUS = 0;

/** One line on its way into the queue. */
const piece = new Writer(4 * 1024 * 1024);


@final
export class DeliverySettings {
  /**
   * A batch goes out when it has so many lines, or so many bytes of lines, or when the oldest is so
   * old.
   */
  batchRecords: i32 = 512;
  batchBytes: i32 = 512 * 1024;
  intervalNanos: i64 = SECOND;
  timeoutNanos: i64 = 5 * SECOND;
  /** What may wait in one worker; beyond it the oldest lines are dropped. */
  queueBytes: i32 = 4 * 1024 * 1024;
}


@final
export class Delivery {
  readonly tally: Tally = new Tally();
  private readonly queue: Queue;
  private readonly batch: Writer;
  private phase: Phase = Phase.Idle;
  /** Lines in the batch. */
  private batchCount: i32 = 0;
  /** When the batch was first sent. */
  private firstSentAt: i64 = 0;
  /** InFlight: when it is overdue. Waiting: when it may be sent again. */
  private until: i64 = 0;
  private tries: i32 = 0;
  /** When what is left is given up; NEVER before `close`. */
  private closeBy: i64 = NEVER;

  /** `seed` spreads the pauses of several workers. */
  constructor(
    private settings: DeliverySettings,
    readonly encoder: Encoder,
    private seed: u64,
  ) {
    this.queue = new Queue(settings.queueBytes, settings.queueBytes / SMALLEST_RECORD_BYTES);
    this.batch = new Writer(settings.batchBytes + settings.queueBytes + AROUND_BYTES_MAX);
  }

  /** Takes in a line, at the cost of the oldest ones when the queue is full. */
  take(line: Line, now: i64, observedNanos: i64): void {
    this.tally.queued.add(1);
    piece.reset();
    this.encoder.writeRecord(piece, line, observedNanos);
    const dropped = piece.overflowed ? NO_ROOM : this.queue.push(piece.view(), now);
    if (dropped == NO_ROOM) this.tally.droppedLarge.add(1);
    else this.tally.droppedFull.add(dropped);
  }

  /** Whether `begin` has something to send now. */
  isDue(now: i64): bool {
    if (this.phase == Phase.Waiting) return this.isClosing || now >= this.until;
    if (this.phase == Phase.InFlight || this.queue.count == 0) return false;
    const settings = this.settings;
    if (
      this.isClosing ||
      this.queue.count >= settings.batchRecords ||
      this.queue.bytes >= settings.batchBytes
    )
      return true;
    return now - this.queue.oldestAt() >= settings.intervalNanos;
  }

  /** The batch to send now, valid until `answered` or `failed`; EMPTY when nothing is due. */
  begin(now: i64): Bytes {
    if (!this.isDue(now)) return EMPTY;
    if (this.phase == Phase.Idle) this.fill(now);
    this.phase = Phase.InFlight;
    this.until = now + this.settings.timeoutNanos + OVERDUE_NANOS;
    return this.batch.view();
  }

  /** Moves the oldest lines from the queue into the batch. */
  private fill(now: i64): void {
    const batch = this.batch;
    batch.reset();
    const size = this.queue.measure(this.settings.batchRecords, this.settings.batchBytes);
    this.batchCount = size.records;
    this.encoder.begin(batch, size.bytes);
    this.queue.move(batch, this.batchCount);
    this.encoder.end(batch);
    this.firstSentAt = now;
    this.tries = 0;
  }

  /** The batch could not even be sent: no such cluster, or no host in it. */
  failed(now: i64): void {
    if (this.phase == Phase.InFlight) this.tryLater(now, UNSTATED);
  }

  /** The sink's answer, or what the proxy made of none; `retryAfter` in nanoseconds or UNSTATED. */
  answered(now: i64, status: i32, retryAfter: i64, answer: Bytes): void {
    if (this.phase != Phase.InFlight) return;
    if (status == NO_STATUS || this.encoder.canRetry(status)) {
      this.tryLater(now, retryAfter);
    } else {
      const rejected = this.encoder.rejected(status, answer, this.batchCount);
      this.tally.rejected.add(rejected);
      this.tally.delivered.add(this.batchCount - rejected);
      this.finish();
    }
  }

  /** Gives up waiting for an answer that is overdue; true when that was so. */
  expire(now: i64): bool {
    if (this.phase != Phase.InFlight || now < this.until) return false;
    this.tryLater(now, UNSTATED);
    return true;
  }

  private tryLater(now: i64, retryAfter: i64): void {
    this.tries++;
    this.tally.retries.add(1);
    if (this.isClosing) {
      this.tally.droppedShutdown.add(this.batchCount);
      this.finish();
    } else if (now - this.firstSentAt >= TRY_FOR_NANOS) {
      this.tally.droppedRetries.add(this.batchCount);
      this.finish();
    } else {
      this.phase = Phase.Waiting;
      this.until = now + max(min(retryAfter, RETRY_AFTER_MAX_NANOS), this.pause());
    }
  }

  /** Also the least pause when a sink names a shorter one: 0 would make us a storm. */
  private pause(): i64 {
    const doubled = min(PAUSE_FIRST_NANOS << min(this.tries - 1, 10), PAUSE_LAST_NANOS);
    const spread = <i64>(mix(this.seed + this.tries) & 0xff);
    return doubled + ((doubled / 4) * spread) / 0xff;
  }

  private finish(): void {
    this.phase = Phase.Idle;
    this.batchCount = 0;
  }

  /** Lines that are neither delivered nor given up. */
  get waiting(): i32 {
    return this.queue.count + this.batchCount;
  }

  private get isClosing(): bool {
    return this.closeBy != NEVER;
  }

  /**
   * From now on everything is due, and what fails is given up. The answer to a batch in flight will
   * not come: it is sent again, and a sink that got it has it twice.
   */
  close(now: i64): void {
    if (this.phase == Phase.InFlight) this.phase = Phase.Waiting;
    if (!this.isClosing) this.closeBy = now + CLOSE_NANOS;
  }

  /** Closed, and either everything has its end or there is no more time. */
  isOver(now: i64): bool {
    return this.waiting == 0 || now >= this.closeBy;
  }

  /** Gives up what is left, memory included. */
  abandon(): void {
    this.tally.droppedShutdown.add(this.batchCount + this.queue.free());
    this.finish();
  }
}
