import { equal, text } from "../../../../assembly/lib/bytes";
import {
  encodedHeader,
  encodedPayload,
  encodedSignature,
  signingInput,
  splitCompact,
} from "../../../../assembly/lib/jose/compact";
import { JwtStatus } from "../../../../assembly/lib/jose/status";

describe("The compact form", () => {
  it("is cut into its three parts, and the signature is over the first two with their dot", () => {
    expect(splitCompact(text("aa.bbb.c"))).toBe(JwtStatus.Ok);
    expect(equal(encodedHeader, text("aa"))).toBe(true);
    expect(equal(encodedPayload, text("bbb"))).toBe(true);
    expect(equal(encodedSignature, text("c"))).toBe(true);
    expect(equal(signingInput, text("aa.bbb"))).toBe(true);
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
      expect(splitCompact(text(bad[i]))).toBe(JwtStatus.BadFormat, bad[i]);
  });
});
