import { Bytes, owned, view } from "../../../../assembly/lib/bytes";
import { Curve } from "../../../../assembly/lib/jose/algorithm";
import {
  ecPublicKeyInfo,
  ecdsaSignature,
  rsaPublicKeyInfo,
} from "../../../../assembly/lib/jose/der";
import { toHex } from "../../support/hex";

/** `length` bytes, the last of them given. */
function padded(length: i32, last: u8[]): StaticArray<u8> {
  const result = new StaticArray<u8>(length);
  for (let i = 0; i < last.length; i++) result[length - last.length + i] = last[i];
  return result;
}

function pair(r: u8[], s: u8[], half: i32): Bytes {
  const both = new StaticArray<u8>(2 * half);
  memory.copy(changetype<usize>(both), changetype<usize>(padded(half, r)), <usize>half);
  memory.copy(
    changetype<usize>(both) + <usize>half,
    changetype<usize>(padded(half, s)),
    <usize>half,
  );
  return view(both);
}

describe("An ECDSA signature in DER", () => {
  it("has integers without leading zeros, and one zero where the top bit is set", () => {
    expect(toHex(ecdsaSignature(pair([1], [0x7f], 32)))).toBe("300602010102017f");
    expect(toHex(ecdsaSignature(pair([0x80], [1, 0], 32)))).toBe("3008020200800202" + "0100");
    expect(toHex(ecdsaSignature(pair([0], [0], 32)))).toBe("3006020100020100");
  });

  it("takes the long form of a length where P-521 needs it", () => {
    const full = new StaticArray<u8>(132);
    memory.fill(changetype<usize>(full), 0xff, 132);
    const der = toHex(ecdsaSignature(view(full)));
    expect(der.substring(0, 12)).toBe("30818a024300");
    expect(der.length).toBe(2 * (3 + 138));
  });
});

describe("A SubjectPublicKeyInfo", () => {
  it("of a point names the curve and holds the uncompressed point", () => {
    const x = padded(32, [1]);
    const y = padded(32, [2]);
    expect(toHex(view(ecPublicKeyInfo(Curve.P256, view(x), view(y))))).toBe(
      "3059301306072a8648ce3d020106082a8648ce3d03010703420004" +
        "00".repeat(31) +
        "01" +
        "00".repeat(31) +
        "02",
    );
    const x384 = padded(48, [1]);
    expect(toHex(view(ecPublicKeyInfo(Curve.P384, view(x384), view(x384)))).substring(0, 54)).toBe(
      "3076301006072a8648ce3d020106052b8104002203620004" + "00".repeat(3),
    );
    const x521 = padded(66, [1]);
    expect(toHex(view(ecPublicKeyInfo(Curve.P521, view(x521), view(x521)))).substring(0, 54)).toBe(
      "30819b301006072a8648ce3d020106052b810400230381860004" + "00",
    );
  });

  it("of an RSA key holds modulus and exponent, with lengths of two bytes", () => {
    const modulus = new StaticArray<u8>(256);
    modulus[0] = 0x80;
    modulus[255] = 1;
    const exponent: StaticArray<u8> = [1, 0, 1];
    const der = toHex(view(rsaPublicKeyInfo(view(modulus), view(owned(view(exponent))))));
    expect(der.substring(0, 66)).toBe(
      "30820122300d06092a864886f70d01010105000382010f003082010a0282010100",
    );
    expect(der.substring(der.length - 12)).toBe("010203010001");
  });
});
