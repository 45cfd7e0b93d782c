import { EMPTY, bytes, text, utf8, view } from "../../../../assembly/lib/bytes";
import { equalConstantTime } from "../../../../assembly/lib/crypto/constant-time";
import { HmacKey } from "../../../../assembly/lib/crypto/hmac";
import { SHA256, sha256 } from "../../../../assembly/lib/crypto/sha256";
import { SHA512, sha384 } from "../../../../assembly/lib/crypto/sha512";
import { toHex } from "../../support/hex";

const out = memory.data(64, 16);

describe("HMAC", () => {
  it("gives the tags of RFC 4231, test case 2", () => {
    const key = utf8("Jefe");
    const message = text("what do ya want for nothing?");
    new HmacKey(SHA256, view(key)).sign(message, out);
    expect(toHex(bytes(out, 32))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    new HmacKey(SHA512, view(key)).sign(message, out);
    expect(toHex(bytes(out, 32))).toBe(
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
    );
  });

  it("takes an empty key and an empty message, and its key can be used again", () => {
    const key = new HmacKey(SHA256, EMPTY);
    for (let i = 0; i < 2; i++) {
      key.sign(EMPTY, out);
      expect(toHex(bytes(out, 32))).toBe(
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
      );
      expect(key.verify(EMPTY, bytes(out, 32))).toBe(true);
      expect(key.verify(EMPTY, bytes(out, 31))).toBe(false);
    }
  });
});

describe("A digest", () => {
  it("takes a message in parts, and nothing as a part", () => {
    SHA256.reset();
    SHA256.update(text("a"));
    SHA256.update(EMPTY);
    SHA256.update(text("bc"));
    SHA256.finish(out);
    expect(toHex(bytes(out, 32))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    sha256(EMPTY, out);
    expect(toHex(bytes(out, 32))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    sha384(text("abc"), out);
    expect(toHex(bytes(out, 16))).toBe("cb00753f45a35e8bb5a03d699ac65007");
  });
});

describe("Comparison in constant time", () => {
  it("goes by contents and length", () => {
    expect(equalConstantTime(text("abc"), text("abc"))).toBe(true);
    expect(equalConstantTime(text("abc"), text("abd"))).toBe(false);
    expect(equalConstantTime(text("abc"), text("abcd"))).toBe(false);
    expect(equalConstantTime(EMPTY, EMPTY)).toBe(true);
  });
});
