// What a sink speaks. A line is encoded once, when it comes: the queue holds finished records, and a batch is a beginning,
// the records and an end, so that sending costs copies only.
import { Bytes } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";
import { Line } from "./line";

export abstract class Encoder {
  /** The batch's media type. */
  abstract get contentType(): Bytes;

  /** Appends the record of one line, written at `observedNanos` (Unix time). */
  abstract writeRecord(to: Writer, line: Line, observedNanos: i64): void;

  /** Begins a batch whose records take `recordBytes`. */
  begin(to: Writer, recordBytes: i32): void {}

  /** Ends it behind the last record. */
  end(to: Writer): void {}

  /** Whether the same batch may be accepted later when the answer was `status`: busy, or broken for the moment. */
  canRetry(status: i32): bool {
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
  }

  /** How many records of a batch an answer with a status of success says were not taken; any number may be claimed. */
  rejected(answer: Bytes): i64 {
    return 0;
  }
}
