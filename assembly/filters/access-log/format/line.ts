// A finished log line with what a sink may want to know of it besides its bytes. One object is
// used again and again.
import { Bytes, EMPTY, NONE } from "../../../lib/bytes";

/** Severities of OpenTelemetry's log data model. */
export const enum Severity {
  Info = 9,
  Warn = 13,
  Error = 17,
}


@final
export class Line {
  /** One line of UTF-8, without a line end. Valid until the callback returns. */
  bytes: Bytes = EMPTY;
  /** Some of its values are not whole. */
  isCut: bool = false;
  /** When the request began. */
  unixNanos: i64 = 0;
  /** 16 bytes, or NONE. Valid until the callback returns. */
  traceId: Bytes = NONE;
  /** 8 bytes, or NONE. */
  spanId: Bytes = NONE;
  /** The trace's sampled flag. */
  isSampled: bool = false;
  severity: Severity = Severity.Info;
  /** The line is a JSON object. */
  isJson: bool = true;
}

/** The severity of a response's status; 0 means that the client got none. */
export function severityOf(code: i64): Severity {
  if (code >= 500 || code < 100) return Severity.Error;
  return code >= 400 ? Severity.Warn : Severity.Info;
}
