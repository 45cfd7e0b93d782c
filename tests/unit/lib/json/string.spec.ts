import { Bytes, lengthOf, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { JsonDocument } from "../../../../assembly/lib/json/document";
import { JsonStatus } from "../../../../assembly/lib/json/status";
import { Writer } from "../../../../assembly/lib/writer";

const document = new JsonDocument();
const BYTES_MAX = 4 * 1024 * 1024;

function read(inner: string): string {
  const parsed = document.parse(view(utf8('"' + inner + '"')), BYTES_MAX);
  return parsed ? toText(document.text(0)) : "refused";
}

function refusal(inner: string, status: JsonStatus, offset: i32): void {
  expect(read(inner)).toBe("refused", inner);
  expect(document.status).toBe(status, inner);
  expect(document.errorOffset).toBe(offset, inner);
}

function quoted(bytes: u8[], before: string): Bytes {
  const writer = new Writer();
  writer.byte(0x22);
  writer.text(before);
  for (let i = 0; i < bytes.length; i++) writer.byte(bytes[i]);
  writer.byte(0x22);
  const copy = new StaticArray<u8>(writer.length);
  memory.copy(changetype<usize>(copy), <usize>(<u32>writer.view()), <usize>writer.length);
  return view(copy);
}

/**
 * The status of these bytes as a string; the same behind an escape, where another loop reads
 * them.
 */
function statusOf(bytes: u8[]): JsonStatus {
  document.parse(quoted(bytes, ""), BYTES_MAX);
  const plain = document.status;
  document.parse(quoted(bytes, "\\n and a long text before"), BYTES_MAX);
  expect(document.status).toBe(plain);
  return plain;
}

describe("a JSON string", () => {
  it("is a view of the text when it has no escapes", () => {
    const source = utf8('["plain é"]');
    document.parse(view(source), BYTES_MAX);
    expect(<u32>document.text(1)).toBe(<u32>view(source) + 2);
    expect(lengthOf(document.text(1))).toBe(8);
    expect(read("")).toBe("");
    expect(read("\x7f")).toBe("\x7f");
    expect(read("/")).toBe("/");
    expect(read("a long text without anything special in it, é€😀, to its end")).toBe(
      "a long text without anything special in it, é€😀, to its end",
    );
  });

  it("has its escapes undone", () => {
    expect(read('\\"\\\\\\/\\b\\f\\n\\r\\t')).toBe('"\\/\b\f\n\r\t');
    expect(read("\\u0041\\u00e9\\u20ac\\ud83d\\ude00")).toBe("Aé€😀");
    expect(read("\\u00E9\\u20AC\\uD83D\\uDE00")).toBe("é€😀");
    expect(read("before\\nbetween\\nafter")).toBe("before\nbetween\nafter");
    expect(read("é\\u00e9é")).toBe("ééé");
    expect(read("\\u0000x").length).toBe(2);
    expect(read("\\u001f")).toBe("\x1f");
    expect(read("\\uFFFF\\uFFFE\\uFEFF")).toBe("\uffff\ufffe\ufeff");
    expect(read("\\udbff\\udfff")).toBe("\u{10ffff}");
    expect(read("\\ud800\\udc00")).toBe("\u{10000}");
    expect(read("\\u07ff\\u0800\\u007f\\u0080")).toBe("\u07ff\u0800\u007f\u0080");
  });

  it("refuses escapes that there are none of", () => {
    const letters = ["a", "v", "x41", "0", "'", " ", "U0041", "é", "\\x00", "N"];
    for (let i = 0; i < letters.length - 2; i++)
      refusal("\\" + letters[i], JsonStatus.BadEscape, 1);
    refusal("abc\\q", JsonStatus.BadEscape, 4);
    refusal("\\n\\q", JsonStatus.BadEscape, 3);
    refusal("\\u", JsonStatus.BadEscape, 1);
    refusal("\\u004", JsonStatus.BadEscape, 1);
    refusal("\\u00g1", JsonStatus.BadEscape, 1);
    refusal("\\u 041", JsonStatus.BadEscape, 1);
    refusal("\\u-041", JsonStatus.BadEscape, 1);
    refusal("\\u00é", JsonStatus.BadEscape, 1);
    refusal("\\u@@@@", JsonStatus.BadEscape, 1);
    refusal("\\u````", JsonStatus.BadEscape, 1);
  });

  it("refuses half of a surrogate pair", () => {
    refusal("\\ud83d", JsonStatus.BadEscape, 1);
    refusal("\\ude00", JsonStatus.BadEscape, 1);
    refusal("\\ud83dx", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\n", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\u0041", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\ud83d", JsonStatus.BadEscape, 1);
    refusal("\\ude00\\ud83d", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\ude0", JsonStatus.BadEscape, 1);
    refusal("\\ud83dude00", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\Ude00", JsonStatus.BadEscape, 1);
    refusal("\\ud83d\\ue000", JsonStatus.BadEscape, 1);
  });

  it("ends", () => {
    const open = [
      '"',
      '"a',
      '"a long text that has no end',
      '"\\n',
      '"\\n and then',
      '"\\"',
      '"\\',
    ];
    for (let i = 0; i < open.length; i++) {
      expect(document.parse(view(utf8(open[i])), BYTES_MAX)).toBe(false, open[i]);
      expect(document.status).toBe(JsonStatus.UnexpectedEnd, open[i]);
    }
  });

  it("refuses every control character", () => {
    for (let byte: u8 = 0; byte < 0x20; byte++)
      expect(statusOf([byte])).toBe(JsonStatus.ControlCharacter);
    refusal("a\nb", JsonStatus.ControlCharacter, 2);
    refusal("\\n\tb", JsonStatus.ControlCharacter, 3);
  });

  it("takes the first and last character of each length in UTF-8", () => {
    expect(statusOf([0x7f])).toBe(JsonStatus.Ok);
    expect(statusOf([0xc2, 0x80])).toBe(JsonStatus.Ok);
    expect(statusOf([0xdf, 0xbf])).toBe(JsonStatus.Ok);
    expect(statusOf([0xe0, 0xa0, 0x80])).toBe(JsonStatus.Ok);
    expect(statusOf([0xed, 0x9f, 0xbf])).toBe(JsonStatus.Ok);
    expect(statusOf([0xee, 0x80, 0x80])).toBe(JsonStatus.Ok);
    expect(statusOf([0xef, 0xbf, 0xbf])).toBe(JsonStatus.Ok);
    expect(statusOf([0xf0, 0x90, 0x80, 0x80])).toBe(JsonStatus.Ok);
    expect(statusOf([0xf4, 0x8f, 0xbf, 0xbf])).toBe(JsonStatus.Ok);
  });

  it("refuses what is not UTF-8", () => {
    // A lone continuation byte, and bytes that never occur.
    expect(statusOf([0x80])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xbf])).toBe(JsonStatus.BadUtf8);
    for (let byte = 0xf5; byte <= 0xff; byte++)
      expect(statusOf([<u8>byte, 0x80, 0x80, 0x80])).toBe(JsonStatus.BadUtf8);
    // Overlong forms.
    expect(statusOf([0xc0, 0xaf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xc1, 0xbf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xe0, 0x80, 0xaf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xe0, 0x9f, 0xbf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf0, 0x80, 0x80, 0xaf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf0, 0x8f, 0xbf, 0xbf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xfc, 0x83, 0xbf, 0xbf, 0xbf, 0xbf])).toBe(JsonStatus.BadUtf8);
    // Surrogates, and what is above U+10FFFF.
    expect(statusOf([0xed, 0xa0, 0x80])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xed, 0xbf, 0xbf])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf4, 0x90, 0x80, 0x80])).toBe(JsonStatus.BadUtf8);
    // Cut off, by the quote or by another character.
    expect(statusOf([0xc3])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xe2, 0x82])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf0, 0x9f, 0x98])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xc3, 0x41])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xe2, 0x82, 0x41])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xe2, 0x41, 0x82])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf0, 0x9f, 0x98, 0xc0])).toBe(JsonStatus.BadUtf8);
    expect(statusOf([0xf0, 0x9f, 0x41, 0x80])).toBe(JsonStatus.BadUtf8);
  });
});
