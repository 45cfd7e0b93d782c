// What became of the lines that a sink was given. Every line that was queued ends in exactly one
// of the others, or is still on its way: queued = delivered + rejected + the dropped ones + what
// waits.
import { text } from "../../../lib/bytes";

export const enum Count {
  /** Lines taken in. */
  Queued,
  /** Lines in batches that the sink accepted. */
  Delivered,
  /** Refused by an answer that no further try would change, or by a partial success. */
  Rejected,
  /** The oldest, because the queue was full. */
  DroppedFull,
  /** Larger than the whole queue, or no memory was left for one. */
  DroppedLarge,
  /** In batches that did not get through for too long. */
  DroppedRetries,
  /** Still there when the plugin went away. */
  DroppedShutdown,
  /** Batches that will be, or would have been, sent again; not lines. */
  Retries,
}

/** Their names, in the same order. */
export const COUNTS = text(
  "queued delivered rejected dropped_full dropped_large dropped_retries dropped_shutdown retries",
);


@final
export class Tally {
  private counts: StaticArray<i64> = new StaticArray<i64>(8);

  add(which: Count, amount: i64): void {
    unchecked((this.counts[which] += amount));
  }

  of(which: Count): i64 {
    return unchecked(this.counts[which]);
  }

  /** Gives the count, which begins anew. */
  take(which: Count): i64 {
    const count = this.of(which);
    unchecked((this.counts[which] = 0));
    return count;
  }

  /** Lines that found an end. */
  get settled(): i64 {
    let lines: i64 = 0;
    for (let which = <i32>Count.Delivered; which <= <i32>Count.DroppedShutdown; which++)
      lines += this.of(<Count>which);
    return lines;
  }
}
