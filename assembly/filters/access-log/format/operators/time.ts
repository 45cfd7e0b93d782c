// %START_TIME(…)% and %EMIT_TIME(…)%.
import { Bytes, lengthOf } from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { MISSING, RecordView } from "../../record";
import { Piece } from "../command";
import { DEFAULT_FORMAT, TimeFormat, compileTimeFormat } from "../time/time-format";
import { Operator, Value } from "./operator";
import { Arguments, OperatorMaker, OperatorRow, nameOf, refusedWith } from "./row";

/** Which instant is written. */
export const enum Instant {
  /** The request began. */
  Start,
  /** The line is written. */
  Emit,
}


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
  ) {
    super(name, Arguments.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const compiled = compileTimeFormat(lengthOf(given) == 0 ? DEFAULT_FORMAT : given);
    const format = compiled.value;
    if (format === null) return refusedWith(command, nameOf(command) + ": " + compiled.error);
    if (this.instant == Instant.Start) maker.usesStart = true;
    return success<Operator>(new TimeOperator(format, this.instant));
  }
}
