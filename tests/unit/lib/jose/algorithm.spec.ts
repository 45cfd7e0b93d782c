import { text } from "../../../../assembly/lib/bytes";
import {
  ASYMMETRIC,
  Curve,
  Family,
  algorithmNames,
  algorithmOf,
  algorithms,
} from "../../../../assembly/lib/jose/algorithm";

describe("The table of algorithms", () => {
  it("finds every row by its name and no other", () => {
    let bits: u32 = 0;
    for (let i = 0; i < algorithms.length; i++) {
      const row = algorithms[i];
      expect(algorithmOf(text(row.name)) === row).toBe(true, row.name);
      expect(bits & row.bit).toBe(0, row.name);
      bits |= row.bit;
    }
    const unknown = [
      "",
      "none",
      "None",
      "rs256",
      "RS256 ",
      "RS257",
      "ES256K",
      "Ed448",
      "ed25519",
      "HS",
    ];
    for (let i = 0; i < unknown.length; i++)
      expect(algorithmOf(text(unknown[i])) === null).toBe(true, unknown[i]);
  });

  it("counts every row but the symmetric ones as asymmetric", () => {
    for (let i = 0; i < algorithms.length; i++) {
      expect((ASYMMETRIC & algorithms[i].bit) != 0).toBe(algorithms[i].family != Family.Hmac);
    }
  });

  it("has two names for Ed25519, the one of RFC 8037 and the one of RFC 9864", () => {
    expect(algorithmOf(text("Ed25519")) === algorithmOf(text("EdDSA"))).toBe(true);
  });

  it("leaves P-521 alone to the host", () => {
    for (let i = 0; i < algorithms.length; i++) {
      expect(algorithms[i].needsHost).toBe(algorithms[i].name == "ES512", algorithms[i].name);
      expect(algorithms[i].needsHost).toBe(algorithms[i].curve == Curve.P521);
    }
  });

  it("names all of them for messages", () => {
    expect(algorithmNames()).toBe(
      "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256, HS384, HS512",
    );
  });
});
