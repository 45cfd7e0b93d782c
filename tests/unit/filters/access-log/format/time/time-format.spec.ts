import {
  DEFAULT_FORMAT,
  compileTimeFormat,
} from "../../../../../../assembly/filters/access-log/format/time/time-format";
import { toText, utf8, view } from "../../../../../../assembly/lib/bytes";

function rendered(format: string, unixNanos: i64): string {
  const bytes = utf8(format);
  const compiled = compileTimeFormat(view(bytes));
  const made = compiled.value;
  return made === null ? "refused: " + compiled.error : toText(made.render(unixNanos));
}

// 2024-02-29T23:59:58.007008009Z, a Thursday.
const LEAP: i64 = 1_709_251_198_007_008_009;

describe("times", () => {
  it("are Envoy's default when nothing else is asked for", () => {
    expect(rendered(toText(DEFAULT_FORMAT), LEAP)).toBe("2024-02-29T23:59:58.007Z");
    expect(rendered(toText(DEFAULT_FORMAT), 0)).toBe("1970-01-01T00:00:00.000Z");
  });

  it("have strftime's conversions", () => {
    expect(rendered("%F %T %D %R", LEAP)).toBe("2024-02-29 23:59:58 02/29/24 23:59");
    expect(rendered("%A %a %B %b %h %d %e %j %u %w %p %I %y %%", LEAP)).toBe(
      "Thursday Thu February Feb Feb 29 29 060 4 4 PM 11 24 %",
    );
    expect(rendered("%z %Z %Ez", LEAP)).toBe("+0000 UTC +00:00");
    expect(rendered("%e|%I", 1_704_067_200_000_000_000)).toBe(" 1|12");
  });

  it("have fractions cut off, not rounded", () => {
    expect(rendered("%s %1f %3f %6f %9f %f", LEAP)).toBe(
      "1709251198 0 007 007008 007008009 007008009",
    );
    expect(rendered("%E0S %E3S %E9S %E*S", LEAP)).toBe("58 58.007 58.007008009 58.007008009");
    expect(rendered("%E*S", 1_000_000_000)).toBe("01");
  });

  it("are right again when only the millisecond changes, and when the second does", () => {
    const bytes = utf8("%T.%3f and %s");
    const format = compileTimeFormat(view(bytes)).value;
    expect(format).not.toBeNull();
    if (format === null) return;
    for (let i: i64 = 0; i < 2_500; i += 7) {
      const at = LEAP + i * 1_000_000;
      expect(toText(format.render(at))).toBe(rendered("%T.%3f and %s", at));
    }
  });

  it("refuse what they do not know, by name", () => {
    const unknown = ["%Q", "%n", "%Eu", "%Om%", "%-z", "%^d", "%E16S", "%100d", "%E0f"];
    expect(rendered("%Q", 0)).toBe("refused: unknown time conversion `%Q`");
    for (let i = 0; i < unknown.length; i++) {
      expect(rendered(unknown[i], 0).startsWith("refused: unknown time conversion")).toBe(
        true,
        unknown[i],
      );
    }
    expect(rendered("a %", 0)).toBe("refused: unknown time conversion `%`");
    expect(rendered("%0f", 0)).toBe("refused: unknown time conversion `%0`");
  });

  it("reach before 1970", () => {
    expect(rendered("%F %T.%3f", -1_000_000)).toBe("1969-12-31 23:59:59.999");
  });

  it("have weeks, centuries and the longer forms of strftime", () => {
    expect(rendered("%U %W %V %G %g %C", LEAP)).toBe("08 09 09 2024 24 20");
    // A Saturday that belongs to the last week of the year before, ISO 8601.
    expect(rendered("%U %W %V %G %g %u", 1_641_024_000_000_000_000)).toBe("00 00 52 2021 21 6");
    // A Monday that belongs to the first week of the next year.
    expect(rendered("%U %W %V %G %g %u", 1_735_516_800_000_000_000)).toBe("52 53 01 2025 25 1");
    expect(rendered("%c|%x|%X|%r|%k|%l|%P", LEAP)).toBe(
      "Thu Feb 29 23:59:58 2024|02/29/24|23:59:58|11:59:58 PM|23|11|pm",
    );
    expect(rendered("%Ec|%EX|%Ey|%Od|%OH|%Oe|%E4Y|%ET", LEAP)).toBe(
      "Thu Feb 29 23:59:58 2024|23:59:58|24|29|23|29|2024|T",
    );
    expect(rendered("%:z %::z %:::z %E*z", LEAP)).toBe("+00:00 +00:00:00 +00 +00:00:00");
  });

  it("have flags and widths as glibc has them", () => {
    const newYear: i64 = 1_704_067_200_000_000_000;
    expect(rendered("%-d %_d %0e %-e %-H %-I %-m %-j %-y", newYear)).toBe("1  1 01 1 0 12 1 1 24");
    expect(rendered("%3S %10Y %5d %-5d %_5H %05e", LEAP)).toBe(
      "058 0000002024 00029    29    23 00029",
    );
    expect(rendered("%^a %^B %#Z %#p %#a %12A", LEAP)).toBe("THU FEBRUARY utc pm THU     Thursday");
    expect(rendered("%E12S %E3f %E*f", LEAP)).toBe("58.007008009000 007 007008009");
    expect(rendered("%E*f", 0)).toBe("0");
  });
});
