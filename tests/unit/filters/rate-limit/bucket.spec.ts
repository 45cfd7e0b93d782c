import { TICKS_PER_NANO, TokenBucket } from "../../../../assembly/filters/rate-limit/bucket";

const SECOND: i64 = 1_000_000_000;

function ticks(nanos: i64): i64 {
  return nanos * TICKS_PER_NANO;
}

describe("a token bucket", () => {
  it("starts full and admits exactly its tokens at one instant", () => {
    const bucket = new TokenBucket(1000, 100, SECOND);
    let fullAt: i64 = 0;
    const now = ticks(5 * SECOND);
    for (let i = 0; i < 1000; i++) {
      expect(bucket.admits(fullAt, now, 1)).toBe(true);
      fullAt = bucket.charged(fullAt, now, 1);
    }
    expect(bucket.admits(fullAt, now, 1)).toBe(false);
    expect(bucket.remaining(fullAt, now)).toBe(0);
  });

  it("gives the next token back to the nanosecond", () => {
    const bucket = new TokenBucket(1, 100, SECOND);
    const fullAt = bucket.charged(0, 0, 1);
    const back = SECOND / 100;
    expect(bucket.admits(fullAt, ticks(back - 1), 1)).toBe(false);
    expect(bucket.admits(fullAt, ticks(back), 1)).toBe(true);
    expect(bucket.waitNanos(fullAt, 0, 1)).toBe(back);
    expect(bucket.waitNanos(fullAt, ticks(back), 1)).toBe(0);
  });

  it("never holds more than its capacity, however long nobody came", () => {
    const bucket = new TokenBucket(3, 1, SECOND);
    const later = ticks(3600 * SECOND);
    expect(bucket.remaining(0, later)).toBe(3);
    const fullAt = bucket.charged(bucket.charged(bucket.charged(0, later, 1), later, 1), later, 1);
    expect(bucket.admits(fullAt, later, 1)).toBe(false);
  });

  it("is emptier, not fuller, when the clock goes back", () => {
    const bucket = new TokenBucket(10, 10, SECOND);
    const fullAt = bucket.charged(0, ticks(100 * SECOND), 1);
    expect(bucket.remaining(fullAt, ticks(99 * SECOND))).toBe(0);
    expect(bucket.admits(fullAt, ticks(99 * SECOND), 1)).toBe(false);
  });

  it("rounds against the client, never against the limit", () => {
    const bucket = new TokenBucket(7, 7, SECOND);
    let fullAt: i64 = 0;
    let admitted = 0;
    for (let nanos: i64 = 0; nanos < 10 * SECOND; nanos += 1_000_000) {
      if (!bucket.admits(fullAt, ticks(nanos), 1)) continue;
      fullAt = bucket.charged(fullAt, ticks(nanos), 1);
      admitted++;
    }
    expect(admitted <= 7 + 70).toBe(true);
    expect(admitted >= 76).toBe(true);
  });

  it("never admits a cost above its size, and says how long until it is full instead", () => {
    const bucket = new TokenBucket(5, 1, SECOND);
    expect(bucket.admits(0, 0, 6)).toBe(false);
    expect(bucket.waitNanos(bucket.charged(0, 0, 5), 0, 6)).toBe(5 * SECOND);
  });

  it("refuses figures its arithmetic cannot hold", () => {
    expect(TokenBucket.isPossible(1_000_000, 1_000_000, 24 * 3600 * SECOND)).toBe(true);
    expect(TokenBucket.isPossible(i64.MAX_VALUE, 1, SECOND)).toBe(false);
    expect(TokenBucket.isPossible(1, 1, i64.MAX_VALUE)).toBe(false);
    expect(TokenBucket.isPossible(0, 1, SECOND)).toBe(false);
  });
});
