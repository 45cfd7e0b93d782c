// The line's format: JSON or text with operators, compiled into steps that write a line one after
// the other. JSON is valid and on one line whatever the values are; text is raw but for control
// characters and what is no UTF-8.
import {
  Bytes,
  at as byteAt,
  bytes,
  equal,
  lengthOf,
  owned,
  slice,
  text,
  unpacked,
  view,
} from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { JsonDocument, JsonKind } from "../../../lib/json/document";
import { writeJsonCharacters, writeJsonText } from "../../../lib/json/write";
import { Writer, decimal } from "../../../lib/writer";
import { Template } from "./command";
import { Operator, Value, ValueKind } from "./operator";
import { OperatorMaker } from "./operator-maker";
import { RecordView } from "../record";
import { Redaction } from "../redact/redaction";
import { writeTextCharacters } from "./text-escape";

const DEPTH_MAX = 16;
const FIELDS_MAX = 256;
/** Of all literals together; a longer line is never written either. */
const LITERALS_MAX = 0x100000;
const COMMA: u8 = 0x2c;
const QUOTE: u8 = 0x22;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
const OPEN_BRACKET: u8 = 0x5b;
const LINE_FEED: u8 = 0x0a;
const ABSENT = text("-");
const NULL = text("null");
const TRUE = text("true");
const FALSE = text("false");

/** The line of the guide, when no format is set. */
const DEFAULT_FIELDS = unpacked(
  '{"duration":"%DURATION%","method":"%REQ(:METHOD)%","path":"%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%","status":"%RESPONSE_CODE%","timestamp":"%START_TIME%","trace_id":"%REQ(X-B3-TRACEID)%","upstream":"%UPSTREAM_HOST%"}',
);

/** How an operator's value is written. */
const enum Style {
  /** The value as JSON: a string, a number, null. */
  JsonValue,
  /** A part of a JSON string. */
  JsonPart,
  Text,
}

/** A literal, and an operator behind it unless it is the last piece of something. */
@final
class Step {
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
  isJson: bool = true;
  private first: Step | null = null;
  private last: Step | null = null;
  /** The literals of all steps, one behind the other: each request reads all of them. */
  private literals: StaticArray<u8> = new StaticArray<u8>(0);
  private literal: Writer = new Writer(LITERALS_MAX);
  /** Where in it the next step's literal begins. */
  private literalFrom: i32 = 0;
  private omitEmpty: bool = false;
  private maker: OperatorMaker;
  private value: Value = new Value();
  private fields: i32 = 0;
  /** The next literal begins a member. */
  private opensMember: bool = false;

  private constructor(redaction: Redaction) {
    this.maker = new OperatorMaker(redaction);
  }

  /** Reads the member `format`; missing is the guide's line. */
  static read(parent: Cursor, redaction: Redaction): Format {
    const format = new Format(redaction);
    const at = parent.object("format");
    format.omitEmpty = at.boolean("omitEmpty", false);
    const kinds = (at.has("json") ? 1 : 0) + (at.has("fields") ? 1 : 0) + (at.has("text") ? 1 : 0);
    if (kinds > 1) at.refuse("", "expected only one of: json, fields, text");
    if (at.has("text")) format.readText(at);
    else if (at.has("json")) format.readObject(at.value("json"), 0);
    else if (at.has("fields")) format.readFields(at);
    else if (at.node >= 0) at.refuse("", "expected one of: json, fields, text");
    else format.readObject(defaultFields(at), 0);
    at.done();
    format.endLiteral();
    format.literals = owned(format.literal.view());
    if (format.literal.overflowed)
      at.refuse(
        "",
        "longer than a line may be; expected at most " + decimal(LITERALS_MAX) + " bytes of text",
      );
    return format;
  }

  private readText(at: Cursor): void {
    this.isJson = false;
    let source = view(at.bytes("text"));
    const length = lengthOf(source);
    // A line's end is the sink's affair.
    if (length > 0 && byteAt(source, length - 1) == LINE_FEED)
      source = slice(source, 0, length - 1);
    if (lengthOf(source) == 0) at.refuse("text", "expected at least one character");
    this.readPieces(at, "text", source, Style.Text);
  }

  /** `fields`: names and values in their order. */
  private readFields(parent: Cursor): void {
    const items = parent.list("fields");
    if (items.length == 0) parent.refuse("fields", "expected at least one field");
    this.literal.byte(OPEN_BRACE);
    for (let i = 0; i < items.length; i++) {
      const at = items[i];
      if (!at.expectObject()) continue;
      const name = at.bytes("name");
      for (let k = 0; k < i; k++) {
        if (items[k].isObject && equal(view(items[k].bytes("name")), view(name))) {
          at.refuse("name", "the name of another field too");
        }
      }
      if (!at.has("value"))
        at.refuse(
          "value",
          "missing; expected a text with operators, a number, an object or a list",
        );
      this.readMember(i == 0, view(name), at.value("value"), 1);
      at.done();
    }
    this.literal.byte(CLOSE_BRACE);
  }

  private readObject(at: Cursor, depth: i32): void {
    if (!at.expectObject()) return;
    const entries = at.entries();
    this.literal.byte(OPEN_BRACE);
    for (let i = 0; i < entries.length; i++) {
      this.readMember(i == 0, view(entries[i].key), entries[i].at, depth + 1);
    }
    this.literal.byte(CLOSE_BRACE);
  }

  private readMember(isFirst: bool, name: Bytes, value: Cursor, depth: i32): void {
    this.beginMember(isFirst);
    writeJsonText(this.literal, name);
    this.literal.byte(0x3a);
    this.readValue(value, depth);
  }

  private readList(at: Cursor, depth: i32): void {
    const document = at.document;
    let index = 0;
    this.literal.byte(OPEN_BRACKET);
    for (let node = document.first(at.node); node >= 0; node = document.after(node, at.node)) {
      this.beginMember(index == 0);
      this.readValue(
        new Cursor(document, node, at.pointer + "/" + decimal(index), at.errors),
        depth + 1,
      );
      index++;
    }
    this.literal.byte(0x5d);
  }

  private readValue(at: Cursor, depth: i32): void {
    if (depth > DEPTH_MAX) return at.refuse("", "nested deeper than " + decimal(DEPTH_MAX));
    if (++this.fields > FIELDS_MAX)
      return at.refuse("", "more than " + decimal(FIELDS_MAX) + " values");
    switch (at.kind) {
      case JsonKind.String:
        return this.readPieces(at, "", view(at.asBytes()), Style.JsonPart);
      case JsonKind.Object:
        return this.readObject(at, depth);
      case JsonKind.Array:
        return this.readList(at, depth);
      case JsonKind.Null:
        return at.refuse(
          "",
          "expected a text with operators, a number, true, false, an object or a list",
        );
      default:
        // Numbers and booleans stand as they are.
        this.literal.bytes(at.document.source(at.node));
    }
  }

  /**
   * A template in the member `name`. One operator alone keeps its type in JSON; with anything
   * beside it the value is a string.
   */
  private readPieces(at: Cursor, name: string, source: Bytes, style: Style): void {
    const template = new Template(source);
    const pieces = template.pieces;
    const isAlone = style == Style.JsonPart && pieces.length == 1 && !pieces[0].isLiteral;
    const isString = style == Style.JsonPart && !isAlone;
    if (template.error.length > 0) return at.refuse(name, template.error);
    if (isString) this.literal.byte(QUOTE);
    for (let i = 0; i < pieces.length; i++) {
      const literal = pieces[i].literal;
      if (!pieces[i].isLiteral)
        this.addOperator(this.maker.make(pieces[i]), isAlone ? Style.JsonValue : style);
      else if (isString) writeJsonCharacters(this.literal, literal);
      else writeTextCharacters(this.literal, literal);
      if (this.maker.error.length > 0) at.refuse(name, this.maker.error);
    }
    if (isString) this.literal.byte(QUOTE);
  }

  /**
   * A comma that is always there is part of the literal; with omitEmpty it depends on what came
   * before.
   */
  private beginMember(isFirst: bool): void {
    if (this.omitEmpty) {
      this.endLiteral();
      this.opensMember = true;
    } else if (!isFirst) {
      this.literal.byte(COMMA);
    }
  }

  private addOperator(operator: Operator, style: Style): void {
    const step = this.takeLiteral();
    step.operator = operator;
    step.style = style;
    step.isOptional = style == Style.JsonValue && this.omitEmpty;
  }

  private endLiteral(): void {
    if (this.literal.length > this.literalFrom) this.takeLiteral();
  }

  /** One step more, with the literal that has come together. */
  private takeLiteral(): Step {
    const step = new Step();
    step.from = this.literalFrom;
    step.length = this.literal.length - this.literalFrom;
    step.isMember = this.opensMember;
    this.literalFrom = this.literal.length;
    this.opensMember = false;
    const last = this.last;
    if (last === null) this.first = step;
    else last.next = step;
    this.last = step;
    return step;
  }

  /** Appends the line of `record`. */
  write(record: RecordView, to: Writer): void {
    const value = this.value;
    // Known first, the begin spares the proxy the question how long the request took.
    if (this.maker.usesStart) record.startNanos();
    let step = this.first;
    while (step !== null) {
      this.writeStep(step, record, value, to);
      step = step.next;
    }
  }

  private writeStep(step: Step, record: RecordView, value: Value, to: Writer): void {
    const operator = step.operator;
    if (operator === null) return this.writeBefore(step, to);
    operator.ask(record, value);
    if (step.isOptional && value.isEmpty) return;
    this.writeBefore(step, to);
    this.writeValue(step.style, value, to);
  }

  private writeBefore(step: Step, to: Writer): void {
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

function defaultFields(at: Cursor): Cursor {
  const document = new JsonDocument();
  document.parse(DEFAULT_FIELDS, lengthOf(DEFAULT_FIELDS));
  return new Cursor(document, 0, "", at.errors);
}

/** Whether a container has just been opened. A value never ends so: strings end with a quote. */
function isOpening(to: Writer): bool {
  if (to.length == 0) return true;
  const last = byteAt(to.viewFrom(to.length - 1), 0);
  return last == OPEN_BRACE || last == OPEN_BRACKET;
}
