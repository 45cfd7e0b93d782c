import { bytes } from "../../../assembly/lib/bytes";
import { siphash } from "../../../assembly/lib/hash";

describe("SipHash-1-3", () => {
  it("gives the published values for the key 00..0f", () => {
    const message = new StaticArray<u8>(64);
    for (let i = 0; i < 64; i++) message[i] = <u8>i;
    const base = changetype<usize>(message);
    const k0: u64 = 0x0706050403020100;
    const k1: u64 = 0x0f0e0d0c0b0a0908;
    // First entries of the test vector of the Rust standard library
    // (library/coretests/tests/hash/sip.rs, 1-3).
    expect(siphash(bytes(base, 0), k0, k1)).toBe(0xabac0158050fc4dc);
    expect(siphash(bytes(base, 1), k0, k1)).toBe(0xc9f49bf37d57ca93);
    expect(siphash(bytes(base, 2), k0, k1)).toBe(0x82cb9b024dc7d44d);
  });
});
