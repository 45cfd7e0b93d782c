// Which filter's tick is due. The host knows one period for the whole module: the shortest that a
// filter asked for.
const NANOS_PER_MILLI: i64 = 1_000_000;
/** The host's timer may fire a little early; a tick is due from this long before its time. */
const EARLY_NANOS: i64 = 500_000;


@final
export class Schedule {
  private readonly periods: StaticArray<u32>;
  private readonly dueNanos: StaticArray<i64>;

  constructor(parts: i32) {
    this.periods = new StaticArray<u32>(parts);
    this.dueNanos = new StaticArray<i64>(parts);
  }

  /** The part asks for a tick every `millis`; 0 for none. */
  set(part: i32, millis: u32, nowNanos: i64): void {
    this.periods[part] = millis;
    this.dueNanos[part] = nowNanos + <i64>millis * NANOS_PER_MILLI;
  }

  /** The period to ask the host for; 0 when no part wants ticks. */
  get hostMillis(): u32 {
    let shortest: u32 = 0;
    for (let part = 0; part < this.periods.length; part++) {
      const period = unchecked(this.periods[part]);
      if (period != 0 && (shortest == 0 || period < shortest)) shortest = period;
    }
    return shortest;
  }

  /** Whether the part's tick is due; if so, its next one is a period from now. */
  take(part: i32, nowNanos: i64): bool {
    const period = unchecked(this.periods[part]);
    if (period == 0 || nowNanos + EARLY_NANOS < unchecked(this.dueNanos[part])) return false;
    unchecked((this.dueNanos[part] = nowNanos + <i64>period * NANOS_PER_MILLI));
    return true;
  }
}
