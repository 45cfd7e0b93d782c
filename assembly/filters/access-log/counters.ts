// The counters of lines, over all workers: one member per metric.
import { Counter } from "../../host/metrics";
import { Decision } from "./policy";


@final
export class LineCounters {
  readonly written: Counter = counterOf("written");
  readonly wouldWrite: Counter = counterOf("would_write");
  readonly filtered: Counter = counterOf("filtered");
  readonly sampledOut: Counter = counterOf("sampled_out");
  readonly capped: Counter = counterOf("capped");
  /** Lines that were cut; they are among those written. */
  readonly tooLong: Counter = counterOf("too_long");

  of(decision: Decision): Counter {
    switch (decision) {
      case Decision.Write:
        return this.written;
      case Decision.WouldWrite:
        return this.wouldWrite;
      case Decision.Filtered:
        return this.filtered;
      case Decision.SampledOut:
        return this.sampledOut;
      default:
        return this.capped;
    }
  }
}

function counterOf(name: string): Counter {
  return new Counter("gatehouse.access-log.lines." + name);
}
