import { EMPTY, toText, view } from "../../../../assembly/lib/bytes";
import { writeUtf8 } from "../../../../assembly/lib/json/utf8";
import { Writer } from "../../../../assembly/lib/writer";

function written(bytes: StaticArray<u8>): string {
  const to = new Writer();
  writeUtf8(to, view(bytes));
  return toText(to.view());
}

describe("text that must be UTF-8", () => {
  it("goes as it is when it is, and is one replacement for each byte that is not", () => {
    expect(written([0x61, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80])).toBe("aä€😀");
    expect(written([0xff, 0x61, 0xc3, 0x28, 0xe2, 0x82])).toBe(
      "\u{fffd}a\u{fffd}(\u{fffd}\u{fffd}",
    );
    expect(written([0xed, 0xa0, 0x80])).toBe("\u{fffd}\u{fffd}\u{fffd}");
    expect(written([])).toBe("");
    const to = new Writer();
    writeUtf8(to, EMPTY);
    expect(to.length).toBe(0);
  });
});
