import { CodeRanges } from "../../../../assembly/lib/regex/code-ranges";
import { addCategory, fold } from "../../../../assembly/lib/regex/unicode";

function shown(ranges: CodeRanges): string {
  let out = "";
  for (let i = 0; i < ranges.length; i++)
    out += ranges.low(i).toString(16) + "-" + ranges.high(i).toString(16) + " ";
  return out;
}

describe("ranges of code points", () => {
  it("are sorted and joined", () => {
    const ranges = new CodeRanges()
      .add(0x70, 0x75)
      .add(0x41, 0x43)
      .add(0x44, 0x50)
      .add(0x72, 0x7a)
      .add(0x71, 0x72);
    expect(shown(ranges.normalize())).toBe("41-50 70-7a ");
  });

  it("have a complement", () => {
    expect(shown(new CodeRanges().add(0x61, 0x7a).add(0, 5).negate())).toBe("6-60 7b-10ffff ");
    expect(shown(new CodeRanges().negate())).toBe("0-10ffff ");
    expect(shown(new CodeRanges().negate().negate())).toBe("");
  });

  it("fold with all characters of an orbit", () => {
    expect(shown(fold(CodeRanges.of(0x6b, 0x6b)))).toBe("4b-4b 6b-6b 212a-212a ");
    expect(shown(fold(CodeRanges.of(0x3a3, 0x3a3)))).toBe("3a3-3a3 3c2-3c3 ");
    expect(shown(fold(CodeRanges.of(0x101, 0x102)))).toBe("100-103 ");
    expect(shown(fold(CodeRanges.of(0x30, 0x39)))).toBe("30-39 ");
  });

  it("know general categories, and no other names", () => {
    const digits = new CodeRanges();
    expect(addCategory(digits, "Nd")).toBe(true);
    expect(digits.low(0)).toBe(0x30);
    expect(digits.high(0)).toBe(0x39);
    const all = new CodeRanges();
    expect(addCategory(all, "Any")).toBe(true);
    expect(shown(all.normalize())).toBe("0-10ffff ");
    const surrogates = new CodeRanges();
    expect(addCategory(surrogates, "Cs")).toBe(true);
    expect(shown(surrogates)).toBe("d800-dfff ");
    expect(addCategory(all, "Cn")).toBe(false);
    expect(addCategory(all, "Xx")).toBe(false);
    expect(addCategory(all, "Greek")).toBe(false);
    expect(addCategory(all, "")).toBe(false);
  });
});
