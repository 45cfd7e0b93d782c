// %TRACE_ID% and %SPAN_ID%: as the request's headers have them.
import { RecordView } from "../../record";
import { TraceContext } from "../../select/trace-context";
import { Operator, Value } from "./operator";


@final
export class TraceOperator extends Operator {
  private trace: TraceContext = new TraceContext();

  constructor(private ofSpan: bool) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    this.trace.read(record.request());
    value.setText(this.ofSpan ? this.trace.spanId : this.trace.traceId);
  }
}
