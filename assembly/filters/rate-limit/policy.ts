// How much may pass. Knows limits, keys and buckets; refuses to know the proxy.
import { Bytes, at, isPresent, lengthOf, parseUnsigned, toText, view } from "../../lib/bytes";
import { mix } from "../../lib/hash";
import { RequestView } from "../../lib/http/request";
import { SharedStore } from "../../lib/shared-store";
import { Charge, Outcome } from "./charge";
import { Charging, Config } from "./config";
import { MISSING, fingerprint } from "./key";
import { Limit, WhenMissing } from "./limit";
import { Secret, noTable, sharedTable } from "./shared-state";

const PERCENT_ALL: u64 = 10_000;

/** The verdict on one request; one object, used again for the next. */
@final
export class Verdict {
  admitted: bool = true;
  /** The limit whose quota the answer tells: the one that refused, else the one with least left. */
  quota: Charge | null = null;
  /**
   * The limit that refused, or would have (`shadow`, `enforced`); of several the one that takes
   * longest to recover.
   */
  limited: Charge | null = null;
}


@final
export class Policy {
  /** One per limit, in the order of the settings. Their outcomes are those of the last request. */
  readonly charges: Charge[] = [];
  private readonly verdict: Verdict = new Verdict();
  private readonly k0: u64;
  private readonly k1: u64;
  private random: u64;
  /** Of 10,000: with `charging: inOrder` one draw decides which limits look at a request. */
  private lot: u64 = 0;

  constructor(
    private readonly config: Config,
    private readonly store: SharedStore,
    seed: u64,
  ) {
    this.random = seed | 1;
    const prefix = "rate-limit/" + config.instance + "/";
    const secret = Secret.shared(store, prefix, seed, mix(seed));
    this.k0 = secret.k0;
    this.k1 = secret.k1;
    const table = hasKeys(config) ? sharedTable(store, prefix, config.maxKeys) : noTable();
    for (let i = 0; i < config.limits.length; i++) {
      const limit = config.limits[i];
      const charge = new Charge(limit, prefix, toText(view(limit.name)), table);
      charge.prepare(store);
      this.charges.push(charge);
    }
  }

  /**
   * The verdict on one request at `now` (ticks of the monotonic clock). All limits that apply
   * must admit.
   */
  judge(request: RequestView, now: i64): Verdict {
    this.begin();
    const isInOrder = this.config.charging == Charging.InOrder;
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      this.look(charge, request, now);
      if (isInOrder && this.endsAt(charge)) return this.leaveOut(i + 1);
    }
    return isInOrder ? this.leaveOut(this.charges.length) : this.decide();
  }

  /**
   * What a policy says when the header map cannot be had: every limit's own bucket, whatever its
   * key.
   */
  judgeBlind(now: i64): Verdict {
    this.begin();
    const isInOrder = this.config.charging == Charging.InOrder;
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      charge.begin(0);
      charge.cost = charge.limit.cost;
      charge.useOwn();
      this.weigh(charge, now);
      if (isInOrder && this.endsAt(charge)) return this.leaveOut(i + 1);
    }
    return isInOrder ? this.leaveOut(this.charges.length) : this.decide();
  }

  /** Charges a limit that admits. True when it refused, enforced or not: no later one is asked. */
  private endsAt(charge: Charge): bool {
    if (charge.outcome == Outcome.Admitted && !charge.take(this.store)) this.refuse(charge);
    if (charge.outcome == Outcome.Limited) return true;
    return charge.outcome == Outcome.Shadowed && !charge.limit.shadow;
  }

  /** The limits from `first` on have no part in this request. */
  private leaveOut(first: i32): Verdict {
    for (let i = first; i < this.charges.length; i++)
      unchecked(this.charges[i]).outcome = Outcome.None;
    this.chooseQuota();
    return this.verdict;
  }

  private begin(): void {
    const verdict = this.verdict;
    verdict.admitted = true;
    verdict.quota = null;
    verdict.limited = null;
    if (this.config.charging == Charging.InOrder) this.lot = this.next() % PERCENT_ALL;
  }

  /**
   * All limits have been looked at: takes what they admit, and says which quota the answer tells.
   */
  private decide(): Verdict {
    if (this.verdict.admitted) this.takeAll();
    this.chooseQuota();
    return this.verdict;
  }

  /** Whether a limit applies, and if so whether its bucket has enough. Takes nothing. */
  private look(charge: Charge, request: RequestView, now: i64): void {
    const limit = charge.limit;
    charge.outcome = Outcome.None;
    if (!limit.match.isEmpty && !limit.match.matches(request)) return;
    if (!this.isLookedAt(limit.enabled)) return;
    charge.begin(tierOf(limit, request));
    charge.cost = costOf(limit, request);
    if (limit.key.length == 0) return this.weighOwn(charge, now);
    const client = fingerprint(limit.key, request, charge.seed, this.k0, this.k1);
    if (client != MISSING) {
      charge.useClient(client);
      return this.weigh(charge, now);
    }
    if (limit.whenMissing == WhenMissing.Skip) return;
    if (limit.whenMissing == WhenMissing.Shared) return this.weighOwn(charge, now);
    charge.keyMissing = true;
    this.refuse(charge);
  }

  private weighOwn(charge: Charge, now: i64): void {
    charge.useOwn();
    this.weigh(charge, now);
  }

  private weigh(charge: Charge, now: i64): void {
    charge.look(this.store, now);
    charge.outcome = Outcome.Admitted;
    if (!charge.admits()) this.refuse(charge);
  }

  /** A limit refuses: for good, or only for the record. */
  private refuse(charge: Charge): void {
    const verdict = this.verdict;
    const isCarriedOut = !charge.limit.shadow && this.draw(charge.limit.enforced);
    charge.outcome = isCarriedOut ? Outcome.Limited : Outcome.Shadowed;
    const limited = verdict.limited;
    const isFirst = isCarriedOut && verdict.admitted;
    const isSameKind = isCarriedOut || verdict.admitted;
    // A refusal for good counts before one for the record.
    if (limited === null || isFirst || (isSameKind && charge.waitNanos > limited.waitNanos))
      verdict.limited = charge;
    if (isCarriedOut) verdict.admitted = false;
  }

  /**
   * Charges every limit that admitted; when another worker was faster at one, those before it get
   * their tokens back.
   */
  private takeAll(): void {
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      if (charge.outcome != Outcome.Admitted || charge.take(this.store)) continue;
      this.refuse(charge);
      if (this.verdict.admitted) continue;
      for (let j = 0; j < i; j++) {
        const earlier = unchecked(this.charges[j]);
        if (earlier.outcome == Outcome.Admitted) earlier.giveBack(this.store);
      }
      return;
    }
  }

  /** The limit that the quota headers speak of. */
  private chooseQuota(): void {
    const verdict = this.verdict;
    const limited = verdict.limited;
    if (!verdict.admitted) {
      if (limited !== null && !limited.keyMissing) verdict.quota = limited;
      return;
    }
    let least: i64 = i64.MAX_VALUE;
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      if (charge.outcome == Outcome.None || charge.limit.shadow || charge.keyMissing) continue;
      const remaining = charge.remaining;
      if (remaining >= least) continue;
      least = remaining;
      verdict.quota = charge;
    }
  }

  /** In order, one draw decides for all limits, as in Envoy's local_ratelimit. */
  private isLookedAt(hundredths: i32): bool {
    if (this.config.charging == Charging.Together) return this.draw(hundredths);
    return <u64>hundredths >= PERCENT_ALL || this.lot < <u64>hundredths;
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

function hasKeys(config: Config): bool {
  for (let i = 0; i < config.limits.length; i++) {
    if (config.limits[i].key.length > 0) return true;
  }
  return false;
}

/**
 * Whose figures count: 0 for the limit's own, or the number of the first override that matches,
 * from 1.
 */
function tierOf(limit: Limit, request: RequestView): i32 {
  for (let i = 0; i < limit.overrides.length; i++) {
    if (unchecked(limit.overrides[i]).match.matches(request)) return i + 1;
  }
  return 0;
}

/** What a request costs: the limit's number, or what its header says within the limit's bounds. */
function costOf(limit: Limit, request: RequestView): i64 {
  if (limit.costHeader.length == 0) return limit.cost;
  const value = request.header(view(limit.costHeader));
  if (!isPresent(value) || !isNumber(value)) return limit.cost;
  const cost = parseUnsigned(value);
  // A number beyond 63 bits is still a number, and more than any bound.
  return cost < 0 ? limit.costMax : max(min(cost, limit.costMax), limit.costMin);
}

function isNumber(value: Bytes): bool {
  for (let i = 0; i < lengthOf(value); i++) {
    if (at(value, i) - 0x30 > 9) return false;
  }
  return lengthOf(value) > 0;
}
