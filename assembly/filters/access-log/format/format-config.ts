// The settings of `format`, compiled into a Format.
import {
  Bytes,
  NONE,
  at as byteAt,
  equal,
  lengthOf,
  parseUnsigned,
  slice,
  text,
  view,
} from "../../../lib/bytes";
import { Cursor } from "../../../lib/config/reader";
import { JsonKind } from "../../../lib/json/document";
import { writeJsonCharacters, writeJsonText } from "../../../lib/json/write";
import { Writer, decimal } from "../../../lib/writer";
import { Redaction } from "../redact/redaction";
import { Template } from "./command";
import { Format, Style } from "./format";
import { TableMaker } from "./operators/maker";
import { ConstantOperator } from "./operators/constant";
import { NO_OFFSET } from "./operators/time";
import { LITERALS_MAX, StepList } from "./step-list";
import { writeTextCharacters } from "./text-escape";

const DEPTH_MAX = 16;
const VALUES_MAX = 256;
/** No zone of the earth is further from Greenwich. */
const HOURS_MAX: i64 = 14;
const COLON: u8 = 0x3a;
const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const QUOTE: u8 = 0x22;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
const OPEN_BRACKET: u8 = 0x5b;
const CLOSE_BRACKET: u8 = 0x5d;
const LINE_FEED: u8 = 0x0a;


@final
class DefaultField {
  constructor(
    readonly name: Bytes,
    readonly value: Bytes,
  ) {}
}

/** The line of the guide, when no format is set: one row per field. */
const DEFAULT_FIELDS: DefaultField[] = [
  new DefaultField(text("duration"), text("%DURATION%")),
  new DefaultField(text("method"), text("%REQ(:METHOD)%")),
  new DefaultField(text("path"), text("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%")),
  new DefaultField(text("status"), text("%RESPONSE_CODE%")),
  new DefaultField(text("timestamp"), text("%START_TIME%")),
  new DefaultField(text("trace_id"), text("%REQ(X-B3-TRACEID)%")),
  new DefaultField(text("upstream"), text("%UPSTREAM_HOST%")),
];

/** Reads the member `format`; missing is the guide's line. */
export function readFormat(parent: Cursor, redaction: Redaction): Format {
  const at = parent.object("format");
  const reader = new FormatReader(at.boolean("omitEmpty", false), redaction, readOffset(at));
  const kinds = (at.has("json") ? 1 : 0) + (at.has("fields") ? 1 : 0) + (at.has("text") ? 1 : 0);
  if (kinds > 1) at.refuse("", "expected only one of: json, fields, text");
  if (at.has("text")) reader.readText(at);
  else if (at.has("json")) reader.readObject(at.value("json"), 0);
  else if (at.has("fields")) reader.readFields(at);
  else if (at.node >= 0) at.refuse("", "expected one of: json, fields, text");
  else reader.readDefaults(at);
  at.done();
  return reader.compiled(at);
}


@final
class FormatReader {
  private isJson: bool = true;
  private steps: StepList;
  private literals: Writer;
  private maker: TableMaker;
  /** How many values have been read. */
  private values: i32 = 0;

  constructor(
    private omitEmpty: bool,
    redaction: Redaction,
    offsetMinutes: i32,
  ) {
    const steps = new StepList(omitEmpty);
    this.steps = steps;
    this.literals = steps.literals;
    this.maker = new TableMaker(redaction, offsetMinutes);
  }

  compiled(at: Cursor): Format {
    this.steps.endLiteral();
    if (this.literals.overflowed) {
      const most = decimal(LITERALS_MAX);
      at.refuse("", "longer than a line may be; expected at most " + most + " bytes of text");
    }
    const steps = this.steps;
    return new Format(
      this.isJson,
      this.maker.redaction,
      steps.first,
      this.literals.view(),
      this.omitEmpty,
      this.maker.usesStart,
      steps.operators,
      steps.fixedBytes,
      this.values,
    );
  }

  readDefaults(at: Cursor): void {
    this.literals.byte(OPEN_BRACE);
    for (let i = 0; i < DEFAULT_FIELDS.length; i++) {
      const field = DEFAULT_FIELDS[i];
      this.beginMember(i == 0, field.name);
      this.readTemplate(at, "", field.value, Style.JsonPart);
    }
    this.literals.byte(CLOSE_BRACE);
  }

  readText(at: Cursor): void {
    this.isJson = false;
    const owner = at.bytes("text");
    let source = view(owner);
    const length = lengthOf(source);
    // Each sink ends lines itself.
    const hasLineEnd = length > 0 && byteAt(source, length - 1) == LINE_FEED;
    if (hasLineEnd) source = slice(source, 0, length - 1);
    if (lengthOf(source) == 0) at.refuse("text", "expected at least one character");
    this.readTemplate(at, "text", source, Style.Text);
  }

  /** `fields`: names and values in their order. */
  readFields(parent: Cursor): void {
    const items = parent.list("fields");
    if (items.length == 0) parent.refuse("fields", "expected at least one field");
    this.literals.byte(OPEN_BRACE);
    for (let i = 0; i < items.length; i++) {
      const at = items[i];
      if (!at.expectObject()) continue;
      const name = at.bytes("name");
      if (isNameOfEarlier(items, i, view(name))) {
        at.refuse("name", "duplicate field name; names must be unique");
      }
      if (!at.has("value")) {
        const wanted = "a text with operators, a number, an object or a list";
        at.refuse("value", "missing; expected " + wanted);
      }
      this.readMember(i == 0, view(name), at.value("value"), 1);
      at.done();
    }
    this.literals.byte(CLOSE_BRACE);
  }

  readObject(at: Cursor, depth: i32): void {
    if (!at.expectObject()) return;
    const entries = at.entries();
    this.literals.byte(OPEN_BRACE);
    for (let i = 0; i < entries.length; i++) {
      this.readMember(i == 0, view(entries[i].key), entries[i].at, depth + 1);
    }
    this.literals.byte(CLOSE_BRACE);
  }

  private readMember(isFirst: bool, name: Bytes, value: Cursor, depth: i32): void {
    this.beginMember(isFirst, name);
    this.readValue(value, depth);
  }

  private beginMember(isFirst: bool, name: Bytes): void {
    this.steps.beginMember(isFirst);
    writeJsonText(this.literals, name);
    this.literals.byte(COLON);
  }

  private readList(at: Cursor, depth: i32): void {
    const document = at.document;
    let index = 0;
    this.literals.byte(OPEN_BRACKET);
    for (let node = document.first(at.node); node >= 0; node = document.after(node, at.node)) {
      this.steps.beginMember(index == 0);
      const pointer = at.pointer + "/" + decimal(index);
      this.readValue(new Cursor(document, node, pointer, at.errors), depth + 1);
      index++;
    }
    this.literals.byte(CLOSE_BRACKET);
  }

  private readValue(at: Cursor, depth: i32): void {
    if (depth > DEPTH_MAX) return at.refuse("", "nested deeper than " + decimal(DEPTH_MAX));
    if (++this.values > VALUES_MAX) {
      return at.refuse("", "more than " + decimal(VALUES_MAX) + " values");
    }
    switch (at.kind) {
      case JsonKind.String: {
        const owner = at.asBytes();
        return this.readTemplate(at, "", view(owner), Style.JsonPart);
      }
      case JsonKind.Object:
        return this.readObject(at, depth);
      case JsonKind.Array:
        return this.readList(at, depth);
      case JsonKind.Null:
        // As an operator without a value, so that omitEmpty leaves it out, as Envoy does.
        return this.steps.addOperator(new ConstantOperator(NONE), Style.JsonValue);
      default:
        // Numbers and booleans stand as they are.
        this.literals.bytes(at.document.source(at.node));
    }
  }

  /**
   * A template in the member `name`. In JSON one operator alone keeps its type; with anything
   * beside it the value is a string.
   */
  private readTemplate(at: Cursor, name: string, source: Bytes, style: Style): void {
    const template = new Template(source);
    const pieces = template.pieces;
    if (template.error.length > 0) return at.refuse(name, template.error);
    const isJson = style == Style.JsonPart;
    const isAlone = isJson && pieces.length == 1 && !pieces[0].isLiteral;
    const isString = isJson && !isAlone;
    if (isString) this.literals.byte(QUOTE);
    for (let i = 0; i < pieces.length; i++) {
      const literal = pieces[i].literal;
      if (!pieces[i].isLiteral) {
        const made = this.maker.make(pieces[i]);
        const operator = made.value;
        if (operator === null) return at.refuse(name, made.error);
        this.steps.addOperator(operator, isAlone ? Style.JsonValue : style);
      } else if (isString) {
        writeJsonCharacters(this.literals, literal);
      } else {
        writeTextCharacters(this.literals, literal);
      }
    }
    if (isString) this.literals.byte(QUOTE);
  }
}

function isNameOfEarlier(items: Cursor[], count: i32, name: Bytes): bool {
  for (let i = 0; i < count; i++) {
    if (items[i].isObject && equal(view(items[i].bytes("name")), name)) return true;
  }
  return false;
}

/** `utcOffset` in minutes: `+02:00`, `-03:30`. */
function readOffset(at: Cursor): i32 {
  if (!at.has("utcOffset")) return NO_OFFSET;
  const owner = at.bytes("utcOffset");
  const offset = view(owner);
  const hours = lengthOf(offset) == 6 ? parseUnsigned(slice(offset, 1, 3)) : -1;
  const minutes = hours < 0 ? -1 : parseUnsigned(slice(offset, 4));
  const isSigned = hours >= 0 && (byteAt(offset, 0) == PLUS || byteAt(offset, 0) == MINUS);
  const isTime = hours <= HOURS_MAX && minutes >= 0 && minutes < 60;
  if (!isSigned || !isTime || byteAt(offset, 3) != COLON) {
    at.refuse("utcOffset", 'expected a sign, hours and minutes, such as "+02:00"');
    return NO_OFFSET;
  }
  const size = <i32>(hours * 60 + minutes);
  return byteAt(offset, 0) == MINUS ? -size : size;
}
