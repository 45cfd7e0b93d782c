// Envoy's operator language, read once: text with %COMMAND(arguments):length% in it, "%%" for a
// percent sign (source/common/formatter/substitution_formatter.cc). Knows the grammar, not what
// the commands mean.
import {
  Bytes,
  EMPTY,
  at,
  indexOf,
  lengthOf,
  parseUnsigned,
  slice,
  toText,
} from "../../../lib/bytes";
import { decimal } from "../../../lib/writer";

const PERCENT: u8 = 0x25;
const OPEN: u8 = 0x28;
const CLOSE: u8 = 0x29;
const COLON: u8 = 0x3a;
/** As many operators as anybody reads in a line. */
const PIECES_MAX = 512;
const LENGTH_MAX: i64 = 1_000_000;

/** A literal (`name` empty) or a command. Its texts lie in the template's source. */
@final
export class Piece {
  hasArguments: bool = false;
  arguments: Bytes = EMPTY;
  /** -1 when there is none. */
  length: i32 = -1;

  constructor(
    readonly name: Bytes,
    readonly literal: Bytes,
    /** Where it begins in the template, in bytes. */
    readonly offset: i32,
  ) {}

  get isLiteral(): bool {
    return lengthOf(this.name) == 0;
  }
}


@final
export class Template {
  pieces: Piece[] = [];
  /** What is wrong and where; empty when nothing is. */
  error: string = "";

  constructor(private source: Bytes) {
    for (let from = 0; from < lengthOf(source) && this.error.length == 0;) {
      const percent = indexOf(source, PERCENT, from);
      const end = percent < 0 ? lengthOf(source) : percent;
      const isDoubled = this.byte(end + 1) == PERCENT;
      const literal = slice(source, from, isDoubled ? end + 1 : end);
      if (lengthOf(literal) > 0) this.pieces.push(new Piece(EMPTY, literal, from));
      from = isDoubled ? end + 2 : percent < 0 ? end : this.readCommand(end);
    }
    if (this.pieces.length > PIECES_MAX) this.error = "more than " + decimal(PIECES_MAX) + " parts";
  }

  /** Reads the command whose percent sign is at `start`; gives the place behind it. */
  private readCommand(start: i32): i32 {
    const source = this.source;
    let i = start + 1;
    while (isNameByte(this.byte(i))) i++;
    const piece = new Piece(slice(source, start + 1, i), EMPTY, start);
    const name = "`%" + toText(piece.name);
    if (piece.isLiteral)
      return this.fail(start, "expected an operator behind `%`; a percent sign is `%%`");
    if (this.byte(i) == OPEN) {
      const close = this.closing(i + 1);
      if (close < 0) return this.fail(start, name + "(` is not closed; expected `)%`");
      piece.hasArguments = true;
      piece.arguments = slice(source, i + 1, close);
      i = close + 1;
    }
    if (this.byte(i) == COLON) {
      const end = this.digitsEnd(i + 1);
      const length = parseUnsigned(slice(source, i + 1, end));
      if (length < 0 || length > LENGTH_MAX)
        return this.fail(start, name + "` has a bad length behind `:`");
      piece.length = <i32>length;
      i = end;
    }
    if (this.byte(i) != PERCENT) return this.fail(start, name + "` is not closed; expected `%`");
    this.pieces.push(piece);
    return i + 1;
  }

  /** The first ")" that ends a command: with "%" or ":<digits>%" behind it. */
  private closing(from: i32): i32 {
    for (
      let close = indexOf(this.source, CLOSE, from);
      close >= 0;
      close = indexOf(this.source, CLOSE, close + 1)
    ) {
      const end = this.byte(close + 1) == COLON ? this.digitsEnd(close + 2) : close + 1;
      if (this.byte(end) == PERCENT) return close;
    }
    return -1;
  }

  private digitsEnd(from: i32): i32 {
    let i = from;
    while (this.byte(i) - 0x30 < 10) i++;
    return i;
  }

  /** 0 behind the end. */
  private byte(index: i32): u8 {
    return index < lengthOf(this.source) ? at(this.source, index) : 0;
  }

  private fail(offset: i32, message: string): i32 {
    this.error = message + " (at byte " + decimal(offset) + ")";
    return lengthOf(this.source);
  }
}

function isNameByte(byte: u8): bool {
  return byte - 0x41 < 26 || byte - 0x30 < 10 || byte == 0x5f;
}
