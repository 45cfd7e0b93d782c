import { text, toText, utf8, view } from "../../../../../assembly/lib/bytes";
import { JsonDocument } from "../../../../../assembly/lib/json/document";
import {
  readClaimRules,
  readMatchRules,
  scopeOf,
} from "../../../../../assembly/filters/jwt-auth/rules/claim-rule-config";
import { config } from "../../../support/config";

function refusal(rule: string): string {
  const at = config('{"claims":[' + rule + "]}");
  readClaimRules(at, []);
  return at.errors.first;
}

function holds(rule: string, claims: string): bool {
  const at = config('{"claims":[' + rule + "]}");
  const rules = readClaimRules(at, []);
  const document = new JsonDocument();
  return !at.errors.any && document.parse(text(claims), 65536) && rules[0].holds(document);
}

describe("A rule about a claim", () => {
  it("compares by type", () => {
    expect(holds('{"claim":"a","equals":5}', '{"a":5}')).toBe(true);
    expect(holds('{"claim":"a","equals":5}', '{"a":5.0}')).toBe(true);
    expect(holds('{"claim":"a","equals":5}', '{"a":"5"}')).toBe(false);
    expect(holds('{"claim":"a","equals":"5"}', '{"a":5}')).toBe(false);
    expect(holds('{"claim":"a","equals":true}', '{"a":true}')).toBe(true);
    expect(holds('{"claim":"a","equals":true}', '{"a":"true"}')).toBe(false);
    expect(holds('{"claim":"a","equals":0.5}', '{"a":5e-1}')).toBe(true);
    expect(holds('{"claim":"a","equals":9007199254740993}', '{"a":9007199254740992}')).toBe(false);
  });

  it("looks into lists, and into words where a claim is a list of them", () => {
    expect(holds('{"claim":"a","contains":"x"}', '{"a":["y","x"]}')).toBe(true);
    expect(holds('{"claim":"a","contains":"x"}', '{"a":"y x"}')).toBe(false);
    expect(holds('{"claim":"scope","contains":"x"}', '{"scope":"y x"}')).toBe(true);
    expect(holds('{"claim":"scope","contains":"x"}', '{"scope":"xx  y"}')).toBe(false);
    expect(holds('{"claim":"a","oneOf":["x",1]}', '{"a":[null,1]}')).toBe(true);
    expect(holds('{"claim":"a.b","equals":1}', '{"a":{"b":1}}')).toBe(true);
    expect(holds('{"claim":["a.b"],"equals":1}', '{"a.b":1}')).toBe(true);
    expect(holds('{"claim":"a.b","equals":1}', '{"a.b":1}')).toBe(false);
  });

  it("is met by absence only where presence is inverted", () => {
    expect(holds('{"claim":"a","present":true}', '{"a":false}')).toBe(true);
    expect(holds('{"claim":"a","present":true}', '{"a":null}')).toBe(false);
    expect(holds('{"claim":"a","present":true,"invert":true}', "{}")).toBe(true);
    expect(holds('{"claim":"a","equals":1,"invert":true}', "{}")).toBe(false);
    expect(holds('{"claim":"a","equals":1,"invert":true}', '{"a":2}')).toBe(true);
    expect(holds('{"claim":"a","exact":"x","invert":true}', '{"a":["y","x"]}')).toBe(false);
    expect(holds('{"claim":"a","exact":"x","invert":true}', '{"a":["y"]}')).toBe(true);
  });

  it("matches texts alone with the conditions on texts", () => {
    expect(holds('{"claim":"a","regex":"[0-9]+"}', '{"a":"12"}')).toBe(true);
    expect(holds('{"claim":"a","regex":"[0-9]+"}', '{"a":12}')).toBe(false);
    expect(holds('{"claim":"a","suffix":"@B.com","ignoreCase":true}', '{"a":"x@b.COM"}')).toBe(
      true,
    );
  });

  it("has exactly one condition", () => {
    expect(refusal('{"claim":"a"}')).toBe(
      "/claims/0: expected exactly one of: equals, oneOf, contains, exact, prefix, suffix, regex, present",
    );
    expect(
      refusal('{"claim":"a","equals":1,"present":true}').startsWith(
        "/claims/0: expected exactly one",
      ),
    ).toBe(true);
    expect(refusal('{"claim":"a","equals":null}')).toBe(
      "/claims/0/equals: expected text, a number, true or false",
    );
    expect(refusal('{"claim":"a","oneOf":[]}')).toBe(
      "/claims/0/oneOf: expected at least one value",
    );
    expect(refusal('{"equals":1}').startsWith("/claims/0/claim: missing")).toBe(true);
  });

  it("names the scopes that it asks for", () => {
    const at = config(
      '{"claims":[{"claim":"scope","contains":"read"},{"claim":"scp","oneOf":["a","b"]},{"claim":"x","equals":"y"}]}',
    );
    expect(toText(view(scopeOf(readClaimRules(at, []))))).toBe("read a b");
  });
});

function matches(rule: string, claims: string, delimited: string = ""): bool {
  const at = config('{"claims":[' + rule + "]}");
  const names: StaticArray<u8>[] = [];
  if (delimited != "") names.push(utf8(delimited));
  const rules = readMatchRules(at, names);
  const document = new JsonDocument();
  return !at.errors.any && document.parse(text(claims), 65536) && rules[0].holds(document);
}

describe("A rule of a header that says whether claims match", () => {
  it("takes scope and permission for their words alone, as Envoy's metadata has them", () => {
    expect(matches('{"claim":"scope","exact":"a"}', '{"scope":"a b"}')).toBe(true);
    expect(matches('{"claim":"scope","exact":"a b"}', '{"scope":"a b"}')).toBe(false);
    expect(matches('{"claim":"scope","suffix":" b"}', '{"scope":"a b"}')).toBe(false);
    expect(matches('{"claim":"permission","exact":"b"}', '{"permission":"a b"}')).toBe(true);
    expect(matches('{"claim":"scope","regex":".+"}', '{"scope":"  "}')).toBe(true);
  });

  it("takes scp for a text unless it is listed", () => {
    expect(matches('{"claim":"scp","exact":"a"}', '{"scp":"a b"}')).toBe(false);
    expect(matches('{"claim":"scp","exact":"a b"}', '{"scp":"a b"}')).toBe(true);
    expect(matches('{"claim":"scp","exact":"a"}', '{"scp":"a b"}', "scp")).toBe(true);
    expect(matches('{"claim":"roles","exact":"a"}', '{"roles":"a b"}', "roles")).toBe(true);
  });

  it("looks at texts and lists of texts alone", () => {
    expect(matches('{"claim":"a","oneOf":["x"]}', '{"a":["x",1]}')).toBe(true);
    expect(matches('{"claim":"a","exact":"1"}', '{"a":1}')).toBe(false);
    expect(matches('{"claim":"a","regex":".+"}', '{"a":true}')).toBe(false);
    expect(matches('{"claim":"a","regex":".+"}', '{"a":[["x"]]}')).toBe(false);
    expect(matches('{"claim":"a","regex":".+"}', '{"a":""}')).toBe(false);
  });
});
