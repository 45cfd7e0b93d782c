// How the request ended: status, flags, gRPC status, bytes, durations.
import { Bytes, NONE } from "../../../lib/bytes";
import { Writer } from "../../../lib/writer";
import { flagNames } from "./response-flags";
import { grpcStatusName } from "./grpc-status";
import { byteSize } from "./header-operators";
import { Operator, Value } from "./operator";
import { propertyPath } from "./property-path";
import { MISSING, RecordView } from "../record";

const MILLI: i64 = 1_000_000;
const REQUEST_TOTAL = propertyPath("request.total_size");

/** %RESPONSE_CODE%: 0 without a response. */
@final
export class CodeOperator extends Operator {
  ask(record: RecordView, value: Value): void {
    value.setInteger(record.code());
  }
}

/** %DURATION%, in whole milliseconds. */
@final
export class DurationOperator extends Operator {
  ask(record: RecordView, value: Value): void {
    const nanos = record.durationNanos();
    if (nanos == MISSING) value.setAbsent();
    else value.setInteger(nanos / MILLI);
  }
}

/** %BYTES_RECEIVED%: the body's; the host gives it only together with the headers'. */
@final
export class BytesReceivedOperator extends Operator {
  ask(record: RecordView, value: Value): void {
    const total = record.integer(REQUEST_TOTAL);
    if (total == MISSING) value.setAbsent();
    else value.setInteger(max<i64>(total - byteSize(record.request()), 0));
  }
}

/** %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG%: "-" for none, also in JSON. */
@final
export class FlagsOperator extends Operator {
  constructor(private long: bool) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    value.setText(flagNames(record.flags(), this.long));
  }
}

export const enum GrpcForm {
  Camel,
  Snake,
  Number,
}

/** %GRPC_STATUS(…)%: absent unless the request was gRPC. */
@final
export class GrpcStatusOperator extends Operator {
  constructor(private form: GrpcForm) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const code = record.grpcStatus();
    if (code == MISSING) return value.setAbsent();
    if (this.form == GrpcForm.Number) return value.setInteger(code);
    const name = grpcStatusName(code, this.form == GrpcForm.Snake);
    value.setText(name != NONE ? name : digitsOf(code));
  }
}

const digits = new Writer(32);

/** A code without a name stays a text, as in Envoy. */
function digitsOf(code: i64): Bytes {
  digits.reset();
  digits.decimal(code);
  return digits.view();
}
