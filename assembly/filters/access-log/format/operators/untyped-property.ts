// A property whose type the host does not tell: metadata, filter state, what another filter left.
import { Bytes, NONE, at, lengthOf, owned, pointerOf, view } from "../../../../lib/bytes";
import { Result, success } from "../../../../lib/result";
import { RecordView } from "../../record";
import { Action } from "../../redact/action";
import { Redaction, Shape } from "../../redact/redaction";
import { Piece } from "../command";
import { Operator, Value, truncated } from "./operator";
import { OperatorMaker, OperatorRow } from "./row";

/** The largest integer that a double counts to without a gap is about this. */
const INTEGER_MAX: f64 = 9e15;

/**
 * What is printable is a text; else eight bytes are a double and one byte is a boolean. A structure
 * cannot be told from other bytes and is absent.
 */
@final
export class UntypedProperty extends Operator {
  constructor(
    private path: StaticArray<u8>,
    private redaction: Redaction,
    /** Of the whole value. */
    private action: Action,
    private length: i32,
  ) {
    super();
  }

  evaluate(record: RecordView, value: Value): void {
    const found = record.property(view(this.path));
    if (found == NONE) return value.setAbsent();
    if (this.action != Action.Keep || isPrintable(found)) {
      const clean = this.redaction.header(this.action, Shape.Plain, found);
      return value.setText(truncated(clean, this.length));
    }
    if (lengthOf(found) == 1) return value.setBoolean(load<u8>(pointerOf(found)) != 0);
    const double = lengthOf(found) == 8 ? load<f64>(pointerOf(found)) : NaN;
    const isWhole = double == Math.floor(double) && Math.abs(double) < INTEGER_MAX;
    if (isWhole) value.setInteger(<i64>double);
    else value.setAbsent();
  }
}

/** What another filter of ours left under the name `property`. */
@final
export class LeftPropertyRow extends OperatorRow {
  constructor(
    name: Bytes,
    private property: Bytes,
  ) {
    super(name);
  }

  make(command: Piece, maker: OperatorMaker): Result<Operator> {
    const path = owned(this.property);
    return success<Operator>(new UntypedProperty(path, maker.redaction, Action.Keep, -1));
  }
}

function isPrintable(text: Bytes): bool {
  for (let i = 0; i < lengthOf(text); i++) {
    const byte = at(text, i);
    if (byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return false;
  }
  return true;
}
