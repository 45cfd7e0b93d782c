// What a sink speaks. A line is encoded once, when it comes: the queue holds finished records, and a batch is a beginning,
// the records and an end, so that sending costs copies only.
import { Bytes, lengthOf, view } from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { Line } from "../../format/line";

/** The empty beginning of a batch. */
export const NOTHING = new StaticArray<u8>(0);

export abstract class Encoder {
  constructor(
    /** The batch's media type. */
    readonly contentType: Bytes,
    /** What stands before the records. */
    protected head: StaticArray<u8>,
    /** What stands behind them, in the place of the comma that the last one has; empty: nothing, and there is no comma. */
    private tail: Bytes,
    /** The statuses that may be tried again are those of OTLP (specification 1.x, "Retryable Response Codes"). */
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

  /** Whether the same batch may be accepted later when the answer was `status`: busy, or broken for the moment. */
  canRetry(status: i32): bool {
    if (this.isOtlp) return status == 429 || (status >= 502 && status <= 504);
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
  }

  /** How many records of a batch an answer with a status of success says were not taken; any number may be claimed. */
  rejected(answer: Bytes): i64 {
    return 0;
  }
}
