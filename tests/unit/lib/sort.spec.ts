import { sort } from "../../../assembly/lib/sort";

/** `count` numbers of a fixed sequence, the same one every time (Numerical Recipes' generator). */
function numbers(count: i32): u64[] {
  const list: u64[] = [];
  let seed: u32 = 1;
  for (let i = 0; i < count; i++) {
    seed = seed * 1664525 + 1013904223;
    list.push((<u64>(seed >> 16)) << 32);
  }
  return list;
}

function isOrdered(list: u64[]): bool {
  for (let i = 1; i < list.length; i++) if (list[i - 1] > list[i]) return false;
  return true;
}

function sum(list: u64[]): u64 {
  let total: u64 = 0;
  for (let i = 0; i < list.length; i++) total += list[i];
  return total;
}

function ascending(a: u64, b: u64): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

describe("sorting", () => {
  it("puts lists of every length in order and loses nothing", () => {
    for (let count = 0; count < 300; count++) {
      const list = numbers(count);
      const before = sum(list);
      expect(isOrdered(sort(list, ascending))).toBe(true);
      expect(list.length).toBe(count);
      expect(sum(list)).toBe(before);
    }
  });

  it("takes long lists, also backwards ones and those of one value", () => {
    const list = numbers(100_000);
    expect(isOrdered(sort(list, ascending))).toBe(true);
    sort(list, (a, b) => ascending(b, a));
    expect(list[0] >= list[99_999]).toBe(true);
    expect(isOrdered(sort(list, ascending))).toBe(true);
    expect(isOrdered(sort(new Array<u64>(100_000).fill(7), ascending))).toBe(true);
  });

  it("orders things by what it is told", () => {
    const names = sort(["c", "aa", "b", "a"], (a, b) => a.length - b.length);
    expect(names[3]).toBe("aa");
  });
});
