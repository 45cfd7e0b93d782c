// The conversions of a time format that are no fractions of a second: one row each. What they write
// is what Envoy 1.36 and 1.40 write (absl::FormatTime, and glibc's strftime in the C locale).
import {
  Bytes,
  EMPTY,
  at,
  indexOf,
  lengthOf,
  slice,
  startsWith,
  text,
} from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { Moment } from "./moment";

const BLANK: u8 = 0x20;
const COLON: u8 = 0x3a;
const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const SHORT_NAME_BYTES = 3;

const DAYS: Bytes[] = [
  text("Sunday"),
  text("Monday"),
  text("Tuesday"),
  text("Wednesday"),
  text("Thursday"),
  text("Friday"),
  text("Saturday"),
];

const MONTHS: Bytes[] = [
  text("January"),
  text("February"),
  text("March"),
  text("April"),
  text("May"),
  text("June"),
  text("July"),
  text("August"),
  text("September"),
  text("October"),
  text("November"),
  text("December"),
];

/** What a conversion is filled up with; it says which flags it takes (modifier.ts). */
export const enum Pad {
  /** It takes no flags. */
  None,
  Zero,
  Blank,
  /** A text: it takes flags for upper and lower case. */
  Text,
}


@final
export class Conversion {
  constructor(
    /** What stands behind the percent sign. */
    readonly name: Bytes,
    readonly pad: Pad,
    readonly write: (moment: Moment, to: Writer) => void,
    /** Letters that may stand before the name and change nothing in the C locale. */
    readonly modifiers: Bytes = EMPTY,
    /** The conversions that the name is short for; EMPTY for one of its own. */
    readonly shortFor: Bytes = EMPTY,
  ) {}
}

const E = text("E");
const O = text("O");
const E_OR_O = text("EO");

/** Names of several characters first: the first that fits counts. */
const CONVERSIONS: Conversion[] = [
  new Conversion(text("E4Y"), Pad.None, (moment, to) => writeYear(to, moment.year, 4)),
  new Conversion(text("ET"), Pad.None, (moment, to) => to.bytes(text("T"))),
  new Conversion(text("E*z"), Pad.None, (moment, to) => writeOffset(to, moment, 3, COLON)),
  new Conversion(text("Ez"), Pad.None, (moment, to) => writeOffset(to, moment, 2, COLON)),
  new Conversion(text(":::z"), Pad.None, (moment, to) => writeShortOffset(to, moment)),
  new Conversion(text("::z"), Pad.None, (moment, to) => writeOffset(to, moment, 3, COLON)),
  new Conversion(text(":z"), Pad.None, (moment, to) => writeOffset(to, moment, 2, COLON)),
  new Conversion(text("z"), Pad.None, (moment, to) => writeOffset(to, moment, 2, 0)),
  new Conversion(text("Z"), Pad.Text, (moment, to) => writeZone(to, moment)),
  new Conversion(text("s"), Pad.None, (moment, to) => to.decimal(moment.second)),

  new Conversion(text("Y"), Pad.Zero, (moment, to) => writeYear(to, moment.year, 1), E),
  new Conversion(text("y"), Pad.Zero, (moment, to) => writeYearOfCentury(to, moment.year), E_OR_O),
  new Conversion(text("C"), Pad.Zero, (moment, to) => writeCentury(to, moment.year), E),
  new Conversion(text("G"), Pad.Zero, (moment, to) => writeYear(to, moment.isoYear, 1)),
  new Conversion(text("g"), Pad.Zero, (moment, to) => writeYearOfCentury(to, moment.isoYear)),
  new Conversion(text("m"), Pad.Zero, (moment, to) => to.unsigned(moment.month, 2), O),
  new Conversion(text("B"), Pad.Text, (moment, to) => to.bytes(MONTHS[moment.month - 1])),
  new Conversion(text("b"), Pad.Text, (moment, to) => writeShortMonth(to, moment)),
  new Conversion(text("h"), Pad.Text, (moment, to) => writeShortMonth(to, moment)),
  new Conversion(text("U"), Pad.Zero, (moment, to) => to.unsigned(moment.weekFromSunday, 2), O),
  new Conversion(text("W"), Pad.Zero, (moment, to) => to.unsigned(moment.weekFromMonday, 2), O),
  new Conversion(text("V"), Pad.Zero, (moment, to) => to.unsigned(moment.isoWeek, 2), O),
  new Conversion(text("j"), Pad.Zero, (moment, to) => to.unsigned(moment.dayOfYear, 3)),
  new Conversion(text("d"), Pad.Zero, (moment, to) => to.unsigned(moment.day, 2), O),
  new Conversion(text("e"), Pad.Blank, (moment, to) => writeBlankPadded(to, moment.day), O),
  new Conversion(text("u"), Pad.Zero, (moment, to) => to.unsigned(moment.isoWeekDay), O),
  new Conversion(text("w"), Pad.Zero, (moment, to) => to.unsigned(moment.weekDay), O),
  new Conversion(text("A"), Pad.Text, (moment, to) => to.bytes(DAYS[moment.weekDay])),
  new Conversion(text("a"), Pad.Text, (moment, to) => to.bytes(short(DAYS[moment.weekDay]))),

  new Conversion(text("H"), Pad.Zero, (moment, to) => to.unsigned(moment.hour, 2), O),
  new Conversion(text("k"), Pad.Blank, (moment, to) => writeBlankPadded(to, moment.hour)),
  new Conversion(text("I"), Pad.Zero, (moment, to) => to.unsigned(moment.hourOfHalfDay, 2), O),
  new Conversion(text("l"), Pad.Blank, (moment, to) => writeBlankPadded(to, moment.hourOfHalfDay)),
  new Conversion(text("M"), Pad.Zero, (moment, to) => to.unsigned(moment.minute, 2), O),
  new Conversion(text("S"), Pad.Zero, (moment, to) => to.unsigned(moment.secondOfMinute, 2), O),
  new Conversion(text("p"), Pad.Text, (moment, to) => {
    to.bytes(moment.hour < 12 ? text("AM") : text("PM"));
  }),
  new Conversion(text("P"), Pad.None, (moment, to) => {
    to.bytes(moment.hour < 12 ? text("am") : text("pm"));
  }),

  new Conversion(text("F"), Pad.None, nothing, EMPTY, text("%Y-%m-%d")),
  new Conversion(text("D"), Pad.None, nothing, EMPTY, text("%m/%d/%y")),
  new Conversion(text("x"), Pad.None, nothing, E, text("%m/%d/%y")),
  new Conversion(text("T"), Pad.None, nothing, EMPTY, text("%H:%M:%S")),
  new Conversion(text("X"), Pad.None, nothing, E, text("%H:%M:%S")),
  new Conversion(text("R"), Pad.None, nothing, EMPTY, text("%H:%M")),
  new Conversion(text("r"), Pad.None, nothing, EMPTY, text("%I:%M:%S %p")),
  new Conversion(text("c"), Pad.None, nothing, E, text("%a %b %e %H:%M:%S %Y")),
  new Conversion(text("t"), Pad.None, (moment, to) => to.byte(0x09)),
];

/** The conversion whose name `rest` begins with; null when there is none. */
export function conversionOf(rest: Bytes): Conversion | null {
  for (let i = 0; i < CONVERSIONS.length; i++) {
    if (startsWith(rest, CONVERSIONS[i].name)) return CONVERSIONS[i];
  }
  return null;
}

/** The one with a modifier before its name; null when it does not take this one. */
export function modifiedConversionOf(rest: Bytes): Conversion | null {
  if (lengthOf(rest) < 2) return null;
  const conversion = conversionOf(slice(rest, 1));
  if (conversion === null || indexOf(conversion.modifiers, at(rest, 0)) < 0) return null;
  return conversion;
}

function nothing(moment: Moment, to: Writer): void {}

function short(name: Bytes): Bytes {
  return slice(name, 0, SHORT_NAME_BYTES);
}

function writeShortMonth(to: Writer, moment: Moment): void {
  to.bytes(short(MONTHS[moment.month - 1]));
}

function writeBlankPadded(to: Writer, value: i32): void {
  if (value < 10) to.byte(BLANK);
  to.unsigned(value);
}

function writeYear(to: Writer, year: i64, width: i32): void {
  if (year < 0) to.byte(MINUS);
  to.unsigned(<u64>abs(year), width);
}

function writeYearOfCentury(to: Writer, year: i64): void {
  to.unsigned(<u64>(((year % 100) + 100) % 100), 2);
}

function writeCentury(to: Writer, year: i64): void {
  const century = (year - (((year % 100) + 100) % 100)) / 100;
  if (century < 0) to.byte(MINUS);
  to.unsigned(<u64>abs(century), 2);
}

/** Sign and two digits of each of `parts`: hours, minutes, seconds. */
function writeOffset(to: Writer, moment: Moment, parts: i32, separator: u8): void {
  const minutes = abs(moment.offsetMinutes);
  to.byte(moment.offsetMinutes < 0 ? MINUS : PLUS);
  to.unsigned(minutes / 60, 2);
  if (parts > 1 && separator != 0) to.byte(separator);
  if (parts > 1) to.unsigned(minutes % 60, 2);
  if (parts > 2) to.byte(separator);
  if (parts > 2) to.unsigned(0, 2);
}

/** No more parts than are needed. */
function writeShortOffset(to: Writer, moment: Moment): void {
  writeOffset(to, moment, moment.offsetMinutes % 60 == 0 ? 1 : 2, COLON);
}

/** Zones without a name of their own are written by their offset, as the tz database does. */
function writeZone(to: Writer, moment: Moment): void {
  if (moment.offsetMinutes == 0) to.bytes(text("UTC"));
  else writeOffset(to, moment, moment.offsetMinutes % 60 == 0 ? 1 : 2, 0);
}
