import { equal, text, toText, utf8, view } from "../../../../assembly/lib/bytes";
import { JsonDocument } from "../../../../assembly/lib/json/document";
import { algorithmOf } from "../../../../assembly/lib/jose/algorithm";
import { readJwk } from "../../../../assembly/lib/jose/jwk";
import { secretKey } from "../../../../assembly/lib/jose/public-key";
import { JwkResult, JwkStatus, describeJwk } from "../../../../assembly/lib/jose/jwk-status";
import { Key, KeyType } from "../../../../assembly/lib/jose/key";

/** RFC 7515 appendix A.2. */
const N =
  "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC" +
  "gNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg6" +
  "65xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW" +
  "yuXpoQ";
// Project Wycheproof, json_web_key, case 7.
const ROCA =
  "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId7fe4r11CqRw09yBFuW79V8" +
  "sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtP" +
  "d7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQ" +
  "VZ-QYyE";
const RSA = '"kty":"RSA","n":"' + N + '","e":"AQAB"';
/** Appendix A.3. */
const X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const EC = '"kty":"EC","crv":"P-256","x":"' + X + '","y":"' + Y + '"';
/** Appendix A.4. */
const P521 =
  '"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",' +
  '"y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"';
/** RFC 8037 appendix A.2. */
const OKP = '"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"';
/** 32 bytes. */
const OCT = '"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"';

/** The first byte of x is zero, and left out. */
const SHORT_X =
  '"kty":"EC","crv":"P-256","x":"IeVDyeILwaszW5GQg8E5EkYCkVmJi2McayTNlq6fLw",' +
  '"y":"LS3IBkp15_cKVRrtPIA8MvZfDl1RbTVe9NYqx-8tABE"';

const document = new JsonDocument();

function read(members: string): Key | null {
  return readResult(members).key;
}

function readResult(members: string): JwkResult {
  const json = utf8(
    members.startsWith("{") || members.startsWith("[") ? members : "{" + members + "}",
  );
  assert(document.parse(view(json), 1 << 20), members);
  return readJwk(document, 0);
}

function expectRefusal(members: string, status: JwkStatus): void {
  const result = readResult(members);
  expect(result.key === null).toBe(true, members.substring(0, 80));
  expect(result.status).toBe(status, members.substring(0, 80));
  expect(describeJwk(status).length).toBeGreaterThan(10);
}

function expectAlgorithms(members: string, names: string[]): void {
  const key = read(members);
  let bits: u32 = 0;
  for (let i = 0; i < names.length; i++) bits |= algorithmOf(text(names[i]))!.bit;
  expect(key === null ? 0 : key.algorithms).toBe(bits, members.substring(0, 80));
}

describe("A JWK", () => {
  it("goes with the algorithms of its type, curve and size", () => {
    expectAlgorithms(RSA, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    expectAlgorithms(EC, ["ES256"]);
    expectAlgorithms(P521, ["ES512"]);
    expectAlgorithms(OKP, ["EdDSA"]);
    expectAlgorithms(OCT, ["HS256"]);
    expectAlgorithms('"kty":"oct","k":"' + "A".repeat(64) + '"', ["HS256", "HS384"]);
    expectAlgorithms('"kty":"oct","k":"' + "A".repeat(86) + '"', ["HS256", "HS384", "HS512"]);
  });

  it("goes with the algorithm it names alone", () => {
    expectAlgorithms(RSA + ',"alg":"PS384"', ["PS384"]);
    expectAlgorithms(OKP + ',"alg":"EdDSA"', ["EdDSA"]);
    expectAlgorithms(OKP + ',"alg":"Ed25519"', ["EdDSA"]);
    const bad = ["ES256", "HS256", "none", "RS1", "RSA-OAEP", "Ed448"];
    for (let i = 0; i < bad.length; i++)
      expectRefusal(RSA + ',"alg":"' + bad[i] + '"', JwkStatus.AlgorithmMismatch);
    expectRefusal(EC + ',"alg":"ES384"', JwkStatus.AlgorithmMismatch);
    expectRefusal(OCT + ',"alg":"HS384"', JwkStatus.AlgorithmMismatch);
  });

  it("keeps its name", () => {
    const key = read(EC + ',"kid":"first"');
    expect(key !== null && toText(view(key.keyId)) == "first").toBe(true);
  });

  it("has no name, algorithm, use or operations where they are null, empty or of another type", () => {
    const names = ["kid", "alg", "use", "key_ops"];
    const absent = ["null", '""', "1", "true", "[]", "{}", "[null,1]"];
    for (let i = 0; i < names.length; i++) {
      for (let j = 0; j < absent.length; j++) {
        const members = EC + ',"' + names[i] + '":' + absent[j];
        const key = read(members);
        expect(key !== null && key.keyId.length == 0).toBe(true, members);
        expectAlgorithms(members, ["ES256"]);
      }
    }
  });

  it("is an object", () => {
    expectRefusal("[]", JwkStatus.NotObject);
    expectRefusal("[{}]", JwkStatus.NotObject);
  });

  it("has a type that is known, in this spelling", () => {
    const bad = [
      "{}",
      '"kty":"rsa"',
      '"kty":"DH"',
      '"kty":1',
      '"kty":null',
      '"kty":""',
      '"kty":["RSA"]',
    ];
    for (let i = 0; i < bad.length; i++) expectRefusal(bad[i], JwkStatus.KeyTypeUnknown);
  });

  it("is for signatures where it says what it is for", () => {
    expect(read(RSA + ',"use":"sig","key_ops":["sign","verify"]') !== null).toBe(true);
    expect(read(RSA + ',"use":"jwt-svid"') !== null).toBe(true);
    expect(read(RSA + ',"use":"SIG","key_ops":["sign"]') !== null).toBe(true);
    const bad = ['"enc"', '"x509-svid"', '"tls"'];
    for (let i = 0; i < bad.length; i++)
      expectRefusal(RSA + ',"use":' + bad[i], JwkStatus.UseNotSignature);
    const operations = ['["encrypt","wrapKey"]', '["deriveKey"]', '[1,"encrypt"]', '[""]'];
    for (let i = 0; i < operations.length; i++) {
      expectRefusal(RSA + ',"key_ops":' + operations[i], JwkStatus.OperationsWithoutVerify);
    }
  });

  it("has every member of its type, as base64", () => {
    const bad = [
      '"kty":"RSA","e":"AQAB"',
      '"kty":"RSA","n":"' + N + '"',
      '"kty":"RSA","n":"","e":"AQAB"',
      '"kty":"RSA","n":"' + N + '","e":65537',
      '"kty":"EC","crv":"P-256","x":"' + X + '"',
      '"kty":"EC","crv":"P-256","y":"' + Y + '"',
      '"kty":"OKP","crv":"Ed25519"',
      '"kty":"oct"',
    ];
    for (let i = 0; i < bad.length; i++) expectRefusal(bad[i], JwkStatus.MemberMissing);
    const encodings = ["A", "AR", "AQAB.", "AQ=AB", "AQAB===", "é"];
    for (let i = 0; i < encodings.length; i++) {
      expectRefusal('"kty":"RSA","n":"' + N + '","e":"' + encodings[i] + '"', JwkStatus.BadBase64);
    }
  });
});

describe("The numbers of a key", () => {
  it("may be spelled with padding, line breaks and the other alphabet", () => {
    const spellings = ["AQAB=", "AQAB==", "AQ\\nAB", " AQAB ", "AAABAAE="];
    for (let i = 0; i < spellings.length; i++) {
      const key = read('"kty":"RSA","n":"' + N + '==","e":"' + spellings[i] + '"');
      expect(key !== null && key.second.length == 3).toBe(true, spellings[i]);
    }
    const standard = N.replaceAll("-", "+").replaceAll("_", "/");
    expect(standard).not.toBe(N);
    const other = read('"kty":"RSA","n":"' + standard + '","e":"AQAB"')!;
    expect(equal(view(other.first), view(read(RSA)!.first))).toBe(true);
  });

  it("may have a private part beside them, which is noted", () => {
    expect(read(RSA)!.hadPrivatePart).toBe(false);
    expect(read(RSA + ',"d":"AQAB"')!.hadPrivatePart).toBe(true);
    expect(read(EC + ',"d":"AQAB"')!.hadPrivatePart).toBe(true);
    expect(read(OCT)!.hadPrivatePart).toBe(false);
  });
});

describe("An RSA key", () => {
  it("may have leading zeros, as some issuers write them", () => {
    const key = read('"kty":"RSA","n":"AAAA' + N + '","e":"AAABAAE"');
    expect(key !== null && key.first.length == 256 && key.second.length == 3).toBe(true);
  });

  it("has from 2048 to 8192 bits", () => {
    expectRefusal('"kty":"RSA","n":"AQAB","e":"AQAB"', JwkStatus.ModulusTooShort);
    expectRefusal('"kty":"RSA","n":"AA","e":"AQAB"', JwkStatus.ModulusTooShort);
    // 2047 bits: the top bit of 256 bytes is zero.
    expectRefusal(
      '"kty":"RSA","n":"f' + N.substring(1) + '","e":"AQAB"',
      JwkStatus.ModulusTooShort,
    );
    expectRefusal(
      '"kty":"RSA","n":"' + "_".repeat(1368) + '","e":"AQAB"',
      JwkStatus.ModulusTooLong,
    );
    expect(read('"kty":"RSA","n":"' + "_".repeat(1364) + '8","e":"AQAB"') === null).toBe(true);
  });

  it("is not of a generator whose keys can be factored", () => {
    expectRefusal('"kty":"RSA","n":"' + ROCA + '","e":"AQAB"', JwkStatus.ModulusFactorable);
  });

  it("is odd, with an odd exponent of 2 to 32 bits", () => {
    expectRefusal(
      '"kty":"RSA","n":"' + N.substring(0, 340) + 'oA","e":"AQAB"',
      JwkStatus.ModulusEven,
    );
    const small = ["AQ", "AA", "AAAB"];
    for (let i = 0; i < small.length; i++) {
      expectRefusal(
        '"kty":"RSA","n":"' + N + '","e":"' + small[i] + '"',
        JwkStatus.ExponentTooSmall,
      );
    }
    expectRefusal('"kty":"RSA","n":"' + N + '","e":"Ag"', JwkStatus.ExponentEven);
    expectRefusal('"kty":"RSA","n":"' + N + '","e":"AQAA"', JwkStatus.ExponentEven);
    expectRefusal('"kty":"RSA","n":"' + N + '","e":"AQAAAAE"', JwkStatus.ExponentTooLong);
    expect(read('"kty":"RSA","n":"' + N + '","e":"Aw"') !== null).toBe(true);
  });
});

describe("An EC key", () => {
  it("is on a curve that is known", () => {
    const bad = ["secp256k1", "P-224", "p-256", "Ed25519"];
    for (let i = 0; i < bad.length; i++) {
      expectRefusal(
        '"kty":"EC","crv":"' + bad[i] + '","x":"' + X + '","y":"' + Y + '"',
        JwkStatus.CurveUnknown,
      );
    }
    expectRefusal('"kty":"EC","crv":256,"x":"' + X + '","y":"' + Y + '"', JwkStatus.CurveUnknown);
  });

  it("is on the curve of its algorithm or of its length where it does not say which", () => {
    expectAlgorithms('"kty":"EC","x":"' + X + '","y":"' + Y + '"', ["ES256"]);
    expectAlgorithms('"kty":"EC","crv":"","x":"' + X + '","y":"' + Y + '"', ["ES256"]);
    expectAlgorithms(P521.replace('"crv":"P-521",', ""), ["ES512"]);
    expectAlgorithms(P521.replace('"crv":"P-521",', '"alg":"ES512",'), ["ES512"]);
    expectRefusal(P521.replace('"crv":"P-521",', '"alg":"ES384",'), JwkStatus.CoordinateLength);
    expectRefusal(P521.replace('"crv":"P-521",', '"alg":"RS256",'), JwkStatus.CurveUnknown);
    expectRefusal(
      '"kty":"EC","alg":"ES384","x":"' + X + '","y":"' + Y + '"',
      JwkStatus.PointOffCurve,
    );
  });

  it("has coordinates that are numbers: zeros in front may be missing or too many", () => {
    const key = read(SHORT_X);
    expect(key !== null && key.first.length == 32 && key.first[0] == 0).toBe(true);
    const padded = "AAB_zc4ncPbEXUGDy-5v20t7WAczNXvp7xO6z248e9FURQ";
    expectAlgorithms('"kty":"EC","crv":"P-256","x":"' + padded + '","y":"' + Y + '"', ["ES256"]);
    const long = "AX_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF";
    expectRefusal(
      '"kty":"EC","crv":"P-256","x":"' + long + '","y":"' + Y + '"',
      JwkStatus.CoordinateLength,
    );
    expectRefusal('"kty":"EC","crv":"P-256","x":"AAAA","y":"' + Y + '"', JwkStatus.PointOffCurve);
    expectRefusal(
      '"kty":"EC","crv":"P-384","x":"' + X + '","y":"' + Y + '"',
      JwkStatus.PointOffCurve,
    );
  });

  it("is a point of its curve", () => {
    expectRefusal(
      '"kty":"EC","crv":"P-256","x":"' + Y + '","y":"' + X + '"',
      JwkStatus.PointOffCurve,
    );
    expectRefusal(
      '"kty":"EC","crv":"P-256","x":"' + X + '","y":"' + X + '"',
      JwkStatus.PointOffCurve,
    );
    const zero = "A".repeat(43);
    expectRefusal(
      '"kty":"EC","crv":"P-256","x":"' + zero + '","y":"' + zero + '"',
      JwkStatus.PointOffCurve,
    );
    const top = "_".repeat(42) + "8";
    expectRefusal(
      '"kty":"EC","crv":"P-256","x":"' + top + '","y":"' + Y + '"',
      JwkStatus.PointOffCurve,
    );
    expectRefusal(P521.replace("AekpBQ", "AekpBR"), JwkStatus.PointOffCurve);
    const zero384 = "A".repeat(64);
    expectRefusal(
      '"kty":"EC","crv":"P-384","x":"' + zero384 + '","y":"' + zero384 + '"',
      JwkStatus.PointOffCurve,
    );
  });
});

describe("An OKP key", () => {
  it("is of Ed25519 alone", () => {
    const unnamed = OKP.replace('"crv":"Ed25519",', "");
    expectRefusal(unnamed, JwkStatus.CurveUnknown);
    expectAlgorithms(unnamed + ',"alg":"EdDSA"', ["EdDSA"]);
    expectAlgorithms(unnamed + ',"alg":"Ed25519"', ["EdDSA"]);
    const bad = ["Ed448", "X25519", "ed25519", "P-256"];
    for (let i = 0; i < bad.length; i++) {
      expectRefusal('"kty":"OKP","crv":"' + bad[i] + '","x":"' + X + '"', JwkStatus.CurveUnknown);
    }
  });

  it("has 32 bytes that are the one encoding of a point", () => {
    expectRefusal('"kty":"OKP","crv":"Ed25519","x":"AAAA"', JwkStatus.CoordinateLength);
    expectRefusal(
      '"kty":"OKP","crv":"Ed25519","x":"' + "_".repeat(42) + '8"',
      JwkStatus.PointOffCurve,
    );
    // y = 2 has no x.
    expectRefusal(
      '"kty":"OKP","crv":"Ed25519","x":"Ag' + "A".repeat(41) + '"',
      JwkStatus.PointOffCurve,
    );
    // y = 1 with the sign of an odd x: a second encoding of the neutral point.
    expectRefusal(
      '"kty":"OKP","crv":"Ed25519","x":"AQ' + "A".repeat(39) + 'IA"',
      JwkStatus.PointOffCurve,
    );
  });

  it("is not one of the points that anyone can sign for", () => {
    // y = 0 and y = 1.
    expectRefusal(
      '"kty":"OKP","crv":"Ed25519","x":"' + "A".repeat(43) + '"',
      JwkStatus.PointSmallOrder,
    );
    expectRefusal(
      '"kty":"OKP","crv":"Ed25519","x":"AQ' + "A".repeat(41) + '"',
      JwkStatus.PointSmallOrder,
    );
  });
});

describe("A secret", () => {
  it("has from 32 to 1,024 bytes", () => {
    expectRefusal('"kty":"oct","k":"AAAA"', JwkStatus.SecretTooShort);
    expectRefusal('"kty":"oct","k":"' + "A".repeat(42) + '"', JwkStatus.SecretTooShort);
    expectRefusal('"kty":"oct","k":"' + "A".repeat(1367) + '"', JwkStatus.SecretTooLong);
    expect(secretKey(view(new StaticArray<u8>(31))).status).toBe(JwkStatus.SecretTooShort);
    expect(secretKey(view(new StaticArray<u8>(1025))).status).toBe(JwkStatus.SecretTooLong);
    const key = secretKey(view(new StaticArray<u8>(64))).key;
    expect(key !== null && key.type == KeyType.Oct).toBe(true);
  });
});
