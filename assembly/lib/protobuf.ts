// The wire format of protocol buffers, as much of it as verify_signature, the rate limit service
// and OTLP speak: no groups, no packed fields. Writing goes to a Writer and may overflow it;
// reading is bounded by the message and has a status.
import { Bytes, EMPTY, bytes, lengthOf, pointerOf } from "./bytes";
import { Writer } from "./writer";

export const enum WireType {
  Varint = 0,
  Fixed64 = 1,
  LengthDelimited = 2,
  Fixed32 = 5,
}

function putTag(to: Writer, field: u32, type: WireType): void {
  putVarint(to, ((<u64>field) << 3) | (<u64>type));
}

/**
 * Appends `value` in seven-bit groups, least significant first. Negative numbers as their two's
 * complement.
 */
export function putVarint(to: Writer, value: u64): void {
  for (; value >= 0x80; value >>= 7) to.byte(<u8>(value | 0x80));
  to.byte(<u8>value);
}

/** uint32, uint64, int32, int64, bool, enum. Zero is written too: a oneof tells it from absent. */
export function putUnsigned(to: Writer, field: u32, value: u64): void {
  putTag(to, field, WireType.Varint);
  putVarint(to, value);
}

/** fixed64 and sfixed64; a double as `reinterpret<u64>`. */
export function putFixed64(to: Writer, field: u32, value: u64): void {
  putTag(to, field, WireType.Fixed64);
  const pointer = to.room(8);
  if (pointer != 0) store<u64>(pointer, value);
}

export function putFixed32(to: Writer, field: u32, value: u32): void {
  putTag(to, field, WireType.Fixed32);
  const pointer = to.room(4);
  if (pointer != 0) store<u32>(pointer, value);
}

/** string and bytes. A string must be UTF-8, which is the caller's to know. */
export function putBytes(to: Writer, field: u32, value: Bytes): void {
  putTag(to, field, WireType.LengthDelimited);
  putVarint(to, <u64>lengthOf(value));
  to.bytes(value);
}

/**
 * Begins a message inside the message: what is written until `closeMessage` with the mark given
 * is its contents.
 */
export function openMessage(to: Writer, field: u32): i32 {
  putTag(to, field, WireType.LengthDelimited);
  to.byte(0);
  return to.length;
}

/**
 * Ends it. Its length is known only now: contents of 128 bytes and more move up to make room for
 * it.
 */
export function closeMessage(to: Writer, mark: i32): void {
  const length = to.length - mark;
  if (to.overflowed || mark < 1 || length < 0) return;
  let more = 0;
  for (let rest = length >> 7; rest > 0; rest >>= 7) more++;
  if (more > 0 && to.room(more) == 0) return;
  const start = pointerOf(to.view()) + <usize>mark;
  if (more > 0) memory.copy(start + <usize>more, start, <usize>length);
  let value = length;
  let at = start - 1;
  for (; value >= 0x80; value >>= 7) store<u8>(at++, <u8>(value | 0x80));
  store<u8>(at, <u8>value);
}

/** What is wrong with a message. */
export const enum ProtobufStatus {
  Ok = 0,
  /** It ends in the middle of a field. */
  Truncated,
  /** A number of more than 64 bits. */
  BadVarint,
  /** Field number 0 or above 2^29 - 1. */
  BadField,
  /** A group, or a wire type that does not exist. */
  BadWireType,
}

/** Walks over the fields of one message; nested ones are read by a reader of their own. */
@final
export class ProtobufReader {
  status: ProtobufStatus = ProtobufStatus.Ok;
  field: u32 = 0;
  type: WireType = WireType.Varint;
  /** Of a varint or fixed field. */
  value: u64 = 0;
  /** Of a length-delimited field. */
  content: Bytes = EMPTY;
  private at: usize = 0;
  private end: usize = 0;

  /** Starts at the first field of `message`, which must stay where it is while it is read. */
  start(message: Bytes): void {
    this.status = ProtobufStatus.Ok;
    this.at = pointerOf(message);
    this.end = this.at + <usize>lengthOf(message);
  }

  /** Steps to the next field; false at the end, and at what is wrong: `status` tells them apart. */
  next(): bool {
    if (this.status != ProtobufStatus.Ok || this.at >= this.end || !this.varint()) return false;
    const tag = this.value;
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return this.fail(ProtobufStatus.BadField);
    this.field = <u32>(tag >> 3);
    this.type = <WireType>(tag & 7);
    this.content = EMPTY;
    if (this.type == WireType.Varint) return this.varint();
    if (this.type == WireType.Fixed64) return this.fixed(8);
    if (this.type == WireType.Fixed32) return this.fixed(4);
    return this.type == WireType.LengthDelimited
      ? this.delimited()
      : this.fail(ProtobufStatus.BadWireType);
  }

  private varint(): bool {
    let value: u64 = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) return this.fail(ProtobufStatus.Truncated);
      const byte = load<u8>(this.at++);
      if (shift == 63 && byte > 1) break;
      value |= ((<u64>byte) & 0x7f) << shift;
      if (byte < 0x80) {
        this.value = value;
        return true;
      }
    }
    return this.fail(ProtobufStatus.BadVarint);
  }

  private fixed(size: usize): bool {
    if (this.end - this.at < size) return this.fail(ProtobufStatus.Truncated);
    this.value = size == 8 ? load<u64>(this.at) : load<u32>(this.at);
    this.at += size;
    return true;
  }

  private delimited(): bool {
    if (!this.varint()) return false;
    const length = this.value;
    if (length > <u64>(this.end - this.at)) return this.fail(ProtobufStatus.Truncated);
    this.content = bytes(this.at, <i32>length);
    this.at += <usize>length;
    return true;
  }

  private fail(status: ProtobufStatus): bool {
    this.status = status;
    return false;
  }
}
