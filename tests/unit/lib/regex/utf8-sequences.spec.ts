import { CodeRanges } from "../../../../assembly/lib/regex/code-ranges";
import { Utf8Sequences } from "../../../../assembly/lib/regex/utf8-sequences";

function shown(low: u32, high: u32): string {
  const sequences = new Utf8Sequences(CodeRanges.of(low, high));
  let out = "";
  for (let i = 0; i < sequences.length; i++) {
    for (let k = 0; k < <i32>sequences.lengths[i]; k++) {
      out += "[" + sequences.low(i, k).toString(16) + "-" + sequences.high(i, k).toString(16) + "]";
    }
    out += " ";
  }
  return out;
}

describe("UTF-8 byte sequences", () => {
  it("cover a range of characters", () => {
    expect(shown(0x61, 0x7a)).toBe("[61-7a] ");
    expect(shown(0xe9, 0xe9)).toBe("[c3-c3][a9-a9] ");
    expect(shown(0x7f, 0x80)).toBe("[7f-7f] [c2-c2][80-80] ");
  });

  it("leave out overlong forms, surrogates and what is beyond U+10FFFF (Unicode table 3-7)", () => {
    expect(shown(0, 0x10ffff)).toBe(
      "[0-7f] [c2-df][80-bf] [e0-e0][a0-bf][80-bf] [e1-ec][80-bf][80-bf] [ed-ed][80-9f][80-bf] " +
        "[ee-ef][80-bf][80-bf] [f0-f0][90-bf][80-bf][80-bf] [f1-f3][80-bf][80-bf][80-bf] [f4-f4][80-8f][80-bf][80-bf] ",
    );
    expect(shown(0xd800, 0xdfff)).toBe("");
  });
});
