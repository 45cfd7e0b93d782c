import { EMPTY, text, view } from "../../../../assembly/lib/bytes";
import { P256, P384 } from "../../../../assembly/lib/crypto/curves";
import { EcdsaPublicKey } from "../../../../assembly/lib/crypto/ecdsa";
import { Ed25519KeyStatus, Ed25519PublicKey } from "../../../../assembly/lib/crypto/ed25519";
import { RsaKeyStatus, RsaPublicKey } from "../../../../assembly/lib/crypto/rsa";
import { SHA256 } from "../../../../assembly/lib/crypto/sha256";
import { fromHex } from "../../support/hex";

/** RFC 6979 appendix A.2.5. */
const X = fromHex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
const Y = fromHex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
const SIGNATURE = fromHex(
  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
);

describe("An ECDSA key", () => {
  it("verifies the example of RFC 6979, and no other message", () => {
    const key = new EcdsaPublicKey(P256, view(X), view(Y));
    expect(key.isGood).toBe(true);
    expect(key.verify(SHA256, text("sample"), view(SIGNATURE))).toBe(true);
    expect(key.verify(SHA256, text("Sample"), view(SIGNATURE))).toBe(false);
    expect(key.verify(SHA256, text("sample"), EMPTY)).toBe(false);
  });

  it("that is no point of the curve verifies nothing", () => {
    const swapped = new EcdsaPublicKey(P256, view(Y), view(X));
    expect(swapped.isGood).toBe(false);
    expect(swapped.verify(SHA256, text("sample"), view(SIGNATURE))).toBe(false);
    expect(new EcdsaPublicKey(P384, view(X), view(Y)).isGood).toBe(false);
    expect(new EcdsaPublicKey(P256, EMPTY, EMPTY).isGood).toBe(false);
  });
});

describe("An Ed25519 key", () => {
  it("verifies RFC 8032's test 2, and no other message", () => {
    const key = new Ed25519PublicKey(
      view(fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")),
    );
    const signature = fromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    expect(key.status).toBe(Ed25519KeyStatus.Ok);
    expect(key.verify(text("r"), view(signature))).toBe(true);
    expect(key.verify(text("s"), view(signature))).toBe(false);
    expect(key.verify(text("r"), EMPTY)).toBe(false);
  });

  it("says why it is none", () => {
    expect(new Ed25519PublicKey(EMPTY).status).toBe(Ed25519KeyStatus.WrongLength);
    const encoding = new StaticArray<u8>(32);
    expect(new Ed25519PublicKey(view(encoding)).status).toBe(Ed25519KeyStatus.SmallOrder);
    encoding[0] = 2;
    const none = new Ed25519PublicKey(view(encoding));
    expect(none.status).toBe(Ed25519KeyStatus.NotAPoint);
    expect(none.verify(EMPTY, view(new StaticArray<u8>(64)))).toBe(false);
  });
});

describe("An RSA key", () => {
  it("says why it is none, and then verifies nothing", () => {
    const modulus = new StaticArray<u8>(256);
    modulus[0] = 0x80;
    const three: StaticArray<u8> = [3];
    expect(new RsaPublicKey(view(modulus), view(three)).status).toBe(RsaKeyStatus.ModulusEven);
    modulus[255] = 1;
    expect(new RsaPublicKey(view(modulus), view(three)).status).toBe(RsaKeyStatus.Ok);
    const one: StaticArray<u8> = [1];
    const none = new RsaPublicKey(view(modulus), view(one));
    expect(none.status).toBe(RsaKeyStatus.ExponentTooSmall);
    expect(none.verifyPkcs1(SHA256, EMPTY, EMPTY)).toBe(false);
    expect(none.verifyPss(SHA256, EMPTY, EMPTY)).toBe(false);
    modulus[0] = 0x7f;
    expect(new RsaPublicKey(view(modulus), view(three)).status).toBe(RsaKeyStatus.ModulusTooShort);
  });
});
