import { NdjsonEncoder } from "../../../../../../assembly/filters/access-log/sinks/encoders/ndjson";
import { jsonLine, textLine, textOf } from "../../../../support/line";

describe("NDJSON", () => {
  it("is the JSON lines as they are, each with its end", () => {
    const lines = [jsonLine('{"a":1}'), jsonLine('{"a":2}')];
    expect(textOf(new NdjsonEncoder(), lines)).toBe('{"a":1}\n{"a":2}\n');
  });

  it("makes an object of a line of text, whatever stands in it", () => {
    expect(textOf(new NdjsonEncoder(), [textLine('GET "/" 200')])).toBe(
      '{"message":"GET \\"/\\" 200"}\n',
    );
  });
});
