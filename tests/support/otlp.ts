// Reads batches of logs as sinks send them, independently of the code that writes them: OTLP in
// both encodings, Loki's push API, NDJSON. OTLP comes back in one form, the JSON one, whatever it
// travelled as.
import { headerOf, type Received } from "./upstream.ts";

export interface OtlpRecord {
  timeUnixNano: string;
  observedTimeUnixNano: string;
  severityNumber: number;
  severityText: string;
  body: { stringValue: string };
  attributes: { key: string; value: unknown }[];
  flags: number;
  traceId: string;
  spanId: string;
}

export interface OtlpLogs {
  /** Attributes of the one resource. */
  resource: Record<string, string>;
  scope: string;
  records: OtlpRecord[];
}

/** The lines of a batch, whatever it is encoded in. */
export function linesOf(request: Received): string[] {
  if (request.path.endsWith("/v1/logs"))
    return otlpOf(request).records.map((record) => record.body.stringValue);
  if (request.path.endsWith("/push")) {
    const { streams } = JSON.parse(request.body.toString()) as {
      streams: { values: [string, string][] }[];
    };
    return streams.flatMap(({ values }) => values.map(([, line]) => line));
  }
  const text = request.body.toString();
  if (!text.endsWith("\n")) throw new Error(`not NDJSON: ${text.slice(-80)}`);
  return text.slice(0, -1).split("\n");
}

export function otlpOf(request: Received): OtlpLogs {
  const type = headerOf(request, "content-type");
  if (type === "application/x-protobuf") return fromProtobuf(request.body);
  const { resourceLogs } = JSON.parse(request.body.toString());
  const [{ resource, scopeLogs }] = resourceLogs;
  const attributes = resource.attributes.map((each: any) => [each.key, each.value.stringValue]);
  const records = scopeLogs[0].logRecords.map((record: any) => ({
    attributes: [],
    flags: 0,
    ...record,
  }));
  return { resource: Object.fromEntries(attributes), scope: scopeLogs[0].scope.name, records };
}

type Field = { field: number; value: bigint; bytes: Buffer };

/** The fields of one message in order. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("a message ends in the middle of a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number) => {
    if (at + length > message.length) throw new Error("a message ends in the middle of a field");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const field = Number(tag >> 3n);
    const type = tag & 7n;
    if (type === 0n) fields.push({ field, value: varint(), bytes: Buffer.alloc(0) });
    else if (type === 2n) fields.push({ field, value: 0n, bytes: take(Number(varint())) });
    else if (type === 1n) fields.push({ field, value: 0n, bytes: take(8) });
    else if (type === 5n) fields.push({ field, value: 0n, bytes: take(4) });
    else throw new Error(`wire type ${type}`);
  }
  return fields;
}

const all = (message: Buffer, field: number) =>
  fieldsOf(message).filter((each) => each.field === field);
const one = (message: Buffer, field: number): Field =>
  all(message, field)[0] ?? { field, value: 0n, bytes: Buffer.alloc(0) };
const strict = new TextDecoder("utf8", { fatal: true });

/** ExportLogsServiceRequest with one resource and one scope. */
function fromProtobuf(message: Buffer): OtlpLogs {
  const resourceLogs = one(message, 1).bytes;
  const scopeLogs = one(resourceLogs, 2).bytes;
  const attributes = all(one(resourceLogs, 1).bytes, 1).map(({ bytes }) => pairOf(bytes));
  return {
    resource: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
    scope: strict.decode(one(one(scopeLogs, 1).bytes, 1).bytes),
    records: all(scopeLogs, 2).map(({ bytes }) => recordOf(bytes)),
  };
}

function recordOf(record: Buffer): OtlpRecord {
  const flags = one(record, 8).bytes;
  return {
    timeUnixNano: String(one(record, 1).bytes.readBigUInt64LE()),
    observedTimeUnixNano: String(one(record, 11).bytes.readBigUInt64LE()),
    severityNumber: Number(one(record, 2).value),
    severityText: strict.decode(one(record, 3).bytes),
    body: valueOf(one(record, 5).bytes),
    attributes: all(record, 6).map(({ bytes }) => pairOf(bytes)),
    flags: flags.length > 0 ? flags.readUInt32LE() : 0,
    traceId: one(record, 9).bytes.toString("hex"),
    spanId: one(record, 10).bytes.toString("hex"),
  };
}

function pairOf(pair: Buffer): { key: string; value: any } {
  return { key: strict.decode(one(pair, 1).bytes), value: valueOf(one(pair, 2).bytes) };
}

/** AnyValue in its JSON form. */
function valueOf(value: Buffer): any {
  const [content] = fieldsOf(value);
  switch (content?.field) {
    case 1:
      return { stringValue: strict.decode(content.bytes) };
    case 2:
      return { boolValue: content.value === 1n };
    case 3:
      return { intValue: String(BigInt.asIntN(64, content.value)) };
    case 4:
      return { doubleValue: content.bytes.readDoubleLE() };
    case 5:
      return { arrayValue: { values: all(content.bytes, 1).map(({ bytes }) => valueOf(bytes)) } };
    case 6:
      return { kvlistValue: { values: all(content.bytes, 1).map(({ bytes }) => pairOf(bytes)) } };
    default:
      return {};
  }
}
