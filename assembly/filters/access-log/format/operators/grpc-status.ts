// %GRPC_STATUS(…)% and %GRPC_STATUS_NUMBER%: absent unless the request was gRPC.
import { Bytes, lengthOf, text } from "../../../../lib/bytes";
import { grpcStatusOf } from "../../../../lib/http/grpc-status";
import { Result, success } from "../../../../lib/result";
import { MISSING, RecordView, WRONG_STATUS } from "../../record";
import { Piece } from "../command";
import { Operator, Value, operatorText } from "./operator";
import { Arguments, Choice, OperatorMaker, OperatorRow, chosen, refusedChoice } from "./row";

export const enum GrpcForm {
  Camel,
  Snake,
  Number,
}

/** As Envoy writes a status that is no number. */
const WRONG_STATUS_WRITTEN: i64 = -1;

const FORMS: Choice[] = [
  new Choice(text("CAMEL_STRING"), GrpcForm.Camel),
  new Choice(text("SNAKE_STRING"), GrpcForm.Snake),
  new Choice(text("NUMBER"), GrpcForm.Number),
];


@final
export class GrpcStatusOperator extends Operator {
  constructor(private form: GrpcForm) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const status = record.grpcStatus();
    if (status == MISSING) return value.setAbsent();
    const code = status == WRONG_STATUS ? WRONG_STATUS_WRITTEN : status;
    if (this.form == GrpcForm.Number) return value.setInteger(code);
    const row = grpcStatusOf(code);
    if (row === null) return value.setText(codeText(code));
    value.setText(this.form == GrpcForm.Snake ? row.snakeName : row.camelName);
  }
}

/** A code without a name stays a text, as in Envoy. */
function codeText(code: i64): Bytes {
  operatorText.reset();
  operatorText.decimal(code);
  return operatorText.view();
}


@final
export class GrpcStatusRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    const form = lengthOf(given) == 0 ? GrpcForm.Camel : chosen(FORMS, given);
    if (form < 0) return refusedChoice(command, FORMS);
    return success<Operator>(new GrpcStatusOperator(<GrpcForm>form));
  }
}
