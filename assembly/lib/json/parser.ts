// Reads JSON after RFC 8259, strictly, in one pass and without recursion, into the rows of a tape.
// Refuses what other parsers let pass and attackers use: duplicate keys, invalid UTF-8, lone
// surrogates, a byte order mark, deep nesting.
import { Bytes, NONE, bytes, lengthOf, pointerOf } from "../bytes";
import { KeyChecker } from "./keys";
import { JsonKind } from "./kind";
import { NumberReader } from "./number";
import { JsonStatus } from "./status";
import { StringReader } from "./string";
import { Tape } from "./tape";

/** Nesting that no configuration, token or key set needs. */
export const DEPTH_MAX = 64;

// The words as they lie in memory, little-endian.
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;

/** Views in its tape point into the text parsed last, or into a buffer of this object. */
@final
export class JsonParser {
  status: JsonStatus = JsonStatus.Ok;
  /** Where in the text the error is, in bytes. */
  errorOffset: i32 = 0;
  readonly tape: Tape = new Tape();
  private strings: StringReader = new StringReader();
  private numbers: NumberReader = new NumberReader();
  private checker: KeyChecker = new KeyChecker();
  /** Containers that are open, outermost first. */
  private open: StaticArray<i32> = new StaticArray<i32>(DEPTH_MAX);
  private depth: i32 = 0;
  /** The key whose value is next. */
  private pendingKey: Bytes = NONE;
  private length: i32 = 0;
  private end: usize = 0;
  private at: usize = 0;

  /**
   * Reads `text`; false when it is not JSON within the limits, with `status` and `errorOffset`
   * saying why.
   */
  parse(text: Bytes, bytesMax: i32, depthMax: i32): bool {
    this.status = JsonStatus.Ok;
    this.errorOffset = 0;
    this.tape.count = 0;
    this.depth = 0;
    this.pendingKey = NONE;
    this.length = lengthOf(text);
    this.strings.begin(this.length);
    this.at = pointerOf(text);
    this.end = this.at + <usize>this.length;
    if (this.length > bytesMax) return this.fail(JsonStatus.TooLarge);
    while (this.readValue(min(depthMax, DEPTH_MAX))) {
      if (!this.finishValue()) break;
    }
    if (this.status != JsonStatus.Ok) return false;
    this.skipSpace();
    return this.at == this.end || this.fail(JsonStatus.TrailingText);
  }

  /**
   * Reads a scalar, or enters containers until there is a complete value: a scalar or an empty
   * container.
   */
  private readValue(depthMax: i32): bool {
    while (true) {
      this.skipSpace();
      const byte = this.peek();
      const isObject = byte == 0x7b;
      if (!isObject && byte != 0x5b) return this.readScalar(byte);
      if (this.depth >= depthMax) return this.fail(JsonStatus.TooDeep);
      const row = this.tape.count;
      if (!this.add(isObject ? JsonKind.Object : JsonKind.Array, 0, this.at)) return false;
      unchecked((this.open[this.depth++] = row));
      this.at++;
      this.skipSpace();
      if (this.peek() == (isObject ? 0x7d : 0x5d)) return this.close(row);
      if (!this.readKey(isObject)) return false;
    }
  }

  /**
   * Behind a complete value: closes what closes, and goes on to the next value behind a comma.
   * False at the end.
   */
  private finishValue(): bool {
    while (this.depth > 0) {
      const row = unchecked(this.open[this.depth - 1]);
      const isObject = this.tape.kind(row) == JsonKind.Object;
      this.skipSpace();
      const byte = this.peek();
      if (byte == 0x2c) {
        this.at++;
        this.skipSpace();
        return this.readKey(isObject);
      }
      if (byte != (isObject ? 0x7d : 0x5d)) return this.unexpected();
      if (!this.close(row)) return false;
    }
    return false;
  }

  /** A member's key and its colon; of a list's item, nothing. */
  private readKey(isObject: bool): bool {
    this.pendingKey = NONE;
    if (!isObject) return true;
    if (this.peek() != 0x22) return this.unexpected();
    if (!this.readText()) return false;
    this.pendingKey = this.strings.text;
    this.skipSpace();
    if (this.peek() != 0x3a) return this.unexpected();
    this.at++;
    return true;
  }

  /** Ends the innermost container at its closing bracket. */
  private close(row: i32): bool {
    this.at++;
    this.depth--;
    const tape = this.tape;
    const start = pointerOf(tape.source(row));
    tape.close(row, bytes(start, <i32>(this.at - start)));
    if (tape.kind(row) != JsonKind.Object) return true;
    const status = this.checker.check(tape, row);
    if (status == JsonStatus.Ok) return true;
    this.at = pointerOf(tape.source(this.checker.duplicate));
    return this.fail(status);
  }

  private readScalar(byte: i32): bool {
    const start = this.at;
    if (byte == 0x22) return this.readText() && this.add(JsonKind.String, this.strings.text, start);
    if (byte == 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.readDigits();
    const left = this.end - start;
    if (byte == 0x74 && left >= 4 && load<u32>(start) == TRUE)
      return this.addWord(JsonKind.Boolean, 1, 4);
    if (byte == 0x66 && left >= 5 && load<u32>(start, 1) == ALSE)
      return this.addWord(JsonKind.Boolean, 0, 5);
    if (byte == 0x6e && left >= 4 && load<u32>(start) == NULL)
      return this.addWord(JsonKind.Null, 0, 4);
    return this.unexpected();
  }

  private readText(): bool {
    const status = this.strings.read(this.at, this.end);
    this.at = this.strings.end;
    return status == JsonStatus.Ok || this.fail(status);
  }

  private readDigits(): bool {
    const start = this.at;
    const numbers = this.numbers;
    const isNumber = numbers.read(start, this.end);
    this.at = numbers.end;
    if (!isNumber) return this.fail(JsonStatus.BadNumber);
    if (numbers.isInteger) return this.add(JsonKind.Integer, <u64>numbers.integer, start);
    return this.add(JsonKind.Double, reinterpret<u64>(numbers.double), start);
  }

  private addWord(kind: JsonKind, value: u64, length: usize): bool {
    this.at += length;
    return this.add(kind, value, this.at - length);
  }

  private add(kind: JsonKind, value: u64, start: usize): bool {
    const source = bytes(start, <i32>(this.at - start));
    return (
      this.tape.add(<u8>kind, value, this.pendingKey, source) || this.fail(JsonStatus.TooManyValues)
    );
  }

  private skipSpace(): void {
    for (; this.at < this.end; this.at++) {
      const byte = load<u8>(this.at);
      if (byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09)) return;
    }
  }

  /** The byte at hand, or -1 at the end. */
  private peek(): i32 {
    return this.at < this.end ? <i32>load<u8>(this.at) : -1;
  }

  private unexpected(): bool {
    return this.fail(this.at < this.end ? JsonStatus.UnexpectedByte : JsonStatus.UnexpectedEnd);
  }

  /** What was read before the error is not to be had. */
  private fail(status: JsonStatus): bool {
    this.status = status;
    this.errorOffset = <i32>(this.at - (this.end - <usize>this.length));
    this.tape.count = 0;
    return false;
  }
}
