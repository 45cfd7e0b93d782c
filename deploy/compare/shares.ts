// Where two sides send a request that is split: what a route says by weights, a filter decides for
// each request. So it is drawn many times, and the shares are compared.
import type { Decider, Decision, Destination, NativeRequest } from "../native/types.ts";
import type { Sides } from "./sides.ts";

/** Requests that are drawn for each way in which one side splits, and for all ways together. */
const drawnEach = 3;
const drawnMaxDefault = 24;
/** Five standard deviations: one false alarm in a million. */
const deviations = 5;

type Shares = ReadonlyMap<string, number>;

export class Splits {
  private readonly sides: () => Sides;
  private readonly draws: number;
  private readonly drawnMax: number;
  /** For each way, the requests that were drawn, and what the last one showed. */
  private readonly drawn = new Map<string, { keys: Set<string>; last: string }>();
  private total = 0;

  /** `draws` 0: only which destinations are possible is compared. */
  constructor(sides: () => Sides, draws: number, drawnMax = drawnMaxDefault) {
    this.sides = sides;
    this.draws = draws;
    this.drawnMax = drawnMax;
  }

  /** Empty where both sides send it alike. */
  difference(request: NativeRequest, old: Decision, next: Decision): string {
    const [was, is] = [sharesOf(old.destinations), sharesOf(next.destinations)];
    if (isSame(was, is)) return "";
    const isPossible = [...is.keys()].every((key) => was.has(key));
    if (this.draws === 0) return isPossible ? "" : moved(was, is);
    const isKnown = (shares: Shares) => shares.size !== 1;
    if (isKnown(was) && (isKnown(is) || !isPossible)) return moved(was, is);
    // One destination may be the only one, or what a filter chose this time.
    return this.drawnOnce(request, old);
  }

  /** Requests that are split like known ones, and beyond the limits, are as the last one was. */
  private drawnOnce(request: NativeRequest, { destinations, effects }: Decision): string {
    const way = JSON.stringify([destinations, effects]);
    const key = JSON.stringify([request.path, request.workload]);
    const known = this.drawn.get(way) ?? { keys: new Set(), last: "" };
    this.drawn.set(way, known);
    if (known.keys.has(key) || known.keys.size >= drawnEach || this.total >= this.drawnMax)
      return known.last;
    known.keys.add(key);
    this.total++;
    return (known.last = this.compared(request));
  }

  private compared(request: NativeRequest): string {
    const { old, next, close } = this.sides();
    try {
      const [was, is] = [this.drawnShares(old, request), this.drawnShares(next, request)];
      return !was || !is || this.isNear(was, is) ? "" : moved(was.shares, is.shares);
    } finally {
      close();
    }
  }

  /** Undefined where a request is refused meanwhile: then something else decides. */
  private drawnShares(decider: Decider, request: NativeRequest): Drawn | undefined {
    const sum = new Map<string, number>();
    for (let count = 0; count < this.draws; count++) {
      const { refusal, destinations } = decider.decide(request);
      if (refusal) return undefined;
      const shares = sharesOf(destinations);
      // Weights are exact: nothing is left to chance.
      if (shares.size > 1) return { shares, isExact: true };
      for (const [key, share] of shares) sum.set(key, (sum.get(key) ?? 0) + share / this.draws);
    }
    return { shares: sum, isExact: false };
  }

  private isNear(was: Drawn, is: Drawn): boolean {
    const keys = [...new Set([...was.shares.keys(), ...is.shares.keys()])];
    const drawnSides = [was, is].filter(({ isExact }) => !isExact).length;
    return keys.every((key) => {
      const [a, b] = [was.shares.get(key) ?? 0, is.shares.get(key) ?? 0];
      const middle = (a + b) / 2;
      const deviation = Math.sqrt((drawnSides * middle * (1 - middle)) / this.draws);
      return Math.abs(a - b) <= deviations * deviation + 2 / this.draws;
    });
  }
}

interface Drawn {
  shares: Shares;
  isExact: boolean;
}

/** Parts of 1 by destination; the key has all of it but the weight. */
function sharesOf(destinations: readonly Destination[] | undefined): Shares {
  const total = (destinations ?? []).reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const { weight, ...rest } of destinations ?? []) {
    const key = JSON.stringify(rest);
    if (weight > 0) shares.set(key, (shares.get(key) ?? 0) + weight / total);
  }
  return shares;
}

function isSame(was: Shares, is: Shares): boolean {
  return (
    was.size === is.size &&
    [...was].every(([key, share]) => Math.abs((is.get(key) ?? 0) - share) < 0.0002)
  );
}

function moved(was: Shares, is: Shares): string {
  return `goes to ${shown(is)} instead of ${shown(was)}`;
}

function shown(shares: Shares): string {
  if (shares.size === 0) return "no destination of a route";
  const sorted = [...shares].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, share]) => `${key} (${Math.round(share * 1000) / 10} %)`).join(" or ");
}
