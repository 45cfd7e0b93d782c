// What all limits together say about one request.
import { BucketKind, Charge, Outcome } from "./charge";
import { LimitBuckets } from "./limit-buckets";

/** One object for each policy, used again for the next request. */
@final
export class Decision {
  admitted: bool = true;
  /** Servers may read the path differently, and a limit decides by it. Then no limit was asked. */
  isPathAmbiguous: bool = false;
  /** The limit whose quota the answer tells: the one that refused, else the one with least left. */
  quota: Charge | null = null;
  /**
   * The limit that refused, or would have (`shadow`, `enforced`). Of several it is the one that
   * takes longest to recover.
   */
  limited: Charge | null = null;

  /** A new request: nothing has refused it. */
  begin(): void {
    this.admitted = true;
    this.isPathAmbiguous = false;
    this.quota = null;
    this.limited = null;
  }

  /** A limit refuses: for good, or only for the record. */
  refuse(charge: Charge, isEnforced: bool): void {
    charge.outcome = isEnforced ? Outcome.Limited : Outcome.Shadowed;
    const limited = this.limited;
    // A refusal for good counts before one for the record.
    const isFirst = isEnforced && this.admitted;
    const isSameKind = isEnforced || this.admitted;
    const isLonger = limited === null || charge.waitNanos > limited.waitNanos;
    if (isFirst || (isSameKind && isLonger)) this.limited = charge;
    if (isEnforced) this.admitted = false;
  }

  /** Chooses the limit that the quota headers tell about. */
  chooseQuota(limits: StaticArray<LimitBuckets>): void {
    const limited = this.limited;
    if (!this.admitted) {
      if (limited !== null && limited.kind != BucketKind.None) this.quota = limited;
      return;
    }
    let least: i64 = i64.MAX_VALUE;
    for (let i = 0; i < limits.length; i++) {
      const charge = unchecked(limits[i]).charge;
      const isTold = charge.outcome != Outcome.None && !charge.limit.shadow;
      if (!isTold || charge.kind == BucketKind.None || charge.remaining >= least) continue;
      least = charge.remaining;
      this.quota = charge;
    }
  }
}
