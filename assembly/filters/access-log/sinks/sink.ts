// Where a finished line goes. What a sink may cost a request is its own affair: `take` never waits.
import { Line } from "../format/line";

export abstract class Sink {
  /** Takes a line; what `line` points at is gone when this returns. */
  abstract take(line: Line): void;

  /** How often `tick` wants to be called; 0: never. */
  tickMillis(): i32 {
    return 0;
  }

  /** On the root context. */
  tick(): void {}

  /** The answer to a call, if it is this sink's. */
  onCallAnswer(token: u32, headers: i32, bodyBytes: i32, trailers: i32): bool {
    return false;
  }

  /** The plugin goes away. What waits can still be sent by an heir's ticks, until the sink is over. */
  shutDown(): void {}

  /** Nothing waits any more, or it has waited for long enough since `shutDown`. */
  get isOver(): bool {
    return true;
  }

  /** Whatever still waits is given up, and memory that no collector knows of is given back. */
  abandon(): void {}

  /** Whether it wants to know more of a line than its bytes. */
  wantsDescription(): bool {
    return false;
  }
}
