// A compiled line format: steps that write a line one after the other. JSON is valid and on one
// line whatever the values are; text is raw but for control characters and what is no UTF-8.
import { Bytes, at, bytes, owned, text } from "../../../lib/bytes";
import { writeJsonCharacters, writeJsonText } from "../../../lib/json/write";
import { Writer } from "../../../lib/writer";
import { RecordView } from "../record";
import { Redaction } from "../redact/redaction";
import { CUT_MARK, Escape, prefixThatFits } from "./cut";
import { Operator, Value, ValueKind } from "./operators/operator";
import { writeTextCharacters } from "./text-escape";

const COMMA: u8 = 0x2c;
const QUOTE: u8 = 0x22;
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

/** What an operator takes in a line that is cut: a number, or the beginning of a text. */
const VALUE_BYTES_MIN = 32;
/** Two quotes and the mark where a text is cut. */
const AROUND_BYTES = 5;

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
    private redaction: Redaction,
    private first: Step | null,
    /** The literals of all steps, one behind the other. */
    literals: Bytes,
    /** Without a value, a key is left out, and nothing stands in a text. */
    private omitEmpty: bool,
    /** Some operator asks when the request began. */
    private usesStart: bool,
    /** How many operators there are. */
    private operators: i32,
    /** What stands in each line whatever the values are: literals, and commas. */
    private fixedBytes: i32,
    /** How many texts, numbers, maps and lists it is made of. */
    readonly values: i32,
  ) {
    this.literals = owned(literals);
  }

  /** The least that a line may be limited to. */
  get lineBytesMin(): i32 {
    return this.fixedBytes + this.operators * VALUE_BYTES_MIN;
  }

  /** Appends the line of `record`. */
  write(record: RecordView, to: Writer): void {
    this.writeSteps(record, to, i32.MAX_VALUE);
  }

  /**
   * Appends the line in at most `lineBytesMax` bytes (at least `lineBytesMin`): each text has an
   * equal share of the room, and what is longer ends in "…".
   */
  writeCut(record: RecordView, to: Writer, lineBytesMax: i32): void {
    const room = lineBytesMax - this.fixedBytes;
    this.writeSteps(record, to, this.operators == 0 ? room : room / this.operators);
  }

  private writeSteps(record: RecordView, to: Writer, valueBytesMax: i32): void {
    // With the begin known, the proxy need not be asked how long the request took.
    if (this.usesStart) record.startNanos();
    this.redaction.beginLine();
    let step = this.first;
    // What comes behind a line that is too long already is made when it is cut.
    while (step !== null && !to.overflowed) {
      this.writeStep(step, record, to, valueBytesMax);
      step = step.next;
    }
  }

  private writeStep(step: Step, record: RecordView, to: Writer, valueBytesMax: i32): void {
    const value = this.value;
    const operator = step.operator;
    if (operator === null) return this.writeLiteral(step, to);
    operator.evaluate(record, value);
    if (step.isOptional && value.isEmpty) return;
    this.writeLiteral(step, to);
    if (value.kind != ValueKind.Text || valueBytesMax == i32.MAX_VALUE) {
      this.writeValue(step.style, value, to);
    } else {
      this.writeCutText(step.style, value, to, valueBytesMax - AROUND_BYTES);
    }
  }

  private writeCutText(style: Style, value: Value, to: Writer, most: i32): void {
    const source = value.text;
    const escape = style == Style.Text ? Escape.Text : Escape.Json;
    const prefix = prefixThatFits(source, most, escape);
    value.text = prefix;
    if (prefix == source) return this.writeValue(style, value, to);
    if (style == Style.JsonValue) to.byte(QUOTE);
    this.writeValue(style == Style.JsonValue ? Style.JsonPart : style, value, to);
    to.bytes(CUT_MARK);
    if (style == Style.JsonValue) to.byte(QUOTE);
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
