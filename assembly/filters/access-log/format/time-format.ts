// Instants as the format of %START_TIME(…)% says: strftime's conversions as absl::FormatTime has
// them, and Envoy's own %s, %f and %1f to %9f. In UTC, as Envoy's. Compiled at configuration; a
// conversion that is not known refuses it.
import {
  Bytes,
  EMPTY,
  NONE,
  at,
  indexOf,
  lengthOf,
  owned,
  slice,
  text,
  unpacked,
  toText,
  view,
} from "../../../lib/bytes";
import { Civil, daysFromCivil } from "../../../lib/calendar";
import { Writer, decimal } from "../../../lib/writer";
import { wordAt } from "../words";

const SECOND: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;
const PERCENT: u8 = 0x25;

/** Envoy's default. */
export const DEFAULT_FORMAT = text("%Y-%m-%dT%H:%M:%E3SZ");

const FORMAT_BYTES_MAX = 256;
/** No conversion writes more than twenty times what it takes in the format. */
const RENDERED_BYTES_MAX = 20 * FORMAT_BYTES_MAX;

const DAYS = unpacked("Sunday Monday Tuesday Wednesday Thursday Friday Saturday");
const MONTHS = unpacked(
  "January February March April May June July August September October November December",
);

/** Conversions of one letter. */
const LETTERS = text("YmdHMSyjeIpuwaAbBsZz");

const enum Part {
  Literal = 0,
  /** A letter of LETTERS is its own code. */
  Fraction = 1,
  /** `%E#S`, `%E*S`: seconds with a fraction. */
  SecondsAndFraction = 2,
}


@final
class Piece {
  constructor(
    readonly kind: i32,
    /** Digits of a fraction; -1 for as many as are needed. */
    readonly digits: i32,
    readonly literal: StaticArray<u8>,
  ) {}
}


@final
export class TimeFormat {
  /** Why the last `compile` gave null. */
  static error: string = "";
  private pieces: Piece[] = [];
  private writer: Writer = new Writer(RENDERED_BYTES_MAX);
  private civil: Civil = new Civil();
  /**
   * The second whose rendering `writer` holds, when nothing in the format is finer than
   * `fraction` can patch.
   */
  private renderedSecond: i64 = i64.MIN_VALUE;
  private renderedNanos: i64 = 0;
  /**
   * Where the three digits of the only fraction begin, or -1 when the rendering cannot be
   * patched.
   */
  private patchAt: i32 = -1;

  /**
   * Compiles `format`; null when it has a conversion that is not known, with the reason in
   * `error`.
   */
  static compile(format: Bytes): TimeFormat | null {
    const compiled = new TimeFormat();
    if (lengthOf(format) <= FORMAT_BYTES_MAX) return compiled.read(format) ? compiled : null;
    TimeFormat.error = "a time format longer than " + decimal(FORMAT_BYTES_MAX) + " bytes";
    return null;
  }

  private read(format: Bytes): bool {
    for (let from = 0; from < lengthOf(format);) {
      const percent = indexOf(format, PERCENT, from);
      if (percent < 0) {
        this.add(Part.Literal, 0, slice(format, from));
        break;
      }
      if (percent > from) this.add(Part.Literal, 0, slice(format, from, percent));
      const width = this.conversion(slice(format, percent));
      if (width == 0) return false;
      from = percent + width;
    }
    return true;
  }

  private add(kind: i32, digits: i32, literal: Bytes = EMPTY): void {
    this.pieces.push(new Piece(kind, digits, owned(literal)));
  }

  /** Takes the conversion that `rest` begins with; gives its width, 0 when it is none. */
  private conversion(rest: Bytes): i32 {
    const letter = byteAt(rest, 1);
    const next = byteAt(rest, 2);
    const digit = letter - 0x31 < 9;
    if (letter == PERCENT) {
      this.add(Part.Literal, 0, slice(rest, 0, 1));
    } else if (letter == 0x66 || (digit && next == 0x66)) {
      this.add(Part.Fraction, digit ? <i32>letter - 0x30 : 9);
      return digit ? 3 : 2;
    } else if (letter == 0x45 && byteAt(rest, 3) == 0x53 && (next == 0x2a || next - 0x30 < 10)) {
      this.add(Part.SecondsAndFraction, next == 0x2a ? -1 : <i32>next - 0x30);
      return 4;
    } else if (letter == 0x45 && next == 0x7a) {
      this.add(Part.Literal, 0, text("+00:00"));
      return 3;
    } else if (indexOf(LETTERS, letter) >= 0) {
      this.add(<i32>letter, 0);
    } else {
      const several = severalOf(letter);
      if (several == NONE) {
        TimeFormat.error = "unknown time conversion `" + toText(slice(rest, 0, 2)) + "`";
        return 0;
      }
      this.read(several);
    }
    return 2;
  }

  /** The text of `unixNanos`; valid until the next call. */
  render(unixNanos: i64): Bytes {
    const nanos = ((unixNanos % SECOND) + SECOND) % SECOND;
    const second = (unixNanos - nanos) / SECOND;
    if (second == this.renderedSecond && this.patchAt >= 0) this.patch(nanos);
    else if (second != this.renderedSecond || nanos != this.renderedNanos)
      this.renderAnew(second, nanos);
    return this.writer.view();
  }

  /** Most lines share their second with the one before: then only three digits differ. */
  private patch(nanos: i64): void {
    const millis = <i32>(nanos / 1_000_000);
    const pointer = <usize>(<u32>this.writer.view()) + <usize>this.patchAt;
    store<u8>(pointer, <u8>(0x30 + millis / 100));
    store<u8>(pointer, <u8>(0x30 + ((millis / 10) % 10)), 1);
    store<u8>(pointer, <u8>(0x30 + (millis % 10)), 2);
  }

  private renderAnew(second: i64, nanos: i64): void {
    this.renderedSecond = second;
    this.renderedNanos = nanos;
    this.patchAt = -1;
    this.writer.reset();
    const ofDay = ((second % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    const day = (second - ofDay) / DAY_SECONDS;
    this.civil.set(day);
    let fractions = 0;
    let fractionAt = -1;
    for (let i = 0; i < this.pieces.length; i++) {
      const piece = unchecked(this.pieces[i]);
      if (piece.kind == Part.Fraction || piece.kind == Part.SecondsAndFraction) {
        fractions += piece.digits == 3 ? 1 : 2;
        fractionAt = this.writer.length + (piece.kind == Part.Fraction ? 0 : 3);
      }
      this.renderPiece(piece, second, <i32>ofDay, day, nanos);
    }
    if (fractions == 1 && !this.writer.overflowed) this.patchAt = fractionAt;
  }

  private renderPiece(piece: Piece, second: i64, ofDay: i32, day: i64, nanos: i64): void {
    const to = this.writer;
    if (piece.kind == Part.Literal) to.bytes(view(piece.literal));
    else if (piece.kind == Part.Fraction) writeFraction(to, nanos, piece.digits);
    else if (piece.kind == Part.SecondsAndFraction) {
      to.unsigned(<u64>(ofDay % 60), 2);
      const digits = piece.digits < 0 ? neededDigits(nanos) : piece.digits;
      if (digits > 0) to.byte(0x2e);
      if (digits > 0) writeFraction(to, nanos, digits);
    } else this.renderLetter(<u8>piece.kind, second, ofDay, day);
  }

  private renderLetter(letter: u8, second: i64, ofDay: i32, day: i64): void {
    const to = this.writer;
    const civil = this.civil;
    const hour = ofDay / 3600;
    const weekDay = <i32>((((day + 4) % 7) + 7) % 7);
    switch (letter) {
      case 0x59: // Y
        return to.decimal(civil.year);
      case 0x6d: // m
        return to.unsigned(civil.month, 2);
      case 0x64: // d
        return to.unsigned(civil.day, 2);
      case 0x65: // e
        if (civil.day < 10) to.byte(0x20);
        return to.unsigned(civil.day);
      case 0x48: // H
        return to.unsigned(hour, 2);
      case 0x49: // I
        return to.unsigned(((hour + 11) % 12) + 1, 2);
      case 0x4d: // M
        return to.unsigned((ofDay / 60) % 60, 2);
      case 0x53: // S
        return to.unsigned(ofDay % 60, 2);
      case 0x79: // y
        return to.unsigned(<u64>(((civil.year % 100) + 100) % 100), 2);
      case 0x6a: // j
        return to.unsigned(<u64>(day - daysFromCivil(civil.year, 1, 1) + 1), 3);
      case 0x70: // p
        return to.bytes(hour < 12 ? text("AM") : text("PM"));
      case 0x75: // u
        return to.unsigned(weekDay == 0 ? 7 : weekDay);
      case 0x77: // w
        return to.unsigned(weekDay);
      case 0x61: // a
        return to.bytes(slice(wordAt(DAYS, weekDay), 0, 3));
      case 0x41: // A
        return to.bytes(wordAt(DAYS, weekDay));
      case 0x62: // b
        return to.bytes(slice(wordAt(MONTHS, civil.month - 1), 0, 3));
      case 0x42: // B
        return to.bytes(wordAt(MONTHS, civil.month - 1));
      case 0x73: // s
        return to.decimal(second);
      case 0x5a: // Z
        return to.bytes(text("UTC"));
      default: // z
        return to.bytes(text("+0000"));
    }
  }
}

/** 0 behind the end. */
function byteAt(text: Bytes, index: i32): u8 {
  return index < lengthOf(text) ? at(text, index) : 0;
}

/** What a letter that stands for several conversions is short for; NONE for any other. */
function severalOf(letter: u8): Bytes {
  switch (letter) {
    case 0x46: // F
      return text("%Y-%m-%d");
    case 0x54: // T
      return text("%H:%M:%S");
    case 0x44: // D
      return text("%m/%d/%y");
    case 0x52: // R
      return text("%H:%M");
    case 0x68: // h
      return text("%b");
    default:
      return NONE;
  }
}

function writeFraction(to: Writer, nanos: i64, digits: i32): void {
  let value = nanos;
  for (let i = digits; i < 9; i++) value /= 10;
  to.unsigned(<u64>value, digits);
}

/** Without trailing zeros. */
function neededDigits(nanos: i64): i32 {
  let digits = 9;
  for (let rest = nanos; digits > 0 && rest % 10 == 0; rest /= 10) digits--;
  return digits;
}
