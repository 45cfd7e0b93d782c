// What became of the lines that a sink was given. Every line that was queued ends in exactly one of the others, or is still
// on its way: queued = delivered + rejected + the dropped ones + what waits.

@final
export class Tally {
  /** Lines taken in. */
  queued: i64 = 0;
  /** Lines in batches that the sink accepted. */
  delivered: i64 = 0;
  /** Refused by an answer that no further try would change, or by a partial success. */
  rejected: i64 = 0;
  /** The oldest, because the queue was full. */
  droppedFull: i64 = 0;
  /** Larger than the whole queue, or no memory was left for one. */
  droppedLarge: i64 = 0;
  /** In batches that did not get through for too long. */
  droppedRetries: i64 = 0;
  /** Still there when the plugin went away. */
  droppedShutdown: i64 = 0;
  /** Batches that will be, or would have been, sent again; not lines. */
  retries: i64 = 0;

  /** Lines that found an end. */
  get settled(): i64 {
    return this.delivered + this.rejected + this.dropped;
  }

  get dropped(): i64 {
    return this.droppedFull + this.droppedLarge + this.droppedRetries + this.droppedShutdown;
  }

  clear(): void {
    this.queued = 0;
    this.delivered = 0;
    this.rejected = 0;
    this.droppedFull = 0;
    this.droppedLarge = 0;
    this.droppedRetries = 0;
    this.droppedShutdown = 0;
    this.retries = 0;
  }
}
