// How much may pass: weighs a request against all limits that apply, and charges them when all of
// them admit it. Knows limits, keys and buckets, and nothing of the proxy.
import { toText, view } from "../../lib/bytes";
import { mix } from "../../lib/hash";
import { isKnownMethod } from "../../lib/http/method";
import { isAmbiguousPath } from "../../lib/http/path";
import { RequestView } from "../../lib/http/request";
import { MatchList } from "../../lib/match/match";
import { SharedStore } from "../../lib/shared-store";
import { Charge, Outcome } from "./charge";
import { Charging, Config, Mode } from "./config";
import { Decision } from "./decision";
import { networkHash } from "./client-network";
import { AMBIGUOUS, MISSING, fingerprint } from "./fingerprint";
import { WhenRepeated } from "./key";
import { LimitBuckets } from "./limit-buckets";
import { Limit, WhenMissing } from "./limit";
import { Secret } from "./secret";

const PERCENT_ALL: u64 = 10_000;


@final
export class Policy {
  /**
   * One for each limit, in the order of the settings. Their charges are those of the last request.
   */
  readonly limits: StaticArray<LimitBuckets>;
  private readonly decision: Decision = new Decision();
  private readonly secret: Secret;
  private readonly isInOrder: bool;
  private readonly refusesAmbiguousPaths: bool;
  private readonly hasMethodRules: bool;
  /**
   * Conditions on the method mean little for this request: servers may take the method for another.
   */
  private isMethodUnclear: bool = false;
  private random: u64;
  /** Of 10,000: with `charging: inOrder` one number decides which limits look at a request. */
  private drawn: u64 = 0;

  constructor(config: Config, store: SharedStore, seed: u64) {
    this.random = seed | 1;
    this.isInOrder = config.charging == Charging.InOrder;
    this.refusesAmbiguousPaths = config.refusesAmbiguousPaths && config.mode == Mode.Enforce;
    this.hasMethodRules = config.hasMethodRules;
    const prefix = "rate-limit/" + config.instance + "/";
    this.secret = Secret.shared(store, prefix, seed, mix(seed));
    const limits: LimitBuckets[] = [];
    for (let i = 0; i < config.limits.length; i++) {
      const limit = config.limits[i];
      const name = toText(view(limit.name));
      limits.push(new LimitBuckets(limit, prefix, name, store));
    }
    this.limits = StaticArray.fromArray(limits);
  }

  /**
   * The decision on one request at `now` (ticks of the monotonic clock). All limits that apply must
   * admit.
   */
  decide(request: RequestView, now: i64): Decision {
    this.begin();
    if (this.refusesAmbiguousPaths && this.isPathAmbiguous(request)) return this.refusePath();
    this.isMethodUnclear = this.hasMethodRules && !isKnownMethod(request.method());
    for (let i = 0; i < this.limits.length; i++) {
      const buckets = unchecked(this.limits[i]);
      if (this.applies(buckets.limit, request)) this.weigh(buckets, request, now);
      if (this.isInOrder && this.endsAt(buckets)) break;
    }
    return this.conclude();
  }

  /** The decision on a request that no limit looks at. */
  exempt(): Decision {
    this.begin();
    return this.decision;
  }

  /**
   * The decision when the header map is not available: every limit's own bucket, whatever its key.
   */
  decideWithoutHeaders(now: i64): Decision {
    this.begin();
    for (let i = 0; i < this.limits.length; i++) {
      const buckets = unchecked(this.limits[i]);
      this.admitOrRefuse(buckets.weighOwn(0, buckets.limit.cost.fixed, now));
      if (this.isInOrder && this.endsAt(buckets)) break;
    }
    return this.conclude();
  }

  private begin(): void {
    this.decision.begin();
    for (let i = 0; i < this.limits.length; i++) {
      unchecked(this.limits[i]).charge.outcome = Outcome.None;
    }
    if (this.isInOrder) this.drawn = this.next() % PERCENT_ALL;
  }

  /** Whether servers may read the path differently, and a limit that can refuse decides by it. */
  private isPathAmbiguous(request: RequestView): bool {
    if (!isAmbiguousPath(request.path())) return false;
    for (let i = 0; i < this.limits.length; i++) {
      const limit = unchecked(this.limits[i]).limit;
      const canRefuse = !limit.shadow && limit.enabled > 0 && limit.enforced > 0;
      if (canRefuse && limit.dependsOnPath(request)) return true;
    }
    return false;
  }

  private refusePath(): Decision {
    this.decision.admitted = false;
    this.decision.isPathAmbiguous = true;
    return this.decision;
  }

  private applies(limit: Limit, request: RequestView): bool {
    return this.mayMeet(limit.match, request) && this.isLookedAt(limit.enabled);
  }

  /**
   * Nobody gets past a limit with headers that make its conditions too costly (`isOverscanned`), or
   * with a method that some server takes for another.
   */
  private mayMeet(match: MatchList, request: RequestView): bool {
    if (match.matches(request) || request.isOverscanned) return true;
    return this.isMethodUnclear && match.dependsOnMethod(request);
  }

  /** Whether it is not known which of the limit's figures are for the request. */
  private isTierUnclear(limit: Limit, tier: i32, request: RequestView): bool {
    if (request.isOverscanned) return true;
    return this.isMethodUnclear && limit.overridesDependOnMethod(request, tier);
  }

  /** In order, one draw decides for all limits, as in Envoy's local_ratelimit. */
  private isLookedAt(hundredths: i32): bool {
    if (!this.isInOrder) return this.draw(hundredths);
    return <u64>hundredths >= PERCENT_ALL || this.drawn < <u64>hundredths;
  }

  /** Charges a limit that admits. True when it refused, enforced or not: no later one is asked. */
  private endsAt(buckets: LimitBuckets): bool {
    const charge = buckets.charge;
    if (charge.outcome == Outcome.Admitted && !buckets.take(charge)) this.refuse(charge);
    if (charge.outcome == Outcome.Limited) return true;
    return charge.outcome == Outcome.Shadowed && !charge.limit.shadow;
  }

  /** Whether the limit's bucket for this request has enough. Takes nothing. */
  private weigh(buckets: LimitBuckets, request: RequestView, now: i64): void {
    const limit = buckets.limit;
    const tier = limit.tierFor(request);
    const cost = limit.cost.of(request);
    // All such requests share one bucket.
    if (this.isTierUnclear(limit, tier, request)) {
      return this.admitOrRefuse(buckets.weighOwn(0, cost, now));
    }
    if (limit.key.length == 0) return this.admitOrRefuse(buckets.weighOwn(tier, cost, now));
    const client = fingerprint(limit.key, request, buckets.seedOf(tier), this.secret);
    if (client == AMBIGUOUS) {
      const isRefused = limit.whenRepeated == WhenRepeated.Reject;
      if (isRefused) return this.refuse(buckets.refuseWithoutKey(tier, cost));
      return this.admitOrRefuse(buckets.weighOwn(tier, cost, now));
    }
    if (client != MISSING) {
      const own = buckets.weighClient(tier, client, cost, now);
      if (own !== null) return this.admitOrRefuse(own);
      const network = networkHash(request, this.secret);
      return this.admitOrRefuse(buckets.weighOverflow(tier, network, cost, now));
    }
    if (limit.whenMissing == WhenMissing.Shared) {
      this.admitOrRefuse(buckets.weighOwn(tier, cost, now));
    } else if (limit.whenMissing == WhenMissing.Reject) {
      this.refuse(buckets.refuseWithoutKey(tier, cost));
    }
  }

  private admitOrRefuse(charge: Charge): void {
    charge.outcome = Outcome.Admitted;
    if (!charge.admits) this.refuse(charge);
  }

  private refuse(charge: Charge): void {
    const isEnforced = !charge.limit.shadow && this.draw(charge.limit.enforced);
    this.decision.refuse(charge, isEnforced);
  }

  /** All limits have been weighed: takes what they admit, and says which quota the answer tells. */
  private conclude(): Decision {
    if (this.decision.admitted && !this.isInOrder) this.takeAll();
    this.decision.chooseQuota(this.limits);
    return this.decision;
  }

  /**
   * Charges every limit that admitted. When another worker was faster at one of them, those before
   * it get their tokens back.
   */
  private takeAll(): void {
    for (let i = 0; i < this.limits.length; i++) {
      const buckets = unchecked(this.limits[i]);
      const charge = buckets.charge;
      if (charge.outcome != Outcome.Admitted || buckets.take(charge)) continue;
      this.refuse(charge);
      if (!this.decision.admitted) return this.giveBack(i);
    }
  }

  private giveBack(count: i32): void {
    for (let i = 0; i < count; i++) {
      const buckets = unchecked(this.limits[i]);
      if (buckets.charge.outcome == Outcome.Admitted) buckets.giveBack(buckets.charge);
    }
  }

  /** True in `hundredths` of 10,000 cases. */
  private draw(hundredths: i32): bool {
    return <u64>hundredths >= PERCENT_ALL || this.next() % PERCENT_ALL < <u64>hundredths;
  }

  /** xorshift64* (Vigna 2016): for percentages, nothing that must not be guessed. */
  private next(): u64 {
    let x = this.random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    this.random = x;
    return x * 0x2545f4914f6cdd1d;
  }
}
