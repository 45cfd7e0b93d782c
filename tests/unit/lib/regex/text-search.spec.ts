import { text } from "../../../../assembly/lib/bytes";
import { holdsText } from "../../../../assembly/lib/regex/text-search";
import { SearchWork } from "../../../../assembly/lib/regex/work";

function holds(value: string, wanted: string, ignoreCase: bool): bool {
  return holdsText(text(value), text(wanted), ignoreCase, null);
}

describe("a search for a text in a value", () => {
  it("finds it at the begin, in the middle and at the end, and the empty text everywhere", () => {
    const values: string[] = ["needle", "needle.", ".needle", "..needle..", "nneedle"];
    for (let i = 0; i < values.length; i++) expect(holds(values[i], "needle", false)).toBe(true);
    expect(holds("needl", "needle", false)).toBe(false);
    expect(holds("", "n", false)).toBe(false);
    expect(holds("", "", false)).toBe(true);
  });

  it("takes ASCII letters in any case when it is asked to", () => {
    expect(holds("a NeeDle", "nEEdlE", true)).toBe(true);
    expect(holds("a NeeDle", "needle", false)).toBe(false);
  });

  it("stops when the places at which it compares cost more than is allowed", () => {
    const value = text("a".repeat(10_000));
    const wanted = text("a".repeat(800) + "b");
    const work = new SearchWork();
    work.allow(100_000);
    expect(holdsText(value, wanted, false, work)).toBe(false);
    expect(work.isSpent).toBe(true);
    work.allow(100_000);
    expect(holdsText(value, text("b" + "a".repeat(800)), false, work)).toBe(false);
    expect(work.isSpent).toBe(false);
  });
});
