import { Bytes, NONE, text, toText } from "../../../../../assembly/lib/bytes";
import { Writer } from "../../../../../assembly/lib/writer";
import { JsonDocument } from "../../../../../assembly/lib/json/document";
import { claimText } from "../../../../../assembly/filters/jwt-auth/rules/claim-text";

const NOTHING = "(none)";

function header(value: string): string {
  const document = new JsonDocument();
  if (!document.parse(text('{"a":' + value + "}"), 65536)) return "(no JSON)";
  const made: Bytes = claimText(document, document.find(0, text("a")), new Writer());
  return made == NONE ? NOTHING : toText(made);
}

describe("A claim as a header", () => {
  it("is the text of a text, and JSON of everything else", () => {
    expect(header('"a \\u00fc"')).toBe("a ü");
    expect(header("true")).toBe("true");
    expect(header("-5")).toBe("-5");
    expect(header("1.5")).toBe("1.5");
    expect(header('[ "a" , { "b" : 1 } ]')).toBe('["a",{"b":1}]');
    expect(header('{ "a b" : " \\" " }')).toBe('{"a b":" \\" "}');
    expect(header("[]")).toBe("[]");
  });

  it("keeps every digit of an integer", () => {
    expect(header("9007199254740993")).toBe("9007199254740993");
    expect(header("-9223372036854775808")).toBe("-9223372036854775808");
    expect(header("12345678901234567890123")).toBe("12345678901234567890123");
    expect(header("1e3")).toBe("1000");
    expect(header("5.0")).toBe("5");
  });

  it("is absent for null, for empty text and for what no header may hold", () => {
    expect(header("null")).toBe(NOTHING);
    expect(header('""')).toBe(NOTHING);
    expect(header('"a\\r\\nb"')).toBe(NOTHING);
    expect(header('"a\\u0000"')).toBe(NOTHING);
    expect(header('"a\\u007f"')).toBe(NOTHING);
    expect(header('"' + "x".repeat(17_000) + '"')).toBe(NOTHING);
  });
});
