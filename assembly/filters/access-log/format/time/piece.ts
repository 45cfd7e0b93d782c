// What a time format is made of: texts, conversions, fractions of a second.
import { Bytes, at, indexOf, lengthOf, owned, slice, toText } from "../../../../lib/bytes";
import { Conversion, conversionOf, modifiedConversionOf } from "./conversions";
import { Modifier } from "./modifier";

const PERCENT: u8 = 0x25;
const STAR: u8 = 0x2a;
const LETTER_E: u8 = 0x45;
const LETTER_S: u8 = 0x53;
const LETTER_F: u8 = 0x66;
/** absl::FormatTime knows time to a femtosecond. */
const FRACTION_DIGITS_MAX = 15;

export const enum PieceKind {
  Literal,
  Conversion,
  Fraction,
  /** `%E#S`, `%E*S`: seconds with a fraction. */
  SecondsAndFraction,
}

/** Digits of a fraction: as many as are needed. */
export const NEEDED = -1;


@final
export class Piece {
  kind: PieceKind = PieceKind.Literal;
  literal: StaticArray<u8> = new StaticArray<u8>(0);
  conversion: Conversion | null = null;
  modifier: Modifier | null = null;
  /** Of a fraction. */
  digits: i32 = 0;

  static literal(text: Bytes): Piece {
    const piece = new Piece();
    piece.literal = owned(text);
    return piece;
  }

  static conversion(conversion: Conversion, modifier: Modifier | null = null): Piece {
    const piece = new Piece();
    piece.kind = PieceKind.Conversion;
    piece.conversion = conversion;
    piece.modifier = modifier;
    return piece;
  }

  static fraction(kind: PieceKind, digits: i32): Piece {
    const piece = new Piece();
    piece.kind = kind;
    piece.digits = digits;
    return piece;
  }
}

/** Adds what `format` is made of; gives the first conversion that is not known, or nothing. */
export function readPieces(format: Bytes, pieces: Piece[]): string {
  for (let from = 0; from < lengthOf(format);) {
    const percent = indexOf(format, PERCENT, from);
    const end = percent < 0 ? lengthOf(format) : percent;
    if (end > from) pieces.push(Piece.literal(slice(format, from, end)));
    if (percent < 0) break;
    const rest = slice(format, percent + 1);
    const width = readOne(rest, pieces);
    if (width == 0) return "%" + toText(slice(rest, 0, 1));
    from = percent + 1 + width;
  }
  return "";
}

/** The conversion that `rest` begins with, the percent sign left out; gives its width, or 0. */
function readOne(rest: Bytes, pieces: Piece[]): i32 {
  if (byteAt(rest, 0) == PERCENT) {
    pieces.push(Piece.literal(slice(rest, 0, 1)));
    return 1;
  }
  const width = readFraction(rest, pieces);
  if (width > 0) return width;
  const plain = conversionOf(rest);
  if (plain !== null) return addConversion(plain, null, 0, pieces);
  const modified = modifiedConversionOf(rest);
  if (modified !== null) return addConversion(modified, null, 1, pieces);
  const modifier = Modifier.read(rest);
  if (modifier === null) return 0;
  const behind = conversionOf(slice(rest, modifier.length));
  if (behind === null || !modifier.fits(behind)) return 0;
  return addConversion(behind, modifier, modifier.length, pieces);
}

/** `before` bytes stand before the conversion's name. */
function addConversion(
  conversion: Conversion,
  modifier: Modifier | null,
  before: i32,
  pieces: Piece[],
): i32 {
  if (lengthOf(conversion.shortFor) > 0) readPieces(conversion.shortFor, pieces);
  else pieces.push(Piece.conversion(conversion, modifier));
  return before + lengthOf(conversion.name);
}

/** `%f`, `%3f`, `%E3S`, `%E*S`, `%E3f`, `%E*f`; 0 for anything else. */
function readFraction(rest: Bytes, pieces: Piece[]): i32 {
  const first = byteAt(rest, 0);
  if (first == LETTER_F) {
    pieces.push(Piece.fraction(PieceKind.Fraction, 9));
    return 1;
  }
  if (first - 0x31 < 9 && byteAt(rest, 1) == LETTER_F) {
    pieces.push(Piece.fraction(PieceKind.Fraction, <i32>first - 0x30));
    return 2;
  }
  if (first != LETTER_E) return 0;
  let i = 1;
  let digits = 0;
  if (byteAt(rest, 1) == STAR) {
    digits = NEEDED;
    i = 2;
  } else {
    for (; byteAt(rest, i) - 0x30 < 10 && i < 3; i++) {
      digits = 10 * digits + (<i32>byteAt(rest, i) - 0x30);
    }
  }
  const letter = byteAt(rest, i);
  if (i == 1 || digits > FRACTION_DIGITS_MAX) return 0;
  if (letter == LETTER_S) pieces.push(Piece.fraction(PieceKind.SecondsAndFraction, digits));
  else if (letter == LETTER_F && digits != 0)
    pieces.push(Piece.fraction(PieceKind.Fraction, digits));
  else return 0;
  return i + 1;
}

/** 0 behind the end. */
function byteAt(text: Bytes, index: i32): u8 {
  return index < lengthOf(text) ? at(text, index) : 0;
}
