// What is counted: each limit's outcomes, and the rate limit service's.
import { Counter } from "../../host/metrics";
import { BucketKind, Charge, Outcome } from "./charge";
import { RateLimitResponse, ServiceDecision } from "./service/response";

/** Counts the outcomes of one limit. */
@final
export class LimitCounters {
  private readonly admitted: Counter;
  private readonly limited: Counter;
  private readonly shadowed: Counter;
  private readonly overflowed: Counter;

  constructor(limitName: string) {
    const prefix = "gatehouse.rate-limit." + limitName + ".";
    this.admitted = new Counter(prefix + "admitted");
    this.limited = new Counter(prefix + "limited");
    this.shadowed = new Counter(prefix + "shadowed");
    this.overflowed = new Counter(prefix + "overflowed");
  }

  /**
   * What the limit said about a request. One that admitted what another refused took nothing, and
   * counts nothing.
   */
  count(charge: Charge, admitted: bool): void {
    switch (charge.outcome) {
      case Outcome.None:
        return;
      case Outcome.Admitted:
        if (admitted) this.admitted.add();
        break;
      case Outcome.Limited:
        this.limited.add();
        break;
      default:
        this.shadowed.add();
    }
    if (charge.kind == BucketKind.Overflow) this.overflowed.add();
  }
}

/** Counts what the rate limit service said. */
@final
export class ServiceCounters {
  private readonly ok: Counter = new Counter("gatehouse.rate-limit.global.ok");
  private readonly overLimit: Counter = new Counter("gatehouse.rate-limit.global.over_limit");
  private readonly failed: Counter = new Counter("gatehouse.rate-limit.global.failed");

  count(response: RateLimitResponse): void {
    if (response.decision == ServiceDecision.Ok) this.ok.add();
    else if (response.decision == ServiceDecision.OverLimit) this.overLimit.add();
    else this.failed.add();
  }
}
