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

  it("may begin with a URL, whose host is one name whatever dots it has", () => {
    const claims = '{"https://example.com/roles":"a","https://id.example.com:8443":{"role":"b"}}';
    expect(textOf('"https://example.com/roles"', claims)).toBe("a");
    expect(textOf('["https://id.example.com:8443","role"]', claims)).toBe("b");
    expect(textOf('"https://example.com"', '{"https://example.com":"c"}')).toBe("c");
    expect(textOf('"http://idp/claims.role"', '{"http://idp/claims":{"role":"d"}}')).toBe("d");
    expect(textOf('"x.http://idp.role"', '{"x":{"http://idp":{"role":"e"}}}')).toBe("e");
    expect(textOf('"urn:example:roles"', '{"urn:example:roles":"f"}')).toBe("f");
  });

  it("is refused where a URL has a dot behind its host, with the list as the way out", () => {
    const refused =
      "/claim: expected no dot behind the host of a URL; a list says whether it is part of the name, " +
      'such as ["https://example.com/claims", "roles"]';
    expect(textOf('"https://example.com/claims.roles"', "{}")).toBe(refused);
    expect(textOf('"https://example.com/v1.0/roles"', "{}")).toBe(refused);
    const claims = '{"https://example.com/v1.0/roles":"a"}';
    expect(textOf('["https://example.com/v1.0/roles"]', claims)).toBe("a");
  });

  it("splits a URL behind its host where there is no other way to say it, as in a log format", () => {
    const path = ClaimPath.ofText(text("https://example.com/claims.role"));
    const request = new FakeRequest().claimed('{"https://example.com/claims":{"role":"a"}}');
    expect(equal(path.textIn(request), text("a"))).toBe(true);
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
    expect(textOf('"https://a..b/c"', "{}")).toBe("/claim: " + wanted);
    expect(textOf('"https://a./c"', "{}")).toBe("-");
    expect(textOf('"a."', "{}")).toBe("/claim: " + wanted);
    expect(textOf("[]", "{}")).toBe("/claim: " + wanted);
    expect(textOf('["a",1]', "{}")).toBe("/claim/1: expected a string");
    expect(textOf("1", "{}")).toBe("/claim: expected a string");
    const at = config("{}");
    ClaimPath.read(at, "claim");
    expect(at.errors.first).toBe("/claim: missing; " + wanted);
  });
});
