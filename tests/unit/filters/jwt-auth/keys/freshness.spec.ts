import { Bytes, NONE, text } from "../../../../../assembly/lib/bytes";
import {
  UNSTATED,
  freshSeconds as fresh,
} from "../../../../../assembly/filters/jwt-auth/keys/freshness";

function freshSeconds(cacheControl: Bytes, age: Bytes): i64 {
  return fresh(cacheControl, age, NONE, NONE);
}

const DATE = text("Sun, 06 Nov 1994 08:49:37 GMT");

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
    const unusable = [
      "",
      ",",
      "public",
      "max-age",
      "max-age=",
      "max-age=-1",
      "max-age=soon",
      "s-maxage=5",
      "=5",
    ];
    for (let i = 0; i < unusable.length; i++)
      expect(freshSeconds(text(unusable[i]), NONE)).toBe(UNSTATED, unusable[i]);
    expect(freshSeconds(NONE, text("5"))).toBe(UNSTATED);
  });

  it("takes absurd figures as very long", () => {
    expect(freshSeconds(text("max-age=99999999999999999999999999"), NONE)).toBe(1 << 31);
    expect(freshSeconds(text("max-age=10"), text("junk"))).toBe(10);
  });

  it("is the time to expires where max-age is not said", () => {
    const later = text("Sun, 06 Nov 1994 09:00:00 GMT");
    expect(fresh(NONE, NONE, later, DATE)).toBe(623);
    expect(fresh(text("public"), text("23"), later, DATE)).toBe(600);
    expect(fresh(text("max-age=5"), NONE, later, DATE)).toBe(5);
    expect(fresh(NONE, NONE, DATE, later)).toBe(0);
    expect(fresh(NONE, NONE, later, NONE)).toBe(UNSTATED);
  });

  it("is over where expires is no date", () => {
    expect(fresh(NONE, NONE, text("0"), DATE)).toBe(0);
    expect(fresh(NONE, NONE, text("-1"), DATE)).toBe(0);
    expect(fresh(NONE, NONE, DATE, text("today"))).toBe(UNSTATED);
  });
});
