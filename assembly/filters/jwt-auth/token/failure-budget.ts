// How much of a worker failed signature checks may take, so that a flood of bad tokens cannot take
// it from everybody else. Every source network has an account for each provider, in a table of
// fixed size. All failures together have one account more, which only an overload of the worker
// empties.
//
//   account (i64): the time until which its failures are paid for
//   | provider and network, hash 1 | provider and network, hash 2 |     ACCOUNTS of each
import { mix } from "../../../lib/hash";

const SECOND_NANOS: i64 = 1_000_000_000;
/** A network's failures may take an eighth of a worker. */
const NETWORK_SHARE: i64 = 8;
/** All failures may take three quarters of a worker. */
const ALL_NUMERATOR: i64 = 4;
const ALL_DENOMINATOR: i64 = 3;
/** A share may be used in one go, a second's worth of it. */
const BURST_NANOS: i64 = SECOND_NANOS;
/** An account that is further ahead was written before the clock was set back. */
const AHEAD_NANOS_MAX: i64 = 60 * SECOND_NANOS;
/**
 * Two networks share an account once in so many; a network is refused only if both of its accounts
 * are used up, so a flood from six networks harms another one once in 30,000.
 */
const ACCOUNTS: i32 = 1024;
const ACCOUNT_MASK: u64 = 1023;


@final
export class FailureBudget {
  private first: StaticArray<i64> = new StaticArray<i64>(ACCOUNTS);
  private second: StaticArray<i64> = new StaticArray<i64>(ACCOUNTS);
  private all: i64 = 0;
  /** The one that is furthest ahead. */
  private latest: i64 = 0;

  /**
   * The seed must be one that clients cannot know: with it they could share a victim's accounts.
   */
  constructor(private seed: u64) {}

  /** Whether a share is used up, of some network or of all: only then must `admits` be asked. */
  isPressedAt(nowNanos: i64): bool {
    if (isAhead(this.all, nowNanos, BURST_NANOS)) return true;
    return isAhead(this.latest, nowNanos, BURST_NANOS);
  }

  /** Whether a token of `network` for `provider` may be checked at `nowNanos`. */
  admits(provider: i32, network: u64, nowNanos: i64): bool {
    if (isAhead(this.all, nowNanos, BURST_NANOS)) return false;
    const hash = this.hash(provider, network);
    const first = unchecked(this.first[<i32>(hash & ACCOUNT_MASK)]);
    const second = unchecked(this.second[<i32>((hash >> 32) & ACCOUNT_MASK)]);
    return !isAhead(first, nowNanos, BURST_NANOS) || !isAhead(second, nowNanos, BURST_NANOS);
  }

  /** Charges the checks of a token that none of the keys had signed. */
  charge(provider: i32, network: u64, costNanos: i64, nowNanos: i64): void {
    const hash = this.hash(provider, network);
    const first = <i32>(hash & ACCOUNT_MASK);
    const second = <i32>((hash >> 32) & ACCOUNT_MASK);
    const due = costNanos * NETWORK_SHARE;
    const firstUntil = after(unchecked(this.first[first]), nowNanos) + due;
    const secondUntil = after(unchecked(this.second[second]), nowNanos) + due;
    unchecked((this.first[first] = firstUntil));
    unchecked((this.second[second] = secondUntil));
    this.latest = max(after(this.latest, nowNanos), max(firstUntil, secondUntil));
    this.all = after(this.all, nowNanos) + (costNanos * ALL_NUMERATOR) / ALL_DENOMINATOR;
  }

  private hash(provider: i32, network: u64): u64 {
    return mix(network ^ mix(this.seed + <u64>provider));
  }
}

function isAhead(account: i64, nowNanos: i64, allowed: i64): bool {
  const ahead = account - nowNanos;
  return ahead > allowed && ahead <= AHEAD_NANOS_MAX;
}

/** Where an account goes on: from now, when it is even. */
function after(account: i64, nowNanos: i64): i64 {
  return isAhead(account, nowNanos, 0) ? account : nowNanos;
}
