import { LokiEncoder } from "../../../../../../assembly/filters/access-log/sinks/encoders/loki";
import { NamedText } from "../../../../../../assembly/filters/access-log/sinks/encoders/named-text";
import { utf8 } from "../../../../../../assembly/lib/bytes";
import { jsonLine, textLine, textOf } from "../../../../support/line";

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
});
