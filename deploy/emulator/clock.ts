// Time as the test or the tool says it is, and what happens at a time: ticks, call answers,
// timeouts.

interface Event {
  atNanos: bigint;
  order: number;
  run: () => void;
}

export class Clock {
  /** Nanoseconds since the Unix epoch: what WASI calls realtime. */
  unixNanos: bigint;
  /** Nanoseconds of the clock that never steps. */
  monotonicNanos = 1_000_000_000_000n;
  private events: Event[] = [];
  private order = 0;

  /** `start` in milliseconds since the Unix epoch, a Date, or RFC 3339 text. */
  constructor(start: number | string | Date = Date.now()) {
    this.unixNanos = toUnixNanos(start);
  }

  /**
   * Runs `run` in `nanos` from now, when time is advanced that far. The function that comes back
   * cancels it.
   */
  schedule(nanos: bigint, run: () => void): () => void {
    const event = { atNanos: this.monotonicNanos + nanos, order: this.order++, run };
    this.events.push(event);
    return () => {
      this.events = this.events.filter((each) => each !== event);
    };
  }

  /** Runs what is due now, also what that makes due now. */
  settle(): void {
    this.advanceNanos(0n);
  }

  /** Moves both clocks on by `millis`, running each event at its own time. */
  advance(millis: number): void {
    this.advanceNanos(BigInt(Math.round(millis * 1e6)));
  }

  advanceNanos(nanos: bigint): void {
    const end = this.monotonicNanos + nanos;
    for (let next = this.due(end); next; next = this.due(end)) {
      this.moveTo(next.atNanos);
      next.run();
    }
    this.moveTo(end);
  }

  /** Sets the wall clock alone, as an operator or NTP would: nothing becomes due by it. */
  setUnix(time: number | string | Date): void {
    this.unixNanos = toUnixNanos(time);
  }

  private due(end: bigint): Event | undefined {
    let next: Event | undefined;
    for (const event of this.events) {
      if (event.atNanos > end) continue;
      if (
        !next ||
        event.atNanos < next.atNanos ||
        (event.atNanos === next.atNanos && event.order < next.order)
      ) {
        next = event;
      }
    }
    if (next) this.events.splice(this.events.indexOf(next), 1);
    return next;
  }

  private moveTo(nanos: bigint): void {
    if (nanos <= this.monotonicNanos) return;
    this.unixNanos += nanos - this.monotonicNanos;
    this.monotonicNanos = nanos;
  }
}

export function toUnixNanos(time: number | string | Date): bigint {
  const millis = typeof time === "number" ? time : new Date(time).getTime();
  if (Number.isNaN(millis)) throw new RangeError(`not a time: ${String(time)}`);
  return BigInt(Math.round(millis)) * 1_000_000n;
}
