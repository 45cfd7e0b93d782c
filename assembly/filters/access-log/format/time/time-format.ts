// Instants as the format of %START_TIME(…)% says: strftime's conversions as absl::FormatTime has
// them, and Envoy's own %s, %f and %1f to %9f. Compiled at configuration.
import { Bytes, lengthOf, text, view } from "../../../../lib/bytes";
import { Result, failure, success } from "../../../../lib/result";
import { Writer, decimal } from "../../../../lib/writer";
import { Moment } from "./moment";
import { NEEDED, Piece, PieceKind, readPieces } from "./piece";

const SECOND: i64 = 1_000_000_000;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
/** What a 64-bit count of nanoseconds tells apart. */
const DIGITS_MAX = 9;

/** Envoy's default. */
export const DEFAULT_FORMAT = text("%Y-%m-%dT%H:%M:%E3SZ");
/** Envoy's default of %START_TIME_LOCAL%. */
export const DEFAULT_LOCAL_FORMAT = text("%Y-%m-%dT%H:%M:%E3S%z");

const FORMAT_BYTES_MAX = 256;
/** No conversion writes more than this many times what it takes in the format: `%99d`. */
const RENDERED_BYTES_MAX = 32 * FORMAT_BYTES_MAX;

/** Compiles `format` for a zone; refuses a conversion that is not known. */
export function compileTimeFormat(format: Bytes, offsetMinutes: i32 = 0): Result<TimeFormat> {
  if (lengthOf(format) > FORMAT_BYTES_MAX) {
    const problem = "a time format longer than " + decimal(FORMAT_BYTES_MAX) + " bytes";
    return failure<TimeFormat>(problem);
  }
  const pieces: Piece[] = [];
  const unknown = readPieces(format, pieces);
  if (unknown.length > 0) return failure<TimeFormat>("unknown time conversion `" + unknown + "`");
  return success<TimeFormat>(new TimeFormat(pieces, offsetMinutes));
}


@final
export class TimeFormat {
  private writer: Writer = new Writer(RENDERED_BYTES_MAX);
  private moment: Moment;
  /** What `writer` holds the rendering of. */
  private renderedSecond: i64 = i64.MIN_VALUE;
  private renderedNanos: i64 = 0;
  /** Where the three digits of the only fraction begin; -1 when the rendering cannot be patched. */
  private patchAt: i32 = -1;

  constructor(
    private pieces: Piece[],
    offsetMinutes: i32,
  ) {
    this.moment = new Moment(offsetMinutes);
  }

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
      const from = to.length;
      const modifier = piece.modifier;
      conversion.write(this.moment, to);
      if (modifier !== null) modifier.apply(conversion, to, from);
    } else if (piece.kind == PieceKind.Literal) {
      to.bytes(view(piece.literal));
    } else if (piece.kind == PieceKind.Fraction) {
      writeFraction(to, nanos, piece.digits == NEEDED ? max(neededDigits(nanos), 1) : piece.digits);
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
  for (let i = digits; i < DIGITS_MAX; i++) value /= 10;
  to.unsigned(<u64>value, min(digits, DIGITS_MAX));
  for (let i = DIGITS_MAX; i < digits; i++) to.byte(ZERO);
}

/** Without trailing zeros. */
function neededDigits(nanos: i64): i32 {
  let digits = DIGITS_MAX;
  for (let rest = nanos; digits > 0 && rest % 10 == 0; rest /= 10) digits--;
  return digits;
}
