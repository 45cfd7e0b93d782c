// Watches one variant of one route over all workers and takes it out when it fails. The window slides in ten steps; the
// state is one shared value, changed by compare-and-swap:
//
//   | mode i64 | since i64 | 10 × (step i64, answers i32, failures i32) |
//
// closed ── too many failures ──► open (all traffic to the fallback) ── ejectFor ──► trickle (a tenth comes back)
//   ▲───────────────────────────── enough good answers ◄────────────────────────────────┘ ── failures ──► open
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

/** A guard's shared state, copied out so that it can be changed and written back. */
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

  /** The mode at `now`: an open guard whose time is over lets a trickle back. */
  mode(settings: GuardSettings, now: i64): GuardMode {
    const mode = <GuardMode>(<i32>load<i64>(this.base));
    const isOver = mode == GuardMode.Open && now - load<i64>(this.base, 8) >= settings.ejectForNanos;
    return isOver ? GuardMode.Trickle : mode;
  }

  /**
   * Counts one answer of the guarded variant at `now` (monotonic nanoseconds) and moves the state on. True when the mode
   * is another one now than before the answer.
   */
  count(settings: GuardSettings, failed: bool, now: i64): bool {
    const before = this.mode(settings, now);
    if (before != <GuardMode>(<i32>load<i64>(this.base))) this.enter(before, now);
    // What comes in while open was sent before the guard tripped, and says nothing new.
    if (before == GuardMode.Open) return false;
    const step = now / (settings.windowNanos / STEPS);
    const at = this.base + HEADER_BYTES + <usize>(step % STEPS) * STEP_BYTES;
    if (load<i64>(at) != step) {
      store<i64>(at, step);
      store<i64>(at, 0, 8);
    }
    store<i32>(at, load<i32>(at, 8) + 1, 8);
    if (failed) store<i32>(at, load<i32>(at, 12) + 1, 12);
    const after = this.judge(settings, before, step);
    if (after == before) return false;
    this.enter(after, now);
    return true;
  }

  private judge(settings: GuardSettings, mode: GuardMode, step: i64): GuardMode {
    let answers: i64 = 0;
    let failures: i64 = 0;
    for (let i = 0; i < STEPS; i++) {
      const at = this.base + HEADER_BYTES + i * STEP_BYTES;
      if (step - load<i64>(at) >= STEPS) continue;
      answers += load<i32>(at, 8);
      failures += load<i32>(at, 12);
    }
    if (answers < settings.minRequests) return mode;
    if (failures * 10_000 > answers * settings.maxFailurePercent) return GuardMode.Open;
    return GuardMode.Closed;
  }

  /** Begins a mode with an empty window: a trickle must earn its own figures. */
  private enter(mode: GuardMode, now: i64): void {
    memory.fill(this.base, 0, GUARD_BYTES);
    store<i64>(this.base, mode);
    store<i64>(this.base, now, 8);
  }
}

/**
 * Whether an answer speaks against its variant: a 5xx, or a gRPC status that means the server failed (UNKNOWN,
 * DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS).
 */
export function isFailure(code: i64, grpcStatus: i64): bool {
  if (code >= 500) return true;
  return grpcStatus == 2 || grpcStatus == 4 || grpcStatus == 13 || grpcStatus == 14 || grpcStatus == 15;
}
