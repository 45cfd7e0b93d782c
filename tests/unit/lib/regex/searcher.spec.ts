import { bytes, lengthOf, text, toText } from "../../../../assembly/lib/bytes";
import { Writer } from "../../../../assembly/lib/writer";
import { searcherOf } from "../../support/regex";

function found(pattern: string, value: string, from: i32 = 0): string {
  const searcher = searcherOf(pattern);
  if (searcher === null) return "refused";
  return searcher.find(text(value), from)
    ? searcher.start.toString() + "-" + searcher.end.toString()
    : "none";
}

function replaced(pattern: string, value: string): string {
  const searcher = searcherOf(pattern);
  return searcher === null
    ? "refused"
    : toText(searcher.replaceAll(text(value), text("***"), new Writer()));
}

describe("a search", () => {
  it("finds the leftmost match, and of those the longest", () => {
    expect(found("a|ab|abc", "xabcd")).toBe("1-4");
    expect(found("abcd|c", "abcd")).toBe("0-4");
    expect(found("b+?", "abbb")).toBe("1-4");
    expect(found("x*", "aax")).toBe("0-0");
    expect(found("y", "aax")).toBe("none");
    expect(found("[0-9]+", "a12b345", 3)).toBe("4-7");
  });

  it("knows what lies before the place where it begins", () => {
    expect(found("^a", "aa", 1)).toBe("none");
    expect(found("\\bfoo", "xfoo foo", 1)).toBe("5-8");
    expect(found("(?m)^b", "a\nb", 2)).toBe("2-3");
    expect(found("a", "a", 2)).toBe("none");
    expect(found("a", "a", -1)).toBe("none");
  });

  it("replaces every match and keeps the rest", () => {
    expect(replaced("[0-9]{4}", "card 1234 5678!")).toBe("card *** ***!");
    expect(replaced("(?i)token=[^&]*", "/a?Token=x&b=1&token=")).toBe("/a?***&b=1&***");
    expect(replaced("z", "abc")).toBe("abc");
    expect(replaced("b*", "abbc")).toBe("a***c");
    expect(replaced("^a", "aaa")).toBe("***aa");
    expect(replaced("c$", "abc")).toBe("ab***");
  });

  it("hides the rest of a value whose matches would take the square of its length", () => {
    const searcher = searcherOf("x.*y|x");
    const raw = new StaticArray<u8>(60000);
    raw.fill(0x78);
    const value = bytes(changetype<usize>(raw), raw.length);
    const result = searcher === null ? value : searcher.replaceAll(value, text("*"), new Writer());
    expect(lengthOf(result) < 40).toBe(true);
    expect(toText(result).replaceAll("*", "")).toBe("");
  });
});
