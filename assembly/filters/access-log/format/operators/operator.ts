// A compiled command operator: evaluated for a record, it gives a text, a number, a boolean or
// nothing.
import { Bytes, EMPTY, NONE, at, lengthOf, slice } from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { RecordView } from "../../record";

const DASH: u8 = 0x2d;

export const enum ValueKind {
  /** `-` in a text, `null` in JSON. */
  Absent,
  Text,
  Integer,
  Boolean,
}

/** The value of the operator evaluated last. One object for all of them. */
@final
export class Value {
  kind: ValueKind = ValueKind.Absent;
  /** Valid until the next operator is evaluated. */
  text: Bytes = EMPTY;
  /** The integer, or the boolean as 0 or 1. */
  integer: i64 = 0;

  /** Absent, or what Envoy writes for it. */
  get isEmpty(): bool {
    if (this.kind == ValueKind.Absent) return true;
    if (this.kind != ValueKind.Text) return false;
    return lengthOf(this.text) == 0 || (lengthOf(this.text) == 1 && at(this.text, 0) == DASH);
  }

  setAbsent(): void {
    this.kind = ValueKind.Absent;
  }

  /** NONE is "absent". */
  setText(text: Bytes): void {
    this.kind = text == NONE ? ValueKind.Absent : ValueKind.Text;
    this.text = text;
  }

  setInteger(integer: i64): void {
    this.kind = ValueKind.Integer;
    this.integer = integer;
  }

  /** A number below 0 is "absent". */
  setKnown(integer: i64): void {
    if (integer < 0) this.setAbsent();
    else this.setInteger(integer);
  }

  setBoolean(value: bool): void {
    this.kind = ValueKind.Boolean;
    this.integer = value ? 1 : 0;
  }
}

/** Where an operator puts its text together: the next evaluation may overwrite it. */
export const operatorText = new Writer();

export abstract class Operator {
  /** Puts what the operator stands for into `value`. */
  abstract evaluate(record: RecordView, value: Value): void;
}

/** The first `length` bytes; all when `length` is negative. */
export function truncated(text: Bytes, length: i32): Bytes {
  return length < 0 || text == NONE ? text : slice(text, 0, length);
}
