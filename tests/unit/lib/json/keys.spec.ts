import { Bytes, equal, lengthOf, text, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { siphash } from "../../../../assembly/lib/hash";
import { JsonDocument } from "../../../../assembly/lib/json/document";
import { JsonStatus } from "../../../../assembly/lib/json/status";
import { Writer } from "../../../../assembly/lib/writer";

const document = new JsonDocument();
const BYTES_MAX = 8 * 1024 * 1024;

function statusOf(json: string): JsonStatus {
  document.parse(view(utf8(json)), BYTES_MAX);
  return document.status;
}

/** An object of `count` keys, and at its end the members of `more`. */
function objectOf(count: i32, more: string): Bytes {
  const writer = new Writer(BYTES_MAX);
  writer.text("{");
  for (let i = 0; i < count; i++) {
    writer.text('"key-');
    writer.decimal(i);
    writer.text('":0,');
  }
  writer.text(more);
  writer.text("}");
  const copy = new StaticArray<u8>(writer.length);
  memory.copy(changetype<usize>(copy), <usize>(<u32>writer.view()), <usize>writer.length);
  kept = copy;
  return view(copy);
}

let kept: StaticArray<u8> = new StaticArray<u8>(0);

describe("the keys of an object", () => {
  it("all differ", () => {
    expect(statusOf('{"a":1,"b":2,"aa":3,"":4,"A":5}')).toBe(JsonStatus.Ok);
    expect(statusOf('{"a":1,"a":2}')).toBe(JsonStatus.DuplicateKey);
    expect(document.errorOffset).toBe(11);
    expect(statusOf('{"":1,"":1}')).toBe(JsonStatus.DuplicateKey);
    expect(statusOf('{"a":{"b":1},"c":{"b":1}}')).toBe(JsonStatus.Ok);
    expect(statusOf('{"a":{"a":{"a":1}}}')).toBe(JsonStatus.Ok);
    expect(statusOf('[{"a":1},{"a":1}]')).toBe(JsonStatus.Ok);
    expect(statusOf('{"x":[{"a":{}},{"a":[],"b":0,"a":{}}]}')).toBe(JsonStatus.DuplicateKey);
    expect(statusOf('{"a":{"x":1,"y":2},"b":[3],"a":null}')).toBe(JsonStatus.DuplicateKey);
  });

  it("are compared as what they mean, not as they are written", () => {
    expect(statusOf('{"a":1,"\\u0061":2}')).toBe(JsonStatus.DuplicateKey);
    expect(statusOf('{"\\u00e9":1,"é":2}')).toBe(JsonStatus.DuplicateKey);
    expect(statusOf('{"\\/":1,"/":2}')).toBe(JsonStatus.DuplicateKey);
    expect(statusOf('{"\\\\u0061":1,"a":2}')).toBe(JsonStatus.Ok);
    expect(statusOf('{"e\\u0301":1,"é":2}')).toBe(JsonStatus.Ok);
  });

  it("may be many: duplicates are found among those of a table too", () => {
    const counts = [11, 12, 13, 31, 32, 33, 1000];
    for (let i = 0; i < counts.length; i++) {
      expect(document.parse(objectOf(counts[i], '"last":1'), BYTES_MAX)).toBe(true);
      expect(document.size(0)).toBe(counts[i] + 1);
      expect(document.parse(objectOf(counts[i], '"key-0":1'), BYTES_MAX)).toBe(false);
      expect(document.status).toBe(JsonStatus.DuplicateKey);
      expect(document.parse(objectOf(counts[i], '"last":0,"\\u006cast":1'), BYTES_MAX)).toBe(false);
      expect(document.status).toBe(JsonStatus.DuplicateKey);
    }
  });

  it("may be a hundred thousand", () => {
    expect(document.parse(objectOf(100_000, '"last":1'), BYTES_MAX)).toBe(true);
    expect(document.integer(document.find(0, text("last")))).toBe(1);
    expect(document.parse(objectOf(100_000, '"key-99999":1'), BYTES_MAX)).toBe(false);
    expect(document.status).toBe(JsonStatus.DuplicateKey);
  });

  it("that collide under one seed cost no more than another pass", () => {
    // 40 keys whose hashes under the first seed share their seven lower bits, as an attacker
    // would choose them.
    const writer = new Writer();
    writer.text("{");
    let found = 0;
    for (let i = 0; found < 40; i++) {
      const key = utf8("k" + i.toString());
      if ((siphash(view(key), 0x6a736f6e206b6579, <u64>key.length) & 127) != 5) continue;
      if (found++ > 0) writer.text(",");
      writer.text('"');
      writer.bytes(view(key));
      writer.text('":1');
    }
    writer.text("}");
    expect(document.parse(writer.view(), BYTES_MAX)).toBe(true);
    expect(document.size(0)).toBe(40);
    expect(equal(document.source(0), writer.view())).toBe(true);
    expect(lengthOf(document.key(1))).toBeGreaterThan(1);
    expect(toText(document.key(1)).startsWith("k")).toBe(true);
  });
});
