// One configuration at work: its policy over the proxy's shared data, its counters, and the rate
// limit service.
import { randomBits } from "../../host/random";
import { SharedData } from "../../host/shared-data";
import { toText, view } from "../../lib/bytes";
import { Charge } from "./charge";
import { Config } from "./config";
import { Decision } from "./decision";
import { LimitCounters } from "./metrics";
import { Policy } from "./policy";
import { ServiceClient } from "./service/client";


@final
export class ActiveLimits {
  readonly policy: Policy;
  /** Whether anything asks about the request. Otherwise its headers are not even read. */
  readonly looksAtRequest: bool;
  private readonly counters: StaticArray<LimitCounters>;

  constructor(
    readonly config: Config,
    /** Null: no limit is held by the rate limit service. */
    readonly service: ServiceClient | null,
  ) {
    this.policy = new Policy(config, new SharedData(), randomBits());
    this.looksAtRequest = config.looksAtRequest;
    const count = config.limits.length;
    this.counters = new StaticArray<LimitCounters>(count);
    for (let i = 0; i < count; i++) {
      this.counters[i] = new LimitCounters(toText(view(config.limits[i].name)));
    }
  }

  /** Counts what each limit said about the request just decided. */
  count(decision: Decision): void {
    const limits = this.policy.limits;
    for (let i = 0; i < limits.length; i++) {
      unchecked(this.counters[i]).count(unchecked(limits[i]).charge, decision.admitted);
    }
  }

  /**
   * The `descriptor`-th of the limits in `asked` (a bit for each limit); null when there is none.
   */
  chargeOf(asked: u64, descriptor: i32): Charge | null {
    const limits = this.policy.limits;
    let before = 0;
    for (let i = 0; descriptor >= 0 && i < limits.length; i++) {
      if (((asked >> i) & 1) == 0) continue;
      if (before++ == descriptor) return unchecked(limits[i]).charge;
    }
    return null;
  }
}
