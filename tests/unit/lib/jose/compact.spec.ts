import { equal, text } from "../../../../assembly/lib/bytes";
import { CompactToken } from "../../../../assembly/lib/jose/compact";
import { JwtStatus } from "../../../../assembly/lib/jose/status";

const token = new CompactToken();

describe("The compact form", () => {
  it("is cut into its three parts, and the signature is over the first two with their dot", () => {
    expect(token.split(text("aa.bbb.c"))).toBe(JwtStatus.Ok);
    expect(equal(token.header, text("aa"))).toBe(true);
    expect(equal(token.payload, text("bbb"))).toBe(true);
    expect(equal(token.signature, text("c"))).toBe(true);
    expect(equal(token.signingInput, text("aa.bbb"))).toBe(true);
  });

  it("has exactly two dots, and no empty part, so that no two texts are one token", () => {
    const bad = [
      "",
      ".",
      "..",
      "a",
      "a.b",
      "a.b.",
      ".b.c",
      "a..c",
      ".a.b.c",
      "a.b.c.",
      "a.b..c",
      "a.b.c.d",
      "..c",
      "a..",
    ];
    for (let i = 0; i < bad.length; i++)
      expect(token.split(text(bad[i]))).toBe(JwtStatus.BadFormat, bad[i]);
  });
});
