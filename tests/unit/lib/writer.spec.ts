import { lengthOf, slice, text, toText, view } from "../../../assembly/lib/bytes";
import { Writer } from "../../../assembly/lib/writer";

describe("a writer", () => {
  it("puts bytes, text and numbers together", () => {
    const writer = new Writer();
    writer.bytes(text("n="));
    writer.decimal(-42);
    writer.byte(0x2c);
    writer.unsigned(7, 3);
    writer.byte(0x2c);
    writer.text("é€😀");
    expect(toText(writer.view())).toBe("n=-42,007,é€😀");
  });

  it("writes the ends of the 64-bit range", () => {
    const writer = new Writer();
    writer.decimal(i64.MIN_VALUE);
    writer.byte(0x20);
    writer.decimal(i64.MAX_VALUE);
    writer.byte(0x20);
    writer.unsigned(u64.MAX_VALUE);
    writer.byte(0x20);
    writer.decimal(0);
    expect(toText(writer.view())).toBe(
      "-9223372036854775808 9223372036854775807 18446744073709551615 0",
    );
  });

  it("writes bytes in hexadecimal", () => {
    const writer = new Writer();
    writer.hex(text("\x00\x7fAz"));
    expect(toText(writer.view())).toBe("007f417a");
  });

  it("writes numbers in hexadecimal without leading zeros", () => {
    const writer = new Writer();
    writer.hexNumber(0);
    writer.byte(0x20);
    writer.hexNumber(0x2f0a);
    writer.byte(0x20);
    writer.hexNumber(u32.MAX_VALUE);
    expect(toText(writer.view())).toBe("0 2f0a ffffffff");
  });

  it("keeps its contents when it grows", () => {
    const writer = new Writer();
    for (let i = 0; i < 1000; i++) writer.unsigned(i, 4);
    expect(writer.length).toBe(4000);
    expect(toText(slice(writer.view(), 3996))).toBe("0999");
    expect(toText(slice(writer.view(), 0, 8))).toBe("00000001");
  });

  it("says that it overflowed instead of taking more, and is whole again after a reset", () => {
    const writer = new Writer(10);
    writer.bytes(text("0123456789"));
    expect(writer.overflowed).toBe(false);
    writer.byte(0x41);
    expect(writer.overflowed).toBe(true);
    expect(lengthOf(writer.view())).toBe(10);
    writer.truncate(0);
    writer.byte(0x41);
    expect(writer.length).toBe(0);
    writer.reset();
    writer.byte(0x41);
    expect(writer.overflowed).toBe(false);
    expect(toText(writer.view())).toBe("A");
  });

  it("takes nothing of what does not fit whole", () => {
    const writer = new Writer(10);
    writer.bytes(text("01234567890"));
    expect(writer.overflowed).toBe(true);
    expect(writer.length).toBe(0);
    const numbers = new Writer(3);
    numbers.decimal(1234);
    expect(numbers.overflowed).toBe(true);
    const digits = new Writer(3);
    digits.hex(text("ab"));
    expect(digits.overflowed).toBe(true);
    expect(new Writer(4).room(-1)).toBe(0);
  });

  it("goes back to an earlier length", () => {
    const writer = new Writer();
    writer.text("kept");
    const mark = writer.length;
    writer.text(" unwanted");
    expect(toText(writer.viewFrom(mark))).toBe(" unwanted");
    writer.truncate(mark);
    writer.truncate(99);
    writer.truncate(-1);
    expect(toText(writer.view())).toBe("kept");
    expect(lengthOf(writer.viewFrom(99))).toBe(0);
  });

  it("reuses its buffer", () => {
    const writer = new Writer();
    writer.bytes(view(new StaticArray<u8>(5000)));
    const place = <u32>writer.view();
    writer.reset();
    writer.bytes(view(new StaticArray<u8>(5000)));
    expect(<u32>writer.view()).toBe(place);
  });
});
