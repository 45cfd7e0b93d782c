// What the other three filters left, the trace of the request, times, constants, and the first of
// several operators that has a value.
import { Bytes, NONE, view } from "../../../lib/bytes";
import { ClaimPath } from "../../../lib/match/claim-path";
import { Operator, Value, ValueKind, truncated } from "./operator";
import { Action } from "../redact/redact-config";
import { Redaction, Shape } from "../redact/redaction";
import { MISSING, RecordView } from "../record";
import { TimeFormat } from "./time-format";
import { TraceContext } from "../select/trace-context";

/** %CLAIM(path)%: of the token that let the request in; a list or an object is absent. */
@final
export class ClaimOperator extends Operator {
  private action: Action;

  constructor(
    private path: ClaimPath,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
    this.action = redaction.ofClaim(path.property);
  }

  ask(record: RecordView, value: Value): void {
    const found = this.path.textIn(record.request());
    value.setText(truncated(this.redaction.header(this.action, Shape.Plain, found), this.length));
  }
}

/** %TRACE_ID% and %SPAN_ID%: as the request's headers have them. */
@final
export class TraceOperator extends Operator {
  private trace: TraceContext = new TraceContext();

  constructor(private ofSpan: bool) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    this.trace.read(record.request());
    value.setText(this.ofSpan ? this.trace.spanId : this.trace.traceId);
  }
}

/** %START_TIME(…)% and %EMIT_TIME(…)%. */
@final
export class TimeOperator extends Operator {
  constructor(
    private format: TimeFormat,
    private atStart: bool,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const nanos = this.atStart ? record.startNanos() : record.nowNanos();
    if (nanos == MISSING) value.setAbsent();
    else value.setText(this.format.render(nanos));
  }
}

/** The same text for every request; NONE is absent. It must live as long as this. */
@final
export class ConstantOperator extends Operator {
  constructor(private text: Bytes) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setText(this.text);
  }
}

/** %ENVIRONMENT(X)%: a variable of the virtual machine. */
@final
export class EnvironmentOperator extends Operator {
  constructor(
    private name: StaticArray<u8>,
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setText(truncated(record.variable(view(this.name)), this.length));
  }
}

/** %COALESCE({"operators": […]})%: the first that is there. */
@final
export class CoalesceOperator extends Operator {
  constructor(
    private operators: Operator[],
    private length: i32,
  ) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    for (let i = 0; i < this.operators.length; i++) {
      unchecked(this.operators[i]).ask(record, value);
      if (value.isEmpty) continue;
      if (value.kind == ValueKind.Text) value.setText(truncated(value.text, this.length));
      return;
    }
    value.setAbsent();
  }
}

/** What stands for an operator that was refused: the configuration is never used. */
export function nothing(): Operator {
  return new ConstantOperator(NONE);
}
