// What both encodings of OTLP logs (opentelemetry-proto 1.x, collector/logs/v1, OTLP/HTTP) have in
// common: the fields of a JSON line as they become attributes, and the words for severities.
import { Bytes, lengthOf, text } from "../../../../lib/bytes";
import { JsonDocument, JsonKind } from "../../../../lib/json/document";
import { Line, Severity } from "../../format/line";

/** Nesting of a line's fields; no format has more. */
const DEPTH_MAX = 32;

const INFO = text("INFO");
const WARN = text("WARN");
const ERROR = text("ERROR");

/** The fields of the line read last. */
const fields = new JsonDocument();

/** Reads the line's fields; null when it has none, being text. */
export function fieldsOf(line: Line): JsonDocument | null {
  if (!line.isJson || !fields.parse(line.bytes, lengthOf(line.bytes), DEPTH_MAX)) return null;
  return fields.is(0, JsonKind.Object) ? fields : null;
}

export function severityText(severity: Severity): Bytes {
  return severity == Severity.Error ? ERROR : severity == Severity.Warn ? WARN : INFO;
}
