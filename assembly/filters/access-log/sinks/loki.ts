// Loki's push API (POST /loki/api/v1/push) in its JSON form: one stream with the sink's labels, the line as it is. Labels
// are fixed by the configuration: one that a client could choose would make streams without end.
import { Bytes, owned, text, view } from "../../../lib/bytes";
import { writeJsonText } from "../../../lib/json/write";
import { Writer } from "../../../lib/writer";
import { Encoder } from "../format/encoder";
import { NamedText, writeJsonObject } from "../format/named-text";
import { Line } from "../format/line";

const CONTENT_TYPE = text("application/json");
const STREAM = text('{"streams":[{"stream":');
const VALUES = text(',"values":[');
const END = text("]}]}");
const ENTRY = text('["');
const LINE = text('",');
const ENTRY_END = text("],");


@final
export class LokiEncoder extends Encoder {
  private readonly head: StaticArray<u8>;

  constructor(labels: NamedText[]) {
    super();
    const writer = new Writer();
    writer.bytes(STREAM);
    writeJsonObject(writer, labels);
    writer.bytes(VALUES);
    this.head = owned(writer.view());
  }

  get contentType(): Bytes {
    return CONTENT_TYPE;
  }

  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    to.bytes(ENTRY);
    to.decimal(line.unixNanos);
    to.bytes(LINE);
    writeJsonText(to, line.bytes);
    to.bytes(ENTRY_END);
  }

  begin(to: Writer, recordBytes: i32): void {
    to.bytes(view(this.head));
  }

  /** The comma behind the last entry goes. */
  end(to: Writer): void {
    to.truncate(to.length - 1);
    to.bytes(END);
  }
}
