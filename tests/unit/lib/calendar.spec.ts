import { Civil, NOT_AN_INSTANT, daysFromCivil, parseInstant } from "../../../assembly/lib/calendar";
import { text } from "../../../assembly/lib/bytes";

describe("the calendar", () => {
  it("goes from dates to days and back over eight centuries", () => {
    const civil = new Civil();
    let wrong = 0;
    for (let day: i64 = -146_097; day < 146_097; day += 13) {
      civil.set(day);
      if (daysFromCivil(civil.year, civil.month, civil.day) != day) wrong++;
    }
    expect(wrong).toBe(0);
    civil.set(20_781);
    expect(civil.year).toBe(2026);
    expect(civil.month).toBe(11);
    expect(civil.day).toBe(24);
  });

  it("reads instants of RFC 3339", () => {
    expect(parseInstant(text("1970-01-01T00:00:00Z"))).toBe(0);
    expect(parseInstant(text("2026-11-24T09:00:00Z"))).toBe(1_795_510_800_000_000_000);
    expect(parseInstant(text("2026-11-24t10:30:00.25+01:30"))).toBe(1_795_510_800_250_000_000);
    expect(parseInstant(text("1996-12-19T16:39:57-08:00"))).toBe(851_042_397_000_000_000);
  });

  it("refuses everything else", () => {
    const wrong = [
      "",
      "2026-11-24",
      "2026-13-01T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "2026-11-24T24:00:00Z",
      "2026-11-24T09:00:00",
      "2026-11-24T09:00:00.Z",
      "2026-11-24T09:00:00+1:00",
      "2026-11-24T09:00:00Zx",
      "0000-00-00T00:00:00Z",
    ];
    for (let i = 0; i < wrong.length; i++)
      expect(parseInstant(text(wrong[i]))).toBe(NOT_AN_INSTANT, wrong[i]);
  });
});
