import { equal, lengthOf, slice, text, toText, view } from "../../../assembly/lib/bytes";
import {
  ProtobufReader,
  ProtobufStatus,
  WireType,
  closeMessage,
  openMessage,
  putBytes,
  putFixed32,
  putFixed64,
  putUnsigned,
  putVarint,
} from "../../../assembly/lib/protobuf";
import { Writer } from "../../../assembly/lib/writer";

function statusOf(message: u8[]): ProtobufStatus {
  const reader = new ProtobufReader();
  reader.start(view(StaticArray.fromArray<u8>(message)));
  while (reader.next()) {}
  return reader.status;
}

function hex(writer: Writer): string {
  const digits = new Writer();
  digits.hex(writer.view());
  return toText(digits.view());
}

describe("protocol buffers", () => {
  it("have the encodings of the specification's own examples", () => {
    const writer = new Writer();
    putUnsigned(writer, 1, 150);
    putBytes(writer, 2, text("testing"));
    const mark = openMessage(writer, 3);
    putUnsigned(writer, 1, 150);
    closeMessage(writer, mark);
    expect(hex(writer)).toBe("089601" + "120774657374696e67" + "1a03089601");
  });

  it("write varints at the ends of their groups", () => {
    const values: u64[] = [0, 1, 127, 128, 16383, 16384, <u64>i64.MAX_VALUE, u64.MAX_VALUE];
    const writer = new Writer();
    for (let i = 0; i < values.length; i++) putUnsigned(writer, 1, values[i]);
    const reader = new ProtobufReader();
    reader.start(writer.view());
    for (let i = 0; i < values.length; i++) {
      expect(reader.next()).toBe(true);
      expect(reader.value).toBe(values[i]);
    }
    expect(reader.next()).toBe(false);
    expect(reader.status).toBe(ProtobufStatus.Ok);
  });

  it("give a message inside a message its length, however long it grows", () => {
    const sizes = [0, 1, 127, 128, 129, 16383, 16384, 100_000];
    for (let i = 0; i < sizes.length; i++) {
      const writer = new Writer();
      const outer = openMessage(writer, 1);
      const inner = openMessage(writer, 2);
      const content = new StaticArray<u8>(sizes[i]);
      content.fill(0x61);
      putBytes(writer, 3, view(content));
      closeMessage(writer, inner);
      putUnsigned(writer, 4, 7);
      closeMessage(writer, outer);
      const reader = new ProtobufReader();
      reader.start(writer.view());
      expect(reader.next()).toBe(true);
      expect(reader.field).toBe(1);
      const message = new ProtobufReader();
      message.start(reader.content);
      expect(message.next()).toBe(true);
      expect(message.field).toBe(2);
      const nested = new ProtobufReader();
      nested.start(message.content);
      expect(nested.next()).toBe(true);
      expect(equal(nested.content, view(content))).toBe(true);
      expect(message.next()).toBe(true);
      expect(message.value).toBe(7);
      expect(message.next()).toBe(false);
      expect(reader.next()).toBe(false);
      expect(reader.status).toBe(ProtobufStatus.Ok);
    }
  });

  it("carry fixed numbers", () => {
    const writer = new Writer();
    putFixed64(writer, 1, 0x1122334455667788);
    putFixed32(writer, 2, 0xdeadbeef);
    const reader = new ProtobufReader();
    reader.start(writer.view());
    expect(reader.next()).toBe(true);
    expect(reader.type).toBe(WireType.Fixed64);
    expect(reader.value).toBe(0x1122334455667788);
    expect(reader.next()).toBe(true);
    expect(reader.value).toBe(0xdeadbeef);
  });

  it("are refused with a name for what is wrong", () => {
    expect(statusOf([0x08])).toBe(ProtobufStatus.Truncated);
    expect(statusOf([0x08, 0x80])).toBe(ProtobufStatus.Truncated);
    expect(statusOf([0x0a, 0x05, 0x61])).toBe(ProtobufStatus.Truncated);
    expect(statusOf([0x09, 1, 2, 3, 4, 5, 6, 7])).toBe(ProtobufStatus.Truncated);
    expect(statusOf([0x0d, 1, 2, 3])).toBe(ProtobufStatus.Truncated);
    expect(statusOf([0x0b])).toBe(ProtobufStatus.BadWireType);
    expect(statusOf([0x0f, 0])).toBe(ProtobufStatus.BadWireType);
    expect(statusOf([0x00, 0])).toBe(ProtobufStatus.BadField);
    expect(statusOf([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0])).toBe(
      ProtobufStatus.BadField,
    );
    const long: u8[] = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    expect(statusOf(long)).toBe(ProtobufStatus.BadVarint);
    expect(statusOf([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0])).toBe(
      ProtobufStatus.BadVarint,
    );
    expect(statusOf([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])).toBe(
      ProtobufStatus.Truncated,
    );
    expect(statusOf([])).toBe(ProtobufStatus.Ok);
  });

  it("are never read beyond their end, wherever they are cut off", () => {
    const writer = new Writer();
    putBytes(writer, 1, text("abcdef"));
    putFixed64(writer, 2, 1);
    putUnsigned(writer, 3, 300);
    const whole = lengthOf(writer.view());
    let good = 0;
    for (let length = 0; length <= whole; length++) {
      const reader = new ProtobufReader();
      reader.start(slice(writer.view(), 0, length));
      while (reader.next()) {}
      if (reader.status == ProtobufStatus.Ok) good++;
    }
    expect(good).toBe(4);
  });

  it("overflow a writer that is too small without a trap", () => {
    const writer = new Writer(130);
    const mark = openMessage(writer, 1);
    putBytes(writer, 1, view(new StaticArray<u8>(126)));
    closeMessage(writer, mark);
    expect(writer.overflowed).toBe(true);
    putVarint(writer, 1);
    expect(writer.length).toBe(130);
  });
});
