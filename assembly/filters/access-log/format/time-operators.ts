// %START_TIME(…)% and %EMIT_TIME(…)%.
import { Operator, Value } from "./operator";
import { MISSING, RecordView } from "../record";
import { TimeFormat } from "./time-format";


@final
export class StartTimeOperator extends Operator {
  constructor(private format: TimeFormat) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const start = record.startNanos();
    if (start == MISSING) value.setAbsent();
    else value.setText(this.format.render(start));
  }
}


@final
export class EmitTimeOperator extends Operator {
  constructor(private format: TimeFormat) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setText(this.format.render(record.nowNanos()));
  }
}
