// Loki's push API (POST /loki/api/v1/push) in its JSON form: one stream with the sink's labels, the line as it is. Labels
// are fixed by the configuration: one that a client could choose would make streams without end.
import { owned, text } from "../../../../lib/bytes";
import { writeJsonText } from "../../../../lib/json/write";
import { Writer } from "../../../../lib/writer";
import { Encoder } from "./encoder";
import { NamedText, writeJsonObject } from "./named-text";
import { Line } from "../../format/line";

const CONTENT_TYPE = text("application/json");
const STREAM = text('{"streams":[{"stream":');
const VALUES = text(',"values":[');
const END = text("]}]}");
const ENTRY = text('["');
const LINE = text('",');
const ENTRY_END = text("],");


@final
export class LokiEncoder extends Encoder {
  constructor(labels: NamedText[]) {
    super(CONTENT_TYPE, headOf(labels), END, false);
  }

  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    to.bytes(ENTRY);
    to.decimal(line.unixNanos);
    to.bytes(LINE);
    writeJsonText(to, line.bytes);
    to.bytes(ENTRY_END);
  }
}

function headOf(labels: NamedText[]): StaticArray<u8> {
  const writer = new Writer();
  writer.bytes(STREAM);
  writeJsonObject(writer, labels);
  writer.bytes(VALUES);
  return owned(writer.view());
}
