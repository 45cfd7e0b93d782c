import {
  UNSTATED,
  retryAfterNanos,
} from "../../../../../assembly/filters/access-log/sinks/retry-after";
import { NONE, utf8, view } from "../../../../../assembly/lib/bytes";

const SECOND: i64 = 1_000_000_000;
/** Sun, 06 Nov 1994 08:49:37 GMT */
const THEN: i64 = 784_111_777 * SECOND;

function read(value: string, now: i64 = THEN): i64 {
  const bytes = utf8(value);
  return retryAfterNanos(view(bytes), now);
}

describe("Retry-After", () => {
  it("is a number of seconds", () => {
    expect(read("0")).toBe(0);
    expect(read(" 120 ")).toBe(120 * SECOND);
  });

  it("is a date", () => {
    expect(read("Sun, 06 Nov 1994 08:49:37 GMT")).toBe(0);
    expect(read("Sun, 06 Nov 1994 08:50:00 GMT")).toBe(23 * SECOND);
    expect(read("Mon, 07 Nov 1994 08:49:37 GMT")).toBe(86_400 * SECOND);
  });

  it("is over when the date is", () => {
    expect(read("Sat, 05 Nov 1994 08:49:37 GMT")).toBe(0);
    expect(read("Thu, 01 Jan 1970 00:00:00 GMT")).toBe(0);
  });

  it("is at most a year, so that nothing overflows", () => {
    const year: i64 = 365 * 86_400 * SECOND;
    expect(read("9223372036854775807")).toBe(year);
    expect(read("Sun, 06 Nov 9999 08:49:37 GMT")).toBe(year);
  });

  it("is nothing when it is anything else", () => {
    const others = [
      "",
      "-1",
      "1.5",
      "soon",
      "99999999999999999999",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 06 Nov 1969 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun, xx Nov 1994 08:49:37 GMT",
    ];
    for (let i = 0; i < others.length; i++) expect(read(others[i])).toBe(UNSTATED, others[i]);
    expect(retryAfterNanos(NONE, THEN)).toBe(UNSTATED);
  });
});
