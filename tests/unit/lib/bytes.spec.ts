import {
  EMPTY,
  NONE,
  compare,
  endsWith,
  equal,
  equalIgnoreCase,
  find,
  indexOf,
  isPresent,
  lengthOf,
  parseUnsigned,
  slice,
  startsWith,
  text,
  toText,
  trimSpace,
} from "../../../assembly/lib/bytes";

describe("byte views", () => {
  it("never slice outside themselves", () => {
    const word = text("gatehouse");
    expect(toText(slice(word, 4))).toBe("house");
    expect(toText(slice(word, -3, 4))).toBe("gate");
    expect(lengthOf(slice(word, 20))).toBe(0);
    expect(lengthOf(slice(word, 5, 2))).toBe(0);
    expect(lengthOf(slice(word, 3, -1))).toBe(0);
  });

  it("tell an absent value from an empty one", () => {
    expect(isPresent(NONE)).toBe(false);
    expect(isPresent(EMPTY)).toBe(true);
  });

  it("compare contents, not places", () => {
    expect(equal(text("abc"), text("abc"))).toBe(true);
    expect(equal(text("abc"), text("abd"))).toBe(false);
    expect(compare(text("ab"), text("abc")) < 0).toBe(true);
    expect(equalIgnoreCase(text("X-Canary"), text("x-cANARY"))).toBe(true);
    expect(equalIgnoreCase(text("@"), text("`"))).toBe(false);
  });

  it("find what they hold", () => {
    expect(startsWith(text("Bearer x"), text("Bearer "))).toBe(true);
    expect(endsWith(text(".wasm"), text("wasm"))).toBe(true);
    expect(indexOf(text("a.b.c"), 0x2e, 2)).toBe(3);
    expect(find(text("aaab"), text("aab"))).toBe(1);
    expect(find(text("aaab"), text("abb"))).toBe(-1);
    expect(toText(trimSpace(text(" \t v \t")))).toBe("v");
  });

  it("read unsigned decimals and nothing else", () => {
    expect(parseUnsigned(text("9223372036854775807"))).toBe(i64.MAX_VALUE);
    expect(parseUnsigned(text("9223372036854775808"))).toBe(-1);
    expect(parseUnsigned(text(""))).toBe(-1);
    expect(parseUnsigned(text("-1"))).toBe(-1);
    expect(parseUnsigned(text("12a"))).toBe(-1);
  });
});
