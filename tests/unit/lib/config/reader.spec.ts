import { utf8 } from "../../../../assembly/lib/bytes";
import { ConfigErrors, Cursor, readConfig } from "../../../../assembly/lib/config/reader";

function read(json: string, errors: ConfigErrors): Cursor {
  return readConfig(utf8(json), errors);
}

describe("the configuration reader", () => {
  it("gives values and fallbacks", () => {
    const errors = new ConfigErrors();
    const at = read(
      '{"name":"a","status":429.0,"percent":12.25,"timeout":"1m30s","on":true,"mode":"report"}',
      errors,
    );
    expect(at.text("name")).toBe("a");
    expect(at.integer("status", 400, 599, 0)).toBe(429);
    expect(at.integer("missing", 0, 9, 7)).toBe(7);
    expect(at.hundredths("percent", 0, 10_000, 0)).toBe(1225);
    expect(at.duration("timeout", 0, i64.MAX_VALUE, 0)).toBe(90_000_000_000);
    expect(at.boolean("on", false)).toBe(true);
    expect(at.choice("mode", ["enforce", "report"], 0)).toBe(1);
    at.done();
    expect(errors.first).toBe("");
  });

  it("says where the first mistake is and what would be right", () => {
    const errors = new ConfigErrors();
    const items = read('{"providers":[{"issuer":7}]}', errors).list("providers");
    items[0].text("issuer");
    items[0].text("other");
    expect(errors.first).toBe("/providers/0/issuer: expected a string");
  });

  it("refuses keys that nobody knows, with those it knows", () => {
    const errors = new ConfigErrors();
    const at = read('{"a":1,"b/c":2}', errors);
    at.integer("a", 0, 9, 0);
    at.done();
    expect(errors.first).toBe("/b~1c: unknown key; expected one of: a");
  });

  it("refuses what is out of range, of the wrong type or missing", () => {
    let errors = new ConfigErrors();
    read('{"status":200}', errors).integer("status", 400, 599, 429);
    expect(errors.first).toBe("/status: expected a number from 400 to 599");
    errors = new ConfigErrors();
    read('{"percent":12.345}', errors).hundredths("percent", 0, 10_000, 0);
    expect(errors.first).toBe("/percent: expected at most two decimals");
    errors = new ConfigErrors();
    read("{}", errors).text("name");
    expect(errors.first).toBe("/name: missing; expected a string");
    errors = new ConfigErrors();
    read('{"name":null}', errors).optionalText("name", "x");
    expect(errors.first).toBe("/name: expected a string");
  });

  it("names malformed JSON by its byte, and takes an empty configuration for an empty object", () => {
    let errors = new ConfigErrors();
    read('{"a":1,"a":2}', errors);
    expect(errors.first).toBe("/: malformed JSON at byte 11: the same key twice in one object");
    errors = new ConfigErrors();
    read("", errors).done();
    expect(errors.first).toBe("");
    read("[]", errors);
    expect(errors.first).toBe("/: expected an object");
  });

  it("reads maps by name, whatever order they come in", () => {
    const errors = new ConfigErrors();
    const entries = read('{"split":{"stable":90,"canary":10}}', errors).object("split").entries();
    expect(entries.length).toBe(2);
    expect(entries[0].at.pointer).toBe("/split/canary");
    expect(entries[1].at.asHundredths(0, 10_000)).toBe(9000);
  });
});
