// How much each variant of a split gets: percentages that add up to 100 (`split`), or relative
// numbers of any sum (`weights`), which are normalised.
import { toText, view } from "../../lib/bytes";
import { Cursor, Entry, inHundredths } from "../../lib/config/reader";
import { decimal } from "../../lib/writer";
import { Route } from "./route";
import { PLACES } from "./split";

/** Numbers of requests or replicas, as people write them. */
const WEIGHT_MAX: i64 = 1_000_000_000;

/** Whether a route or a step of a schedule says how requests are split. */
export function hasSplit(at: Cursor): bool {
  return at.has("split") || at.has("weights");
}

/** The member that says so; refuses both of them. */
export function splitOf(at: Cursor): Cursor {
  if (at.has("split") && at.has("weights")) {
    at.refuse("weights", "expected only one of: split, weights");
  }
  return at.value(at.has("weights") ? "weights" : "split");
}

/** Weights by variant in hundredths of a percent, adding up to PLACES. */
export function readWeights(parent: Cursor, route: Route): i32[] {
  const isRelative = parent.has("weights");
  const entries = splitOf(parent).entries();
  const places = isRelative ? normalized(parent, entries) : percentages(parent, entries);
  const weights: i32[] = [];
  for (let i = 0; i < route.variants.length; i++) weights.push(0);
  for (let i = 0; i < entries.length; i++) {
    const variant = route.variantOf(view(entries[i].key));
    if (variant >= 0) weights[variant] = places[i];
  }
  return weights;
}

function percentages(parent: Cursor, entries: Entry[]): i32[] {
  const places: i32[] = [];
  let sum = 0;
  for (let i = 0; i < entries.length; i++) {
    places.push(entries[i].at.asHundredths(0, PLACES));
    sum += places[i];
  }
  if (sum != PLACES) {
    const problem = "percentages add up to " + inHundredths(sum) + ", expected 100";
    parent.refuse("split", problem + "; write weights for numbers of any sum");
  }
  return places;
}

/**
 * Places by the method of the largest remainder: each variant gets what its weight makes, rounded
 * down, and what is left goes to those that lost most. A weight is never rounded to nothing.
 */
function normalized(parent: Cursor, entries: Entry[]): i32[] {
  const weights: i64[] = [];
  let sum: i64 = 0;
  for (let i = 0; i < entries.length; i++) {
    weights.push(entries[i].at.asInteger(0, WEIGHT_MAX));
    sum += weights[i];
  }
  const places: i32[] = [];
  if (sum == 0) {
    parent.refuse("weights", "all weights are 0; expected one above 0");
    for (let i = 0; i < entries.length; i++) places.push(0);
    return places;
  }
  let left: i64 = PLACES;
  for (let i = 0; i < weights.length; i++) {
    places.push(<i32>((weights[i] * PLACES) / sum));
    left -= places[i];
  }
  for (; left > 0; left--) {
    const index = largestRemainder(weights, places, sum);
    places[index] += 1;
  }
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] > 0 && places[i] == 0) refuseTiny(parent, entries[i], weights[i], sum);
  }
  return places;
}

/** The variant that got the least of what is its due; of equal ones the first by name. */
function largestRemainder(weights: i64[], places: i32[], sum: i64): i32 {
  let best = 0;
  let most: i64 = i64.MIN_VALUE;
  for (let i = 0; i < weights.length; i++) {
    const remainder = weights[i] * PLACES - <i64>places[i] * sum;
    if (remainder <= most) continue;
    best = i;
    most = remainder;
  }
  return best;
}

function refuseTiny(parent: Cursor, entry: Entry, weight: i64, sum: i64): void {
  const share = decimal(weight) + " of " + decimal(sum);
  const problem = share + " is less than 0.01 %, which would be nothing";
  parent.value("weights").refuse(toText(view(entry.key)), problem + "; write a larger weight or 0");
}
