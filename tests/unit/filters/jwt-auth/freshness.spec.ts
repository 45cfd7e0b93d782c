import { NONE, text } from "../../../../assembly/lib/bytes";
import { UNSTATED, freshSeconds } from "../../../../assembly/filters/jwt-auth/freshness";

describe("HTTP freshness", () => {
  it("is what max-age says, less the age", () => {
    expect(freshSeconds(text("max-age=300"), NONE)).toBe(300);
    expect(freshSeconds(text("public, Max-Age=300, must-revalidate"), text("100"))).toBe(200);
    expect(freshSeconds(text('public,max-age="300"'), NONE)).toBe(300);
    expect(freshSeconds(text("max-age=300"), text(" 500 "))).toBe(0);
  });

  it("is nothing where the answer must not be reused", () => {
    expect(freshSeconds(text("max-age=300, no-store"), NONE)).toBe(0);
    expect(freshSeconds(text("no-cache"), NONE)).toBe(0);
  });

  it("is unstated without a usable directive", () => {
    const unusable = ["", ",", "public", "max-age", "max-age=", "max-age=-1", "max-age=soon", "s-maxage=5", "=5"];
    for (let i = 0; i < unusable.length; i++) expect(freshSeconds(text(unusable[i]), NONE)).toBe(UNSTATED, unusable[i]);
    expect(freshSeconds(NONE, text("5"))).toBe(UNSTATED);
  });

  it("takes absurd figures as very long", () => {
    expect(freshSeconds(text("max-age=99999999999999999999999999"), NONE)).toBe(1 << 31);
    expect(freshSeconds(text("max-age=10"), text("junk"))).toBe(10);
  });
});
