// How the request ended: status, flags, bytes, durations.
import { Bytes, NONE, equal, lengthOf, path, slice, text, toText } from "../../../../lib/bytes";
import { RESPONSE_FLAGS } from "../../../../lib/http/response-flags";
import { Result, success } from "../../../../lib/result";
import { MISSING, RecordView } from "../../record";
import { Piece } from "../command";
import { byteSize } from "./header";
import { Operator, Value, operatorText } from "./operator";
import { PropertyForm, PropertyOperator, Needs } from "./property";
import { Arguments, Choice, OperatorMaker, OperatorRow, chosen, partAt, refused } from "./row";

/** %RESPONSE_CODE%: 0 without a response. */
@final
export class ResponseCodeOperator extends Operator {
  evaluate(record: RecordView, value: Value): void {
    value.setInteger(record.code());
  }
}

const MILLI: i64 = 1_000_000;

/** %DURATION%: in whole milliseconds. */
@final
export class DurationOperator extends Operator {
  evaluate(record: RecordView, value: Value): void {
    const nanos = record.durationNanos();
    if (nanos == MISSING) value.setAbsent();
    else value.setInteger(nanos / MILLI);
  }
}

const REQUEST_TOTAL = path("request.total_size");

/** %BYTES_RECEIVED%: of the body. The host gives it only together with the headers'. */
@final
export class BytesReceivedOperator extends Operator {
  evaluate(record: RecordView, value: Value): void {
    const total = record.integer(REQUEST_TOTAL);
    if (total == MISSING) value.setAbsent();
    else value.setInteger(max<i64>(total - byteSize(record.request()), 0));
  }
}

const COMMA: u8 = 0x2c;
const NO_FLAG = text("-");

/**
 * %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG%: names with "," between; "-" for none, also in JSON.
 */
@final
export class FlagsOperator extends Operator {
  constructor(private hasLongNames: bool) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const flags = record.flags();
    if (flags == 0) return value.setText(NO_FLAG);
    operatorText.reset();
    for (let i = 0; i < RESPONSE_FLAGS.length; i++) {
      const flag = unchecked(RESPONSE_FLAGS[i]);
      if ((flags & flag.mask) == 0) continue;
      if (operatorText.length > 0) operatorText.byte(COMMA);
      operatorText.bytes(this.hasLongNames ? flag.longName : flag.shortName);
    }
    value.setText(operatorText.length == 0 ? NO_FLAG : operatorText.view());
  }
}

const COLON: u8 = 0x3a;
const BACKEND_LATENCY = path("response.backend_latency");
const UPSTREAM_POINTS = text("US_TX_BEG:US_RX_END");
const UNITS: Choice[] = [
  new Choice(text("ms"), PropertyForm.Millis),
  new Choice(text("us"), PropertyForm.Micros),
  new Choice(text("ns"), PropertyForm.Nanos),
];

/**
 * %COMMON_DURATION(…)%: the host tells of two time points alone, so only what the upstream took.
 */
@final
export class CommonDurationRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const unit = partAt(given, 2, COLON);
    const form = unit == NONE ? PropertyForm.Millis : chosen(UNITS, unit);
    if (form < 0 || partAt(given, 1, COLON) == NONE || partAt(given, 3, COLON) != NONE) {
      return refused(command, "takes two time points and ms, us or ns");
    }
    const points = unit == NONE ? given : slice(given, 0, lengthOf(given) - lengthOf(unit) - 1);
    if (!equal(points, UPSTREAM_POINTS)) {
      const problem = "of `" + toText(points) + "` is not available to Wasm filters";
      return refused(command, problem + "; US_TX_BEG:US_RX_END is");
    }
    const redaction = maker.redaction;
    const kind = <PropertyForm>form;
    return success<Operator>(new PropertyOperator(BACKEND_LATENCY, kind, redaction, Needs.Nothing));
  }
}
