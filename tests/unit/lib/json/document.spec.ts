import { NONE, text, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { JsonDocument, JsonKind } from "../../../../assembly/lib/json/document";
import { DEPTH_MAX } from "../../../../assembly/lib/json/parser";
import { JsonStatus } from "../../../../assembly/lib/json/status";

const BYTES_MAX = 4 * 1024 * 1024;
const document = new JsonDocument();

function parse(json: string): JsonDocument {
  document.parse(view(utf8(json)), BYTES_MAX);
  return document;
}

function expectRefusal(json: string, status: JsonStatus, offset: i32): void {
  parse(json);
  expect(document.status).toBe(status, json);
  expect(document.errorOffset).toBe(offset, json);
  expect(document.kind(0)).toBe(JsonKind.Null, json);
  expect(document.source(0)).toBe(0, json);
}

describe("a JSON document", () => {
  it("answers what was asked of it", () => {
    parse(' {"a": [1, {"b": true}, null], "c": "text", "d": -1.5, "e": {}} ');
    expect(document.status).toBe(JsonStatus.Ok);
    expect(document.size(0)).toBe(4);
    const a = document.find(0, text("a"));
    expect(document.size(a)).toBe(3);
    const first = document.first(a);
    expect(document.integer(first)).toBe(1);
    const second = document.after(first, a);
    expect(document.boolean(document.find(second, text("b")))).toBe(true);
    const third = document.after(second, a);
    expect(document.is(third, JsonKind.Null)).toBe(true);
    expect(document.after(third, a)).toBe(-1);
    expect(toText(document.text(document.find(0, text("c"))))).toBe("text");
    expect(document.number(document.find(0, text("d")))).toBe(-1.5);
    expect(toText(document.key(document.after(a, 0)))).toBe("c");
    expect(document.first(document.find(0, text("e")))).toBe(-1);
    expect(document.find(0, text("f"))).toBe(-1);
  });

  it("gives each value as it stands in the text", () => {
    parse('{"a":[ 1, {"b":"\\u0041"}],"n":1.50e3,"s":"\\"","t":true,"o":{ }}');
    expect(toText(document.source(0))).toBe(
      '{"a":[ 1, {"b":"\\u0041"}],"n":1.50e3,"s":"\\"","t":true,"o":{ }}',
    );
    expect(toText(document.source(document.find(0, text("a"))))).toBe('[ 1, {"b":"\\u0041"}]');
    expect(toText(document.source(document.find(0, text("n"))))).toBe("1.50e3");
    expect(toText(document.source(document.find(0, text("s"))))).toBe('"\\""');
    expect(toText(document.source(document.find(0, text("t"))))).toBe("true");
    expect(toText(document.source(document.find(0, text("o"))))).toBe("{ }");
  });

  it("has an empty answer for a node that is not there, and for a question of the wrong kind", () => {
    parse('["a"]');
    const nowhere = [-1, 2, i32.MAX_VALUE, i32.MIN_VALUE];
    for (let i = 0; i < nowhere.length; i++) {
      expect(document.text(nowhere[i])).toBe(NONE);
      expect(document.key(nowhere[i])).toBe(NONE);
      expect(document.integer(nowhere[i])).toBe(0);
      expect(document.number(nowhere[i])).toBe(0);
      expect(document.boolean(nowhere[i])).toBe(false);
      expect(document.first(nowhere[i])).toBe(-1);
      expect(document.after(nowhere[i], 0)).toBe(-1);
      expect(document.after(1, nowhere[i])).toBe(-1);
      expect(document.find(nowhere[i], text("a"))).toBe(-1);
      expect(document.size(nowhere[i])).toBe(0);
      expect(document.kind(nowhere[i])).toBe(JsonKind.Null);
    }
    expect(document.integer(1)).toBe(0);
    expect(document.text(0)).toBe(NONE);
    expect(document.find(0, text("a"))).toBe(-1);
  });

  it("takes every kind of value at its root", () => {
    const roots = ["null", "true", "false", "0", "1.5", '"s"', "[]", "{}", " \t\r\n7 \t\r\n"];
    const kinds = [
      JsonKind.Null,
      JsonKind.Boolean,
      JsonKind.Boolean,
      JsonKind.Integer,
      JsonKind.Double,
      JsonKind.String,
      JsonKind.Array,
      JsonKind.Object,
      JsonKind.Integer,
    ];
    for (let i = 0; i < roots.length; i++) {
      expect(parse(roots[i]).status).toBe(JsonStatus.Ok, roots[i]);
      expect(document.kind(0)).toBe(kinds[i], roots[i]);
    }
  });

  it("refuses broken structure where it breaks", () => {
    expectRefusal("", JsonStatus.UnexpectedEnd, 0);
    expectRefusal(" ", JsonStatus.UnexpectedEnd, 1);
    expectRefusal("[", JsonStatus.UnexpectedEnd, 1);
    expectRefusal("[1", JsonStatus.UnexpectedEnd, 2);
    expectRefusal("[1,", JsonStatus.UnexpectedEnd, 3);
    expectRefusal("{", JsonStatus.UnexpectedEnd, 1);
    expectRefusal('{"a"', JsonStatus.UnexpectedEnd, 4);
    expectRefusal('{"a":', JsonStatus.UnexpectedEnd, 5);
    expectRefusal('{"a":1', JsonStatus.UnexpectedEnd, 6);
    expectRefusal('{"a":1,', JsonStatus.UnexpectedEnd, 7);
    expectRefusal("]", JsonStatus.UnexpectedByte, 0);
    expectRefusal("}", JsonStatus.UnexpectedByte, 0);
    expectRefusal(",", JsonStatus.UnexpectedByte, 0);
    expectRefusal(":", JsonStatus.UnexpectedByte, 0);
    expectRefusal("[,1]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("[1,]", JsonStatus.UnexpectedByte, 3);
    expectRefusal("[1,,2]", JsonStatus.UnexpectedByte, 3);
    expectRefusal("[1 2]", JsonStatus.UnexpectedByte, 3);
    expectRefusal("[1:2]", JsonStatus.UnexpectedByte, 2);
    expectRefusal("[1}", JsonStatus.UnexpectedByte, 2);
    expectRefusal('{"a":1]', JsonStatus.UnexpectedByte, 6);
    expectRefusal('{"a",1}', JsonStatus.UnexpectedByte, 4);
    expectRefusal('{"a" 1}', JsonStatus.UnexpectedByte, 5);
    expectRefusal('{"a"::1}', JsonStatus.UnexpectedByte, 5);
    expectRefusal('{"a":1,}', JsonStatus.UnexpectedByte, 7);
    expectRefusal("{,}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("{1:1}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("{a:1}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("{null:1}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("{[]:1}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("{'a':1}", JsonStatus.UnexpectedByte, 1);
    expectRefusal("['a']", JsonStatus.UnexpectedByte, 1);
    expectRefusal('{"a":1 "b":2}', JsonStatus.UnexpectedByte, 7);
    expectRefusal("[a]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("[/**/1]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("[1//\n]", JsonStatus.UnexpectedByte, 2);
    expectRefusal("[1\x0c]", JsonStatus.UnexpectedByte, 2);
    expectRefusal("[\x0b1]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("[\u00a01]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("[\x00]", JsonStatus.UnexpectedByte, 1);
  });

  it("refuses what stands behind the value, and a byte order mark before it", () => {
    expectRefusal("1 2", JsonStatus.TrailingText, 2);
    expectRefusal("{} x", JsonStatus.TrailingText, 3);
    expectRefusal("[]]", JsonStatus.TrailingText, 2);
    expectRefusal("{}}", JsonStatus.TrailingText, 2);
    expectRefusal('"a"b', JsonStatus.TrailingText, 3);
    expectRefusal("[1],", JsonStatus.TrailingText, 3);
    expectRefusal("{}#", JsonStatus.TrailingText, 2);
    expectRefusal("{}\x00", JsonStatus.TrailingText, 2);
    expectRefusal("\ufeff{}", JsonStatus.UnexpectedByte, 0);
    expectRefusal("\ufeff", JsonStatus.UnexpectedByte, 0);
  });

  it("knows three words and no others", () => {
    const words = [
      "True",
      "TRUE",
      "tru",
      "t",
      "fals",
      "nul",
      "nan",
      "NaN",
      "Infinity",
      "undefined",
      "truf",
      "nulL",
    ];
    for (let i = 0; i < words.length; i++) expectRefusal(words[i], JsonStatus.UnexpectedByte, 0);
    expectRefusal("[falsy]", JsonStatus.UnexpectedByte, 1);
    expectRefusal("truetrue", JsonStatus.TrailingText, 4);
    expectRefusal("nulll", JsonStatus.TrailingText, 4);
  });

  it("stops at the caller's depth, and at its own", () => {
    expect(document.parse(text("[[[]]]"), BYTES_MAX, 3)).toBe(true);
    expect(document.parse(text("[[[]]]"), BYTES_MAX, 2)).toBe(false);
    expect(document.status).toBe(JsonStatus.TooDeep);
    expect(document.errorOffset).toBe(2);
    expect(document.parse(text("[]"), BYTES_MAX, 0)).toBe(false);
    expect(document.parse(text("1"), BYTES_MAX, 0)).toBe(true);
    expect(document.parse(text("1"), BYTES_MAX, -1)).toBe(true);
    const deepest = "[".repeat(DEPTH_MAX) + "]".repeat(DEPTH_MAX);
    expect(document.parse(text(deepest), BYTES_MAX, 1000)).toBe(true);
    expect(document.parse(text("[" + deepest + "]"), BYTES_MAX, 1000)).toBe(false);
    expectRefusal('{"a":'.repeat(10_000), JsonStatus.TooDeep, 5 * DEPTH_MAX);
    expectRefusal("[".repeat(10_000) + "]".repeat(10_000), JsonStatus.TooDeep, DEPTH_MAX);
  });

  it("stops at the caller's size before it looks", () => {
    expect(document.parse(text("[1,2]"), 5)).toBe(true);
    expect(document.parse(text("[1,2]"), 4)).toBe(false);
    expect(document.status).toBe(JsonStatus.TooLarge);
    expect(document.errorOffset).toBe(0);
  });

  it("reads a document of a mebibyte", () => {
    const item = '{"name":"value \\u00e9","n":12345.5,"list":[1,2,3]},';
    const items = item.repeat((1024 * 1024) / item.length);
    parse("[" + items + "null]");
    expect(document.status).toBe(JsonStatus.Ok);
    expect(document.size(0)).toBe((1024 * 1024) / item.length + 1);
    expect(toText(document.text(document.find(1, text("name"))))).toBe("value é");
  });

  it("refuses more values than it has rows for", () => {
    const zeros = new StaticArray<u8>(2 * 600_000 + 1);
    for (let i = 0; i < zeros.length; i++) zeros[i] = i % 2 == 0 ? 0x2c : 0x30;
    zeros[0] = 0x5b;
    zeros[zeros.length - 1] = 0x5d;
    expect(document.parse(view(zeros), BYTES_MAX)).toBe(false);
    expect(document.status).toBe(JsonStatus.TooManyValues);
  });

  it("is as good as new after a refusal", () => {
    parse('{"a":"\\u0041", "b":[');
    parse('{"a":"\\u0042"}');
    expect(toText(document.text(document.find(0, text("a"))))).toBe("B");
  });
});
