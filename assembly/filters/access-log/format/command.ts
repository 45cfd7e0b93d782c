// Envoy's operator language, read once: text with %COMMAND(arguments):length% in it, "%%" for a percent sign
// (source/common/formatter/substitution_formatter.cc). Knows the grammar, not what the commands mean.
import {
  Bytes,
  at,
  equal,
  indexOf,
  lengthOf,
  owned,
  parseUnsigned,
  slice,
  toText,
  utf8,
  view,
} from "../../../lib/bytes";

const PERCENT: u8 = 0x25;
const OPEN: u8 = 0x28;
const CLOSE: u8 = 0x29;
const COLON: u8 = 0x3a;
/** As many operators as anybody reads in a line. */
const PIECES_MAX = 512;
const LENGTH_MAX: i64 = 1_000_000;

/** A literal (`name` empty) or a command. */
@final
export class Piece {
  name: string = "";
  literal: StaticArray<u8> = new StaticArray<u8>(0);
  hasArguments: bool = false;
  arguments: StaticArray<u8> = new StaticArray<u8>(0);
  /** -1 when there is none. */
  length: i32 = -1;
  /** Where it begins in the template, in bytes. */
  offset: i32 = 0;

  get isLiteral(): bool {
    return this.name.length == 0;
  }
}


@final
export class Template {
  pieces: Piece[] = [];
  /** What is wrong and where; empty when nothing is. */
  error: string = "";

  constructor(private source: Bytes) {
    let literal: u8[] = [];
    let i = 0;
    while (i < lengthOf(source) && this.error.length == 0) {
      if (at(source, i) != PERCENT) {
        literal.push(at(source, i++));
      } else if (i + 1 < lengthOf(source) && at(source, i + 1) == PERCENT) {
        literal.push(PERCENT);
        i += 2;
      } else {
        this.addLiteral(literal);
        literal = [];
        i = this.readCommand(i);
      }
    }
    this.addLiteral(literal);
    if (this.pieces.length > PIECES_MAX) this.error = "more than " + PIECES_MAX.toString() + " parts";
  }

  private addLiteral(bytes: u8[]): void {
    if (bytes.length == 0) return;
    const piece = new Piece();
    piece.literal = StaticArray.fromArray(bytes);
    this.pieces.push(piece);
  }

  /** Reads the command whose percent sign is at `start`; gives the place behind it. */
  private readCommand(start: i32): i32 {
    const source = this.source;
    const piece = new Piece();
    piece.offset = start;
    let i = start + 1;
    while (i < lengthOf(source) && isNameByte(at(source, i))) i++;
    piece.name = toText(slice(source, start + 1, i));
    if (piece.name.length == 0) return this.fail(start, "expected an operator behind `%`; a percent sign is `%%`");
    if (i < lengthOf(source) && at(source, i) == OPEN) {
      const close = this.closing(i + 1);
      if (close < 0) return this.fail(start, "`%" + piece.name + "(` is not closed; expected `)%`");
      piece.hasArguments = true;
      piece.arguments = owned(slice(source, i + 1, close));
      i = close + 1;
    }
    if (i < lengthOf(source) && at(source, i) == COLON) {
      const first = ++i;
      while (i < lengthOf(source) && at(source, i) - 0x30 < 10) i++;
      const length = parseUnsigned(slice(source, first, i));
      if (length < 0 || length > LENGTH_MAX)
        return this.fail(start, "`%" + piece.name + "` has a bad length behind `:`");
      piece.length = <i32>length;
    }
    if (i >= lengthOf(source) || at(source, i) != PERCENT) {
      return this.fail(start, "`%" + piece.name + "` is not closed; expected `%`");
    }
    this.pieces.push(piece);
    return i + 1;
  }

  /** The first ")" that ends a command: with "%" or ":<digits>%" behind it. */
  private closing(from: i32): i32 {
    const source = this.source;
    for (let close = indexOf(source, CLOSE, from); close >= 0; close = indexOf(source, CLOSE, close + 1)) {
      let i = close + 1;
      if (i < lengthOf(source) && at(source, i) == COLON) {
        i++;
        while (i < lengthOf(source) && at(source, i) - 0x30 < 10) i++;
      }
      if (i < lengthOf(source) && at(source, i) == PERCENT) return close;
    }
    return -1;
  }

  private fail(offset: i32, message: string): i32 {
    this.error = message + " (at byte " + offset.toString() + ")";
    return lengthOf(this.source);
  }
}

function isNameByte(byte: u8): bool {
  return byte - 0x41 < 26 || byte - 0x30 < 10 || byte == 0x5f;
}

/** The parts of `text` between `separator`s; always at least one. */
export function splitAt(text: Bytes, separator: u8): Bytes[] {
  const parts: Bytes[] = [];
  let from = 0;
  for (let i = indexOf(text, separator); i >= 0; i = indexOf(text, separator, from)) {
    parts.push(slice(text, from, i));
    from = i + 1;
  }
  parts.push(slice(text, from));
  return parts;
}

/** Which of `names` the argument is; -1 for none. */
export function indexIn(names: string[], argument: Bytes): i32 {
  for (let i = 0; i < names.length; i++) {
    if (equal(argument, view(utf8(names[i])))) return i;
  }
  return -1;
}
