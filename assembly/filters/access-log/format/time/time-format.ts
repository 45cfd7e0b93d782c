// Instants as the format of %START_TIME(…)% says: strftime's conversions as absl::FormatTime has
// them, and Envoy's own %s, %f and %1f to %9f. In UTC, as Envoy's. Compiled at configuration.
import {
  Bytes,
  at,
  indexOf,
  lengthOf,
  owned,
  slice,
  text,
  toText,
  view,
} from "../../../../lib/bytes";
import { Result, failure, success } from "../../../../lib/result";
import { Writer, decimal } from "../../../../lib/writer";
import { Conversion, conversionOf } from "./conversions";
import { Moment } from "./moment";

const SECOND: i64 = 1_000_000_000;
const PERCENT: u8 = 0x25;
const POINT: u8 = 0x2e;
const STAR: u8 = 0x2a;

/** Envoy's default. */
export const DEFAULT_FORMAT = text("%Y-%m-%dT%H:%M:%E3SZ");

const FORMAT_BYTES_MAX = 256;
/** No conversion writes more than twenty times what it takes in the format. */
const RENDERED_BYTES_MAX = 20 * FORMAT_BYTES_MAX;

const enum PieceKind {
  Literal,
  Conversion,
  Fraction,
  /** `%E#S`, `%E*S`: seconds with a fraction. */
  SecondsAndFraction,
}

/** Digits of a fraction: as many as are needed. */
const NEEDED = -1;


@final
class Piece {
  kind: PieceKind = PieceKind.Literal;
  literal: StaticArray<u8> = new StaticArray<u8>(0);
  conversion: Conversion | null = null;
  /** Of a fraction. */
  digits: i32 = 0;

  static literal(text: Bytes): Piece {
    const piece = new Piece();
    piece.literal = owned(text);
    return piece;
  }

  static conversion(conversion: Conversion): Piece {
    const piece = new Piece();
    piece.kind = PieceKind.Conversion;
    piece.conversion = conversion;
    return piece;
  }

  static fraction(kind: PieceKind, digits: i32): Piece {
    const piece = new Piece();
    piece.kind = kind;
    piece.digits = digits;
    return piece;
  }
}

/** Compiles `format`; refuses a conversion that is not known. */
export function compileTimeFormat(format: Bytes): Result<TimeFormat> {
  if (lengthOf(format) > FORMAT_BYTES_MAX) {
    const problem = "a time format longer than " + decimal(FORMAT_BYTES_MAX) + " bytes";
    return failure<TimeFormat>(problem);
  }
  const pieces: Piece[] = [];
  const unknown = readPieces(format, pieces);
  if (unknown.length > 0) return failure<TimeFormat>("unknown time conversion `" + unknown + "`");
  return success<TimeFormat>(new TimeFormat(pieces));
}

/** Adds what `format` is made of; gives the first conversion that is not known, or nothing. */
function readPieces(format: Bytes, pieces: Piece[]): string {
  for (let from = 0; from < lengthOf(format);) {
    const percent = indexOf(format, PERCENT, from);
    const end = percent < 0 ? lengthOf(format) : percent;
    if (end > from) pieces.push(Piece.literal(slice(format, from, end)));
    if (percent < 0) break;
    const rest = slice(format, percent);
    const width = readSpecial(rest, pieces);
    if (width == 0) {
      const conversion = conversionOf(slice(rest, 1, 2));
      if (conversion === null) return toText(slice(rest, 0, 2));
      if (lengthOf(conversion.shortFor) > 0) readPieces(conversion.shortFor, pieces);
      else pieces.push(Piece.conversion(conversion));
    }
    from = percent + max(width, 2);
  }
  return "";
}

/** What is no conversion of one letter, at the begin of `rest`; gives its width, or 0. */
function readSpecial(rest: Bytes, pieces: Piece[]): i32 {
  const first = byteAt(rest, 1);
  const second = byteAt(rest, 2);
  if (first == PERCENT) {
    pieces.push(Piece.literal(slice(rest, 0, 1)));
    return 2;
  }
  if (first == 0x66 /* f */) {
    pieces.push(Piece.fraction(PieceKind.Fraction, 9));
    return 2;
  }
  if (first - 0x31 < 9 && second == 0x66) {
    pieces.push(Piece.fraction(PieceKind.Fraction, <i32>first - 0x30));
    return 3;
  }
  if (first != 0x45 /* E */) return 0;
  if (second == 0x7a /* z */) {
    pieces.push(Piece.literal(text("+00:00")));
    return 3;
  }
  if (byteAt(rest, 3) == 0x53 /* S */ && (second == STAR || second - 0x30 < 10)) {
    const digits = second == STAR ? NEEDED : <i32>second - 0x30;
    pieces.push(Piece.fraction(PieceKind.SecondsAndFraction, digits));
    return 4;
  }
  return 0;
}

/** 0 behind the end. */
function byteAt(text: Bytes, index: i32): u8 {
  return index < lengthOf(text) ? at(text, index) : 0;
}


@final
export class TimeFormat {
  private writer: Writer = new Writer(RENDERED_BYTES_MAX);
  private moment: Moment = new Moment();
  /** What `writer` holds the rendering of. */
  private renderedSecond: i64 = i64.MIN_VALUE;
  private renderedNanos: i64 = 0;
  /** Where the three digits of the only fraction begin; -1 when the rendering cannot be patched. */
  private patchAt: i32 = -1;

  constructor(private pieces: Piece[]) {}

  /** The text of `unixNanos`; valid until the next call. */
  render(unixNanos: i64): Bytes {
    const nanos = ((unixNanos % SECOND) + SECOND) % SECOND;
    const second = (unixNanos - nanos) / SECOND;
    if (second == this.renderedSecond && this.patchAt >= 0) {
      this.patch(nanos);
    } else if (second != this.renderedSecond || nanos != this.renderedNanos) {
      this.renderAnew(second, nanos);
    }
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
    this.moment.set(second);
    let fractions = 0;
    let fractionAt = -1;
    for (let i = 0; i < this.pieces.length; i++) {
      const piece = unchecked(this.pieces[i]);
      if (piece.kind >= PieceKind.Fraction) {
        fractions += piece.digits == 3 ? 1 : 2;
        const isAlone = piece.kind == PieceKind.Fraction;
        fractionAt = this.writer.length + (isAlone ? 0 : 3);
      }
      this.writePiece(piece, nanos);
    }
    if (fractions == 1 && !this.writer.overflowed) this.patchAt = fractionAt;
  }

  private writePiece(piece: Piece, nanos: i64): void {
    const to = this.writer;
    const conversion = piece.conversion;
    if (conversion !== null) {
      conversion.write(this.moment, to);
    } else if (piece.kind == PieceKind.Literal) {
      to.bytes(view(piece.literal));
    } else if (piece.kind == PieceKind.Fraction) {
      writeFraction(to, nanos, piece.digits);
    } else {
      to.unsigned(this.moment.secondOfMinute, 2);
      const digits = piece.digits == NEEDED ? neededDigits(nanos) : piece.digits;
      if (digits > 0) to.byte(POINT);
      if (digits > 0) writeFraction(to, nanos, digits);
    }
  }
}

/** Cut off, not rounded. */
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
