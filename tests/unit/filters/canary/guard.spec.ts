import { GuardMode, GuardSettings, GuardState } from "../../../../assembly/filters/canary/guard";
import { NONE, bytes, text } from "../../../../assembly/lib/bytes";

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_000_000 * SECOND;

function settings(): GuardSettings {
  const guard = new GuardSettings();
  guard.minRequests = 10;
  guard.maxFailurePercent = 2000;
  guard.windowNanos = 10 * SECOND;
  guard.ejectForNanos = 60 * SECOND;
  return guard;
}

/** Counts so many good and failed answers; how often the mode changed. */
function answers(state: GuardState, guard: GuardSettings, good: i32, failed: i32, now: i64): i32 {
  let changes = 0;
  for (let i = 0; i < good; i++) if (state.count(guard, false, now)) changes++;
  for (let i = 0; i < failed; i++) if (state.count(guard, true, now)) changes++;
  return changes;
}

function fresh(): GuardState {
  const state = new GuardState();
  state.load(NONE);
  return state;
}

/** A guard that tripped at START. */
function tripped(guard: GuardSettings): GuardState {
  const state = fresh();
  answers(state, guard, 0, 10, START);
  return state;
}

describe("a closed guard", () => {
  it("trips only with enough requests and too large a share of failures", () => {
    const guard = settings();
    const state = fresh();
    expect(answers(state, guard, 0, 9, START)).toBe(0);
    expect(state.count(guard, true, START)).toBe(true);
    expect(state.mode).toBe(GuardMode.Open);
    const just = fresh();
    expect(answers(just, guard, 80, 20, START)).toBe(0);
    expect(just.count(guard, true, START)).toBe(true);
  });

  it("never trips at a hundred percent, and at zero with the first failure", () => {
    const guard = settings();
    guard.maxFailurePercent = 10_000;
    expect(answers(fresh(), guard, 0, 100, START)).toBe(0);
    guard.maxFailurePercent = 0;
    expect(answers(fresh(), guard, 20, 1, START)).toBe(1);
  });

  it("forgets what slid out of the window", () => {
    const guard = settings();
    const state = fresh();
    answers(state, guard, 0, 9, START);
    expect(answers(state, guard, 0, 9, START + 10 * SECOND)).toBe(0);
    expect(state.count(guard, true, START + 10 * SECOND)).toBe(true);
  });

  it("counts together what lies within the window", () => {
    const guard = settings();
    const state = fresh();
    for (let second = 0; second < 9; second++) answers(state, guard, 0, 1, START + second * SECOND);
    expect(state.count(guard, true, START + 9 * SECOND)).toBe(true);
  });

  it("takes no steps of other settings for recent ones", () => {
    const short = settings();
    short.windowNanos = SECOND;
    const state = fresh();
    answers(state, short, 0, 9, START);
    // The steps of a longer window have smaller numbers: those of the short one seem to lie ahead.
    const long = settings();
    long.windowNanos = 100 * SECOND;
    expect(answers(state, long, 5, 4, START + SECOND)).toBe(0);
  });
});

describe("an open guard", () => {
  it("hears nothing, and lets a trickle back after its time", () => {
    const guard = settings();
    const state = tripped(guard);
    expect(answers(state, guard, 100, 100, START + SECOND)).toBe(0);
    expect(state.reopen(guard, START + 60 * SECOND - 1)).toBe(false);
    expect(state.reopen(guard, START + 60 * SECOND)).toBe(true);
    expect(state.mode).toBe(GuardMode.Trickle);
    expect(state.reopen(guard, START + 61 * SECOND)).toBe(false);
  });
});

describe("a trickle", () => {
  it("closes the guard with enough good answers, however thin it is", () => {
    const guard = settings();
    const state = tripped(guard);
    state.reopen(guard, START + 60 * SECOND);
    for (let i = 1; i < 10; i++)
      expect(state.count(guard, false, START + (60 + i * 1000) * SECOND)).toBe(false);
    expect(state.count(guard, false, START + 20_000 * SECOND)).toBe(true);
    expect(state.mode).toBe(GuardMode.Closed);
  });

  it("opens it again as soon as it cannot become good enough", () => {
    const guard = settings();
    const state = tripped(guard);
    state.reopen(guard, START + 60 * SECOND);
    expect(answers(state, guard, 0, 2, START + 61 * SECOND)).toBe(0);
    expect(state.count(guard, true, START + 61 * SECOND)).toBe(true);
    expect(state.mode).toBe(GuardMode.Open);
    expect(state.reopen(guard, START + 120 * SECOND)).toBe(false);
    expect(state.reopen(guard, START + 121 * SECOND)).toBe(true);
  });
});

describe("a guard's state", () => {
  it("goes through shared bytes, and takes strange ones for none", () => {
    const guard = settings();
    const state = tripped(guard);
    const copy = new GuardState();
    copy.load(state.view());
    expect(copy.mode).toBe(GuardMode.Open);
    copy.load(text("strange"));
    expect(copy.mode).toBe(GuardMode.Closed);
    copy.load(bytes(0, 0));
    expect(copy.mode).toBe(GuardMode.Closed);
  });
});
