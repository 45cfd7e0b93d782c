// What became of the lines that a sink was given. Each line that was queued is counted in exactly
// one of the other counts, or still waits:
//
//   queued = delivered + rejected + the four dropped ones + what waits

/** A count since it was last reported. */
@final
export class Count {
  private amount: i64 = 0;

  constructor(
    /** The end of the metric's name. */
    readonly name: string,
  ) {}

  add(amount: i64): void {
    this.amount += amount;
  }

  get value(): i64 {
    return this.amount;
  }

  /** Gives the count and begins again at zero. */
  take(): i64 {
    const amount = this.amount;
    this.amount = 0;
    return amount;
  }
}


@final
export class Tally {
  /** Lines taken in. */
  readonly queued: Count = new Count("queued");
  /** Lines in batches that the sink accepted. */
  readonly delivered: Count = new Count("delivered");
  /** Lines refused by an answer that no further try would change, or by a partial success. */
  readonly rejected: Count = new Count("rejected");
  /** The oldest lines, because the queue was full. */
  readonly droppedFull: Count = new Count("dropped_full");
  /** Lines larger than the whole queue, or without memory for one. */
  readonly droppedLarge: Count = new Count("dropped_large");
  /** Lines in batches that did not get through for too long. */
  readonly droppedRetries: Count = new Count("dropped_retries");
  /** Lines still there when the plugin went away. */
  readonly droppedShutdown: Count = new Count("dropped_shutdown");
  /** Batches that will be, or would have been, sent again; not lines. */
  readonly retries: Count = new Count("retries");
  /** All of them, for the metrics. */
  all(): Count[] {
    return [
      this.queued,
      this.delivered,
      this.rejected,
      this.droppedFull,
      this.droppedLarge,
      this.droppedRetries,
      this.droppedShutdown,
      this.retries,
    ];
  }

  /** Lines that wait no more. */
  get settled(): i64 {
    const dropped = this.droppedFull.value + this.droppedLarge.value;
    const givenUp = this.droppedRetries.value + this.droppedShutdown.value;
    return this.delivered.value + this.rejected.value + dropped + givenUp;
  }
}
