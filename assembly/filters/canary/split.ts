// Which variant a key falls to. The 10,000 places of a hundredth of a percent are dealt out once,
// at configuration; a request costs a hash and a look at a few stretches. The same key, route and
// weights: the same answer on every replica.
//
// Two variants share the places at one border, whichever of them is the base: the first by name
// takes the places below its weight. Of more than two, the base takes what the others leave. The
// others, in the order of their names, share lanes by twos: the first grows from the lane's start
// upwards, the second from its end downwards:
//
//   two variants                          three variants                  five: two lanes
//   |canary →              ← stable|      |a →        base         ← b|   |a →  base  ← b|c →  base  ← d|
//
// So with up to three variants a changed weight moves only keys between that variant and the
// base. With more, that holds as long as each two fit their lane (100 % / lanes); what does not
// fit goes to free places elsewhere, and only those places can be taken away by another variant's
// growth.
import { Bytes } from "../../lib/bytes";
import { siphash } from "../../lib/hash";

/** Weights are in hundredths of a percent; they add up to this. */
export const PLACES = 10_000;
/** Variants are numbered in one byte while places are dealt out. */
export const VARIANTS_MAX = 32;

/** "release" as a word: a fixed key, since every replica must hash alike. */
const KEY_0: u64 = 0x72656c65617365;

/** Where places are dealt out, one byte each, before they become stretches. */
const dealt = new StaticArray<u8>(PLACES);


@final
export class Split {
  /** Stretches of places of one variant, in order: end (exclusive) << 8 | variant. */
  private readonly stretches: StaticArray<i32>;

  /**
   * `weights[i]` belongs to variant i of the route, variants in the order of their names; they
   * add up to PLACES. `members` are the variants that take part in any split of the route,
   * ascending, the base among them: one of weight zero keeps its place for later.
   */
  constructor(weights: i32[], base: i32, members: i32[]) {
    memory.fill(changetype<usize>(dealt), <u8>base, PLACES);
    if (members.length == 2) {
      // One border for both: it does not matter which of them is the base now and which will be.
      memory.fill(changetype<usize>(dealt), <u8>members[1], PLACES);
      memory.fill(changetype<usize>(dealt), <u8>members[0], <usize>weights[members[0]]);
    } else {
      fillLanes(weights, base, members);
    }
    this.stretches = stretchesOf();
  }

  /** The variant at a place (0 to PLACES - 1). */
  variantAt(place: i32): i32 {
    const stretches = this.stretches;
    let i = 0;
    // The last stretch ends at PLACES, so the walk ends.
    while (i < stretches.length - 1 && unchecked(stretches[i]) >> 8 <= place) i++;
    return unchecked(stretches[i]) & 0xff;
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
    if (unchecked(dealt[place]) != <u8>base) break;
    unchecked((dealt[place] = <u8>variant));
    left--;
  }
  return left;
}

/** Takes the first places that are still the base's. */
function fillElsewhere(variant: i32, count: i32, base: i32): void {
  let left = count;
  for (let place = 0; place < PLACES && left > 0; place++) {
    if (unchecked(dealt[place]) != <u8>base) continue;
    unchecked((dealt[place] = <u8>variant));
    left--;
  }
}

function stretchesOf(): StaticArray<i32> {
  const found: i32[] = [];
  for (let place = 1; place <= PLACES; place++) {
    const variant = unchecked(dealt[place - 1]);
    if (place == PLACES || unchecked(dealt[place]) != variant)
      found.push((place << 8) | (<i32>variant));
  }
  return StaticArray.fromArray(found);
}

/** The place of a key: uniform over PLACES, different for each route (`seed`). */
export function placeOf(key: Bytes, seed: u64): i32 {
  return <i32>(((siphash(key, KEY_0, seed) >> 32) * PLACES) >> 32);
}
