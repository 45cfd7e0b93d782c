// Retry-After of an answer, RFC 9110 section 10.2.3: seconds, or a date in the one form that
// servers send (IMF-fixdate, section 5.6.7). Knows the value; what a sink may ask for is
// delivery.ts's to bound.
import {
  Bytes,
  at,
  equal,
  lengthOf,
  parseUnsigned,
  slice,
  text,
  trimSpace,
} from "../../../lib/bytes";
import { daysFromCivil } from "../../../lib/calendar";

/** Nothing usable was said. */
export const UNSTATED: i64 = -1;

const SECOND: i64 = 1_000_000_000;
/** A year: longer than any bound of ours, shorter than what would overflow. */
const SECONDS_MAX: i64 = 365 * 86_400;
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const DATE_BYTES = 29;
const MONTHS = text("JanFebMarAprMayJunJulAugSepOctNovDec");
const GMT = text(" GMT");

/**
 * How long to wait from `unixNanos` on, in nanoseconds; UNSTATED for anything that is not a time.
 */
export function retryAfterNanos(value: Bytes, unixNanos: i64): i64 {
  const trimmed = trimSpace(value);
  const seconds = parseUnsigned(trimmed);
  if (seconds >= 0) return min(seconds, SECONDS_MAX) * SECOND;
  const date = fixDate(trimmed);
  if (date < 0) return UNSTATED;
  return max<i64>(0, min(date - unixNanos / SECOND, SECONDS_MAX)) * SECOND;
}

/** Unix seconds of an IMF-fixdate after 1970, or -1. The name of the day is not looked at. */
function fixDate(value: Bytes): i64 {
  if (lengthOf(value) != DATE_BYTES || at(value, 3) != 0x2c || !equal(slice(value, 25), GMT))
    return -1;
  const day = digits(value, 5, 2);
  const month = monthOf(slice(value, 8, 11));
  const year = digits(value, 12, 4);
  if (day < 1 || day > 31 || month == 0 || year < 1970) return -1;
  let time = 0;
  for (let i = 0; i < 3; i++) {
    const part = digits(value, 17 + 3 * i, 2);
    if (part < 0 || part > (i == 0 ? 23 : i == 1 ? 59 : 60)) return -1;
    time = 60 * time + part;
  }
  return daysFromCivil(year, month, day) * 86_400 + time;
}

/** 1 to 12, or 0. */
function monthOf(name: Bytes): i32 {
  for (let month = 1; month <= 12; month++) {
    if (equal(slice(MONTHS, 3 * month - 3, 3 * month), name)) return month;
  }
  return 0;
}

function digits(value: Bytes, from: i32, count: i32): i32 {
  return <i32>parseUnsigned(slice(value, from, from + count));
}
