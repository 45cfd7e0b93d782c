import { lengthOf, text, toText } from "../../../../assembly/lib/bytes";
import { SCRATCH_BYTES_MAX, Scratch } from "../../../../assembly/lib/http/scratch";

describe("a scratch", () => {
  it("grows, and starts anew", () => {
    const scratch = new Scratch();
    for (let i = 0; i < 1000; i++) scratch.put(text("0123456789"));
    expect(scratch.length).toBe(10000);
    scratch.clear();
    scratch.putByte(0x41);
    expect(toText(scratch.view())).toBe("A");
  });

  it("refuses what is beyond its limit and keeps what it has", () => {
    const scratch = new Scratch();
    const part = new StaticArray<u8>(SCRATCH_BYTES_MAX - 1);
    const view = ((<u64>part.length) << 32) | (changetype<usize>(part) as u64);
    expect(scratch.put(view)).toBe(true);
    expect(scratch.putByte(0)).toBe(true);
    expect(scratch.putByte(0)).toBe(false);
    expect(lengthOf(scratch.view())).toBe(SCRATCH_BYTES_MAX);
  });
});
