// A compiled line format: steps that write a line one after the other. JSON is valid and on one line
// whatever the values are; text is raw but for control characters and what is no UTF-8.
import { Bytes, at, bytes, owned, text } from "../../../lib/bytes";
import { writeJsonCharacters, writeJsonText } from "../../../lib/json/write";
import { Writer } from "../../../lib/writer";
import { RecordView } from "../record";
import { Operator, Value, ValueKind } from "./operators/operator";
import { writeTextCharacters } from "./text-escape";

const COMMA: u8 = 0x2c;
const OPEN_BRACE: u8 = 0x7b;
const OPEN_BRACKET: u8 = 0x5b;
const ABSENT = text("-");
const NULL = text("null");
const TRUE = text("true");
const FALSE = text("false");

/** How an operator's value is written. */
export const enum Style {
  /** The value as JSON: a string, a number, null. */
  JsonValue,
  /** A part of a JSON string. */
  JsonPart,
  Text,
}

/** A literal, and an operator behind it unless it is the last part of something. */
@final
export class Step {
  /**
   * Steps are a list of links, and their literals lie together: each request reads all of them
   * (tests/host/touched-memory.test.ts counts the lines of memory that this takes).
   */
  next: Step | null = null;
  /** Where its literal is among all of the format. */
  from: i32 = 0;
  length: i32 = 0;
  operator: Operator | null = null;
  style: Style = Style.Text;
  /** A member or item: a comma goes before it unless its container has just been opened. */
  isMember: bool = false;
  /** Left out together with its key when there is no value. */
  isOptional: bool = false;
}


@final
export class Format {
  private value: Value = new Value();
  private literals: StaticArray<u8>;

  constructor(
    readonly isJson: bool,
    private first: Step | null,
    /** The literals of all steps, one behind the other. */
    literals: Bytes,
    /** Without a value, a key is left out, and nothing stands in a text. */
    private omitEmpty: bool,
    /** Some operator asks when the request began. */
    private usesStart: bool,
  ) {
    this.literals = owned(literals);
  }

  /** Appends the line of `record`. */
  write(record: RecordView, to: Writer): void {
    const value = this.value;
    // With the begin known, the proxy need not be asked how long the request took.
    if (this.usesStart) record.startNanos();
    let step = this.first;
    while (step !== null) {
      this.writeStep(step, record, value, to);
      step = step.next;
    }
  }

  private writeStep(step: Step, record: RecordView, value: Value, to: Writer): void {
    const operator = step.operator;
    if (operator === null) return this.writeLiteral(step, to);
    operator.evaluate(record, value);
    if (step.isOptional && value.isEmpty) return;
    this.writeLiteral(step, to);
    this.writeValue(step.style, value, to);
  }

  private writeLiteral(step: Step, to: Writer): void {
    if (step.isMember && !isOpening(to)) to.byte(COMMA);
    to.bytes(bytes(changetype<usize>(this.literals) + <usize>step.from, step.length));
  }

  private writeValue(style: Style, value: Value, to: Writer): void {
    switch (value.kind) {
      case ValueKind.Integer:
        return to.decimal(value.integer);
      case ValueKind.Boolean:
        return to.bytes(value.integer != 0 ? TRUE : FALSE);
      case ValueKind.Text:
        if (style == Style.JsonValue) writeJsonText(to, value.text);
        else if (style == Style.JsonPart) writeJsonCharacters(to, value.text);
        else writeTextCharacters(to, value.text);
        return;
      default:
        if (style == Style.JsonValue) to.bytes(NULL);
        else if (!this.omitEmpty) to.bytes(ABSENT);
    }
  }
}

/** Whether a container has just been opened. A value never ends so: strings end with a quote. */
function isOpening(to: Writer): bool {
  if (to.length == 0) return true;
  const last = at(to.viewFrom(to.length - 1), 0);
  return last == OPEN_BRACE || last == OPEN_BRACKET;
}
