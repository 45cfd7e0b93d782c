// How much may pass. Knows limits, keys and buckets; refuses to know the proxy.
import { NONE, bytes, isPresent, lengthOf, parseUnsigned, pointerOf, text, toText, view } from "../../lib/bytes";
import { RequestView } from "../../lib/http/request";
import { Charge, Outcome } from "./charge";
import { Config, Limit, WhenMissing } from "./config";
import { MISSING, fingerprint } from "./key";
import { Store } from "./store";
import { BucketSet, setsFor } from "./table";

const PERCENT_ALL: u64 = 10_000;

/** The verdict on one request; one object, used again for the next. */
@final
export class Verdict {
  admitted: bool = true;
  /** The limit whose quota the answer tells: the one that refused, else the one with least left. */
  quota: Charge | null = null;
  /** A limit would have refused but was not enforced (`shadow`, `enforced`, `mode: report`). */
  notEnforced: bool = false;
  /** The limit that refused, or would have. */
  limited: Charge | null = null;
  /** Whether the refusal is for a missing key part rather than an empty bucket. */
  rejected: bool = false;
  now: i64 = 0;
}


@final
export class Policy {
  /** One per limit, in the order of the settings. Their outcomes are those of the last request. */
  readonly charges: Charge[] = [];
  private readonly verdict: Verdict = new Verdict();
  private readonly sets: i32;
  private k0: u64 = 0;
  private k1: u64 = 0;
  private random: u64;

  constructor(
    private readonly config: Config,
    private readonly store: Store,
    seed: u64,
  ) {
    this.random = seed | 1;
    this.sets = setsFor(config.maxKeys);
    const prefix = "rate-limit/" + config.instance + "/";
    for (let i = 0; i < config.limits.length; i++) {
      const limit = config.limits[i];
      this.charges.push(new Charge(limit, prefix, toText(view(limit.name))));
    }
    this.prepare(prefix, seed);
  }

  /**
   * Creates what is missing in the store: the proxy's secret, the limits' own buckets, the table. The proxy configures one
   * VM before all others, so nobody else writes these keys for the first time.
   */
  private prepare(prefix: string, seed: u64): void {
    this.shareSecret(prefix, seed);
    let keyed = false;
    for (let i = 0; i < this.charges.length; i++) {
      this.charges[i].prepare(this.store);
      if (this.config.limits[i].key.length > 0) keyed = true;
    }
    if (keyed) this.createTable(prefix);
  }

  /** One secret for all workers: whoever came first chose it. */
  private shareSecret(prefix: string, seed: u64): void {
    const key = text(prefix + "secret");
    if (!this.store.exists(key)) {
      const secret = new StaticArray<u64>(2);
      secret[0] = seed;
      secret[1] = this.next();
      this.store.write(key, bytes(changetype<usize>(secret), 16), 0);
    }
    const shared = this.store.read(key);
    this.k0 = load<u64>(pointerOf(shared));
    this.k1 = load<u64>(pointerOf(shared), 8);
  }

  /** The table's sets, all at once, so that no two workers ever race to make one. A larger one keeps the sets it has. */
  private createTable(prefix: string): void {
    const sizeKey = text(prefix + "sets");
    const size = new StaticArray<u32>(1);
    const known = this.store.read(sizeKey);
    const from = isPresent(known) ? load<u32>(pointerOf(known)) : 0;
    if (<u32>this.sets <= from) return;
    const key = text(prefix + "s/....");
    const empty = new BucketSet();
    empty.load(NONE);
    for (let index = from; index < <u32>this.sets; index++) {
      store<u32>(pointerOf(key) + lengthOf(key) - 4, index);
      this.store.write(key, empty.view(), 0);
    }
    size[0] = this.sets;
    this.store.write(sizeKey, bytes(changetype<usize>(size), 4), 0);
  }

  /** The verdict on one request at `now` (ticks of the monotonic clock). All limits that apply must admit. */
  judge(request: RequestView, now: i64): Verdict {
    this.begin(now);
    for (let i = 0; i < this.charges.length; i++) this.look(unchecked(this.charges[i]), request, now);
    return this.decide(now);
  }

  /** What a policy says when the header map cannot be had: every limit's own bucket, whatever its key. */
  judgeBlind(now: i64): Verdict {
    this.begin(now);
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      charge.bucket = charge.limit.bucket;
      charge.cost = charge.limit.cost;
      charge.useOwn(charge.limit.seed);
      this.weigh(charge, now);
    }
    return this.decide(now);
  }

  private begin(now: i64): void {
    const verdict = this.verdict;
    verdict.admitted = true;
    verdict.notEnforced = false;
    verdict.rejected = false;
    verdict.quota = null;
    verdict.limited = null;
    verdict.now = now;
  }

  /** All limits have been looked at: takes what they admit, and says which quota the answer tells. */
  private decide(now: i64): Verdict {
    if (this.verdict.admitted) this.takeAll(now);
    this.chooseQuota(now);
    return this.verdict;
  }

  /** Whether a limit applies, and if so whether its bucket has enough. Takes nothing. */
  private look(charge: Charge, request: RequestView, now: i64): void {
    const limit = charge.limit;
    charge.outcome = Outcome.None;
    if (!limit.match.isEmpty && !limit.match.matches(request)) return;
    if (!this.draw(limit.enabled)) return;
    charge.bucket = limit.bucket;
    charge.cost = costOf(limit, request);
    let seed = limit.seed;
    for (let i = 0; i < limit.overrides.length; i++) {
      const other = unchecked(limit.overrides[i]);
      if (!other.match.matches(request)) continue;
      charge.bucket = other.bucket;
      seed = other.seed;
      break;
    }
    if (limit.key.length == 0) {
      charge.useOwn(seed);
    } else {
      const client = fingerprint(limit.key, request, seed, this.k0, this.k1);
      if (client != MISSING) {
        charge.useClient(seed, client, this.sets);
      } else if (limit.whenMissing == WhenMissing.Shared) {
        charge.useOwn(seed);
      } else {
        if (limit.whenMissing == WhenMissing.Reject) {
          this.verdict.rejected = true;
          this.refuse(charge);
        }
        return;
      }
    }
    this.weigh(charge, now);
  }

  private weigh(charge: Charge, now: i64): void {
    charge.look(this.store, now);
    charge.outcome = Outcome.Admitted;
    if (!charge.admits(now)) this.refuse(charge);
  }

  /** A limit refuses: for good, or only for the record. */
  private refuse(charge: Charge): void {
    const verdict = this.verdict;
    const carriedOut = !charge.limit.shadow && this.draw(charge.limit.enforced);
    charge.outcome = carriedOut ? Outcome.Limited : Outcome.Shadowed;
    if (carriedOut) {
      if (verdict.limited === null || verdict.admitted) verdict.limited = charge;
      verdict.admitted = false;
    } else {
      verdict.notEnforced = true;
      if (verdict.limited === null) verdict.limited = charge;
    }
  }

  /** Charges every limit that admitted; when another worker was faster at one, those before it get their tokens back. */
  private takeAll(now: i64): void {
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      if (charge.outcome != Outcome.Admitted || charge.take(this.store, now)) continue;
      this.refuse(charge);
      if (this.verdict.admitted) continue;
      for (let j = 0; j < i; j++) {
        const earlier = unchecked(this.charges[j]);
        if (earlier.outcome == Outcome.Admitted) earlier.giveBack(this.store, now);
      }
      return;
    }
  }

  /** The limit that the quota headers speak of. */
  private chooseQuota(now: i64): void {
    const verdict = this.verdict;
    if (!verdict.admitted) {
      verdict.quota = verdict.limited;
      return;
    }
    let least: i64 = i64.MAX_VALUE;
    for (let i = 0; i < this.charges.length; i++) {
      const charge = unchecked(this.charges[i]);
      if (charge.outcome == Outcome.None || charge.limit.shadow) continue;
      const remaining = charge.remaining(now);
      if (remaining >= least) continue;
      least = remaining;
      verdict.quota = charge;
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

/** What a request costs: the limit's number, or what its header says up to the limit's bound. */
function costOf(limit: Limit, request: RequestView): i64 {
  if (limit.costHeader.length == 0) return limit.cost;
  const value = request.header(view(limit.costHeader));
  const cost = isPresent(value) ? parseUnsigned(value) : -1;
  return cost < 0 ? limit.cost : min(cost, limit.costMax);
}
