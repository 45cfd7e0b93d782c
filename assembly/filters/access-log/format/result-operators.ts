// How the request ended: status, flags, gRPC status, bytes, durations.
import { Bytes, NONE, path } from "../../../lib/bytes";
import { flagNames } from "./response-flags";
import { grpcStatusName } from "./grpc-status";
import { HeaderForm, byteSize, headersOf } from "./header-operators";
import { Operator, Value, answer } from "./operator";
import { MISSING, RecordView } from "../record";

const MILLI: i64 = 1_000_000;
const REQUEST_TOTAL = path("request.total_size");

/** The first three are the HeaderForms of the same number. */
export const enum ResultForm {
  RequestHeadersBytes = 0,
  ResponseHeadersBytes = 1,
  ResponseTrailersBytes = 2,
  /** The body's; the host gives it only together with the headers'. */
  BytesReceived = 3,
  /** 0 without a response. */
  Code = 4,
  /** In whole milliseconds. */
  Duration = 5,
  /** "-" for none, also in JSON. */
  Flags = 6,
  LongFlags = 7,
  /** Of gRPC; absent unless the request was that. */
  GrpcNumber = 8,
  GrpcCamel = 9,
  GrpcSnake = 10,
}


@final
export class ResultOperator extends Operator {
  constructor(private form: ResultForm) {
    super();
  }

  ask(record: RecordView, value: Value): void {
    const form = this.form;
    if (form == ResultForm.Flags || form == ResultForm.LongFlags)
      return value.setText(flagNames(record.flags(), form == ResultForm.LongFlags));
    const number = this.number(record);
    if (number == MISSING) value.setAbsent();
    else if (form < ResultForm.GrpcCamel) value.setInteger(number);
    else value.setText(statusText(number, form == ResultForm.GrpcSnake));
  }

  private number(record: RecordView): i64 {
    switch (this.form) {
      case ResultForm.BytesReceived: {
        const total = record.integer(REQUEST_TOTAL);
        return total == MISSING ? MISSING : max<i64>(total - byteSize(record.request()), 0);
      }
      case ResultForm.Code:
        return record.code();
      case ResultForm.Duration: {
        const nanos = record.durationNanos();
        return nanos == MISSING ? MISSING : nanos / MILLI;
      }
      case ResultForm.RequestHeadersBytes:
      case ResultForm.ResponseHeadersBytes:
      case ResultForm.ResponseTrailersBytes:
        return byteSize(headersOf(record, <HeaderForm>this.form));
      default:
        return record.grpcStatus();
    }
  }
}

/** A code without a name stays a text, as in Envoy. */
function statusText(code: i64, snake: bool): Bytes {
  const name = grpcStatusName(code, snake);
  if (name != NONE) return name;
  answer.reset();
  answer.decimal(code);
  return answer.view();
}
