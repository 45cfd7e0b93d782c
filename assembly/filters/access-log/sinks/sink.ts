// Where a finished line goes. What a sink may cost a request is its own affair: `take` never waits.
import { Line } from "../format/line";

export abstract class Sink {
  /** Takes a line; what `line` points at is gone when this returns. */
  abstract take(line: Line): void;
}
