import { readFormat } from "../../../../../assembly/filters/access-log/format/format-config";
import { RedactConfig } from "../../../../../assembly/filters/access-log/redact/redact-config";
import { Redaction } from "../../../../../assembly/filters/access-log/redact/redaction";
import { toText } from "../../../../../assembly/lib/bytes";
import { Writer } from "../../../../../assembly/lib/writer";
import { config } from "../../../support/config";
import { FakeRecord } from "../../../support/record";
import { FakeRequest } from "../../../support/request";

function lineOf(settings: string, record: FakeRecord): string {
  const at = config('{"format":' + settings + "}");
  const format = readFormat(at, new Redaction(RedactConfig.read(at)));
  if (at.errors.any) return at.errors.first;
  const writer = new Writer();
  format.write(record, writer);
  return toText(writer.view());
}

function record(): FakeRecord {
  const made = new FakeRecord(new FakeRequest("GET", '/a"b').with("x-odd", 'q"\n\t\u{1}é'));
  return made
    .integerAt("response.code", 200)
    .integerAt("request.duration", 12_999_999)
    .textAt("request.protocol", "HTTP/2");
}

describe("formats", () => {
  it("sort a map's keys and keep a list's order", () => {
    expect(lineOf('{"json":{"b":"%RESPONSE_CODE%","a":"x"}}', record())).toBe('{"a":"x","b":200}');
    const fields =
      '{"fields":[{"name":"b","value":"%RESPONSE_CODE%"},{"name":"a","value":["x",1.5,true]}]}';
    expect(lineOf(fields, record())).toBe('{"b":200,"a":["x",1.5,true]}');
  });

  it("keep an operator's type when it is alone, and none in a string", () => {
    expect(
      lineOf(
        '{"json":{"a":"%DURATION%","b":"%DURATION%ms","c":"%REQ(NO)%","d":"%REQ(NO)%!"}}',
        record(),
      ),
    ).toBe('{"a":12,"b":"12ms","c":null,"d":"-!"}');
  });

  it("are refused when their own text is longer than a line may be", () => {
    const half = "x".repeat(600_000);
    expect(lineOf('{"json":{"a":"' + half + '","b":"' + half + '"}}', record())).toBe(
      "/format: longer than a line may be; expected at most 1048576 bytes of text",
    );
  });

  it("leave out what has no value, with its comma and key", () => {
    const json =
      '{"a":"%REQ(NO)%","b":"%REQ(NO)%","c":"%PROTOCOL%","d":{"e":"%REQ(NO)%"},"f":["%REQ(NO)%",1],"g":"%REQ(NO)%!"}';
    expect(lineOf('{"json":' + json + ',"omitEmpty":true}', record())).toBe(
      '{"c":"HTTP/2","d":{},"f":[1],"g":"!"}',
    );
    expect(lineOf('{"json":{"a":"%REQ(NO)%"},"omitEmpty":true}', record())).toBe("{}");
    expect(lineOf('{"text":"[%REQ(NO)%]","omitEmpty":true}', record())).toBe("[]");
  });

  it("stay JSON, and one line, whatever the values and keys are", () => {
    expect(lineOf('{"json":{"k\\"\\n":"%REQ(X-ODD)%"}}', record())).toBe(
      '{"k\\"\\n":"q\\"\\n\\t\\u0001é"}',
    );
    expect(lineOf('{"text":"%REQ(X-ODD)% %REQ(:PATH)%\\n"}', record())).toBe(
      'q"\\x0a\\x09\\x01é /a"b',
    );
    expect(lineOf('{"text":"a\\nb\\n"}', record())).toBe("a\\x0ab");
  });

  it("take the first that is there", () => {
    const coalesce =
      '%COALESCE({\\"operators\\":[{\\"command\\":\\"REQ\\",\\"param\\":\\"NO\\"},\\"PROTOCOL\\"]}):4%';
    expect(lineOf('{"text":"' + coalesce + '"}', record())).toBe("HTTP");
  });

  it("say where they are wrong", () => {
    expect(lineOf('{"json":{"a":{"b":"%NOPE%"}}}', record())).toBe(
      "/format/json/a/b: unknown operator `%NOPE%` (at byte 0)",
    );
    expect(lineOf('{"json":{},"text":"a"}', record())).toBe(
      "/format: expected only one of: json, fields, text",
    );
  });

  it("ask the host for no more than they show", () => {
    const asked = record();
    expect(lineOf('{"text":"%REQ(:METHOD)% %REQ(:PATH)%"}', asked)).toBe('GET /a"b');
    expect(asked.reads).toBe(0);
    lineOf('{"text":"%DURATION% %DURATION% %RESPONSE_CODE% %RESPONSE_CODE%"}', asked);
    expect(asked.reads).toBe(3);
  });

  it("take null, true and false as Envoy does", () => {
    expect(lineOf('{"json":{"a":null,"b":[null,true,1.5],"c":false}}', record())).toBe(
      '{"a":null,"b":[null,true,1.5],"c":false}',
    );
    expect(lineOf('{"json":{"a":null,"b":[null,true],"c":1},"omitEmpty":true}', record())).toBe(
      '{"b":[true],"c":1}',
    );
  });

  it("name the authority as host, also when it is redacted", () => {
    expect(lineOf('{"text":"%REQ(host)% %REQ(X?HOST):4% %RESP(host)%"}', record())).toBe(
      "shop.example.com shop -",
    );
    const names = ["host", "Host", ":authority"];
    for (let i = 0; i < names.length; i++) {
      const at = config(
        '{"redact":{"headers":["' +
          names[i] +
          '"]},"format":{"text":"%REQ(host)% %REQ(:AUTHORITY)%"}}',
      );
      const format = readFormat(at, new Redaction(RedactConfig.read(at)));
      expect(at.errors.first).toBe("");
      const writer = new Writer();
      format.write(record(), writer);
      expect(toText(writer.view())).toBe("*** ***");
    }
  });

  it("write local times at the offset that is set, and are refused without one", () => {
    const made = record().integerAt("request.time", 1_709_251_198_007_008_009);
    const local = '"text":"%START_TIME_LOCAL% %START_TIME_LOCAL(%H:%M %Z %z)%"';
    expect(lineOf("{" + local + ',"utcOffset":"+05:30"}', made)).toBe(
      "2024-03-01T05:29:58.007+0530 05:29 +0530 +0530",
    );
    expect(lineOf("{" + local + ',"utcOffset":"-03:00"}', made)).toBe(
      "2024-02-29T20:59:58.007-0300 20:59 -03 -0300",
    );
    expect(lineOf("{" + local + "}", made)).toBe(
      '/format/text: `%START_TIME_LOCAL%` needs a time zone; set format.utcOffset, such as "+02:00" (at byte 0)',
    );
    const wrong = ["02:00", "+2:00", "+0200", "+15:00", "+01:60", "+01.00", "CET"];
    for (let i = 0; i < wrong.length; i++) {
      expect(lineOf("{" + local + ',"utcOffset":"' + wrong[i] + '"}', made)).toBe(
        '/format/utcOffset: expected a sign, hours and minutes, such as "+02:00"',
      );
    }
  });
});
