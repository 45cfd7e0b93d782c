// Loki's push API (POST /loki/api/v1/push) in its JSON form: one stream with the sink's labels, the
// line as it is. Labels are fixed by the configuration: one that a client could choose would make
// streams without end.
import {
  Bytes,
  at,
  find,
  indexOf,
  lengthOf,
  owned,
  parseUnsigned,
  slice,
  text,
} from "../../../../lib/bytes";
import { writeJsonText } from "../../../../lib/json/write";
import { Writer } from "../../../../lib/writer";
import { Line } from "../../format/line";
import { Encoder, entryNanos } from "./encoder";
import { NamedText, writeJsonObject } from "./named-text";

const CONTENT_TYPE = text("application/json");
const STREAM = text('{"streams":[{"stream":');
const VALUES = text(',"values":[');
const END = text("]}]}");
const ENTRY = text('["');
const LINE = text('",');
const ENTRY_END = text("],");

const BAD_REQUEST = 400;
/** An ingester's words: `total ignored: 2 out of 512 for stream: …`. */
const TOTAL_IGNORED = text("total ignored: ");
/** A distributor's words about single entries: too long, too old, too new. */
const TOO_LONG = text("ax entry size ");
const TOO_OLD_OR_NEW = text("has timestamp too ");
/** Equal ones are counted: `3 errors like: …; …`. */
const ERRORS_LIKE = text(" errors like: ");
const SEPARATOR = text("; ");
const BLANK: u8 = 0x20;


@final
export class LokiEncoder extends Encoder {
  constructor(labels: NamedText[]) {
    super(CONTENT_TYPE, headOf(labels), END, false);
  }

  writeRecord(to: Writer, line: Line, observedNanos: i64): void {
    to.bytes(ENTRY);
    to.decimal(entryNanos(line, observedNanos));
    to.bytes(LINE);
    writeJsonText(to, line.bytes);
    to.bytes(ENTRY_END);
  }

  /** Loki answers 400 although it took the other entries of the batch. */
  rejected(status: i32, answer: Bytes, count: i32): i32 {
    if (status != BAD_REQUEST) return super.rejected(status, answer, count);
    const ignored = totalIgnored(answer) + invalidEntries(answer);
    return ignored > 0 ? <i32>min<i64>(ignored, count) : count;
  }
}

function totalIgnored(answer: Bytes): i64 {
  const place = find(answer, TOTAL_IGNORED);
  return place < 0 ? 0 : leadingNumber(slice(answer, place + lengthOf(TOTAL_IGNORED)));
}

function invalidEntries(answer: Bytes): i64 {
  let entries: i64 = 0;
  for (let from = 0; from < lengthOf(answer);) {
    const separator = find(answer, SEPARATOR, from);
    const end = separator < 0 ? lengthOf(answer) : separator;
    const message = slice(answer, from, end);
    const isOfEntry = find(message, TOO_LONG) >= 0 || find(message, TOO_OLD_OR_NEW) >= 0;
    if (isOfEntry) entries += errorsOf(message);
    from = end + lengthOf(SEPARATOR);
  }
  return entries;
}

/** How many errors a message stands for. */
function errorsOf(message: Bytes): i64 {
  const place = find(message, ERRORS_LIKE);
  let start = place;
  while (start > 0 && at(message, start - 1) - 0x30 < 10) start--;
  return place < 0 ? 1 : max<i64>(1, leadingNumber(slice(message, start)));
}

/** The number before the first blank; 0 when there is none. */
function leadingNumber(message: Bytes): i64 {
  const blank = indexOf(message, BLANK);
  return max<i64>(0, parseUnsigned(blank < 0 ? message : slice(message, 0, blank)));
}

function headOf(labels: NamedText[]): StaticArray<u8> {
  const writer = new Writer();
  writer.bytes(STREAM);
  writeJsonObject(writer, labels);
  writer.bytes(VALUES);
  return owned(writer.view());
}
