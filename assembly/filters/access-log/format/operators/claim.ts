// %CLAIM(path)%: of the token that let the request in; a list or an object is absent.
import { Bytes, NONE, indexOf, lengthOf } from "../../../../lib/bytes";
import { ClaimPath } from "../../../../lib/match/claim-path";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Action } from "../../redact/action";
import { Redaction, Shape } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator, Value, truncated } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, partAt, refused } from "./row";

const DOT: u8 = 0x2e;


@final
class ClaimOperator extends Operator {
  private action: Action;

  constructor(
    private path: ClaimPath,
    private redaction: Redaction,
    private length: i32,
  ) {
    super();
    this.action = redaction.ofClaim(path.property);
  }

  evaluate(record: RecordView, value: Value): void {
    const found = this.path.textIn(record.request());
    const clean = this.redaction.header(this.action, Shape.Plain, found);
    value.setText(truncated(clean, this.length));
  }
}


@final
export class ClaimRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const given = command.arguments;
    for (let i = 0; ; i++) {
      const step = partAt(given, i, DOT);
      if (step == NONE) break;
      const isName = lengthOf(step) > 0 && indexOf(step, 0) < 0;
      if (!isName) return refused(command, "needs a claim's name");
    }
    const path = ClaimPath.ofText(given);
    return success<Operator>(new ClaimOperator(path, maker.redaction, command.length));
  }
}
