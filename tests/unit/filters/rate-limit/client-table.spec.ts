import { SET_SLOTS } from "../../../../assembly/filters/rate-limit/bucket-set";
import { setOf, setsFor, slotsFor } from "../../../../assembly/filters/rate-limit/client-table";
import { mix } from "../../../../assembly/lib/hash";

describe("the table's size", () => {
  it("is exact for one set, and leaves room in larger tables", () => {
    expect(setsFor(1)).toBe(1);
    expect(slotsFor(1)).toBe(1);
    expect(setsFor(24)).toBe(1);
    expect(slotsFor(20)).toBe(20);
    expect(setsFor(25)).toBe(3);
    expect(slotsFor(25)).toBe(SET_SLOTS);
    expect(setsFor(10_000)).toBe(1112);
    expect(setsFor(4_000_000)).toBe(444_445);
  });

  it("spreads as many clients as were asked for so that none finds its set full", () => {
    const sets = setsFor(100_000);
    const counts = new StaticArray<i32>(sets);
    let most = 0;
    for (let client: u64 = 0; client < 100_000; client++) {
      const set = setOf(mix(client), sets);
      expect(set < <u32>sets).toBe(true);
      counts[set] += 1;
      most = max(most, counts[set]);
    }
    expect(most <= SET_SLOTS).toBe(true);
  });
});
