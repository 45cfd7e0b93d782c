// JSON after RFC 8259, strictly, in one pass and without recursion: configuration, tokens and key sets all come through
// here. Refuses what other parsers let pass and attackers use: duplicate keys, invalid UTF-8, lone surrogates, deep nesting.
//
// A document is a tape, one row per value in the order of the text; the children of a container follow it:
//
//   node   kind   value                                  next
//   0      Object members                                first row after the object
//   1      String view of the unescaped text             2        (its key is in `keys[1]`)
//   …
//
// The rows are reused by the next `parse`, so that reading a token allocates nothing once they have grown.
import { Bytes, EMPTY, NONE, at, bytes, equal, lengthOf, pointerOf, text, toText } from "../bytes";
import { spent } from "../garbage";
import { siphash } from "../hash";

const TRUE = text("true");
const FALSE = text("false");
const NULL = text("null");
const KEY_SEED: u64 = 0x6a736f6e206b6579;

function hexDigit(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

export const enum JsonKind {
  Null = 0,
  Boolean = 1,
  /** A number that is a whole one and fits 64 bits signed, also when written `1.0` or `1e3`. */
  Integer = 2,
  /** Any other number. */
  Double = 3,
  String = 4,
  Array = 5,
  Object = 6,
}

/** What is wrong with a text. `describe` names each for an error line. */
export const enum JsonStatus {
  Ok = 0,
  /** Longer than the caller allows. */
  TooLarge,
  /** Nested deeper than the caller allows. */
  TooDeep,
  /** The text ends in the middle of a value. */
  UnexpectedEnd,
  /** A byte that cannot stand here. */
  UnexpectedByte,
  /** Not a number of RFC 8259 section 6. */
  BadNumber,
  /** An escape that does not exist, or half of a surrogate pair. */
  BadEscape,
  /** A control character inside a string. */
  ControlCharacter,
  /** Not UTF-8 (RFC 3629). */
  BadUtf8,
  /** The same key twice in one object. */
  DuplicateKey,
  /** Something after the value. */
  TrailingText,
}

const ROWS_START = 256;
/** Nesting that no configuration, token or key set needs. */
export const DEPTH_MAX = 64;

/** A parsed text. Views point into the text, or into a buffer of this object, and live until the next `parse`. */
@final
export class JsonDocument {
  status: JsonStatus = JsonStatus.Ok;
  /** Where in the text the error is, in bytes. */
  errorOffset: i32 = 0;
  /** Keeps the text alive for as long as the document, where the caller does not. */
  owner: StaticArray<u8> | null = null;

  private count: i32 = 0;
  private kinds: StaticArray<u8> = new StaticArray<u8>(ROWS_START);
  private values: StaticArray<u64> = new StaticArray<u64>(ROWS_START);
  private keys: StaticArray<Bytes> = new StaticArray<Bytes>(ROWS_START);
  private nexts: StaticArray<i32> = new StaticArray<i32>(ROWS_START);
  /** Source range of each value. */
  private sources: StaticArray<Bytes> = new StaticArray<Bytes>(ROWS_START);
  /** Containers that are open, outermost first. */
  private open: StaticArray<i32> = new StaticArray<i32>(DEPTH_MAX);
  /** Texts that had escapes, unescaped: never longer than the source. */
  private unescaped: StaticArray<u8> = new StaticArray<u8>(ROWS_START);
  private unescapedUsed: i32 = 0;
  /** Open-addressed key hashes of one object while it is checked for duplicates. */
  private seen: StaticArray<i32> = new StaticArray<i32>(0);

  private base: usize = 0;
  private length: i32 = 0;
  private position: i32 = 0;

  /** Reads `text`; false when it is not JSON within the limits, with `status` and `errorOffset` saying why. */
  parse(text: Bytes, bytesMax: i32, depthMax: i32 = DEPTH_MAX): bool {
    this.status = JsonStatus.Ok;
    this.count = 0;
    this.unescapedUsed = 0;
    this.base = pointerOf(text);
    this.length = lengthOf(text);
    this.position = 0;
    if (this.length > bytesMax) return this.fail(JsonStatus.TooLarge);
    if (this.unescaped.length < this.length) this.unescaped = new StaticArray<u8>(this.length);
    if (!this.readValues(min(depthMax, DEPTH_MAX))) return false;
    this.skipSpace();
    return this.position == this.length || this.fail(JsonStatus.TrailingText);
  }

  /** Values one after the other; `open` says in which containers we are. */
  private readValues(depthMax: i32): bool {
    let depth = 0;
    let key: Bytes = NONE;
    for (;;) {
      this.skipSpace();
      const byte = this.peek();
      const row = this.count;
      if (byte == 0x7b || byte == 0x5b) {
        if (depth == depthMax) return this.fail(JsonStatus.TooDeep);
        this.add(byte == 0x7b ? JsonKind.Object : JsonKind.Array, 0, key, this.position);
        this.position++;
        unchecked((this.open[depth++] = row));
        this.skipSpace();
        if (this.peek() != (byte == 0x7b ? 0x7d : 0x5d)) {
          if (byte == 0x7b && !this.readKey()) return false;
          key = byte == 0x7b ? this.lastKey : NONE;
          continue;
        }
      } else if (!this.scalar(byte, key)) {
        return false;
      }
      // A value is complete (or a container is empty): close what closes, go on where a comma says so.
      for (;;) {
        if (depth == 0) return true;
        const container = unchecked(this.open[depth - 1]);
        const isObject = unchecked(this.kinds[container]) == JsonKind.Object;
        this.skipSpace();
        const next = this.peek();
        if (next == (isObject ? 0x7d : 0x5d)) {
          this.position++;
          this.close(container);
          if (isObject && !this.keysDiffer(container)) return false;
          depth--;
          continue;
        }
        if (next != 0x2c) return this.unexpected();
        this.position++;
        this.skipSpace();
        if (isObject && !this.readKey()) return false;
        key = isObject ? this.lastKey : NONE;
        break;
      }
    }
    return false;
  }

  private lastKey: Bytes = NONE;

  /** A member's key and its colon; the key lands in `lastKey`. */
  private readKey(): bool {
    if (this.peek() != 0x22) return this.unexpected();
    if (!this.string()) return false;
    this.lastKey = this.lastString;
    this.skipSpace();
    if (this.peek() != 0x3a) return this.unexpected();
    this.position++;
    return true;
  }

  private scalar(byte: i32, key: Bytes): bool {
    const start = this.position;
    if (byte == 0x22) {
      if (!this.string()) return false;
      return this.add(JsonKind.String, this.lastString, key, start);
    }
    if (byte == 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.readNumber(key);
    if (byte == 0x74 && this.word(TRUE)) return this.add(JsonKind.Boolean, 1, key, start);
    if (byte == 0x66 && this.word(FALSE)) return this.add(JsonKind.Boolean, 0, key, start);
    if (byte == 0x6e && this.word(NULL)) return this.add(JsonKind.Null, 0, key, start);
    return this.unexpected();
  }

  private word(word: Bytes): bool {
    const length = lengthOf(word);
    if (this.length - this.position < length) return false;
    if (!equal(bytes(this.base + this.position, length), word)) return false;
    this.position += length;
    return true;
  }

  private lastString: Bytes = NONE;

  /** A string from its opening quote on. Without escapes it is a view of the source. */
  private string(): bool {
    const start = ++this.position;
    while (this.position < this.length) {
      const byte = this.byteAt(this.position);
      if (byte == 0x22) {
        this.lastString = bytes(this.base + start, this.position++ - start);
        return true;
      }
      if (byte == 0x5c) return this.escapedString(start);
      if (byte < 0x20) return this.fail(JsonStatus.ControlCharacter);
      if (byte < 0x80) this.position++;
      else if (!this.utf8()) return false;
    }
    return this.fail(JsonStatus.UnexpectedEnd);
  }

  /** The rest of a string whose first escape is at `position`. */
  private escapedString(start: i32): bool {
    const from = this.unescapedUsed;
    this.copy(start, this.position);
    while (this.position < this.length) {
      const byte = this.byteAt(this.position);
      if (byte == 0x22) {
        this.position++;
        this.lastString = bytes(changetype<usize>(this.unescaped) + from, this.unescapedUsed - from);
        return true;
      }
      if (byte < 0x20) return this.fail(JsonStatus.ControlCharacter);
      if (byte == 0x5c) {
        if (!this.escape()) return false;
        continue;
      }
      const at = this.position;
      if (byte < 0x80) this.position++;
      else if (!this.utf8()) return false;
      this.copy(at, this.position);
    }
    return this.fail(JsonStatus.UnexpectedEnd);
  }

  /** Appends source bytes to the unescaped text; it is never longer than the source, so it always fits. */
  private copy(from: i32, to: i32): void {
    memory.copy(changetype<usize>(this.unescaped) + this.unescapedUsed, this.base + from, to - from);
    this.unescapedUsed += to - from;
  }

  private put(byte: u32): void {
    store<u8>(changetype<usize>(this.unescaped) + this.unescapedUsed++, <u8>byte);
  }

  private escape(): bool {
    if (this.position + 1 >= this.length) return this.fail(JsonStatus.UnexpectedEnd);
    const letter = this.byteAt(this.position + 1);
    let plain = 0;
    switch (letter) {
      case 0x22:
      case 0x5c:
      case 0x2f:
        plain = letter;
        break;
      case 0x62:
        plain = 0x08;
        break;
      case 0x66:
        plain = 0x0c;
        break;
      case 0x6e:
        plain = 0x0a;
        break;
      case 0x72:
        plain = 0x0d;
        break;
      case 0x74:
        plain = 0x09;
        break;
      case 0x75:
        return this.unicodeEscape();
      default:
        return this.fail(JsonStatus.BadEscape);
    }
    this.put(plain);
    this.position += 2;
    return true;
  }

  private unicodeEscape(): bool {
    let code = this.hex4(this.position + 2);
    if (code < 0) return this.fail(JsonStatus.BadEscape);
    let used = 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      // Both halves or neither: a lone one has no UTF-8 form.
      const at = this.position + 6;
      const paired = code < 0xdc00 && at + 1 < this.length && this.byteAt(at) == 0x5c && this.byteAt(at + 1) == 0x75;
      const low = paired ? this.hex4(at + 2) : -1;
      if (low < 0xdc00 || low > 0xdfff) return this.fail(JsonStatus.BadEscape);
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      used = 12;
    }
    this.position += used;
    if (code < 0x80) {
      this.put(code);
    } else if (code < 0x800) {
      this.put(0xc0 | (code >> 6));
      this.put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      this.put(0xe0 | (code >> 12));
      this.put(0x80 | ((code >> 6) & 0x3f));
      this.put(0x80 | (code & 0x3f));
    } else {
      this.put(0xf0 | (code >> 18));
      this.put(0x80 | ((code >> 12) & 0x3f));
      this.put(0x80 | ((code >> 6) & 0x3f));
      this.put(0x80 | (code & 0x3f));
    }
    return true;
  }

  private hex4(at: i32): i32 {
    if (at + 4 > this.length) return -1;
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const digit = hexDigit(this.byteAt(at + i));
      if (digit < 0) return -1;
      value = (value << 4) | digit;
    }
    return value;
  }

  /** One character of several bytes (RFC 3629 section 4: no overlong forms, no surrogates, up to U+10FFFF). */
  private utf8(): bool {
    const first = this.byteAt(this.position);
    const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size == 0 || this.position + size > this.length) return this.fail(JsonStatus.BadUtf8);
    const second = this.byteAt(this.position + 1);
    const lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return this.fail(JsonStatus.BadUtf8);
    for (let i = 2; i < size; i++) {
      if ((this.byteAt(this.position + i) & 0xc0) != 0x80) return this.fail(JsonStatus.BadUtf8);
    }
    this.position += size;
    return true;
  }

  /** A number. Whole ones that fit stay exact: identifiers above 2^53 must not change. */
  private readNumber(key: Bytes): bool {
    const start = this.position;
    if (this.peek() == 0x2d) this.position++;
    const first = this.position;
    this.digits();
    const whole = this.position - first;
    if (whole == 0 || (whole > 1 && this.byteAt(first) == 0x30)) return this.fail(JsonStatus.BadNumber);
    let fraction = 0;
    if (this.peek() == 0x2e) {
      this.position++;
      fraction = this.digits();
      if (fraction == 0) return this.fail(JsonStatus.BadNumber);
    }
    let exponent = 0;
    if ((this.peek() | 0x20) == 0x65) {
      this.position++;
      const sign = this.peek();
      if (sign == 0x2b || sign == 0x2d) this.position++;
      const from = this.position;
      if (this.digits() == 0) return this.fail(JsonStatus.BadNumber);
      for (let i = from; i < this.position && exponent < 10_000; i++)
        exponent = exponent * 10 + (this.byteAt(i) - 0x30);
      if (sign == 0x2d) exponent = -exponent;
    }
    const source = bytes(this.base + start, this.position - start);
    if (this.whole(source, exponent - fraction)) return this.add(JsonKind.Integer, <u64>this.lastInteger, key, start);
    const value = f64.parse(toText(source));
    spent(4 * lengthOf(source));
    return this.add(JsonKind.Double, reinterpret<u64>(value), key, start);
  }

  private lastInteger: i64 = 0;

  /** Whether digits × 10^scale is a whole number of 64 bits; it is then in `lastInteger`. */
  private whole(source: Bytes, scale: i32): bool {
    const negative = at(source, 0) == 0x2d;
    let value: u64 = 0;
    let left = scale;
    // Trailing zeros of the digits pay for a negative scale, so their end is found first.
    let digitsEnd = 0;
    for (let i = negative ? 1 : 0; i < lengthOf(source); i++) {
      const byte = at(source, i);
      if ((byte | 0x20) == 0x65) break;
      if (byte != 0x30 && byte != 0x2e) digitsEnd = i + 1;
    }
    let zeros = 0;
    for (let i = digitsEnd; i < lengthOf(source); i++) {
      const byte = at(source, i);
      if ((byte | 0x20) == 0x65) break;
      if (byte == 0x30) zeros++;
    }
    left += zeros;
    for (let i = negative ? 1 : 0; i < digitsEnd; i++) {
      const byte = at(source, i);
      if (byte == 0x2e) continue;
      if (value > u64.MAX_VALUE / 10 - 1) return false;
      value = value * 10 + (byte - 0x30);
    }
    if (value != 0 && left < 0) return false;
    for (; value != 0 && left > 0; left--) {
      if (value > u64.MAX_VALUE / 10 - 1) return false;
      value *= 10;
    }
    const limit = <u64>i64.MAX_VALUE + (negative ? 1 : 0);
    if (value > limit) return false;
    this.lastInteger = negative ? -(<i64>value) : <i64>value;
    return true;
  }

  private digits(): i32 {
    const from = this.position;
    while (this.position < this.length && this.byteAt(this.position) - 0x30 <= 9 && this.byteAt(this.position) >= 0x30)
      this.position++;
    return this.position - from;
  }

  /** Appends a row; containers get their end when they close. */
  private add(kind: JsonKind, value: u64, key: Bytes, start: i32): bool {
    if (this.count == this.kinds.length) this.grow();
    const row = this.count++;
    unchecked((this.kinds[row] = <u8>kind));
    unchecked((this.values[row] = value));
    unchecked((this.keys[row] = key));
    unchecked((this.nexts[row] = row + 1));
    unchecked((this.sources[row] = bytes(this.base + start, this.position - start)));
    return true;
  }

  private grow(): void {
    const rows = 2 * this.kinds.length;
    this.kinds = this.kinds.concat<StaticArray<u8>>(new StaticArray<u8>(rows / 2));
    this.values = this.values.concat<StaticArray<u64>>(new StaticArray<u64>(rows / 2));
    this.keys = this.keys.concat<StaticArray<u64>>(new StaticArray<u64>(rows / 2));
    this.nexts = this.nexts.concat<StaticArray<i32>>(new StaticArray<i32>(rows / 2));
    this.sources = this.sources.concat<StaticArray<u64>>(new StaticArray<u64>(rows / 2));
    spent(30 * rows);
  }

  private close(container: i32): void {
    unchecked((this.nexts[container] = this.count));
    const start = pointerOf(unchecked(this.sources[container]));
    unchecked((this.sources[container] = bytes(start, <i32>(this.base + this.position - start))));
  }

  /** Whether the keys of an object are all different (RFC 8259 section 4 leaves it open; attackers do not). */
  private keysDiffer(container: i32): bool {
    let members = 0;
    for (let row = container + 1; row < this.count; row = unchecked(this.nexts[row])) members++;
    if (members < 2) return true;
    return members <= 8 ? this.fewKeysDiffer(container) : this.manyKeysDiffer(container, members);
  }

  private fewKeysDiffer(container: i32): bool {
    for (let row = container + 1; row < this.count; row = unchecked(this.nexts[row])) {
      const key = unchecked(this.keys[row]);
      for (let other = container + 1; other < row; other = unchecked(this.nexts[other])) {
        if (equal(key, unchecked(this.keys[other]))) return this.fail(JsonStatus.DuplicateKey);
      }
    }
    return true;
  }

  private manyKeysDiffer(container: i32, members: i32): bool {
    let capacity = 32;
    while (capacity < 2 * members) capacity <<= 1;
    if (this.seen.length < capacity) {
      this.seen = new StaticArray<i32>(capacity);
      spent(4 * capacity);
    }
    memory.fill(changetype<usize>(this.seen), 0, 4 * capacity);
    for (let row = container + 1; row < this.count; row = unchecked(this.nexts[row])) {
      const key = unchecked(this.keys[row]);
      let slot = <i32>(siphash(key, <u64>this.base, KEY_SEED) & (capacity - 1));
      while (unchecked(this.seen[slot]) != 0) {
        if (equal(key, unchecked(this.keys[this.seen[slot]]))) return this.fail(JsonStatus.DuplicateKey);
        slot = (slot + 1) & (capacity - 1);
      }
      unchecked((this.seen[slot] = row));
    }
    return true;
  }

  private skipSpace(): void {
    while (this.position < this.length) {
      const byte = this.byteAt(this.position);
      if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return;
      this.position++;
    }
  }

  private byteAt(at: i32): i32 {
    return <i32>load<u8>(this.base + at);
  }

  /** The byte at hand, or -1 at the end. */
  private peek(): i32 {
    return this.position < this.length ? this.byteAt(this.position) : -1;
  }

  private unexpected(): bool {
    return this.fail(this.position < this.length ? JsonStatus.UnexpectedByte : JsonStatus.UnexpectedEnd);
  }

  private fail(status: JsonStatus): bool {
    this.status = status;
    this.errorOffset = this.position;
    this.count = 0;
    return false;
  }

  // Reading. A node is a row; the root is 0; -1 is "no such node" and every question about it has an empty answer.

  private has(node: i32): bool {
    return <u32>node < <u32>this.count;
  }

  kind(node: i32): JsonKind {
    return this.has(node) ? <JsonKind>unchecked(this.kinds[node]) : JsonKind.Null;
  }

  is(node: i32, kind: JsonKind): bool {
    return this.has(node) && unchecked(this.kinds[node]) == kind;
  }

  /** First child, or -1. */
  first(node: i32): i32 {
    return this.has(node) && unchecked(this.nexts[node]) > node + 1 ? node + 1 : -1;
  }

  /** The child of `parent` after `child`, or -1. */
  after(child: i32, parent: i32): i32 {
    if (!this.has(child)) return -1;
    const next = unchecked(this.nexts[child]);
    return next < unchecked(this.nexts[parent]) ? next : -1;
  }

  /** How many children. */
  size(node: i32): i32 {
    let count = 0;
    for (let child = this.first(node); child >= 0; child = this.after(child, node)) count++;
    return count;
  }

  /** The value of a member, or -1. */
  find(node: i32, key: Bytes): i32 {
    if (!this.is(node, JsonKind.Object)) return -1;
    for (let child = this.first(node); child >= 0; child = this.after(child, node)) {
      if (equal(unchecked(this.keys[child]), key)) return child;
    }
    return -1;
  }

  /** A member's key. */
  key(node: i32): Bytes {
    return this.has(node) ? unchecked(this.keys[node]) : NONE;
  }

  /** A string's text, or NONE. */
  text(node: i32): Bytes {
    return this.is(node, JsonKind.String) ? unchecked(this.values[node]) : NONE;
  }

  integer(node: i32): i64 {
    return this.is(node, JsonKind.Integer) ? <i64>unchecked(this.values[node]) : 0;
  }

  /** A number of either kind as a double. */
  number(node: i32): f64 {
    if (this.is(node, JsonKind.Integer)) return <f64>this.integer(node);
    return this.is(node, JsonKind.Double) ? reinterpret<f64>(unchecked(this.values[node])) : 0;
  }

  boolean(node: i32): bool {
    return this.is(node, JsonKind.Boolean) && unchecked(this.values[node]) != 0;
  }

  /** The value as it stands in the text, quotes and all. */
  source(node: i32): Bytes {
    return this.has(node) ? unchecked(this.sources[node]) : EMPTY;
  }
}
