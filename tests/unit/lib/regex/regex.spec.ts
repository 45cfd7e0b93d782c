import { bytes, text } from "../../../../assembly/lib/bytes";
import { compilePattern } from "../../../../assembly/lib/regex/pattern";
import { regexOf } from "../../support/regex";

function matches(pattern: string, value: string, ignoreCase: bool = false): bool {
  const regex = regexOf(pattern, ignoreCase);
  return regex !== null && regex.matches(text(value));
}

function refusal(pattern: string): string {
  const compiled = compilePattern(text(pattern));
  return compiled.program === null ? compiled.problem : "accepted";
}

describe("a regular expression", () => {
  it("matches whole values only", () => {
    expect(matches("abc", "abc")).toBe(true);
    expect(matches("abc", "xabc")).toBe(false);
    expect(matches("abc", "abcx")).toBe(false);
    expect(matches("", "")).toBe(true);
    expect(matches("", "a")).toBe(false);
    expect(matches(".*Mobile.*", "Mozilla/5.0 (iPhone) Mobile/15E148")).toBe(true);
    expect(matches(".*Mobile.*", "Mozilla/5.0 (X11)")).toBe(false);
  });

  it("knows alternation, repetition and groups", () => {
    expect(matches("a|ab", "ab")).toBe(true);
    expect(matches("(?:ab){2,3}", "ab")).toBe(false);
    expect(matches("(?:ab){2,3}", "ababab")).toBe(true);
    expect(matches("(?:ab){2,3}", "abababab")).toBe(false);
    expect(matches("(?P<x>a)(?<y>b)??", "a")).toBe(true);
    expect(matches("a{,2}", "a{,2}")).toBe(true);
    expect(matches("(a*)*", "")).toBe(true);
  });

  it("takes single characters side by side for a class, and leaves others alone", () => {
    expect(matches("a|b|cd|e|[f-h]|\\d", "b")).toBe(true);
    expect(matches("a|b|cd|e|[f-h]|\\d", "cd")).toBe(true);
    expect(matches("a|b|cd|e|[f-h]|\\d", "g")).toBe(true);
    expect(matches("a|b|cd|e|[f-h]|\\d", "7")).toBe(true);
    expect(matches("a|b|cd|e|[f-h]|\\d", "c")).toBe(false);
    expect(matches("(?:é|日|)x", "日x")).toBe(true);
    expect(matches("(?:é|日|)x", "x")).toBe(true);
    expect(matches("(?i:k|ß)|b", "K")).toBe(true);
    expect(matches("(?i:k|ß)|b", "B")).toBe(false);
  });

  it("knows classes, by bytes, names and categories", () => {
    expect(matches("[a-c]+[^a-c]", "abcd")).toBe(true);
    expect(matches("[[:alpha:]_]+", "ab_")).toBe(true);
    expect(matches("[]-]+", "-]")).toBe(true);
    expect(matches("\\w+\\s\\d+", "a_1 42")).toBe(true);
    expect(matches("\\pL+", "Größe日本")).toBe(true);
    expect(matches("\\p{Lu}", "É")).toBe(true);
    expect(matches("\\p{Lu}", "é")).toBe(false);
    expect(matches("[\\x{1F600}-\\x{1F64F}]", "😀")).toBe(true);
    expect(matches(".", "\n")).toBe(false);
    expect(matches("(?s).", "\n")).toBe(true);
  });

  it("knows anchors and boundaries", () => {
    expect(matches("^a$", "a")).toBe(true);
    expect(matches("a\\b.b", "a b")).toBe(true);
    expect(matches("a\\b.b", "axb")).toBe(false);
    expect(matches("a\\B.b", "axb")).toBe(true);
    expect(matches("(?m)a$\\n^b", "a\nb")).toBe(true);
    expect(matches("a$\\n^b", "a\nb")).toBe(false);
  });

  it("folds case by flag, and beyond ASCII", () => {
    expect(matches("(?i)straße", "STRAẞE")).toBe(true);
    expect(matches("a(?i:b)c", "aBc")).toBe(true);
    expect(matches("a(?i:b)c", "ABc")).toBe(false);
    expect(matches("k", "K", true)).toBe(true);
    expect(matches("k", "\u212a", true)).toBe(true);
    expect(matches("(?-i)k", "K", true)).toBe(false);
    expect(matches("(?i)[^k]", "K")).toBe(false);
  });

  it("says what it refuses and where", () => {
    expect(refusal("a(b")).toBe("a group is never closed, expected ): `(` at byte 1");
    expect(refusal("a)b")).toBe("a ) closes no group, write \\): `)` at byte 1");
    expect(refusal("a**")).toBe(
      "a repetition of a repetition, put the inner one into a group: `*` at byte 2",
    );
    expect(refusal("|*")).toBe("nothing to repeat: `*` at byte 1");
    expect(refusal("a{2,1}").startsWith("repetition counts go up to 1000")).toBe(true);
    expect(refusal("((a{1000}){1000})").startsWith("repetition counts go up to 1000")).toBe(true);
    expect(refusal("(a)\\1")).toBe(
      "back references are not supported: RE2 has none: `\\1` at byte 3",
    );
    expect(refusal("(?=a)")).toBe("look-around is not supported: RE2 has none: `(?=` at byte 0");
    expect(refusal("(?<!a)")).toBe("look-around is not supported: RE2 has none: `(?<!` at byte 0");
    expect(refusal("\\C")).toBe("\\C is not supported, use . or a class: `\\C` at byte 0");
    expect(refusal("\\p{Greek}")).toBe(
      "only general categories like \\p{L} or \\p{Nd} are supported, no scripts: `\\p{Greek}` at byte 0",
    );
    expect(refusal("[b-a]")).toBe("no such character range: `b-a` at byte 1");
    expect(refusal("[a")).toBe("a character class is never closed, expected ]: `[a` at byte 0");
    expect(refusal("\\y")).toBe("RE2 has no such escape: `\\y` at byte 0");
    expect(refusal("a\\")).toBe("a backslash at the end, write \\\\: `\\` at byte 1");
    expect(refusal("(?z)")).toBe("RE2 has no such group: `(?z` at byte 0");
    expect(refusal("(?P<1>a)(?P<1>b)").startsWith("group names consist of")).toBe(true);
    expect(refusal("\\pL{1000}")).toBe("the pattern is too large once compiled");
    expect(refusal("(".repeat(300)).startsWith("groups are nested too deeply")).toBe(true);
  });

  it("takes no byte that is not UTF-8 for a character, but walks over it in a loop over everything", () => {
    const regex = regexOf("(?s).{0,9}");
    const loop = regexOf(".*a.*");
    const raw = new StaticArray<u8>(2);
    raw[0] = 0x61;
    raw[1] = 0xff;
    expect(regex !== null && regex.matches(bytes(changetype<usize>(raw), 1))).toBe(true);
    expect(regex !== null && regex.matches(bytes(changetype<usize>(raw), 2))).toBe(false);
    expect(loop !== null && loop.matches(bytes(changetype<usize>(raw), 2))).toBe(true);
  });

  it("stops at the byte that matters, wherever a run of others ends", () => {
    let wrong = 0;
    for (let before = 0; before < 12; before++) {
      for (let behind = 0; behind < 12; behind++) {
        const value = "-".repeat(before) + "x" + "-".repeat(behind);
        if (!matches(".*x.*", value)) wrong++;
        if (matches("-*", value)) wrong++;
        if (matches("-*x-{0,3}", value) != behind < 4) wrong++;
        if (matches("-*x", value) != (behind == 0)) wrong++;
        if (!matches("-*", "-".repeat(before + behind))) wrong++;
      }
    }
    expect(wrong).toBe(0);
  });

  it("stays right when its cache is emptied again and again", () => {
    const regex = regexOf("(?:a|b)*a(?:a|b){11}");
    let state: u32 = 1;
    const raw = new StaticArray<u8>(20000);
    for (let i = 0; i < raw.length; i++) {
      state = state * 1664525 + 1013904223;
      raw[i] = state >> 31 ? 0x61 : 0x62;
    }
    let wrong = 0;
    for (let length = 12; length <= raw.length; length += 991) {
      const isMatch = regex !== null && regex.matches(bytes(changetype<usize>(raw), length));
      if (isMatch != (raw[length - 12] == 0x61)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it("allocates nothing once its states are known", () => {
    const regex = regexOf("(?i).*mobile.*");
    const value = text("Mozilla/5.0 (X11; Linux x86_64) Gecko");
    if (regex !== null) regex.matches(value);
    const probe = heap.alloc(16);
    heap.free(probe);
    for (let i = 0; i < 1000; i++) if (regex !== null) regex.matches(value);
    const again = heap.alloc(16);
    heap.free(again);
    expect(again).toBe(probe);
  });
});
