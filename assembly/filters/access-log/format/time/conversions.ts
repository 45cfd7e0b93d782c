// strftime's conversions of one letter: one row per letter.
import { Bytes, EMPTY, equal, slice, text } from "../../../../lib/bytes";
import { Writer } from "../../../../lib/writer";
import { Moment } from "./moment";

const BLANK: u8 = 0x20;
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


@final
export class Conversion {
  constructor(
    readonly letter: Bytes,
    /** Writes what the letter stands for. */
    readonly write: (moment: Moment, to: Writer) => void,
    /** The conversions that the letter is short for; EMPTY for a letter of its own. */
    readonly shortFor: Bytes = EMPTY,
  ) {}
}

const CONVERSIONS: Conversion[] = [
  new Conversion(text("Y"), (moment, to) => to.decimal(moment.year)),
  new Conversion(text("y"), (moment, to) => {
    to.unsigned(<u64>(((moment.year % 100) + 100) % 100), 2);
  }),
  new Conversion(text("m"), (moment, to) => to.unsigned(moment.month, 2)),
  new Conversion(text("d"), (moment, to) => to.unsigned(moment.day, 2)),
  new Conversion(text("e"), (moment, to) => {
    if (moment.day < 10) to.byte(BLANK);
    to.unsigned(moment.day);
  }),
  new Conversion(text("j"), (moment, to) => to.unsigned(moment.dayOfYear, 3)),
  new Conversion(text("H"), (moment, to) => to.unsigned(moment.hour, 2)),
  new Conversion(text("I"), (moment, to) => to.unsigned(((moment.hour + 11) % 12) + 1, 2)),
  new Conversion(text("M"), (moment, to) => to.unsigned(moment.minute, 2)),
  new Conversion(text("S"), (moment, to) => to.unsigned(moment.secondOfMinute, 2)),
  new Conversion(text("p"), (moment, to) => to.bytes(moment.hour < 12 ? text("AM") : text("PM"))),
  new Conversion(text("u"), (moment, to) => {
    to.unsigned(moment.weekDay == 0 ? 7 : moment.weekDay);
  }),
  new Conversion(text("w"), (moment, to) => to.unsigned(moment.weekDay)),
  new Conversion(text("a"), (moment, to) => to.bytes(short(DAYS[moment.weekDay]))),
  new Conversion(text("A"), (moment, to) => to.bytes(DAYS[moment.weekDay])),
  new Conversion(text("b"), (moment, to) => to.bytes(short(MONTHS[moment.month - 1]))),
  new Conversion(text("B"), (moment, to) => to.bytes(MONTHS[moment.month - 1])),
  new Conversion(text("s"), (moment, to) => to.decimal(moment.second)),
  new Conversion(text("Z"), (moment, to) => to.bytes(text("UTC"))),
  new Conversion(text("z"), (moment, to) => to.bytes(text("+0000"))),
  new Conversion(text("F"), nothing, text("%Y-%m-%d")),
  new Conversion(text("T"), nothing, text("%H:%M:%S")),
  new Conversion(text("D"), nothing, text("%m/%d/%y")),
  new Conversion(text("R"), nothing, text("%H:%M")),
  new Conversion(text("h"), nothing, text("%b")),
];

/** The conversion of a letter; null when there is none. */
export function conversionOf(letter: Bytes): Conversion | null {
  for (let i = 0; i < CONVERSIONS.length; i++) {
    if (equal(CONVERSIONS[i].letter, letter)) return CONVERSIONS[i];
  }
  return null;
}

function nothing(moment: Moment, to: Writer): void {}

function short(name: Bytes): Bytes {
  return slice(name, 0, SHORT_NAME_BYTES);
}
