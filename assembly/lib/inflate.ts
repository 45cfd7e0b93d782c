// Decompresses gzip (RFC 1952) around DEFLATE (RFC 1951). For answers that a server compresses
// unasked: small, rare, and never trusted, so each length is checked and the output has a limit.
import { Bytes, at, bytes, lengthOf, slice } from "./bytes";
import { spent } from "./garbage";

const FIRST_BYTES = 16 * 1024;
const CODE_BITS_MAX = 15;
const LITERALS = 288;
const DISTANCES = 30;
const END_OF_BLOCK = 256;

/** RFC 1951 section 3.2.5: base and additional bits of the lengths 257 to 285. */
const LENGTH_BASES = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
]);
const LENGTH_BITS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const LENGTH_CODES = 29;
/** The same for distances. */
const DISTANCE_BASES = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
]);
const DISTANCE_BITS = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
/** Section 3.2.7: the order in which the lengths of the code length codes come. */
const CODE_ORDER = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

/** A canonical Huffman code (section 3.2.2). */
@final
class Huffman {
  /** How many codes of each length there are. */
  readonly counts: StaticArray<u16> = new StaticArray<u16>(CODE_BITS_MAX + 1);
  /** The symbols in the order of their codes. */
  readonly symbols: StaticArray<u16> = new StaticArray<u16>(LITERALS);

  /** Makes the code of `count` lengths at `lengths`; false when there are too many short codes. */
  make(lengths: StaticArray<u8>, start: i32, count: i32): bool {
    const counts = this.counts;
    const offsets = new StaticArray<u16>(CODE_BITS_MAX + 1);
    for (let length = 0; length <= CODE_BITS_MAX; length++) counts[length] = 0;
    for (let symbol = 0; symbol < count; symbol++) counts[lengths[start + symbol]]++;
    let left = 1;
    for (let length = 1; length <= CODE_BITS_MAX; length++) {
      left = (left << 1) - counts[length];
      if (left < 0) return false;
      if (length > 1) offsets[length] = offsets[length - 1] + counts[length - 1];
    }
    for (let symbol = 0; symbol < count; symbol++) {
      const length = lengths[start + symbol];
      if (length != 0) this.symbols[offsets[length]++] = <u16>symbol;
    }
    return true;
  }
}


@final
class Inflater {
  /** Something is wrong: what was read since means nothing. */
  private failed: bool = false;
  private next: i32 = 0;
  private bits: u32 = 0;
  private bitCount: i32 = 0;
  private output: StaticArray<u8> = new StaticArray<u8>(FIRST_BYTES);
  private used: i32 = 0;
  private readonly literals: Huffman = new Huffman();
  private readonly distances: Huffman = new Huffman();

  constructor(
    private source: Bytes,
    private bytesMax: i32,
  ) {}

  /** True when the source is one DEFLATE stream whose output fits. */
  run(): bool {
    for (let isLast = false; !isLast && !this.failed;) {
      isLast = this.take(1) == 1;
      const type = this.take(2);
      if (type == 0) this.copyStored();
      else if (type == 1) this.readFixed();
      else if (type == 2) this.readDynamic();
      else this.failed = true;
    }
    return !this.failed;
  }

  get result(): Bytes {
    return bytes(changetype<usize>(this.output), this.used);
  }

  /** What of the source has not been read, but for the bits of a byte that was begun. */
  get rest(): Bytes {
    return slice(this.source, this.next);
  }

  private take(count: i32): i32 {
    while (this.bitCount < count) {
      if (this.next >= lengthOf(this.source)) {
        this.failed = true;
        return 0;
      }
      this.bits |= (<u32>at(this.source, this.next++)) << this.bitCount;
      this.bitCount += 8;
    }
    const value = this.bits & ((1 << count) - 1);
    this.bits >>= count;
    this.bitCount -= count;
    return value;
  }

  private decode(code: Huffman): i32 {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= CODE_BITS_MAX && !this.failed; length++) {
      value |= this.take(1);
      const count: i32 = unchecked(code.counts[length]);
      if (value - count < first) return unchecked(code.symbols[index + value - first]);
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    this.failed = true;
    return 0;
  }

  private copyStored(): void {
    this.bits = 0;
    this.bitCount = 0;
    const head = slice(this.source, this.next, this.next + 4);
    if (lengthOf(head) < 4) return this.fail();
    const length = at(head, 0) | ((<i32>at(head, 1)) << 8);
    const check = at(head, 2) | ((<i32>at(head, 3)) << 8);
    this.next += 4;
    if (length != (~check & 0xffff) || length > lengthOf(this.source) - this.next) this.fail();
    for (let i = 0; i < length && !this.failed; i++) this.put(at(this.source, this.next + i));
    this.next += length;
  }

  private readFixed(): void {
    const lengths = new StaticArray<u8>(LITERALS + DISTANCES);
    for (let i = 0; i < LITERALS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    for (let i = 0; i < DISTANCES; i++) lengths[LITERALS + i] = 5;
    this.literals.make(lengths, 0, LITERALS);
    this.distances.make(lengths, LITERALS, DISTANCES);
    this.readCodes();
  }

  private readDynamic(): void {
    const literalCount = this.take(5) + 257;
    const distanceCount = this.take(5) + 1;
    const codeCount = this.take(4) + 4;
    const lengths = new StaticArray<u8>(LITERALS + 32);
    for (let i = 0; i < codeCount; i++) {
      lengths[load<u8>(CODE_ORDER + <usize>i)] = <u8>this.take(3);
    }
    const isMade = literalCount <= 286 && this.literals.make(lengths, 0, 19);
    if (this.failed || !isMade) return this.fail();
    this.readLengths(lengths, literalCount + distanceCount);
    // Without an end no block ends.
    if (this.failed || lengths[END_OF_BLOCK] == 0) return this.fail();
    const hasLiterals = this.literals.make(lengths, 0, literalCount);
    if (!hasLiterals || !this.distances.make(lengths, literalCount, distanceCount)) {
      return this.fail();
    }
    this.readCodes();
  }

  /** Code lengths in the code that `literals` has for the moment (section 3.2.7). */
  private readLengths(lengths: StaticArray<u8>, count: i32): void {
    for (let i = 0; i < count && !this.failed;) {
      const symbol = this.decode(this.literals);
      if (symbol < 16) {
        lengths[i++] = <u8>symbol;
        continue;
      }
      const previous: u8 = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
      let repeat = symbol == 16 ? 3 + this.take(2) : symbol == 17 ? 3 + this.take(3) : 11;
      if (symbol == 18) repeat += this.take(7);
      if ((symbol == 16 && i == 0) || i + repeat > count) return this.fail();
      while (repeat-- > 0) lengths[i++] = previous;
    }
  }

  private readCodes(): void {
    while (!this.failed) {
      const symbol = this.decode(this.literals);
      if (symbol == END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.put(<u8>symbol);
      else this.copyBack(symbol - END_OF_BLOCK - 1);
    }
  }

  private copyBack(code: i32): void {
    if (code >= LENGTH_CODES) return this.fail();
    const index = <usize>code;
    const length =
      load<u16>(LENGTH_BASES + (index << 1)) + this.take(load<u8>(LENGTH_BITS + index));
    const distanceCode = <usize>this.decode(this.distances);
    if (distanceCode >= <usize>DISTANCES) return this.fail();
    const more = this.take(load<u8>(DISTANCE_BITS + distanceCode));
    const distance = load<u16>(DISTANCE_BASES + (distanceCode << 1)) + more;
    if (distance > this.used) return this.fail();
    for (let i = 0; i < length && !this.failed; i++) {
      this.put(unchecked(this.output[this.used - distance]));
    }
  }

  private put(byte: u8): void {
    if (this.used == this.bytesMax) return this.fail();
    if (this.used == this.output.length) {
      const grown = new StaticArray<u8>(2 * this.used);
      spent(this.used);
      memory.copy(changetype<usize>(grown), changetype<usize>(this.output), <usize>this.used);
      this.output = grown;
    }
    unchecked((this.output[this.used++] = byte));
  }

  private fail(): void {
    this.failed = true;
  }
}

const HEAD_BYTES = 10;
const TAIL_BYTES = 8;
const FLAG_CHECK: u8 = 0x02;
const FLAG_MORE: u8 = 0x04;
const FLAG_NAME: u8 = 0x08;
const FLAG_COMMENT: u8 = 0x10;
const FLAGS_UNKNOWN: u8 = 0xe0;

/** What the one gzip member `source` holds, as garbage-collected bytes; null when it is none. */
export function gunzip(source: Bytes, bytesMax: i32): StaticArray<u8> | null {
  const start = headBytes(source);
  if (start < 0) return null;
  const inflater = new Inflater(slice(source, start), bytesMax);
  spent(2 * FIRST_BYTES);
  if (!inflater.run()) return null;
  const result = inflater.result;
  const tail = inflater.rest;
  const isWhole =
    lengthOf(tail) == TAIL_BYTES &&
    wordAt(tail, 0) == crc32(result) &&
    wordAt(tail, 4) == <u32>lengthOf(result);
  if (!isWhole) return null;
  const copy = new StaticArray<u8>(lengthOf(result));
  memory.copy(changetype<usize>(copy), <usize>(<u32>result), <usize>lengthOf(result));
  return copy;
}

/** Where the DEFLATE stream begins; -1 when this is no gzip. */
function headBytes(source: Bytes): i32 {
  if (lengthOf(source) < HEAD_BYTES + TAIL_BYTES) return -1;
  if (at(source, 0) != 0x1f || at(source, 1) != 0x8b || at(source, 2) != 8) return -1;
  const flags = at(source, 3);
  if ((flags & FLAGS_UNKNOWN) != 0) return -1;
  let start = HEAD_BYTES;
  if ((flags & FLAG_MORE) != 0) {
    start += 2 + (at(source, start) | ((<i32>at(source, start + 1)) << 8));
  }
  if ((flags & FLAG_NAME) != 0) start = afterZero(source, start);
  if ((flags & FLAG_COMMENT) != 0) start = afterZero(source, start);
  if ((flags & FLAG_CHECK) != 0) start += 2;
  return start < lengthOf(source) ? start : -1;
}

function afterZero(source: Bytes, from: i32): i32 {
  for (let i = from; i < lengthOf(source); i++) {
    if (at(source, i) == 0) return i + 1;
  }
  return lengthOf(source);
}

function wordAt(source: Bytes, index: i32): u32 {
  return load<u32>(<usize>(<u32>source) + <usize>index);
}

/** RFC 1952 section 8. */
function crc32(source: Bytes): u32 {
  let crc: u32 = 0xffffffff;
  for (let i = 0; i < lengthOf(source); i++) {
    crc ^= at(source, i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}
