import { EMPTY, equal, isPresent, text, toText } from "../../../../assembly/lib/bytes";
import { CookieReader, cookie, withoutCookie } from "../../../../assembly/lib/http/cookie";
import { Writer } from "../../../../assembly/lib/writer";
import { FakeRequest } from "../../support/request";

function pairs(source: string): string {
  const reader = new CookieReader().open(text(source));
  let out = "";
  while (reader.next()) out += "<" + toText(reader.name) + "|" + toText(reader.value) + ">";
  return out;
}

function without(source: string, name: string): string {
  return toText(withoutCookie(text(source), text(name), new Writer()));
}

describe("cookie strings", () => {
  it("are read pair by pair", () => {
    expect(pairs("a=1; b=2")).toBe("<a|1><b|2>");
    expect(pairs("a=1;b=2;")).toBe("<a|1><b|2>");
    expect(pairs("a=x=y; b=")).toBe("<a|x=y><b|>");
    expect(pairs('a="quoted"; b="')).toBe('<a|quoted><b|">');
  });

  it("lose their malformed pieces only", () => {
    expect(pairs("")).toBe("");
    expect(pairs(";;; ;")).toBe("");
    expect(pairs("novalue; =x; a=1; b\x01=2; c=\x7f; d=4")).toBe("<a|1><d|4>");
  });

  it("are found over several headers, the first of a name counts", () => {
    const request = new FakeRequest().with("cookie", "a=1; sid=x").with("cookie", "sid=y; b=2");
    expect(toText(cookie(request, text("sid")))).toBe("x");
    expect(toText(cookie(request, text("b")))).toBe("2");
    expect(isPresent(cookie(request, text("SID")))).toBe(false);
    expect(isPresent(cookie(request, text("si")))).toBe(false);
  });

  it("let one go and keep its neighbours byte for byte", () => {
    expect(without("a=1; token=secret; b=2", "token")).toBe("a=1; b=2");
    expect(without("token=secret; b=2", "token")).toBe("b=2");
    expect(without("a=1; token=secret", "token")).toBe("a=1");
    expect(without('a="1"; junk; token=x; token=y;b=2', "token")).toBe('a="1"; junk; b=2');
  });

  it("say when nothing is left and when nothing changed", () => {
    const scratch = new Writer();
    expect(withoutCookie(text("token=x"), text("token"), scratch) == EMPTY).toBe(true);
    const source = text("a=1;b=2");
    expect(withoutCookie(source, text("c"), scratch) == source).toBe(true);
    expect(equal(withoutCookie(source, text("a"), scratch), text("b=2"))).toBe(true);
  });
});
