import { text } from "../../../../assembly/lib/bytes";
import { NO_DATE, parseHttpDate } from "../../../../assembly/lib/http/date";

describe("A date of an HTTP header", () => {
  it("is read in its one form", () => {
    expect(parseHttpDate(text("Sun, 06 Nov 1994 08:49:37 GMT"))).toBe(784_111_777);
    expect(parseHttpDate(text("Thu, 01 Jan 1970 00:00:00 GMT"))).toBe(0);
    expect(parseHttpDate(text("Tue, 29 Feb 2028 23:59:60 GMT"))).toBe(1_835_481_600);
  });

  it("is nothing in any other", () => {
    const others = [
      "",
      "0",
      "-1",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:xx GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
    ];
    for (let i = 0; i < others.length; i++)
      expect(parseHttpDate(text(others[i]))).toBe(NO_DATE, others[i]);
  });
});
