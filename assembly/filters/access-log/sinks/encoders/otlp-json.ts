// OTLP logs in the JSON mapping of protobuf as OTLP changes it: ids are hexadecimal, 64-bit numbers
// are texts, enums are numbers (opentelemetry.io, OTLP specification 1.x, "JSON Protobuf
// Encoding").
import { Bytes, NONE, lengthOf, owned, parseUnsigned, text, view } from "../../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../../lib/json/document";
import { writeJsonText } from "../../../../lib/json/write";
import { Writer } from "../../../../lib/writer";
import { Encoder, entryNanos } from "./encoder";
import { NamedText } from "./named-text";
import { fieldsOf, severityText } from "./otlp";
import { Line } from "../../format/line";

const CONTENT_TYPE = text("application/json");
/** An answer's `partialSuccess` is small; a larger answer is not read. */
const ANSWER_DEPTH_MAX = 8;

const RESOURCE = text('{"resourceLogs":[{"resource":{"attributes":[');
const RECORDS = text(']},"scopeLogs":[{"scope":{"name":"gatehouse.access-log"},"logRecords":[');
const END = text("]}]}]}");

const TIME = text('{"timeUnixNano":"');
const OBSERVED = text('","observedTimeUnixNano":"');
const SEVERITY = text('","severityNumber":');
const SEVERITY_TEXT = text(',"severityText":');
const BODY = text(',"body":{"stringValue":');
const BODY_END = text("}");
const ATTRIBUTES = text(',"attributes":[');
const ATTRIBUTES_END = text("]");
const FLAGS = text(',"flags":1');
const TRACE = text(',"traceId":"');
const SPAN = text(',"spanId":"');
const RECORD_END = text("},");

const KEY = text('{"key":');
const VALUE = text(',"value":');
const STRING = text('{"stringValue":');
const INTEGER = text('{"intValue":"');
const DOUBLE = text('{"doubleValue":');
const BOOLEAN = text('{"boolValue":');
const LIST = text('{"arrayValue":{"values":[');
const MAP = text('{"kvlistValue":{"values":[');
const VALUES_END = text("]}}");

const COMMA: u8 = 0x2c;
const QUOTE: u8 = 0x22;
const CLOSE: u8 = 0x7d;

const PARTIAL_SUCCESS = text("partialSuccess");
const REJECTED = text("rejectedLogRecords");
const answerDocument = new JsonDocument();


@final
export class OtlpJsonEncoder extends Encoder {
  constructor(resource: NamedText[]) {
    super(CONTENT_TYPE, headOf(resource), END, true);
  }

  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    to.bytes(TIME);
    to.decimal(entryNanos(line, observedNanos));
    to.bytes(OBSERVED);
    to.decimal(observedNanos);
    to.bytes(SEVERITY);
    to.decimal(line.severity);
    to.bytes(SEVERITY_TEXT);
    writeJsonText(to, severityText(line.severity));
    to.bytes(BODY);
    writeJsonText(to, line.bytes);
    to.bytes(BODY_END);
    const fields = fieldsOf(line);
    if (fields !== null) {
      to.bytes(ATTRIBUTES);
      writeMembers(to, fields, 0);
      to.bytes(ATTRIBUTES_END);
    }
    if (line.isSampled) to.bytes(FLAGS);
    writeId(to, TRACE, line.traceId);
    writeId(to, SPAN, line.spanId);
    to.bytes(RECORD_END);
  }

  /**
   * `{"partialSuccess":{"rejectedLogRecords":"3"}}`; servers write the number with and without
   * quotes.
   */
  rejectedInPart(answer: Bytes): i64 {
    if (!answerDocument.parse(answer, lengthOf(answer), ANSWER_DEPTH_MAX)) return 0;
    const partial = answerDocument.find(0, PARTIAL_SUCCESS);
    const count = answerDocument.find(partial, REJECTED);
    if (answerDocument.is(count, JsonKind.String))
      return max<i64>(0, parseUnsigned(answerDocument.text(count)));
    return max<i64>(0, answerDocument.integer(count));
  }
}

function headOf(resource: NamedText[]): StaticArray<u8> {
  const writer = new Writer();
  writer.bytes(RESOURCE);
  for (let i = 0; i < resource.length; i++) {
    if (i > 0) writer.byte(COMMA);
    writer.bytes(KEY);
    writeJsonText(writer, view(resource[i].name));
    writer.bytes(VALUE);
    writer.bytes(STRING);
    writeJsonText(writer, view(resource[i].value));
    writer.byte(CLOSE);
    writer.byte(CLOSE);
  }
  writer.bytes(RECORDS);
  return owned(writer.view());
}

function writeId(to: Writer, name: Bytes, id: Bytes): void {
  if (id == NONE) return;
  to.bytes(name);
  to.hex(id);
  to.byte(QUOTE);
}

/** The members of an object as a list of keys with values. */
function writeMembers(to: Writer, fields: JsonDocument, object: i32): void {
  for (let child = fields.first(object); child >= 0; child = fields.after(child, object)) {
    if (child != fields.first(object)) to.byte(COMMA);
    to.bytes(KEY);
    writeJsonText(to, fields.key(child));
    to.bytes(VALUE);
    writeValue(to, fields, child);
    to.byte(CLOSE);
  }
}

function writeValue(to: Writer, fields: JsonDocument, node: i32): void {
  switch (fields.kind(node)) {
    case JsonKind.String:
      return writeScalar(to, STRING, fields.source(node));
    case JsonKind.Integer:
      to.bytes(INTEGER);
      to.decimal(fields.integer(node));
      to.byte(QUOTE);
      to.byte(CLOSE);
      return;
    case JsonKind.Double:
      // A number that no double holds would make the sink refuse the whole batch.
      if (isFinite(fields.number(node))) return writeScalar(to, DOUBLE, fields.source(node));
      to.bytes(STRING);
      writeJsonText(to, fields.source(node));
      to.byte(CLOSE);
      return;
    case JsonKind.Boolean:
      return writeScalar(to, BOOLEAN, fields.source(node));
    case JsonKind.Array:
      to.bytes(LIST);
      for (let child = fields.first(node); child >= 0; child = fields.after(child, node)) {
        if (child != fields.first(node)) to.byte(COMMA);
        writeValue(to, fields, child);
      }
      to.bytes(VALUES_END);
      return;
    case JsonKind.Object:
      to.bytes(MAP);
      writeMembers(to, fields, node);
      to.bytes(VALUES_END);
      return;
    default:
      to.byte(0x7b);
      to.byte(CLOSE);
  }
}

/** A value that stands in the line as it has to stand here. */
function writeScalar(to: Writer, name: Bytes, source: Bytes): void {
  to.bytes(name);
  to.bytes(source);
  to.byte(CLOSE);
}
