// %COALESCE({"operators": […]})%: the value of the first operator that has one.
import { Bytes, NONE, equal, text } from "../../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../../lib/json/document";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Piece } from "../command";
import { Operator, Value, ValueKind, truncated } from "./operator";
import { Arguments, Length, OperatorMaker, OperatorRow, refused } from "./row";

const OPERATORS_MAX = 16;
const SETTINGS_BYTES_MAX = 16 * 1024;


@final
class CoalesceOperator extends Operator {
  constructor(
    private operators: Operator[],
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    for (let i = 0; i < this.operators.length; i++) {
      unchecked(this.operators[i]).evaluate(record, value);
      if (value.isEmpty) continue;
      if (value.kind == ValueKind.Text) value.setText(truncated(value.text, this.length));
      return;
    }
    value.setAbsent();
  }
}

/**
 * `{"operators": ["PROTOCOL", {"command": "REQ", "param": ":AUTHORITY", "max_length": 10}]}`, as
 * Envoy has it.
 */
@final
export class CoalesceRow extends OperatorRow {
  constructor(name: Bytes) {
    super(name, Arguments.Required, Length.Optional);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const document = new JsonDocument();
    const isJson = document.parse(command.arguments, SETTINGS_BYTES_MAX);
    const list = isJson ? document.find(0, text("operators")) : -1;
    const count = document.is(list, JsonKind.Array) ? document.size(list) : 0;
    if (count < 1 || count > OPERATORS_MAX) {
      return refused(command, 'needs {"operators": [...]} with 1 to 16 operators');
    }
    const operators: Operator[] = [];
    for (let node = document.first(list); node >= 0; node = document.after(node, list)) {
      const inner = innerCommand(document, node, command.offset);
      if (inner === null || equal(inner.name, command.name)) {
        return refused(command, "has a bad operator");
      }
      const made = maker.make(inner);
      const operator = made.value;
      if (operator === null) return made;
      operators.push(operator);
    }
    return success<Operator>(new CoalesceOperator(operators, command.length));
  }
}

/** An item of `operators`: a name, or an object with command, param and max_length. */
function innerCommand(document: JsonDocument, node: i32, offset: i32): Piece | null {
  const command = document.find(node, text("command"));
  const name = command < 0 ? node : command;
  if (!document.is(name, JsonKind.String)) return null;
  const piece = new Piece(document.text(name), NONE, offset);
  const param = document.find(node, text("param"));
  if (document.is(param, JsonKind.String)) {
    piece.hasArguments = true;
    piece.arguments = document.text(param);
  }
  const length = document.find(node, text("max_length"));
  if (document.is(length, JsonKind.Integer)) {
    piece.length = <i32>min<i64>(max<i64>(document.integer(length), 0), i32.MAX_VALUE);
  }
  return piece;
}
