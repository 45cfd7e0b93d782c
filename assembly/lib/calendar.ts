// Days and dates of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
// low-level date algorithms"), and instants as RFC 3339 writes them. No time zones but offsets,
// no leap seconds.
import { Bytes, at, lengthOf } from "./bytes";

/** Days from 1970-01-01 to a date. `month` 1 to 12, `day` 1 to 31. */
export function daysFromCivil(year: i64, month: i32, day: i32): i64 {
  const shifted = month <= 2 ? year - 1 : year;
  const era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const yearOfEra = shifted - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A date, filled by `set`; one object is used again and again. */
@final
export class Civil {
  year: i64 = 1970;
  /** 1 to 12. */
  month: i32 = 1;
  /** 1 to 31. */
  day: i32 = 1;

  /** The date of a day counted from 1970-01-01. */
  set(days: i64): void {
    const shifted = days + 719_468;
    const era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
    const dayOfEra = <i32>(shifted - era * 146_097);
    const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const shiftedMonth = (5 * dayOfYear + 2) / 153;
    this.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
    this.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
    this.year = yearOfEra + era * 400 + (this.month <= 2 ? 1 : 0);
  }
}

/** Not an instant. */
export const NOT_AN_INSTANT: i64 = i64.MIN_VALUE;

const SECOND: i64 = 1_000_000_000;

/**
 * `2026-11-24T09:00:00Z` or with a fraction and an offset (RFC 3339 section 5.6), in Unix
 * nanoseconds.
 */
export function parseInstant(view: Bytes): i64 {
  if (
    lengthOf(view) < 20 ||
    at(view, 4) != 0x2d ||
    at(view, 7) != 0x2d ||
    (at(view, 10) | 0x20) != 0x74
  )
    return NOT_AN_INSTANT;
  if (at(view, 13) != 0x3a || at(view, 16) != 0x3a) return NOT_AN_INSTANT;
  const year = digits(view, 0, 4);
  const month = digits(view, 5, 2);
  const day = digits(view, 8, 2);
  const hour = digits(view, 11, 2);
  const minute = digits(view, 14, 2);
  const second = digits(view, 17, 2);
  if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return NOT_AN_INSTANT;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return NOT_AN_INSTANT;
  let i = 19;
  let nanos: i64 = 0;
  if (at(view, i) == 0x2e) {
    let unit: i64 = SECOND / 10;
    const first = ++i;
    for (; i < lengthOf(view) && isDigit(at(view, i)); i++, unit /= 10)
      nanos += unit * (at(view, i) - 0x30);
    if (i == first) return NOT_AN_INSTANT;
  }
  const offset = offsetMinutes(view, i);
  if (offset == OFFSET_WRONG) return NOT_AN_INSTANT;
  const seconds =
    daysFromCivil(year, month, day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
  return seconds * SECOND + nanos;
}

const OFFSET_WRONG = i32.MAX_VALUE;

/** `Z` or `+01:00` from `from` to the end. */
function offsetMinutes(view: Bytes, from: i32): i32 {
  const left = lengthOf(view) - from;
  if (left == 1 && (at(view, from) | 0x20) == 0x7a) return 0;
  if (left != 6 || at(view, from + 3) != 0x3a) return OFFSET_WRONG;
  const sign = at(view, from);
  const hours = digits(view, from + 1, 2);
  const minutes = digits(view, from + 4, 2);
  if ((sign != 0x2b && sign != 0x2d) || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return OFFSET_WRONG;
  return sign == 0x2d ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

function daysIn(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * A number of exactly `count` digits at `from`; -1 when one is none. The caller has checked the
 * length.
 */
function digits(view: Bytes, from: i32, count: i32): i32 {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    if (!isDigit(at(view, i))) return -1;
    value = value * 10 + (at(view, i) - 0x30);
  }
  return value;
}
