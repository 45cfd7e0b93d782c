// Watches one variant of one route over all workers and takes it out when it fails. The window
// slides in ten steps; the state is one shared value, changed by compare-and-swap:
//
//   | mode i64 | since i64 | 10 × (step i64, answers i32, failures i32) |
//
// closed ── too many failures ──► open (all traffic to the fallback) ── ejectFor ──► trickle (a tenth comes back)
//   ▲──────────────────────── minRequests good answers ◄──────────────────────────────┘ ── failures ──► open
import { Bytes, lengthOf, pointerOf, view } from "../../lib/bytes";

const STEPS = 10;
const HEADER_BYTES = 16;
const STEP_BYTES = 16;
export const GUARD_BYTES = HEADER_BYTES + STEPS * STEP_BYTES;
/** Of a hundred keys, how many come back first. */
export const TRICKLE_PERCENT = 10;

export const enum GuardMode {
  Closed = 0,
  Open = 1,
  Trickle = 2,
}

/** The figures of a guard. */
@final
export class GuardSettings {
  /** Index of the guarded variant and of the one that takes its traffic. */
  variant: i32 = 0;
  fallback: i32 = 0;
  /** In hundredths of a percent. */
  maxFailurePercent: i32 = 500;
  minRequests: i32 = 20;
  windowNanos: i64 = 10_000_000_000;
  ejectForNanos: i64 = 60_000_000_000;
  /** 0: slow answers do not count. */
  slowerThanNanos: i64 = 0;
  exemptForced: bool = true;
}

/**
 * A guard's shared state, copied out so that it can be changed and written back. Times are
 * monotonic nanoseconds.
 */
@final
export class GuardState {
  private readonly data: StaticArray<u8> = new StaticArray<u8>(GUARD_BYTES);

  /** Takes the shared bytes; anything else counts as a guard that has seen nothing. */
  load(value: Bytes): void {
    const target = changetype<usize>(this.data);
    if (lengthOf(value) == GUARD_BYTES) memory.copy(target, pointerOf(value), GUARD_BYTES);
    else memory.fill(target, 0, GUARD_BYTES);
  }

  view(): Bytes {
    return view(this.data);
  }

  private get base(): usize {
    return changetype<usize>(this.data);
  }

  get mode(): GuardMode {
    return <GuardMode>(<i32>load<i64>(this.base));
  }

  /** Lets a trickle back when the guard has been open long enough. True when it did. */
  reopen(settings: GuardSettings, now: i64): bool {
    if (this.mode != GuardMode.Open || now - load<i64>(this.base, 8) < settings.ejectForNanos)
      return false;
    this.enter(GuardMode.Trickle, now);
    return true;
  }

  /**
   * Counts one answer of the guarded variant and moves the state on. True when the mode is
   * another one afterwards.
   */
  count(settings: GuardSettings, failed: bool, now: i64): bool {
    const before = this.mode;
    // What comes in while open was sent before the guard tripped, and says nothing new.
    if (before == GuardMode.Open) return false;
    const isTrickle = before == GuardMode.Trickle;
    // A trickle is counted as a whole, however long it takes: it may be too thin to fill a window.
    const step = isTrickle ? 0 : now / (settings.windowNanos / STEPS);
    const at = this.base + HEADER_BYTES + <usize>(step % STEPS) * STEP_BYTES;
    if (load<i64>(at) != step) {
      store<i64>(at, step);
      store<i64>(at, 0, 8);
    }
    store<i32>(at, load<i32>(at, 8) + 1, 8);
    if (failed) store<i32>(at, load<i32>(at, 12) + 1, 12);
    const after = isTrickle
      ? this.modeAfterTrickle(settings)
      : this.modeAfterWindow(settings, step);
    if (after == before) return false;
    this.enter(after, now);
    return true;
  }

  private modeAfterWindow(settings: GuardSettings, step: i64): GuardMode {
    let answers: i64 = 0;
    let failures: i64 = 0;
    for (let i = 0; i < STEPS; i++) {
      const at = this.base + HEADER_BYTES + i * STEP_BYTES;
      // Steps of another length (other settings) may lie in the future.
      const age = step - load<i64>(at);
      if (age < 0 || age >= STEPS) continue;
      answers += load<i32>(at, 8);
      failures += load<i32>(at, 12);
    }
    return answers >= settings.minRequests && isTooMany(settings, failures, answers)
      ? GuardMode.Open
      : GuardMode.Closed;
  }

  /**
   * Open as soon as the failures are too many even if all that is missing were good; closed once
   * there is enough.
   */
  private modeAfterTrickle(settings: GuardSettings): GuardMode {
    const answers: i64 = load<i32>(this.base + HEADER_BYTES, 8);
    const failures: i64 = load<i32>(this.base + HEADER_BYTES, 12);
    if (isTooMany(settings, failures, max<i64>(answers, settings.minRequests)))
      return GuardMode.Open;
    return answers >= settings.minRequests ? GuardMode.Closed : GuardMode.Trickle;
  }

  /** Begins a mode with an empty window: it must earn its own figures. */
  private enter(mode: GuardMode, now: i64): void {
    memory.fill(this.base, 0, GUARD_BYTES);
    store<i64>(this.base, mode);
    store<i64>(this.base, now, 8);
  }
}

function isTooMany(settings: GuardSettings, failures: i64, answers: i64): bool {
  return failures * 10_000 > answers * settings.maxFailurePercent;
}
