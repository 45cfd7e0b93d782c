import { SteadyClock } from "../../../../assembly/filters/access-log/steady-clock";
import { FakeRecord } from "../../support/record";

const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
/** An instant in Unix nanoseconds, and the other clock at it. */
const UNIX: i64 = 1_764_064_800_000_000_000;
const OTHER: i64 = 77 * SECOND;

let clock = new SteadyClock();

describe("a clock that is never set", () => {
  beforeEach(() => {
    clock = new SteadyClock();
    clock.observe(UNIX, OTHER);
  });

  test("tells how long ago an instant was", () => {
    clock.observe(UNIX + SECOND, OTHER + SECOND);
    expect(clock.passedSince(UNIX)).toBe(SECOND);
    expect(clock.passedSince(UNIX + SECOND)).toBe(0);
  });

  test("knows nothing of what was before it was first read", () => {
    expect(clock.passedSince(UNIX - 1)).toBe(-1);
  });

  test("knows nothing of what has not come yet", () => {
    expect(clock.passedSince(UNIX + 1)).toBe(-1);
  });

  test("may be read a little later than the other", () => {
    clock.observe(UNIX + SECOND, OTHER + SECOND + MILLI / 2);
    expect(clock.passedSince(UNIX)).toBe(SECOND);
  });
});

describe("a clock that is set", () => {
  beforeEach(() => {
    clock = new SteadyClock();
    clock.observe(UNIX, OTHER);
  });

  test("ahead: what began before is not measured by it, what begins after is", () => {
    clock.observe(UNIX + 61 * SECOND, OTHER + SECOND);
    expect(clock.passedSince(UNIX)).toBe(-1);
    clock.observe(UNIX + 63 * SECOND, OTHER + 3 * SECOND);
    expect(clock.passedSince(UNIX + 62 * SECOND)).toBe(SECOND);
  });

  test("back: instants of the old time count for nothing until the new time has passed them", () => {
    // Two seconds later it is a second earlier: the old time got as far as UNIX + 2 s.
    clock.observe(UNIX - SECOND, OTHER + 2 * SECOND);
    expect(clock.passedSince(UNIX - SECOND)).toBe(-1);
    clock.observe(UNIX + SECOND, OTHER + 4 * SECOND);
    expect(clock.passedSince(UNIX + SECOND / 2)).toBe(-1);
    clock.observe(UNIX + 3 * SECOND, OTHER + 6 * SECOND);
    expect(clock.passedSince(UNIX + (5 * SECOND) / 2)).toBe(SECOND / 2);
  });
});

describe("a request's duration", () => {
  test("is the proxy's figure when its begin is not known", () => {
    const record = new FakeRecord().integerAt("request.duration", 7 * MILLI);
    record.readClocks();
    expect(record.durationNanos()).toBe(7 * MILLI);
  });

  test("is the clock's when it is, without a question to the proxy", () => {
    const record = new FakeRecord()
      .integerAt("request.duration", 7 * MILLI)
      .integerAt("request.time", UNIX + SECOND);
    record.now = UNIX;
    record.readClocks();
    record.now += 3 * SECOND;
    record.monotonic += 3 * SECOND;
    record.startNanos();
    const reads = record.reads;
    expect(record.durationNanos()).toBe(2 * SECOND);
    expect(record.reads).toBe(reads);
  });

  test("is the proxy's when the time of day was set since", () => {
    const record = new FakeRecord()
      .integerAt("request.duration", 7 * MILLI)
      .integerAt("request.time", UNIX + SECOND);
    record.now = UNIX;
    record.readClocks();
    record.now += 60 * SECOND;
    record.monotonic += 2 * SECOND;
    record.startNanos();
    expect(record.durationNanos()).toBe(7 * MILLI);
  });
});
