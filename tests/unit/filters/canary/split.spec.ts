import { PLACES, Split, placeOf } from "../../../../assembly/filters/canary/split";
import { utf8, view } from "../../../../assembly/lib/bytes";

/** A split whose members are all its variants. */
function splitOf(weights: i32[], base: i32): Split {
  const members: i32[] = [];
  for (let i = 0; i < weights.length; i++) members.push(i);
  return new Split(weights, base, members);
}

function count(split: Split, variant: i32): i32 {
  let found = 0;
  for (let place = 0; place < PLACES; place++) {
    if (split.variantAt(place) == variant) found++;
  }
  return found;
}

/**
 * How many places changed hands, and how many of these between two variants of which neither is
 * `a` or `b`.
 */
function moved(from: Split, to: Split, a: i32, b: i32): i32 {
  let strange = 0;
  for (let place = 0; place < PLACES; place++) {
    const before = from.variantAt(place);
    const after = to.variantAt(place);
    if (before == after) continue;
    if ((before != a || after != b) && (before != b || after != a)) strange++;
  }
  return strange;
}

describe("a split", () => {
  it("gives every variant exactly its weight", () => {
    const split = splitOf([1000, 9000], 1);
    expect(count(split, 0)).toBe(1000);
    expect(count(split, 1)).toBe(9000);
    const five = splitOf([1, 2500, 2499, 3000, 2000], 3);
    for (let variant = 0; variant < 5; variant++)
      expect(count(five, variant)).toBe([1, 2500, 2499, 3000, 2000][variant]);
    const crowded = splitOf([9000, 500, 400, 0, 100], 4);
    expect(count(crowded, 0)).toBe(9000);
    expect(count(crowded, 3)).toBe(0);
    expect(count(crowded, 4)).toBe(100);
  });

  it("moves only newcomers when the weight of one of two is raised", () => {
    const ten = splitOf([1000, 9000], 1);
    const twenty = splitOf([2000, 8000], 1);
    let left = 0;
    for (let place = 0; place < PLACES; place++) {
      if (ten.variantAt(place) == 0 && twenty.variantAt(place) != 0) left++;
    }
    expect(left).toBe(0);
    expect(moved(ten, twenty, 0, 1)).toBe(0);
  });

  it("moves keys of three variants only between the base and the one that changed", () => {
    const before = splitOf([1000, 2000, 7000], 2);
    expect(moved(before, splitOf([3000, 2000, 5000], 2), 0, 2)).toBe(0);
    expect(moved(before, splitOf([1000, 6000, 3000], 2), 1, 2)).toBe(0);
    expect(moved(before, splitOf([1000, 0, 9000], 2), 1, 2)).toBe(0);
  });

  it("keeps a million keys within a tenth of a percent of the weights", () => {
    const split = splitOf([1000, 9000], 1);
    const buffer = new StaticArray<u8>(8);
    let canary = 0;
    for (let client: u64 = 0; client < 1_000_000; client++) {
      store<u64>(changetype<usize>(buffer), client * 0x9e3779b97f4a7c15);
      if (split.variantAt(placeOf(view(buffer), 7)) == 0) canary++;
    }
    expect(abs(canary - 100_000) < 1_000).toBe(true);
  });

  it("moves only newcomers past the half, whichever of two is the base", () => {
    for (let weight = 0; weight <= PLACES; weight += 500) {
      const before = splitOf([weight, PLACES - weight], weight > 5000 ? 0 : 1);
      const after = splitOf(
        [min(weight + 500, PLACES), max(PLACES - weight - 500, 0)],
        weight + 500 > 5000 ? 0 : 1,
      );
      expect(moved(before, after, 0, 1)).toBe(0);
      for (let place = 0; place < PLACES; place++)
        if (before.variantAt(place) == 0) expect(after.variantAt(place)).toBe(0);
    }
  });

  it("leaves room for no variant that is in no split", () => {
    const guide = new Split([1000, 0, 9000], 2, [0, 2]);
    const alone = new Split([1000, 9000], 1, [0, 1]);
    for (let place = 0; place < PLACES; place++)
      expect(guide.variantAt(place) == 0).toBe(alone.variantAt(place) == 0);
  });

  it("moves keys of four and five only to and from the base while each two fit their lane", () => {
    const before = splitOf([1000, 1000, 1000, 1000, 6000], 4);
    expect(moved(before, splitOf([4000, 1000, 1000, 1000, 3000], 4), 0, 4)).toBe(0);
    expect(moved(before, splitOf([1000, 1000, 1000, 3500, 3500], 4), 3, 4)).toBe(0);
    expect(moved(before, splitOf([1000, 0, 1000, 1000, 7000], 4), 1, 4)).toBe(0);
  });

  it("keeps a million keys of several variants within a tenth of a percent of their weights", () => {
    const weights = [100, 2500, 1, 3399, 4000];
    const split = splitOf(weights, 4);
    const found = new StaticArray<i32>(5);
    const buffer = new StaticArray<u8>(8);
    for (let client: u64 = 0; client < 1_000_000; client++) {
      store<u64>(changetype<usize>(buffer), client);
      found[split.variantAt(placeOf(view(buffer), 11))]++;
    }
    for (let i = 0; i < 5; i++) expect(abs(found[i] - weights[i] * 100) < 1_000).toBe(true);
  });

  it("sends a key elsewhere on another route", () => {
    let same = 0;
    for (let client = 0; client < 1000; client++) {
      const key = utf8("client-" + client.toString());
      if (placeOf(view(key), 1) == placeOf(view(key), 2)) same++;
    }
    expect(same < 10).toBe(true);
  });
});
