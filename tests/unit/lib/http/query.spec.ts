import { NONE, isPresent, text, toText } from "../../../../assembly/lib/bytes";
import {
  ParamReader,
  behindQuestion,
  pathOf,
  queryOf,
  withoutParam,
} from "../../../../assembly/lib/http/query";
import { decoded, equalDecoded } from "../../../../assembly/lib/http/percent";
import { Writer } from "../../../../assembly/lib/writer";

function params(query: string): string {
  const reader = new ParamReader().open(text(query));
  let out = "";
  while (reader.next()) out += "<" + toText(reader.name) + "|" + toText(reader.value) + ">";
  return out;
}

function without(target: string, name: string): string {
  return toText(withoutParam(text(target), text(name), new Writer()));
}

describe("request targets", () => {
  it("split into path, query and fragment", () => {
    expect(toText(pathOf(text("/a/b?c=d#e")))).toBe("/a/b");
    expect(toText(queryOf(text("/a/b?c=d#e")))).toBe("c=d");
    expect(toText(queryOf(text("/a?b?c")))).toBe("b?c");
    expect(isPresent(queryOf(text("/a?")))).toBe(true);
    expect(isPresent(queryOf(text("/a")))).toBe(false);
    expect(isPresent(queryOf(text("/a#?b=1")))).toBe(false);
    expect(toText(behindQuestion(text("/a/b?c=d#e")))).toBe("c=d#e");
    expect(isPresent(behindQuestion(text("/a/b")))).toBe(false);
    expect(isPresent(behindQuestion(NONE))).toBe(false);
  });
});

describe("query parameters", () => {
  it("are read one by one", () => {
    expect(params("a=1&b=2")).toBe("<a|1><b|2>");
    expect(params("&&a&b=&=c&d=e=f&")).toBe("<a|><b|><|c><d|e=f>");
    expect(new ParamReader().open(NONE).next()).toBe(false);
  });

  it("are percent-decoded, a malformed escape stands for itself", () => {
    const scratch = new Writer();
    expect(toText(decoded(text("a%20b%2Fc+d"), scratch))).toBe("a b/c+d");
    expect(toText(decoded(text("%"), scratch))).toBe("%");
    expect(toText(decoded(text("%4"), scratch))).toBe("%4");
    expect(toText(decoded(text("%zz%41"), scratch))).toBe("%zzA");
    expect(equalDecoded(text("%c3%A9"), text("\u00e9"))).toBe(true);
    expect(equalDecoded(text("%41"), text("AB"))).toBe(false);
    expect(equalDecoded(text("AB"), text("A"))).toBe(false);
  });

  it("leave without disturbing the others", () => {
    expect(without("/p?a=1&token=x&b=2", "token")).toBe("/p?a=1&b=2");
    expect(without("/p?token=x&b=2#f", "token")).toBe("/p?b=2#f");
    expect(without("/p?token=x", "token")).toBe("/p");
    expect(without("/p?token=x#f", "token")).toBe("/p#f");
    expect(without("/p?a=1&t%6Fken=x&token=y", "token")).toBe("/p?a=1");
    expect(without("/p?a=1", "token")).toBe("/p?a=1");
    expect(without("/p", "token")).toBe("/p");
  });
});
