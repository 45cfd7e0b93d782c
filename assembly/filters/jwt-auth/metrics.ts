// Counters by provider and outcome. Those of refusals are defined when first needed: most never
// are.
import { Counter } from "../../host/metrics";
import { JwtStatus, STATUS_COUNT } from "../../lib/jose/status";
import { spent } from "../../lib/garbage";
import { Provider } from "./provider";
import { refusalOf } from "./answers/refusal";

/** Roughly what a counter with its name weighs. */
const COUNTER_BYTES = 256;

/** What the names of a provider's metrics begin with. */
export function metricPrefix(provider: string): string {
  return "gatehouse.jwt-auth." + provider + ".";
}


@final
class Outcomes {
  readonly allowed: Counter;
  readonly hits: Counter;
  readonly misses: Counter;
  private refused: StaticArray<Counter | null> = new StaticArray<Counter | null>(STATUS_COUNT);

  constructor(private prefix: string) {
    this.allowed = new Counter(prefix + "allowed");
    this.hits = new Counter(prefix + "cache_hit");
    this.misses = new Counter(prefix + "cache_miss");
  }

  countRefused(status: JwtStatus): void {
    if (<i32>status >= STATUS_COUNT) return;
    let counter = unchecked(this.refused[status]);
    if (counter === null) {
      counter = new Counter(this.prefix + refusalOf(status).reason);
      unchecked((this.refused[status] = counter));
      spent(COUNTER_BYTES);
    }
    counter.add();
  }
}


@final
export class Metrics {
  /** Of outcomes that are about no provider in particular. */
  private none: Outcomes = new Outcomes(metricPrefix("none"));
  private byProvider: Outcomes[] = [];

  constructor(providers: Provider[]) {
    for (let i = 0; i < providers.length; i++)
      this.byProvider.push(new Outcomes(metricPrefix(providers[i].name)));
  }

  private of(provider: i32): Outcomes {
    return provider >= 0 && provider < this.byProvider.length
      ? unchecked(this.byProvider[provider])
      : this.none;
  }

  allowed(provider: i32): void {
    this.of(provider).allowed.add();
  }

  refused(provider: i32, status: JwtStatus): void {
    this.of(provider).countRefused(status);
  }

  cached(provider: i32, hits: i32, misses: i32): void {
    if (hits > 0) this.of(provider).hits.add(hits);
    if (misses > 0) this.of(provider).misses.add(misses);
  }
}
