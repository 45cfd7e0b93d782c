import { EMPTY, NONE, text } from "../../../../assembly/lib/bytes";
import { StringMatch } from "../../../../assembly/lib/match/string-match";
import { config } from "../../support/config";

function refusal(json: string): string {
  const at = config(json);
  StringMatch.read(at);
  return at.errors.first;
}

function matches(json: string, value: string): bool {
  const at = config(json);
  const match = StringMatch.read(at);
  return !at.errors.any && match.matches(text(value));
}

describe("a StringMatch", () => {
  it("compares in six ways", () => {
    expect(matches('{"exact":"abc"}', "abc")).toBe(true);
    expect(matches('{"exact":"abc"}', "abcd")).toBe(false);
    expect(matches('{"exact":""}', "")).toBe(true);
    expect(matches('{"prefix":"ab"}', "abc")).toBe(true);
    expect(matches('{"prefix":"ab"}', "a")).toBe(false);
    expect(matches('{"suffix":"bc"}', "abc")).toBe(true);
    expect(matches('{"suffix":"abcd"}', "bcd")).toBe(false);
    expect(matches('{"contains":"b"}', "abc")).toBe(true);
    expect(matches('{"contains":"d"}', "abc")).toBe(false);
    expect(matches('{"regex":".*Mobile.*"}', "Mozilla Mobile")).toBe(true);
    expect(matches('{"regex":"Mobile"}', "Mozilla Mobile")).toBe(false);
    expect(matches('{"present":true}', "")).toBe(true);
  });

  it("ignores case when asked to", () => {
    expect(matches('{"exact":"AbC","ignoreCase":true}', "aBc")).toBe(true);
    expect(matches('{"prefix":"AB","ignoreCase":true}', "abc")).toBe(true);
    expect(matches('{"prefix":"ABCD","ignoreCase":true}', "abc")).toBe(false);
    expect(matches('{"suffix":"BC","ignoreCase":true}', "abc")).toBe(true);
    expect(matches('{"suffix":"AABC","ignoreCase":true}', "abc")).toBe(false);
    expect(matches('{"contains":"BA","ignoreCase":true}', "xbbax")).toBe(true);
    expect(matches('{"contains":"BAX1","ignoreCase":true}', "xbbax")).toBe(false);
    expect(matches('{"regex":"m[a-c]+","ignoreCase":true}', "MABC")).toBe(true);
    expect(matches('{"exact":"abc"}', "ABC")).toBe(false);
  });

  it("inverts the result for values, not for their absence", () => {
    expect(matches('{"exact":"a","invert":true}', "b")).toBe(true);
    expect(matches('{"exact":"a","invert":true}', "a")).toBe(false);
    expect(StringMatch.read(config('{"exact":"a","invert":true}')).matches(NONE)).toBe(false);
    expect(StringMatch.read(config('{"present":true,"invert":true}')).matches(NONE)).toBe(true);
    expect(StringMatch.read(config('{"present":true,"invert":true}')).matches(EMPTY)).toBe(false);
    expect(StringMatch.read(config('{"present":true}')).matches(NONE)).toBe(false);
  });

  it("is refused where it cannot be meant so", () => {
    expect(refusal("{}")).toBe(
      "/: expected one of: exact, prefix, suffix, contains, regex, present",
    );
    expect(refusal('{"exact":"a","prefix":"b"}')).toBe(
      "/prefix: expected only one of: exact, prefix, suffix, contains, regex, present",
    );
    expect(refusal('{"exact":1}')).toBe("/exact: expected a string");
    expect(refusal('{"prefix":""}')).toBe("/prefix: expected at least one character");
    expect(refusal('{"present":false}')).toBe(
      "/present: expected true; for absence add invert: true",
    );
    expect(refusal('{"exact":"a","ignorecase":true}').startsWith("/ignorecase: unknown key")).toBe(
      true,
    );
    expect(refusal('{"regex":"(a"}')).toBe(
      "/regex: a group is never closed, expected ): `(` at byte 0",
    );
    expect(refusal('{"regex":"a\\\\1"}')).toBe(
      "/regex: back references are not supported: RE2 has none: `\\1` at byte 1",
    );
  });
});
