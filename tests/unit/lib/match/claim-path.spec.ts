import { NONE, equal, text, toText } from "../../../../assembly/lib/bytes";
import { ClaimPath } from "../../../../assembly/lib/match/claim-path";
import { config } from "../../support/config";
import { FakeRequest } from "../../support/request";

function textOf(path: string, claims: string): string {
  const at = config('{"claim":' + path + "}");
  const found = ClaimPath.read(at, "claim").textIn(new FakeRequest().claimed(claims));
  return at.errors.any ? at.errors.first : found == NONE ? "-" : toText(found);
}

describe("a claim path", () => {
  it("leads through objects", () => {
    expect(textOf('"sub"', '{"sub":"alice"}')).toBe("alice");
    expect(textOf('"a.b.c"', '{"a":{"b":{"c":"x"}}}')).toBe("x");
    expect(textOf('["https://a.b/c","d"]', '{"https://a.b/c":{"d":"x"}}')).toBe("x");
    expect(textOf('"a.b"', '{"a":["b"]}')).toBe("-");
    expect(textOf('"a.b"', '{"a.b":"x"}')).toBe("-");
  });

  it("gives scalars as text", () => {
    expect(textOf('"n"', '{"n":9007199254740993}')).toBe("9007199254740993");
    expect(textOf('"n"', '{"n":1.50}')).toBe("1.50");
    expect(textOf('"n"', '{"n":true}')).toBe("true");
    expect(textOf('"n"', '{"n":null}')).toBe("-");
    expect(textOf('"n"', '{"n":["a"]}')).toBe("-");
    expect(textOf('"n"', '{"n":{}}')).toBe("-");
    expect(textOf('"n"', "not json")).toBe("-");
  });

  it("asks the native filter's metadata when jwt-auth left nothing", () => {
    const path = ClaimPath.ofText(text("realm.role"));
    const request = new FakeRequest().nativelyClaimed("realm.role", "admin");
    expect(equal(path.textIn(request), text("admin"))).toBe(true);
    expect(path.textIn(new FakeRequest().nativelyClaimed("realm.role", "a\0b")) == NONE).toBe(true);
    expect(
      path.textIn(new FakeRequest().claimed("{}").nativelyClaimed("realm.role", "admin")) == NONE,
    ).toBe(true);
  });

  it("is refused when it leads nowhere", () => {
    const wanted =
      'expected a claim: dotted text such as "realm_access.roles", or a list of 1 to 16 steps';
    expect(textOf('""', "{}")).toBe("/claim: " + wanted);
    expect(textOf('"a..b"', "{}")).toBe("/claim: " + wanted);
    expect(textOf("[]", "{}")).toBe("/claim: " + wanted);
    expect(textOf('["a",1]', "{}")).toBe("/claim/1: expected a string");
    expect(textOf("1", "{}")).toBe("/claim: expected a string");
    const at = config("{}");
    ClaimPath.read(at, "claim");
    expect(at.errors.first).toBe("/claim: missing; " + wanted);
  });
});
