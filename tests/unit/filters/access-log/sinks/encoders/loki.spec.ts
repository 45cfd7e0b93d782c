import { LokiEncoder } from "../../../../../../assembly/filters/access-log/sinks/encoders/loki";
import { NamedText } from "../../../../../../assembly/filters/access-log/sinks/encoders/named-text";
import { utf8, view } from "../../../../../../assembly/lib/bytes";
import { jsonLine, textLine, textOf } from "../../../../support/line";

function rejected(status: i32, answer: string, count: i32): i32 {
  const bytes = utf8(answer);
  return new LokiEncoder([]).rejected(status, view(bytes), count);
}

describe("Loki's push API", () => {
  it("gets one stream with the labels, each line with its time", () => {
    const labels = [
      new NamedText(utf8("job"), utf8("access-log")),
      new NamedText(utf8("env"), utf8('"prod"')),
    ];
    expect(textOf(new LokiEncoder(labels), [jsonLine('{"a":1}'), textLine("b")])).toBe(
      '{"streams":[{"stream":{"job":"access-log","env":"\\"prod\\""},"values":[' +
        '["1000000002","{\\"a\\":1}"],["1000000002","b"]]}]}',
    );
  });

  it("has the end's time where the begin is one that a sink would refuse", () => {
    const loki = new LokiEncoder([]);
    const line = textLine("a");
    const observed: i64 = 3_000_000_000;
    const cases: i64[] = [
      observed - 300_000_000_000,
      observed,
      observed - 300_000_000_001,
      observed + 1,
      0,
    ];
    const times: i64[] = [cases[0], observed, observed, observed, 0];
    for (let i = 0; i < cases.length; i++) {
      line.unixNanos = cases[i];
      expect(textOf(loki, [line]).includes('[["' + times[i].toString() + '","a"]]')).toBe(true);
    }
  });

  it("counts what Loki refused of a batch, and no more", () => {
    const ignored =
      "entry with timestamp 2026-01-01 00:00:00 +0000 UTC ignored, reason: 'entry too far behind',\nuser 'fake', total ignored: 2 out of 512 for stream: {job=\"edge\"}";
    const tooLong =
      "100 errors like: Max entry size '262144' bytes exceeded for stream '{job=\"edge\"}' while adding an entry with length '300000' bytes";
    const two =
      tooLong.replace("100", "3") +
      "; entry for stream '{job=\"edge\"}' has timestamp too old: 2026-01-01T00:00:00Z, oldest acceptable timestamp is: 2026-01-02T00:00:00Z";
    expect(rejected(400, ignored, 512)).toBe(2);
    expect(rejected(400, tooLong, 512)).toBe(100);
    expect(rejected(400, two, 512)).toBe(4);
    expect(rejected(400, ignored, 1)).toBe(1);
    expect(rejected(400, "total ignored: 99999999999999999999 out of 1", 5)).toBe(5);
    expect(rejected(400, "total ignored: ", 5)).toBe(5);
    expect(rejected(400, "", 5)).toBe(5);
    expect(rejected(400, "error parsing labels", 5)).toBe(5);
    expect(rejected(401, ignored, 512)).toBe(512);
    expect(rejected(204, "", 512)).toBe(0);
    expect(rejected(302, "", 512)).toBe(512);
  });
});
