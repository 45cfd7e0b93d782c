import { text, toText } from "../../../../assembly/lib/bytes";
import {
  ASYMMETRIC,
  ES512,
  Family,
  algorithmOf,
  algorithms,
} from "../../../../assembly/lib/jose/algorithm";

describe("The table of algorithms", () => {
  it("finds every row by its name and no other", () => {
    for (let i = 0; i < algorithms.length; i++) {
      const row = algorithms[i];
      expect(row.index).toBe(i);
      const found = algorithmOf(row.name);
      expect(found !== null && found.index == i).toBe(true, toText(row.name));
    }
    const unknown = ["", "none", "None", "rs256", "RS256 ", "RS257", "ES256K", "Ed25519", "HS"];
    for (let i = 0; i < unknown.length; i++)
      expect(algorithmOf(text(unknown[i])) === null).toBe(true, unknown[i]);
  });

  it("counts every row but the symmetric ones as asymmetric", () => {
    for (let i = 0; i < algorithms.length; i++) {
      expect((ASYMMETRIC & algorithms[i].bit) != 0).toBe(algorithms[i].family != Family.Hmac);
    }
    expect(toText(algorithms[8].name)).toBe("ES512");
    expect(algorithms[8].bit).toBe(ES512);
  });
});
