// Retry-After of an answer, RFC 9110 section 10.2.3: seconds or a date. Reads the value; how long a
// sink may make us wait is bounded in delivery.ts.
import { Bytes, parseUnsigned, trimSpace } from "../../../lib/bytes";
import { NO_DATE, parseHttpDate } from "../../../lib/http/date";

/** Nothing usable was said. */
export const UNSTATED: i64 = -1;

const SECOND: i64 = 1_000_000_000;
/** A year: longer than any bound of ours, shorter than what would overflow. */
const SECONDS_MAX: i64 = 365 * 86_400;

/** How long to wait from `unixNanos` on, in nanoseconds; UNSTATED for what is not a time. */
export function retryAfterNanos(value: Bytes, unixNanos: i64): i64 {
  const trimmed = trimSpace(value);
  const seconds = parseUnsigned(trimmed);
  if (seconds >= 0) return min(seconds, SECONDS_MAX) * SECOND;
  const date = parseHttpDate(trimmed);
  if (date == NO_DATE) return UNSTATED;
  return max<i64>(0, min(date - unixNanos / SECOND, SECONDS_MAX)) * SECOND;
}
