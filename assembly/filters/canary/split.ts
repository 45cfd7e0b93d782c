// Which variant a key falls to. The 10,000 places of a hundredth of a percent are dealt out once, at configuration; a
// request costs a hash and one look. The same key, route and weights give the same answer on every replica.
//
// The base takes what the others leave. Of the others, in the order of their names, each two share a lane: the first
// grows from its start upwards, the second from its end downwards:
//
//   two variants                          three variants
//   |canary →            stable (base)|   |a →        base         ← b|
//
// So with up to three variants a changed weight moves only keys between that variant and the base. With more, that holds
// as long as each two fit their lane (10,000 / lanes); what does not fit goes to free places elsewhere, and only those
// places can be taken away by another variant's growth.
import { Bytes } from "../../lib/bytes";
import { siphash } from "../../lib/hash";

/** Weights are in hundredths of a percent; they add up to this. */
export const PLACES = 10_000;
/** Variants are numbered in one byte. */
export const VARIANTS_MAX = 32;

/** "release" as two words: a fixed key, since every replica must hash alike. */
const KEY_0: u64 = 0x72656c65617365;


@final
export class Split {
  private readonly places: StaticArray<u8> = new StaticArray<u8>(PLACES);

  /** `weights[i]` belongs to variant i of the route, variants in the order of their names; they add up to PLACES. */
  constructor(weights: i32[], base: i32) {
    memory.fill(changetype<usize>(this.places), <u8>base, PLACES);
    const others: i32[] = [];
    for (let variant = 0; variant < weights.length; variant++) {
      if (variant != base) others.push(variant);
    }
    const lanes = max(1, (others.length + 1) / 2);
    const left: i32[] = [];
    for (let i = 0; i < others.length; i++) left.push(this.fillLane(others, i, lanes, weights, base));
    for (let i = 0; i < others.length; i++) this.fillElsewhere(others[i], left[i], base);
  }

  /** Fills the lane of others[i] from its side; gives how many places did not fit. */
  private fillLane(others: i32[], i: i32, lanes: i32, weights: i32[], base: i32): i32 {
    const lane = i >> 1;
    const start = (lane * PLACES) / lanes;
    const end = ((lane + 1) * PLACES) / lanes;
    const upwards = (i & 1) == 0;
    let left = weights[others[i]];
    for (let step = 0; step < end - start && left > 0; step++) {
      const place = upwards ? start + step : end - 1 - step;
      if (unchecked(this.places[place]) != <u8>base) break;
      unchecked((this.places[place] = <u8>others[i]));
      left--;
    }
    return left;
  }

  /** Takes the first places that are still the base's. */
  private fillElsewhere(variant: i32, count: i32, base: i32): void {
    let left = count;
    for (let place = 0; place < PLACES && left > 0; place++) {
      if (unchecked(this.places[place]) != <u8>base) continue;
      unchecked((this.places[place] = <u8>variant));
      left--;
    }
  }

  /** The variant at a place. */
  variantAt(place: i32): i32 {
    return unchecked(this.places[place]);
  }
}

/** The place of a key: uniform over PLACES, different for each route (`seed`). */
export function placeOf(key: Bytes, seed: u64): i32 {
  return <i32>(((siphash(key, KEY_0, seed) >> 32) * PLACES) >> 32);
}
