// OTLP logs as protobuf: ExportLogsServiceRequest (opentelemetry-proto 1.x,
// collector/logs/v1/logs_service.proto).
//
//   request { 1 resource_logs { 1 resource { 1 attributes … }  2 scope_logs { 1 scope { 1 name }  2 log_records … } } }
import { Bytes, EMPTY, NONE, lengthOf, owned, text, view } from "../../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../../lib/json/document";
import { writeUtf8 } from "../../../../lib/json/utf8";
import {
  ProtobufReader,
  ProtobufStatus,
  closeMessage,
  openMessage,
  putBytes,
  putFixed32,
  putFixed64,
  putUnsigned,
  putVarint,
} from "../../../../lib/protobuf";
import { Writer } from "../../../../lib/writer";
import { Encoder, entryNanos } from "./encoder";
import { NamedText } from "./named-text";
import { fieldsOf, severityText } from "./otlp";
import { Line } from "../../format/line";

const CONTENT_TYPE = text("application/x-protobuf");

/** `scope` of scope_logs: a message of 22 bytes, in it the field `name` of 20. */
const SCOPE = text("\n\x16\n\x14gatehouse.access-log");

const enum Field {
  RequestResourceLogs = 1,
  ResourceLogsResource = 1,
  ResourceLogsScopeLogs = 2,
  ResourceAttributes = 1,
  ScopeLogsRecords = 2,
  RecordTime = 1,
  RecordSeverity = 2,
  RecordSeverityText = 3,
  RecordBody = 5,
  RecordAttributes = 6,
  RecordFlags = 8,
  RecordTrace = 9,
  RecordSpan = 10,
  RecordObservedTime = 11,
  PairKey = 1,
  PairValue = 2,
  ValueString = 1,
  ValueBoolean = 2,
  ValueInteger = 3,
  ValueDouble = 4,
  ValueList = 5,
  ValueMap = 6,
  /** Of ArrayValue and of KeyValueList. */
  Values = 1,
  ResponsePartialSuccess = 1,
  PartialSuccessRejected = 1,
}

/** The tag of a length-delimited field below 16: one byte. */
const LENGTH_DELIMITED = 2;

const reader = new ProtobufReader();


@final
export class OtlpProtobufEncoder extends Encoder {
  constructor(resource: NamedText[]) {
    super(CONTENT_TYPE, headOf(resource), EMPTY, true);
  }

  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    const mark = openMessage(to, Field.ScopeLogsRecords);
    putFixed64(to, Field.RecordTime, entryNanos(line, observedNanos));
    putFixed64(to, Field.RecordObservedTime, observedNanos);
    putUnsigned(to, Field.RecordSeverity, line.severity);
    putBytes(to, Field.RecordSeverityText, severityText(line.severity));
    const body = openMessage(to, Field.RecordBody);
    const value = openMessage(to, Field.ValueString);
    writeUtf8(to, line.bytes);
    closeMessage(to, value);
    closeMessage(to, body);
    const fields = fieldsOf(line);
    if (fields !== null) putMembers(to, Field.RecordAttributes, fields, 0);
    if (line.isSampled) putFixed32(to, Field.RecordFlags, 1);
    if (line.traceId != NONE) putBytes(to, Field.RecordTrace, line.traceId);
    if (line.spanId != NONE) putBytes(to, Field.RecordSpan, line.spanId);
    closeMessage(to, mark);
  }

  /**
   * The lengths of the messages around the records are known before these are copied in: nothing
   * has to move.
   */
  begin(to: Writer, recordBytes: i32): void {
    const scopeLogs = lengthOf(SCOPE) + recordBytes;
    const resourceLogs = this.head.length + 1 + varintBytes(scopeLogs) + scopeLogs;
    putHead(to, Field.RequestResourceLogs, resourceLogs);
    to.bytes(view(this.head));
    putHead(to, Field.ResourceLogsScopeLogs, scopeLogs);
    to.bytes(SCOPE);
  }

  /** ExportLogsServiceResponse: partial_success (1) with rejected_log_records (1). */
  rejectedInPart(answer: Bytes): i64 {
    reader.start(answer);
    let partial: Bytes = 0;
    while (reader.next()) {
      if (reader.field == Field.ResponsePartialSuccess) partial = reader.content;
    }
    if (reader.status != ProtobufStatus.Ok) return 0;
    reader.start(partial);
    let count: i64 = 0;
    while (reader.next()) {
      if (reader.field == Field.PartialSuccessRejected) count = <i64>reader.value;
    }
    return max<i64>(0, count);
  }
}

/** `resource` of resource_logs, with its tag. */
function headOf(resource: NamedText[]): StaticArray<u8> {
  const writer = new Writer();
  const mark = openMessage(writer, Field.ResourceLogsResource);
  for (let i = 0; i < resource.length; i++) {
    const pair = openMessage(writer, Field.ResourceAttributes);
    putBytes(writer, Field.PairKey, view(resource[i].name));
    const value = openMessage(writer, Field.PairValue);
    putBytes(writer, Field.ValueString, view(resource[i].value));
    closeMessage(writer, value);
    closeMessage(writer, pair);
  }
  closeMessage(writer, mark);
  return owned(writer.view());
}

function putHead(to: Writer, field: u32, length: i32): void {
  to.byte(<u8>((field << 3) | LENGTH_DELIMITED));
  putVarint(to, length);
}

function varintBytes(value: i32): i32 {
  let count = 1;
  for (let rest = value >> 7; rest > 0; rest >>= 7) count++;
  return count;
}

/** The members of an object as pairs in the repeated field `field`. */
function putMembers(to: Writer, field: u32, fields: JsonDocument, object: i32): void {
  for (let child = fields.first(object); child >= 0; child = fields.after(child, object)) {
    const pair = openMessage(to, field);
    putBytes(to, Field.PairKey, fields.key(child));
    putValue(to, Field.PairValue, fields, child);
    closeMessage(to, pair);
  }
}

/** AnyValue; of null, the empty one. */
function putValue(to: Writer, field: u32, fields: JsonDocument, node: i32): void {
  const mark = openMessage(to, field);
  switch (fields.kind(node)) {
    case JsonKind.String:
      putBytes(to, Field.ValueString, fields.text(node));
      break;
    case JsonKind.Boolean:
      putUnsigned(to, Field.ValueBoolean, fields.boolean(node) ? 1 : 0);
      break;
    case JsonKind.Integer:
      putUnsigned(to, Field.ValueInteger, fields.integer(node));
      break;
    case JsonKind.Double:
      putFixed64(to, Field.ValueDouble, reinterpret<u64>(fields.number(node)));
      break;
    case JsonKind.Array:
      putList(to, fields, node);
      break;
    case JsonKind.Object:
      const map = openMessage(to, Field.ValueMap);
      putMembers(to, Field.Values, fields, node);
      closeMessage(to, map);
      break;
    default:
  }
  closeMessage(to, mark);
}

function putList(to: Writer, fields: JsonDocument, node: i32): void {
  const list = openMessage(to, Field.ValueList);
  for (let child = fields.first(node); child >= 0; child = fields.after(child, node)) {
    putValue(to, Field.Values, fields, child);
  }
  closeMessage(to, list);
}
