import { bytes, slice, text, toText, view } from "../../../../assembly/lib/bytes";
import { JsonDocument } from "../../../../assembly/lib/json/document";
import { writeJsonText } from "../../../../assembly/lib/json/write";
import { Writer } from "../../../../assembly/lib/writer";

function written(source: u64): string {
  const writer = new Writer();
  writeJsonText(writer, source);
  return toText(writer.view());
}

describe("a JSON string that is written", () => {
  it("has its quotes and the short escapes", () => {
    expect(written(text(""))).toBe('""');
    expect(written(text("plain text of more than one word"))).toBe(
      '"plain text of more than one word"',
    );
    expect(written(text('a"b\\c/d\b\t\n\f\r'))).toBe('"a\\"b\\\\c/d\\b\\t\\n\\f\\r"');
    expect(written(text("\x00\x1f\x7f"))).toBe('"\\u0000\\u001f\x7f"');
  });

  it("keeps UTF-8 and replaces what is none, byte by byte", () => {
    expect(written(text("é€😀 und mehr"))).toBe('"é€😀 und mehr"');
    const bad: u8[] = [0x61, 0xff, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xe2, 0x82];
    expect(written(view(StaticArray.fromArray<u8>(bad)))).toBe(
      '"a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"',
    );
  });

  it("is one line of valid JSON for every byte at every place of a word", () => {
    const place = new StaticArray<u8>(24);
    const document = new JsonDocument();
    const writer = new Writer();
    let good = 0;
    for (let byte = 0; byte < 256; byte++) {
      for (let at = 0; at < 24; at++) {
        place.fill(0x61);
        place[at] = <u8>byte;
        writer.reset();
        writeJsonText(writer, view(place));
        if (document.parse(writer.view(), 1000)) good++;
        if (toText(writer.view()).includes("\n")) good--;
      }
    }
    expect(good).toBe(256 * 24);
  });

  it("reads no byte beyond its source", () => {
    const source = text("ab\u{20ac}");
    expect(written(slice(source, 0, 3))).toBe('"ab\ufffd"');
    expect(written(bytes(<usize>(<u32>source), 0))).toBe('""');
  });
});
