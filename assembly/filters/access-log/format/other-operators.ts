// What the other three filters left, the trace of the request, constants, and the first of several operators that has a
// value.
import { NONE, view } from "../../../lib/bytes";
import { ClaimPath } from "../../../lib/match/claim-path";
import { Operator, Value, ValueKind, truncated } from "./operator";
import { Action } from "../redact/redact-config";
import { Redaction } from "../redact/redaction";
import { RecordView } from "../record";
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
    if (found == NONE) return value.setAbsent();
    const clean =
      this.action == Action.Keep ? this.redaction.plain(found) : this.redaction.replacement(this.action, found);
    value.setText(truncated(clean, this.length));
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

/** The same text for every request; an empty one is absent. */
@final
export class ConstantOperator extends Operator {
  constructor(private text: StaticArray<u8>) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    if (this.text.length == 0) value.setAbsent();
    else value.setText(view(this.text));
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
  return new ConstantOperator(new StaticArray<u8>(0));
}
