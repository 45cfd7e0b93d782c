// How long a line may be, so that every sink takes it: a longer one is cut.
import { Cursor } from "../../lib/config/reader";
import { decimal } from "../../lib/writer";
import { Format } from "./format/format";
import { HEAD_BYTES } from "./sinks/queue";
import { SinkConfig } from "./sinks/sink-config";

const LINE_BYTES_MIN: i64 = 1024;
const LINE_BYTES_MAX: i64 = 1024 * 1024;
/** Loki refuses lines of more than 256 KiB unless it is told otherwise (`max_line_size`). */
const LINE_BYTES_DEFAULT: i64 = 128 * 1024;

// A record in a queue is the line, escaped as a JSON string (twice the line at most, since the line
// has no control characters), its fields as attributes (the line once more), and what OTLP's JSON
// has around each field and around the record.
const LINES_OF_RECORD = 3;
const BYTES_OF_VALUE = 64;
const BYTES_OF_RECORD = 512 + HEAD_BYTES;

/** Reads `maxLineBytes`; gives the limit with which each record fits its queue. */
export function readLineLimit(at: Cursor, format: Format, sinks: SinkConfig[]): i32 {
  const wanted = at.integer("maxLineBytes", LINE_BYTES_MIN, LINE_BYTES_MAX, LINE_BYTES_DEFAULT);
  const least = format.lineBytesMin;
  let limit = <i32>wanted;
  if (limit < least) {
    const fix = "expected at least " + decimal(least) + " for this format";
    at.refuse("maxLineBytes", fix);
  }
  for (let i = 0; i < sinks.length; i++) {
    const http = sinks[i].http;
    if (http === null) continue;
    const around = BYTES_OF_RECORD + BYTES_OF_VALUE * format.values;
    const room = (http.delivery.queueBytes - around) / LINES_OF_RECORD;
    if (room < least) {
      const wantedBytes = decimal(<i64>least * LINES_OF_RECORD + around);
      const place = "sinks/" + decimal(i) + "/http/queueBytes";
      at.errors.add("/" + place, "expected at least " + wantedBytes + " for this format");
    }
    limit = min(limit, room);
  }
  return limit;
}
