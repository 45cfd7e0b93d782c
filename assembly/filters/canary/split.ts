// Which variant a key falls to. A split has 10,000 places, one for each hundredth of a percent.
// They are assigned once, at configuration. A request costs one hash and a walk over a few ranges.
// The same key, route and weights give the same answer on every replica.
//
// Two variants share the places at one border, whichever of them is the base: the first by name
// takes the places below its weight. Of more than two, the base takes what the others leave. The
// others, in the order of their names, share lanes by twos: the first grows from the lane's start
// upwards, the second from its end downwards:
//
//   two variants                    three variants                  five: two lanes
//   |canary →        ← stable|      |a →        base         ← b|   |a →  base  ← b|c →  base  ← d|
//
// So with up to three variants a changed weight moves only keys between that variant and the base.
// With more, that holds as long as each two fit their lane (100 % / lanes). What does not fit goes
// to free places elsewhere, and only those can be taken away when another variant grows.
import { Bytes } from "../../lib/bytes";
import { siphash } from "../../lib/hash";

/** Weights are in hundredths of a percent; they add up to this. */
export const PLACES = 10_000;
/** Variants are numbered in one byte while places are assigned. */
export const VARIANTS_MAX = 32;

/** "release" as a word: a fixed key, since every replica must hash alike. */
const KEY_0: u64 = 0x72656c65617365;

/** The variant of each place while a split is made. */
const variantOfPlace = new StaticArray<u8>(PLACES);


@final
export class Split {
  /**
   * Ranges of places of one variant each, in order: where it ends (exclusive), then the variant.
   */
  private readonly ranges: StaticArray<i32>;

  /**
   * `weights[i]` belongs to variant i of the route, variants in the order of their names; they
   * add up to PLACES. `members` are the variants that take part in any split of the route,
   * ascending, the base among them: one of weight zero keeps its place for later.
   */
  constructor(weights: i32[], base: i32, members: i32[]) {
    memory.fill(changetype<usize>(variantOfPlace), <u8>base, PLACES);
    if (members.length == 2) {
      // One border for both: it does not matter which of them is the base now and which will be.
      memory.fill(changetype<usize>(variantOfPlace), <u8>members[1], PLACES);
      memory.fill(changetype<usize>(variantOfPlace), <u8>members[0], <usize>weights[members[0]]);
    } else {
      fillLanes(weights, base, members);
    }
    this.ranges = StaticArray.fromArray(rangesOfPlaces());
  }

  /** The variant at a place (0 to PLACES - 1). */
  variantAt(place: i32): i32 {
    const ranges = this.ranges;
    let i = 0;
    while (i < ranges.length - 2 && unchecked(ranges[i]) <= place) i += 2;
    return unchecked(ranges[i + 1]);
  }
}

function fillLanes(weights: i32[], base: i32, members: i32[]): void {
  const others: i32[] = [];
  for (let i = 0; i < members.length; i++) {
    if (members[i] != base) others.push(members[i]);
  }
  const lanes = max(1, (others.length + 1) / 2);
  const left: i32[] = [];
  for (let i = 0; i < others.length; i++)
    left.push(fillLane(others[i], i, lanes, weights[others[i]], base));
  for (let i = 0; i < others.length; i++) fillElsewhere(others[i], left[i], base);
}

/** Fills the lane of the i-th other variant from its side; gives how many places did not fit. */
function fillLane(variant: i32, i: i32, lanes: i32, weight: i32, base: i32): i32 {
  const lane = i >> 1;
  const start = (lane * PLACES) / lanes;
  const end = ((lane + 1) * PLACES) / lanes;
  const upwards = (i & 1) == 0;
  let left = weight;
  for (let step = 0; step < end - start && left > 0; step++) {
    const place = upwards ? start + step : end - 1 - step;
    if (unchecked(variantOfPlace[place]) != <u8>base) break;
    unchecked((variantOfPlace[place] = <u8>variant));
    left--;
  }
  return left;
}

/** Takes the first places that are still the base's. */
function fillElsewhere(variant: i32, count: i32, base: i32): void {
  let left = count;
  for (let place = 0; place < PLACES && left > 0; place++) {
    if (unchecked(variantOfPlace[place]) != <u8>base) continue;
    unchecked((variantOfPlace[place] = <u8>variant));
    left--;
  }
}

/** The end and the variant of each range. */
function rangesOfPlaces(): i32[] {
  const ranges: i32[] = [];
  for (let place = 1; place <= PLACES; place++) {
    const variant = unchecked(variantOfPlace[place - 1]);
    if (place < PLACES && unchecked(variantOfPlace[place]) == variant) continue;
    ranges.push(place);
    ranges.push(variant);
  }
  return ranges;
}

/** The place of a key: uniform over PLACES, different for each route (`seed`). */
export function placeOf(key: Bytes, seed: u64): i32 {
  return <i32>(((siphash(key, KEY_0, seed) >> 32) * PLACES) >> 32);
}
