import { isDue, reset, spent } from "../../../assembly/lib/garbage";

describe("the account of garbage", () => {
  it("is due at one mebibyte and starts anew", () => {
    reset();
    spent(1024 * 1024 - 1);
    expect(isDue()).toBe(false);
    spent(1);
    expect(isDue()).toBe(true);
    reset();
    expect(isDue()).toBe(false);
  });

  it("does not wrap around", () => {
    reset();
    for (let i = 0; i < 5; i++) spent(i32.MAX_VALUE);
    expect(isDue()).toBe(true);
    reset();
  });
});
