// JSON after RFC 8259, strictly, in one pass and without recursion: configuration, tokens and key
// sets all come through here. Refuses what other parsers let pass and attackers use: duplicate
// keys, invalid UTF-8, lone surrogates, a byte order mark, deep nesting. `parse` fills the tape;
// the questions below it are answered from there, without allocating.
import { Bytes, EMPTY, NONE, bytes, equal, lengthOf, pointerOf } from "../bytes";
import { KeyChecker } from "./keys";
import { doubleValue, integerValue, isInteger, numberEnd, readNumber } from "./number";
import { JsonStatus } from "./status";
import { Unescaped, readString, stringEnd, stringText } from "./string";
import { Tape } from "./tape";

export const enum JsonKind {
  Null = 0,
  Boolean = 1,
  /** A number that is a whole one and fits 64 bits signed, also when written `1.0` or `1e3`. */
  Integer = 2,
  /** Any other number. One too large for a double is infinite: its text is in `source`. */
  Double = 3,
  String = 4,
  Array = 5,
  Object = 6,
}

/** Nesting that no configuration, token or key set needs. */
export const DEPTH_MAX = 64;

// The words as they lie in memory, little-endian.
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;

/**
 * A parsed text. Views point into the text, or into a buffer of this object, and live until the
 * next `parse`.
 */
@final
export class JsonDocument {
  status: JsonStatus = JsonStatus.Ok;
  /** Where in the text the error is, in bytes. */
  errorOffset: i32 = 0;
  /** Keeps the text alive for as long as the document, where the caller does not. */
  owner: StaticArray<u8> | null = null;

  private tape: Tape = new Tape();
  private unescaped: Unescaped = new Unescaped();
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
  parse(text: Bytes, bytesMax: i32, depthMax: i32 = DEPTH_MAX): bool {
    this.status = JsonStatus.Ok;
    this.errorOffset = 0;
    this.tape.count = 0;
    this.unescaped.reset();
    this.depth = 0;
    this.pendingKey = NONE;
    this.length = lengthOf(text);
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
    this.pendingKey = stringText;
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
    if (byte == 0x22) return this.readText() && this.add(JsonKind.String, stringText, start);
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
    const status = readString(this.at, this.end, this.length, this.unescaped);
    this.at = stringEnd;
    return status == JsonStatus.Ok || this.fail(status);
  }

  private readDigits(): bool {
    const start = this.at;
    const isNumber = readNumber(start, this.end);
    this.at = numberEnd;
    if (!isNumber) return this.fail(JsonStatus.BadNumber);
    if (isInteger) return this.add(JsonKind.Integer, <u64>integerValue, start);
    return this.add(JsonKind.Double, reinterpret<u64>(doubleValue), start);
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

  // Questions. A node is a row; the root is 0; -1 is "no such node" and every question about it
  // has an empty answer.

  private has(node: i32): bool {
    return <u32>node < <u32>this.tape.count;
  }

  kind(node: i32): JsonKind {
    return this.has(node) ? <JsonKind>this.tape.kind(node) : JsonKind.Null;
  }

  is(node: i32, kind: JsonKind): bool {
    return this.has(node) && this.tape.kind(node) == kind;
  }

  /** First child, or -1. */
  first(node: i32): i32 {
    return this.has(node) && this.tape.next(node) > node + 1 ? node + 1 : -1;
  }

  /** The child of `parent` after `child`, or -1. */
  after(child: i32, parent: i32): i32 {
    if (!this.has(child) || !this.has(parent)) return -1;
    const next = this.tape.next(child);
    return next < this.tape.next(parent) ? next : -1;
  }

  /** How many children. */
  size(node: i32): i32 {
    return this.has(node) ? this.tape.size(node) : 0;
  }

  /** The value of a member, or -1. */
  find(node: i32, key: Bytes): i32 {
    if (!this.is(node, JsonKind.Object)) return -1;
    const tape = this.tape;
    const end = tape.next(node);
    for (let child = node + 1; child < end; child = tape.next(child)) {
      if (equal(tape.key(child), key)) return child;
    }
    return -1;
  }

  /** A member's key. */
  key(node: i32): Bytes {
    return this.has(node) ? this.tape.key(node) : NONE;
  }

  /** A string's text, or NONE. */
  text(node: i32): Bytes {
    return this.is(node, JsonKind.String) ? this.tape.value(node) : NONE;
  }

  integer(node: i32): i64 {
    return this.is(node, JsonKind.Integer) ? <i64>this.tape.value(node) : 0;
  }

  /** A number of either kind as a double. */
  number(node: i32): f64 {
    if (this.is(node, JsonKind.Integer)) return <f64>this.integer(node);
    return this.is(node, JsonKind.Double) ? reinterpret<f64>(this.tape.value(node)) : 0;
  }

  boolean(node: i32): bool {
    return this.is(node, JsonKind.Boolean) && this.tape.value(node) != 0;
  }

  /** The value as it stands in the text, quotes and all. */
  source(node: i32): Bytes {
    return this.has(node) ? this.tape.source(node) : EMPTY;
  }
}
