// A date of an HTTP header, in the one form that is still made (RFC 9110 section 5.6.7,
// IMF-fixdate): `Sun, 06 Nov 1994 08:49:37 GMT`.
import { Bytes, at, equal, lengthOf, parseUnsigned, slice, text } from "../bytes";
import { daysFromCivil } from "../calendar";

/** Not a date. */
export const NO_DATE: i64 = -1;

const LENGTH = 29;
const MONTHS = text("JanFebMarAprMayJunJulAugSepOctNovDec");
const GMT = text(" GMT");

/** In Unix seconds. */
export function parseHttpDate(value: Bytes): i64 {
  if (lengthOf(value) != LENGTH || !equal(slice(value, 25), GMT)) return NO_DATE;
  if (at(value, 3) != 0x2c || at(value, 19) != 0x3a || at(value, 22) != 0x3a) return NO_DATE;
  const month = monthOf(slice(value, 8, 11));
  const day = twoDigits(value, 5);
  const year = parseUnsigned(slice(value, 12, 16));
  const hour = twoDigits(value, 17);
  const minute = twoDigits(value, 20);
  const second = twoDigits(value, 23);
  // What is no number is above all bounds.
  if (month == 0 || day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 || second > 60)
    return NO_DATE;
  return daysFromCivil(year, month, <i32>day) * 86_400 + hour * 3600 + minute * 60 + second;
}

function twoDigits(value: Bytes, from: i32): u64 {
  return <u64>parseUnsigned(slice(value, from, from + 2));
}

/** 1 to 12; 0 for no name of a month. */
function monthOf(name: Bytes): i32 {
  for (let month = 0; month < 12; month++) {
    if (equal(slice(MONTHS, 3 * month, 3 * month + 3), name)) return month + 1;
  }
  return 0;
}
