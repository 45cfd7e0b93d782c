// An operator that has the same text, or none, for every request.
import { Bytes } from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Piece } from "../command";
import { Operator, Value } from "./operator";
import { OperatorMaker, OperatorRow } from "./row";


@final
export class ConstantOperator extends Operator {
  /** NONE: no value. */
  constructor(private text: Bytes) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    value.setText(this.text);
  }
}


@final
export class ConstantRow extends OperatorRow {
  /** `text` is a constant of the module. */
  constructor(
    name: Bytes,
    private text: Bytes,
  ) {
    super(name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    return success<Operator>(new ConstantOperator(this.text));
  }
}
