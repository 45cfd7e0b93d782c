import { RateCap } from "../../../../../assembly/filters/access-log/select/rate-cap";

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_764_064_800 * SECOND;

function admitted(cap: RateCap, at: i64, tries: i32): i32 {
  let count = 0;
  for (let i = 0; i < tries; i++) if (cap.admits(at)) count++;
  return count;
}

describe("the cap on lines", () => {
  it("admits one second's worth at once and no more", () => {
    expect(admitted(new RateCap(5), START, 20)).toBe(5);
  });

  it("fills evenly, to the nanosecond", () => {
    const cap = new RateCap(5);
    admitted(cap, START, 5);
    expect(cap.admits(START + SECOND / 5 - 1)).toBe(false);
    expect(cap.admits(START + SECOND / 5)).toBe(true);
    expect(cap.admits(START + SECOND / 5)).toBe(false);
    expect(admitted(cap, START + SECOND, 20)).toBe(4);
  });

  it("never holds more than a second's worth, however long it was idle", () => {
    const cap = new RateCap(3);
    admitted(cap, START, 3);
    expect(admitted(cap, START + 3600 * SECOND, 20)).toBe(3);
  });

  it("loses nothing to a clock that steps back, and gains nothing", () => {
    const cap = new RateCap(2);
    admitted(cap, START, 2);
    expect(cap.admits(START - 100 * SECOND)).toBe(false);
    expect(admitted(cap, START - 99 * SECOND, 20)).toBe(2);
  });

  it("admits exactly its rate over ten seconds of a storm", () => {
    const cap = new RateCap(7);
    let count = 0;
    for (let millis: i64 = 0; millis < 10_000; millis++)
      count += admitted(cap, START + millis * 1_000_000, 3);
    expect(count).toBeGreaterThanOrEqual(76);
    expect(count).toBeLessThanOrEqual(77);
  });
});
