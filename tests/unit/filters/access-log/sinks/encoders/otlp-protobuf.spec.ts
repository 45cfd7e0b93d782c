import { Severity } from "../../../../../../assembly/filters/access-log/format/line";
import { NamedText } from "../../../../../../assembly/filters/access-log/sinks/encoders/named-text";
import { OtlpProtobufEncoder } from "../../../../../../assembly/filters/access-log/sinks/encoders/otlp-protobuf";
import { Bytes, toText, utf8, view } from "../../../../../../assembly/lib/bytes";
import { ProtobufReader, ProtobufStatus, WireType } from "../../../../../../assembly/lib/protobuf";
import { Writer } from "../../../../../../assembly/lib/writer";
import { batchOf, jsonLine, lineOf, textLine } from "../../../../support/line";

const plain = new OtlpProtobufEncoder([]);
const traceId = utf8("0123456789abcdef");
const spanId = utf8("12345678");

/**
 * A message as text: `1:"text" 2:{…}`, where the fields named in `messages` (by their path) are
 * messages themselves.
 */
function dump(message: Bytes, path: string, messages: string[]): string {
  const reader = new ProtobufReader();
  reader.start(message);
  let out = "";
  while (reader.next()) {
    const here = path + "." + reader.field.toString();
    if (out.length > 0) out += " ";
    out += reader.field.toString() + ":";
    if (reader.type == WireType.LengthDelimited) {
      const isMessage = messages.includes(here.substring(1));
      out += isMessage
        ? "{" + dump(reader.content, here, messages) + "}"
        : '"' + toText(reader.content) + '"';
    } else {
      out += (<i64>reader.value).toString();
    }
  }
  return reader.status == ProtobufStatus.Ok ? out : out + " broken";
}

const AROUND = ["1", "1.1", "1.1.1", "1.1.1.2", "1.2", "1.2.1"];
const RECORD = ["1.2.2", "1.2.2.5"];
const ATTRIBUTE = [
  "1.2.2.6",
  "1.2.2.6.2",
  "1.2.2.6.2.5",
  "1.2.2.6.2.6",
  "1.2.2.6.2.5.1",
  "1.2.2.6.2.6.1",
];
const NESTED = ["1.2.2.6.2.6.1.2", "1.2.2.6.2.6.1.2.6"];

function text(batch: Writer): string {
  return dump(batch.view(), "", AROUND.concat(RECORD).concat(ATTRIBUTE).concat(NESTED));
}

function rejected(bytes: StaticArray<u8>): i64 {
  return plain.rejectedInPart(view(bytes));
}

describe("OTLP as protobuf", () => {
  it("is one resource with one scope, and the records", () => {
    const resource = [new NamedText(utf8("service.name"), utf8("edge"))];
    expect(text(batchOf(new OtlpProtobufEncoder(resource), [textLine("a"), textLine("b")]))).toBe(
      '1:{1:{1:{1:"service.name" 2:{1:"edge"}}} 2:{1:{1:"gatehouse.access-log"} ' +
        '2:{1:1000000002 11:3000000000 2:9 3:"INFO" 5:{1:"a"}} 2:{1:1000000002 11:3000000000 2:9 3:"INFO" 5:{1:"b"}}}}',
    );
  });

  it("has right lengths at every size", () => {
    const sizes = [0, 1, 60, 126, 127, 128, 200, 16_300, 16_383, 16_384, 70_000, 300_000];
    for (let i = 0; i < sizes.length; i++) {
      const said = text(batchOf(plain, [textLine("x".repeat(sizes[i])), textLine("y")]));
      expect(said.includes("broken")).toBe(false);
      expect(said.endsWith('5:{1:"y"}}}}')).toBe(true);
    }
  });

  it("has the trace, the span, the flag and the severity", () => {
    const line = textLine("a");
    line.traceId = view(traceId);
    line.spanId = view(spanId);
    line.isSampled = true;
    line.severity = Severity.Error;
    expect(
      text(batchOf(plain, [line])).endsWith(
        '2:17 3:"ERROR" 5:{1:"a"} 8:1 9:"0123456789abcdef" 10:"12345678"}}}',
      ),
    ).toBe(true);
  });

  it("has the fields of a JSON line as attributes, with their types", () => {
    const line = jsonLine(
      '{"s":"a\\"b","i":-7,"d":1.5,"b":true,"n":null,"l":[1,"x"],"o":{"k":"v","e":{}}}',
    );
    const said = text(batchOf(plain, [line]));
    expect(said.substring(said.indexOf(" 6:"))).toBe(
      ' 6:{1:"s" 2:{1:"a"b"}} 6:{1:"i" 2:{3:-7}} 6:{1:"d" 2:{4:4609434218613702656}} 6:{1:"b" 2:{2:1}} ' +
        '6:{1:"n" 2:{}} 6:{1:"l" 2:{5:{1:{3:1} 1:{1:"x"}}}} 6:{1:"o" 2:{6:{1:{1:"k" 2:{1:"v"}} 1:{1:"e" 2:{6:{}}}}}}}}}',
    );
  });

  it("stays UTF-8 whatever the line holds", () => {
    expect(
      text(batchOf(plain, [lineOf([0x61, 0xff, 0xc3, 0xa4, 0xe2, 0x82], false)])).includes(
        '5:{1:"a\u{fffd}ä\u{fffd}\u{fffd}"}',
      ),
    ).toBe(true);
  });

  it("reads how many records an answer refuses, and takes anything else for none", () => {
    expect(rejected([0x0a, 0x02, 0x08, 0x03])).toBe(3);
    expect(rejected([0x0a, 0x05, 0x08, 0x04, 0x12, 0x01, 0x78])).toBe(4);
    expect(rejected([])).toBe(0);
    expect(rejected([0x0a, 0x00])).toBe(0);
    expect(rejected([0x0a, 0x7f])).toBe(0);
    expect(rejected([0xff, 0xff])).toBe(0);
    expect(
      rejected([0x0a, 0x0b, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ).toBe(0);
    const html = utf8("<html>not an answer</html>");
    expect(plain.rejectedInPart(view(html))).toBe(0);
  });
});
