// %START_TIME(…)%, %EMIT_TIME(…)% and the same at a fixed offset from UTC, _LOCAL.
import { Bytes, lengthOf } from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { MISSING, RecordView } from "../../record";
import { Piece } from "../command";
import {
  DEFAULT_FORMAT,
  DEFAULT_LOCAL_FORMAT,
  TimeFormat,
  compileTimeFormat,
} from "../time/time-format";
import { Operator, Value } from "./operator";
import { Arguments, OperatorMaker, OperatorRow, nameOf, refused, refusedWith } from "./row";

/** Which instant is written. */
export const enum Instant {
  /** The request began. */
  Start,
  /** The line is written. */
  Emit,
}

/** In which zone it is written. */
export const enum Zone {
  Utc,
  /** `utcOffset` of the format: a virtual machine has no time zone. */
  Local,
}

/** No `utcOffset` is set. */
export const NO_OFFSET = i32.MIN_VALUE;


@final
class TimeOperator extends Operator {
  constructor(
    private format: TimeFormat,
    private instant: Instant,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const nanos = this.instant == Instant.Start ? record.startNanos() : record.nowNanos();
    if (nanos == MISSING) value.setAbsent();
    else value.setText(this.format.render(nanos));
  }
}


@final
export class TimeRow extends OperatorRow {
  constructor(
    name: Bytes,
    private instant: Instant,
    private zone: Zone,
  ) {
    super(name, Arguments.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const isLocal = this.zone == Zone.Local;
    if (isLocal && maker.offsetMinutes == NO_OFFSET) {
      return refused(command, 'needs a time zone; set format.utcOffset, such as "+02:00"');
    }
    const fallback = isLocal ? DEFAULT_LOCAL_FORMAT : DEFAULT_FORMAT;
    const offsetMinutes = isLocal ? maker.offsetMinutes : 0;
    const compiled = compileTimeFormat(lengthOf(given) == 0 ? fallback : given, offsetMinutes);
    const format = compiled.value;
    if (format === null) return refusedWith(command, nameOf(command) + ": " + compiled.error);
    if (this.instant == Instant.Start) maker.usesStart = true;
    return success<Operator>(new TimeOperator(format, this.instant));
  }
}
