import { Bytes, equal, lengthOf, slice, text, utf8, view } from "../../../../assembly/lib/bytes";
import { algorithmOf } from "../../../../assembly/lib/jose/algorithm";
import { JwkResult, JwkStatus } from "../../../../assembly/lib/jose/jwk-status";
import { decodeLoosely } from "../../../../assembly/lib/jose/loose-base64";
import { KeySet, KeySetStatus } from "../../../../assembly/lib/jose/key-set";
import { PemReader, isPem } from "../../../../assembly/lib/jose/pem";

// Made with OpenSSL 3: self-signed certificates and public keys.
const ED25519_CERTIFICATE =
  "-----BEGIN CERTIFICATE-----\n" +
  "MIIBODCB66ADAgECAhR9Xesyi7aNFsDR/UiaVMb3Ll8GWjAFBgMrZXAwEjEQMA4G\n" +
  "A1UEAwwHZml4dHVyZTAeFw0yNjEyMDExNTQ5MDRaFw0yNjEyMzExNTQ5MDRaMBIx\n" +
  "EDAOBgNVBAMMB2ZpeHR1cmUwKjAFBgMrZXADIQBfmd9FfS6wn99oW/VvU6SUJeJq\n" +
  "pThGBipAMol1Q0IcE6NTMFEwHQYDVR0OBBYEFKYqeMknWAOfwdC7+8euj2iGnGEz\n" +
  "MB8GA1UdIwQYMBaAFKYqeMknWAOfwdC7+8euj2iGnGEzMA8GA1UdEwEB/wQFMAMB\n" +
  "Af8wBQYDK2VwA0EAKUiLb4QAA10VRmYkLm1Rn2LC2Idrkl25eyr+fnu3eznDmhdx\n" +
  "88lreOmmfWofIiF3kSqVuWoF6dfMUdi2Kl6UCg==\n" +
  "-----END CERTIFICATE-----\n";
const ED25519_KEY =
  "-----BEGIN PUBLIC KEY-----\n" +
  "MCowBQYDK2VwAyEAX5nfRX0usJ/faFv1b1OklCXiaqU4RgYqQDKJdUNCHBM=\n" +
  "-----END PUBLIC KEY-----\n";
const ED25519_X = "X5nfRX0usJ_faFv1b1OklCXiaqU4RgYqQDKJdUNCHBM";
const P384_KEY =
  "-----BEGIN PUBLIC KEY-----\n" +
  "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE+lBYSxPtd01kK2YSq8pg71aG1X8X5UW4\n" +
  "lMEF5X64OgIgaLbXMoccfMve+507s3YwvEsbSuZRkPifchuQawiahECTlDt/aHQY\n" +
  "Iir9R42adDnio0cOlsA309cPkMgAWohY\n" +
  "-----END PUBLIC KEY-----\n";
const P384_X = "-lBYSxPtd01kK2YSq8pg71aG1X8X5UW4lMEF5X64OgIgaLbXMoccfMve-507s3Yw";
const RSA_CERTIFICATE =
  "-----BEGIN CERTIFICATE-----\n" +
  "MIIDBTCCAe2gAwIBAgIULHw8l5s1JeSZNh49gbQKnMZBUBIwDQYJKoZIhvcNAQEL\n" +
  "BQAwEjEQMA4GA1UEAwwHZml4dHVyZTAeFw0yNjEyMDExNTQ5MDRaFw0yNjEyMzEx\n" +
  "NTQ5MDRaMBIxEDAOBgNVBAMMB2ZpeHR1cmUwggEiMA0GCSqGSIb3DQEBAQUAA4IB\n" +
  "DwAwggEKAoIBAQCV1l+/K2QexMJUs07blQe+r3UJrAwGRoA5doKd9Sw+nT8z5Vsf\n" +
  "rEln4bE4dSaknrwcF+hbFpGh3f6XeYUC7wKT4Jrnzr9h2Y6/R+Yde46FJSQl6it2\n" +
  "94VhSl1acSF+oLFN/edrLYLr4A8wDRZHMW+oq3dXGgj0CTQQ3i/mSzxrQH3+/TtK\n" +
  "jQTeMnfsh9zjyMqlofrLViBHNLpYysUlvE6xOd++rWwHS9UQ5wy9b83vbbO00RRL\n" +
  "D4Swzss9imeiyRB77qDmxWZAPzYOqMXe1SqH1K79Dkbe7EMXMTcufDGWRm2GWYnz\n" +
  "Ym3OVIdkw8fm7rfEq03FMhfb+6VOvmIUMSwRAgMBAAGjUzBRMB0GA1UdDgQWBBT9\n" +
  "V7/tcVbWLzQnhj16fU2m2uN4GjAfBgNVHSMEGDAWgBT9V7/tcVbWLzQnhj16fU2m\n" +
  "2uN4GjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB+8rdBF+oh\n" +
  "KYSVsrZX3BoJUydU99zKVF7I00OECQPj5xXRkUHGLxP7vqfZWn0F0qDBG0vKOHlJ\n" +
  "bVR3qBL88ycTllBw6xUqqjiXRTB1Vr4NCBorjbuXfLpSZ2aR8ds/D8dSWwtQEkqW\n" +
  "ILyq44u2Qci5qPo2mDTyc8o7qrl8yHnzvAaFTMvtJJABHxrsJ4xXtNZshYk13CFP\n" +
  "1J/LGVJ4zJklMbY4pP481vmOgB9nieuIvP/xnn/4tMFTZBX4DcvvcYvT3EXlTvGL\n" +
  "0E+rm1b+uC5Sf8lGIhyHRjBvyxvW2sF1l6B3hf8jOw4Tj+NnFZKmg2iVDGtUwFs2\n" +
  "j1lI/Q9HL5GJ\n" +
  "-----END CERTIFICATE-----\n";
const RSA_N =
  "ldZfvytkHsTCVLNO25UHvq91CawMBkaAOXaCnfUsPp0_M-VbH6xJZ-GxOHUmpJ68HBfoWxaRod3-l3mFAu8Ck-Ca58" +
  "6_YdmOv0fmHXuOhSUkJeordveFYUpdWnEhfqCxTf3nay2C6-APMA0WRzFvqKt3VxoI9Ak0EN4v5ks8a0B9_v07So0E" +
  "3jJ37Ifc48jKpaH6y1YgRzS6WMrFJbxOsTnfvq1sB0vVEOcMvW_N722ztNEUSw-EsM7LPYpnoskQe-6g5sVmQD82Dq" +
  "jF3tUqh9Su_Q5G3uxDFzE3LnwxlkZthlmJ82JtzlSHZMPH5u63xKtNxTIX2_ulTr5iFDEsEQ";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function read(pem: string): JwkResult {
  return new PemReader(view(utf8(pem))).next();
}

/** Whether the first number of the key in `pem` is `expected`, in base64url. */
function hasNumber(pem: string, expected: string): bool {
  const key = read(pem).key;
  return key !== null && equal(view(key.first), view(decodeLoosely(text(expected))!));
}

describe("A key in PEM", () => {
  it("is read from a public key and from a certificate", () => {
    expect(hasNumber(ED25519_KEY, ED25519_X)).toBe(true);
    expect(hasNumber(ED25519_CERTIFICATE, ED25519_X)).toBe(true);
    expect(hasNumber(P384_KEY, P384_X)).toBe(true);
    expect(hasNumber(RSA_CERTIFICATE, RSA_N)).toBe(true);
    expect(read(P384_KEY).key!.algorithms).toBe(algorithmOf(text("ES384"))!.bit);
  });

  it("may have other line ends, and blanks around it", () => {
    expect(hasNumber(ED25519_KEY.replaceAll("\n", "\r\n"), ED25519_X)).toBe(true);
    expect(hasNumber("\n  " + ED25519_KEY + "\n\n", ED25519_X)).toBe(true);
    expect(isPem(text("\n " + "-----BEGIN PUBLIC KEY-----"))).toBe(true);
    expect(isPem(text('{"keys":[]}'))).toBe(false);
    expect(isPem(text(""))).toBe(false);
  });

  it("is nothing else", () => {
    expect(read("").status).toBe(JwkStatus.BadPem);
    expect(read("-----BEGIN PUBLIC KEY-----").status).toBe(JwkStatus.BadPem);
    expect(read("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY").status).toBe(JwkStatus.BadPem);
    expect(read("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----").status).toBe(
      JwkStatus.BadBase64,
    );
    expect(read("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----").status).toBe(
      JwkStatus.BadDer,
    );
    const kinds = ["PRIVATE KEY", "RSA PRIVATE KEY", "RSA PUBLIC KEY", "X509 CRL"];
    for (let i = 0; i < kinds.length; i++) {
      const pem = ED25519_KEY.replaceAll("PUBLIC KEY", kinds[i]);
      expect(read(pem).status).toBe(JwkStatus.PemKindUnknown, kinds[i]);
    }
  });

  it("is refused when its DER is damaged, wherever, or it is another key", () => {
    const der = decodeLoosely(text(inside(ED25519_KEY)))!;
    let same = 0;
    for (let at = 0; at < der.length - 32; at++) {
      for (let bit = 0; bit < 8; bit++) {
        der[at] = <u8>((<i32>der[at]) ^ (1 << bit));
        if (readDer(view(der)).key !== null) same++;
        der[at] = <u8>((<i32>der[at]) ^ (1 << bit));
      }
    }
    expect(same).toBe(0);
    for (let length = 0; length < der.length; length++) {
      expect(readDer(slice(view(der), 0, length)).key === null).toBe(true);
    }
  });

  it("never traps, however a certificate is damaged", () => {
    const der = decodeLoosely(text(inside(RSA_CERTIFICATE)))!;
    let read = 0;
    for (let at = 0; at < der.length; at++) {
      const byte = der[at];
      der[at] = 0xff;
      if (readDer(view(der), "CERTIFICATE").key !== null) read++;
      der[at] = 0x84;
      if (readDer(view(der), "CERTIFICATE").key !== null) read++;
      der[at] = byte;
    }
    // What is not read may be anything: names, validity, extensions, the signature.
    expect(read).toBeGreaterThan(100);
    for (let length = 0; length < der.length; length += 3) {
      readDer(slice(view(der), 0, length), "CERTIFICATE");
    }
  });
});

describe("A key set", () => {
  it("may be PEM, of several blocks", () => {
    const keys = new KeySet();
    const source = ED25519_CERTIFICATE + "\n" + P384_KEY + RSA_CERTIFICATE;
    expect(keys.read(view(utf8(source)))).toBe(KeySetStatus.Ok);
    expect(keys.count).toBe(3);
    expect(keys.keys[0].keyId.length).toBe(0);
  });

  it("has the good blocks of PEM alone", () => {
    const keys = new KeySet();
    const other = P384_KEY.replaceAll("PUBLIC KEY", "PRIVATE KEY");
    expect(keys.read(view(utf8(other + ED25519_KEY + "text")))).toBe(KeySetStatus.Ok);
    expect(keys.count).toBe(1);
    expect(keys.describeLeftOut()).toBe(
      "/0: the PEM block is neither PUBLIC KEY nor CERTIFICATE; /2: not PEM",
    );
    expect(new KeySet().read(view(utf8(other)))).toBe(KeySetStatus.NoValidKeys);
  });

  it("may be a map of key id to certificate", () => {
    const keys = new KeySet();
    expect(keys.read(map("first", RSA_CERTIFICATE, "second", ED25519_CERTIFICATE))).toBe(
      KeySetStatus.Ok,
    );
    expect(keys.count).toBe(2);
    expect(equal(view(keys.keys[1].keyId), text("second"))).toBe(true);
    const half = new KeySet();
    expect(half.read(map("a", "-----BEGIN CERTIFICATE-----", "b", RSA_CERTIFICATE))).toBe(
      KeySetStatus.Ok,
    );
    expect(half.describeLeftOut()).toBe("/0: not PEM");
  });

  it("is no map where a value is no PEM, or a key id is empty", () => {
    expect(new KeySet().read(map("a", RSA_CERTIFICATE, "b", "x"))).toBe(KeySetStatus.NoKeys);
    expect(new KeySet().read(map("a", RSA_CERTIFICATE, "", RSA_CERTIFICATE))).toBe(
      KeySetStatus.NoKeys,
    );
    expect(new KeySet().read(text("{}"))).toBe(KeySetStatus.NoKeys);
  });
});

function map(a: string, first: string, b: string, second: string): Bytes {
  const one = '"' + a + '":"' + first.replaceAll("\n", "\\n") + '"';
  const two = '"' + b + '":"' + second.replaceAll("\n", "\\n") + '"';
  return view(utf8("{" + one + "," + two + "}"));
}

/** The base64 of a block. */
function inside(pem: string): string {
  return pem.substring(pem.indexOf("\n"), pem.lastIndexOf("-----END"));
}

function readDer(der: Bytes, kind: string = "PUBLIC KEY"): JwkResult {
  let base64 = "";
  let bits: u32 = 0;
  let count = 0;
  for (let i = 0; i < lengthOf(der); i++) {
    bits = (bits << 8) | load<u8>(<usize>(<u32>der) + i);
    for (count += 8; count >= 6; count -= 6) base64 += letters.charAt((bits >> (count - 6)) & 63);
  }
  if (count > 0) base64 += letters.charAt((bits << (6 - count)) & 63);
  return read("-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
}
