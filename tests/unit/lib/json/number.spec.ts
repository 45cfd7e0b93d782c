import { toText, utf8, view } from "../../../../assembly/lib/bytes";
import { JsonDocument, JsonKind } from "../../../../assembly/lib/json/document";
import { JsonStatus } from "../../../../assembly/lib/json/status";

const document = new JsonDocument();
/** The document's views point into it. */
let source = utf8("");

function parse(json: string): bool {
  source = utf8(json);
  return document.parse(view(source), 1024 * 1024);
}

function expectInteger(json: string, value: i64): void {
  expect(parse(json)).toBe(true, json);
  expect(document.kind(0)).toBe(JsonKind.Integer, json);
  expect(document.integer(0)).toBe(value, json);
  expect(toText(document.source(0))).toBe(json);
}

function expectDouble(json: string, value: f64): void {
  expect(parse(json)).toBe(true, json);
  expect(document.kind(0)).toBe(JsonKind.Double, json);
  expect(document.number(0)).toBe(value, json);
}

describe("a JSON number", () => {
  it("is exact when it is whole and fits 64 bits, however it is written", () => {
    expectInteger("0", 0);
    expectInteger("-0", 0);
    expectInteger("-1", -1);
    expectInteger("9007199254740993", 9007199254740993);
    expectInteger("9223372036854775807", i64.MAX_VALUE);
    expectInteger("-9223372036854775808", i64.MIN_VALUE);
    expectInteger("1.0", 1);
    expectInteger("1e3", 1000);
    expectInteger("1E+3", 1000);
    expectInteger("1.5e1", 15);
    expectInteger("1500e-2", 15);
    expectInteger("0.0000001e7", 1);
    expectInteger("-12.50e1", -125);
    expectInteger("1760000000.000", 1760000000);
    expectInteger("1.76e9", 1760000000);
    expectInteger("9.223372036854775807e18", i64.MAX_VALUE);
    expectInteger("9223372036854775807.000000000000000000000000", i64.MAX_VALUE);
    expectInteger("92233720368547758070e-1", i64.MAX_VALUE);
    expectInteger("1000000000000000000e0", 1000000000000000000);
    expectInteger("0e99999999999", 0);
    expectInteger("0.000e-99999999999", 0);
    expectInteger("1" + "0".repeat(500) + "e-500", 1);
    expectInteger("0." + "0".repeat(499) + "1e500", 1);
  });

  it("is a double otherwise", () => {
    expectDouble("1.5", 1.5);
    expectDouble("-1.5", -1.5);
    expectDouble("0.1", 0.1);
    expectDouble("12.25", 12.25);
    expectDouble("99.99", 99.99);
    expectDouble("3.141592653589793", 3.141592653589793);
    expectDouble("1e22", 1e22);
    expectDouble("1e23", 1e23);
    expectDouble("123456789012345678901234567890", 123456789012345678901234567890.0);
    expectDouble("9223372036854775808", 9223372036854775808.0);
    expectDouble("-9223372036854775809", -9223372036854775808.0);
    expectDouble("18446744073709551615", 18446744073709551615.0);
    expectDouble("9223372036854775807.5", 9223372036854775808.0);
    expectDouble("10000000000000000000.5", 1e19);
    expectDouble("1e-7", 1e-7);
    expectDouble("1.7976931348623157e308", f64.MAX_VALUE);
    expectDouble("2.2250738585072014e-308", f64.MIN_NORMAL_VALUE);
    expectDouble("5e-324", f64.MIN_VALUE);
    expectDouble("4.9e-324", f64.MIN_VALUE);
    expectDouble("1e-400", 0);
    expectDouble("1e-99999999999999999999", 0);
    expectDouble("1e309", Infinity);
    expectDouble("-1e400", -Infinity);
    expectDouble("1e99999999999999999999", Infinity);
    expectDouble("0.3", 0.3);
    expectDouble("1.1e-5", 1.1e-5);
    expectDouble("6.02214076e23", 6.02214076e23);
    expectDouble("6.62607015e-34", 6.62607015e-34);
  });

  it("refuses everything that RFC 8259 does not call a number", () => {
    const bad = [
      "-",
      "--1",
      "-a",
      "01",
      "00",
      "-01",
      "-00",
      "00.5",
      "1.",
      "-1.",
      "1.e1",
      "0.e1",
      "1e",
      "1e+",
      "1e-",
      "1E",
      "1.5e",
      "1e+-1",
      "-.5",
      "-e1",
      "-Infinity",
      "-NaN",
    ];
    for (let i = 0; i < bad.length; i++) {
      expect(parse(bad[i])).toBe(false, bad[i]);
      expect(document.status).toBe(JsonStatus.BadNumber, bad[i]);
    }
    const trailing = [
      "0x1",
      "1a",
      "1.5.5",
      "1e1.5",
      "1-1",
      "1+1",
      "1_000",
      "0b1",
      "1 000",
      "1e1e1",
      "0o7",
      "1f",
    ];
    for (let i = 0; i < trailing.length; i++) {
      expect(parse(trailing[i])).toBe(false, trailing[i]);
      expect(document.status).toBe(JsonStatus.TrailingText, trailing[i]);
    }
    const unexpected = [".5", "+1", "+", "e1", "NaN", "Infinity", "\u{ff11}", "."];
    for (let i = 0; i < unexpected.length; i++) {
      expect(parse(unexpected[i])).toBe(false, unexpected[i]);
      expect(document.status).toBe(JsonStatus.UnexpectedByte, unexpected[i]);
    }
  });

  it("stands between brackets and commas as well", () => {
    expect(parse("[1,-2,3.5,4e0,0]")).toBe(true);
    expect(document.integer(1)).toBe(1);
    expect(document.integer(2)).toBe(-2);
    expect(document.number(3)).toBe(3.5);
    expect(document.integer(4)).toBe(4);
    expect(document.integer(5)).toBe(0);
    expect(parse("[01]")).toBe(false);
    expect(parse("[-]")).toBe(false);
    expect(parse("[1.]")).toBe(false);
    expect(parse("[2.e3]")).toBe(false);
    expect(parse("[1e]")).toBe(false);
  });

  it("may have a hundred thousand digits", () => {
    expect(parse("1" + "0".repeat(100_000))).toBe(true);
    expect(document.number(0)).toBe(Infinity);
    expect(parse("0." + "0".repeat(100_000) + "1")).toBe(true);
    expect(document.number(0)).toBe(0);
    expect(parse("1e" + "0".repeat(100_000) + "1")).toBe(true);
    expect(document.integer(0)).toBe(10);
  });
});
