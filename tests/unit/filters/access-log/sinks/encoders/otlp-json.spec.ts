import { Severity } from "../../../../../../assembly/filters/access-log/format/line";
import { NamedText } from "../../../../../../assembly/filters/access-log/sinks/encoders/named-text";
import { OtlpJsonEncoder } from "../../../../../../assembly/filters/access-log/sinks/encoders/otlp-json";
import { bytes, utf8, view } from "../../../../../../assembly/lib/bytes";
import { jsonLine, lineOf, textLine, textOf } from "../../../../support/line";

const plain = new OtlpJsonEncoder([]);
const traceId = utf8("0123456789abcdef");
const spanId = utf8("12345678");

/** The records of a batch without what stands around them. */
function recordsOf(batch: string): string {
  const from = batch.indexOf('"logRecords":[') + 14;
  return batch.substring(from, batch.length - 6);
}

function rejected(answer: string): i64 {
  const text = utf8(answer);
  return plain.rejectedInPart(view(text));
}

describe("OTLP in JSON", () => {
  it("is one resource with one scope, and the records", () => {
    const resource = [
      new NamedText(utf8("service.name"), utf8("edge")),
      new NamedText(utf8("k8s.namespace.name"), utf8("shop")),
    ];
    const batch = textOf(new OtlpJsonEncoder(resource), [textLine("a"), textLine("b")]);
    const record = (body: string): string =>
      '{"timeUnixNano":"1000000002","observedTimeUnixNano":"3000000000","severityNumber":9,"severityText":"INFO",' +
      '"body":{"stringValue":"' +
      body +
      '"}}';
    expect(batch).toBe(
      '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"edge"}},' +
        '{"key":"k8s.namespace.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":' +
        '{"name":"gatehouse.access-log"},"logRecords":[' +
        record("a") +
        "," +
        record("b") +
        "]}]}]}",
    );
  });

  it("has the trace, the span, the flag and the severity", () => {
    const line = textLine("a");
    line.traceId = view(traceId);
    line.spanId = view(spanId);
    line.isSampled = true;
    line.severity = Severity.Error;
    expect(recordsOf(textOf(plain, [line]))).toBe(
      '{"timeUnixNano":"1000000002","observedTimeUnixNano":"3000000000","severityNumber":17,"severityText":"ERROR",' +
        '"body":{"stringValue":"a"},"flags":1,"traceId":"30313233343536373839616263646566",' +
        '"spanId":"3132333435363738"}',
    );
    line.severity = Severity.Warn;
    expect(textOf(plain, [line]).includes('"severityNumber":13,"severityText":"WARN"')).toBe(true);
  });

  it("has the fields of a JSON line as attributes, with their types", () => {
    const line = jsonLine(
      '{"s":"a\\"b","i":-7,"d":1.5,"b":true,"n":null,"l":[1,"x"],"o":{"k":"v","e":{}}}',
    );
    const record = recordsOf(textOf(plain, [line]));
    expect(record.substring(record.indexOf('"attributes"'))).toBe(
      '"attributes":[{"key":"s","value":{"stringValue":"a\\"b"}},{"key":"i","value":{"intValue":"-7"}},' +
        '{"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":true}},{"key":"n","value":{}},' +
        '{"key":"l","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"x"}]}}},' +
        '{"key":"o","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}},' +
        '{"key":"e","value":{"kvlistValue":{"values":[]}}}]}}}]}',
    );
    expect(record.includes('"body":{"stringValue":"{\\"s\\":\\"a\\\\\\"b\\"')).toBe(true);
  });

  it("leaves the attributes out where the line is no object, and stays whole", () => {
    const broken = ["[1]", "{", '{"a":1}}', ""];
    for (let i = 0; i < broken.length; i++) {
      expect(textOf(plain, [jsonLine(broken[i])]).includes('attributes":[{')).toBe(false);
    }
  });

  it("stays UTF-8 whatever the line holds", () => {
    const line = lineOf([0x61, 0xff, 0x62], false);
    expect(textOf(plain, [line]).includes('"body":{"stringValue":"a\u{fffd}b"}')).toBe(true);
  });

  it("reads how many records an answer refuses, and takes anything else for none", () => {
    expect(rejected('{"partialSuccess":{"rejectedLogRecords":"3"}}')).toBe(3);
    expect(rejected('{"partialSuccess":{"rejectedLogRecords":4,"errorMessage":"x"}}')).toBe(4);
    const others = [
      "",
      "{}",
      '{"partialSuccess":{}}',
      '{"partialSuccess":3}',
      "[1]",
      "ok",
      '{"partialSuccess":',
    ];
    for (let i = 0; i < others.length; i++) expect(rejected(others[i])).toBe(0, others[i]);
    expect(rejected('{"partialSuccess":{"rejectedLogRecords":"-3"}}')).toBe(0);
    expect(rejected('{"partialSuccess":{"rejectedLogRecords":1e99}}')).toBe(0);
    expect(plain.rejectedInPart(bytes(0, 0))).toBe(0);
  });
});
