// Newline-delimited JSON: one value a line, as log shippers and HTTP inputs of most collectors take
// it.
import { EMPTY, text } from "../../../../lib/bytes";
import { writeJsonText } from "../../../../lib/json/write";
import { Writer } from "../../../../lib/writer";
import { Encoder, NOTHING } from "./encoder";
import { Line } from "../../format/line";

const CONTENT_TYPE = text("application/x-ndjson");
const MESSAGE = text('{"message":');
const NEWLINE: u8 = 0x0a;
const CLOSE: u8 = 0x7d;


@final
export class NdjsonEncoder extends Encoder {
  constructor() {
    super(CONTENT_TYPE, NOTHING, EMPTY, false);
  }

  /** A JSON line goes as it is; a line of text becomes the member `message` of an object. */
  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    if (line.isJson) {
      to.bytes(line.bytes);
    } else {
      to.bytes(MESSAGE);
      writeJsonText(to, line.bytes);
      to.byte(CLOSE);
    }
    to.byte(NEWLINE);
  }
}
