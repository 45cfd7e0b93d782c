// What a sink speaks. A line is encoded once, when it comes: the queue holds finished records, and
// a batch is a beginning, the records and an end, so that sending costs copies only.
import { Bytes, lengthOf, view } from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { Line } from "../../format/line";

/** The empty beginning of a batch. */
export const NOTHING = new StaticArray<u8>(0);

/**
 * How long before its line a request may have begun for the begin to be the entry's time. Loki
 * refuses entries an hour older than the newest of their stream, and a batch may wait for minutes.
 */
const BEGIN_AGE_NANOS_MAX: i64 = 300_000_000_000;

export abstract class Encoder {
  constructor(
    /** The batch's media type. */
    readonly contentType: Bytes,
    /** What stands before the records. */
    protected head: StaticArray<u8>,
    /**
     * What stands in the place of the last record's comma; empty: nothing, and no comma is there.
     */
    private tail: Bytes,
    /** Retries are those of OTLP (specification 1.x, "Retryable Response Codes"). */
    private isOtlp: bool,
  ) {}

  /** Appends the record of one line, written at `observedNanos` (Unix time). */
  abstract writeRecord(to: Writer, line: Line, observedNanos: i64): void;

  /** Begins a batch whose records take `recordBytes`. */
  begin(to: Writer, recordBytes: i32): void {
    to.bytes(view(this.head));
  }

  /** Ends it behind the last record. */
  end(to: Writer): void {
    if (lengthOf(this.tail) == 0) return;
    to.truncate(to.length - 1);
    to.bytes(this.tail);
  }

  /** Whether the same batch may be accepted later: the sink is busy, or broken for the moment. */
  canRetry(status: i32): bool {
    if (this.isOtlp) return status == 429 || (status >= 502 && status <= 504);
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
  }

  /**
   * How many of `count` records an answer that is not retried says were not taken: all of them
   * unless it is a success, or tells of a part.
   */
  rejected(status: i32, answer: Bytes, count: i32): i32 {
    if (!isSuccess(status)) return count;
    return <i32>max<i64>(0, min<i64>(this.rejectedInPart(answer), count));
  }

  /** What a success says was not taken; any number may be claimed. */
  rejectedInPart(answer: Bytes): i64 {
    return 0;
  }
}

export function isSuccess(status: i32): bool {
  return status >= 200 && status < 300;
}

/**
 * The entry's time: when the request began, or when it ended if it took so long that a sink would
 * refuse the begin. A begin in the future comes from a clock that was set back meanwhile.
 */
export function entryNanos(line: Line, observedNanos: i64): i64 {
  const age = observedNanos - line.unixNanos;
  return age >= 0 && age <= BEGIN_AGE_NANOS_MAX ? line.unixNanos : observedNanos;
}
