// %ENVIRONMENT(X)%: a variable of the virtual machine (`vmConfig.env`).
import { Bytes, owned, view } from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Piece } from "../command";
import { Operator, Value, truncated } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow } from "./row";


@final
class EnvironmentOperator extends Operator {
  constructor(
    private name: StaticArray<u8>,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    value.setText(truncated(record.variable(view(this.name)), this.length));
  }
}


@final
export class EnvironmentRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const name = owned(command.arguments);
    return success<Operator>(new EnvironmentOperator(name, command.length));
  }
}
