import { NONE, Bytes, equal, text, utf8, view } from "../../../../assembly/lib/bytes";
import { JoseHeader } from "../../../../assembly/lib/jose/header";
import { JwtStatus } from "../../../../assembly/lib/jose/status";

const header = new JoseHeader();

/** Kept alive while the header looks at it. */
let json: StaticArray<u8> = new StaticArray<u8>(0);

function read(source: string): JwtStatus {
  json = utf8(source);
  return header.read(view(json));
}

function expectStatus(source: string, status: JwtStatus): void {
  expect(read(source)).toBe(status, source.substring(0, 60));
  if (status != JwtStatus.Ok) expect(header.algorithm === null).toBe(true, source.substring(0, 60));
}

function expectBytes(found: Bytes, wanted: string): void {
  expect(equal(found, text(wanted))).toBe(true, wanted);
}

describe("The JOSE header", () => {
  it("says algorithm, key and type, in any order and beside members that nobody asks for", () => {
    expect(read('{"typ":"at+jwt","x":[1,{"alg":"none"}],"kid":"key 1","alg":"PS384"}')).toBe(
      JwtStatus.Ok,
    );
    const algorithm = header.algorithm;
    expect(algorithm !== null && algorithm.name == "PS384").toBe(true);
    expectBytes(header.keyId, "key 1");
    expectBytes(header.type, "at+jwt");
  });

  it("needs neither key nor type, and forgets those of the token before", () => {
    read('{"alg":"ES256","kid":"a","typ":"JWT"}');
    expect(read('{"alg":"ES256"}')).toBe(JwtStatus.Ok);
    expect(header.keyId).toBe(NONE);
    expect(header.type).toBe(NONE);
  });

  it("is a JSON object without duplicate names, neither large nor deep", () => {
    const bad = [
      "",
      "{",
      "{}x",
      "[]",
      "null",
      '"alg"',
      "{alg:1}",
      "{'alg':'RS256'}",
      '{"alg":"RS256",}',
      '{"alg":"RS256","alg":"RS256"}',
      '{"alg":"RS256","al\\u0067":"none"}',
      '{"alg":"RS256"}{"alg":"RS256"}',
      '{"alg":"RS256","kid":"\x01"}',
      '{"alg":"RS256","x":' + "[".repeat(16) + "]".repeat(16) + "}",
      '{"alg":"RS256","x":"' + "x".repeat(16 * 1024) + '"}',
    ];
    for (let i = 0; i < bad.length; i++) expectStatus(bad[i], JwtStatus.HeaderBadJson);
  });

  it("has an algorithm, and as a text", () => {
    const bad = [
      "{}",
      '{"alg":null}',
      '{"alg":256}',
      '{"alg":["RS256"]}',
      '{"alg":{"RS256":1}}',
      '{"Alg":"RS256"}',
    ];
    for (let i = 0; i < bad.length; i++) expectStatus(bad[i], JwtStatus.HeaderBadAlgorithm);
  });

  it("has an algorithm of the table: none is none", () => {
    const bad = [
      "none",
      "None",
      "",
      "RS1",
      "rs256",
      "ES256K",
      "HS1",
      "RSA-OAEP",
      "dir",
      "RS256\\u0000",
    ];
    for (let i = 0; i < bad.length; i++) {
      expectStatus('{"alg":"' + bad[i] + '","kid":"a"}', JwtStatus.AlgorithmUnsupported);
    }
  });

  it("has a key name that is a text", () => {
    const bad = ["null", "1", "true", '["a"]', '{"a":1}'];
    for (let i = 0; i < bad.length; i++)
      expectStatus('{"alg":"RS256","kid":' + bad[i] + "}", JwtStatus.HeaderBadKeyId);
  });

  it("has a type that is a text", () => {
    const bad = ["null", "1", '["JWT"]'];
    for (let i = 0; i < bad.length; i++)
      expectStatus('{"alg":"RS256","typ":' + bad[i] + "}", JwtStatus.HeaderBadType);
  });

  it("names no extension that must be understood, whatever crit is", () => {
    const bad = ['["exp"]', '["b64"]', "[]", "null", '"exp"', "{}"];
    for (let i = 0; i < bad.length; i++) {
      expectStatus(
        '{"alg":"RS256","crit":' + bad[i] + ',"b64":false}',
        JwtStatus.CriticalUnsupported,
      );
    }
  });
});
