import { VerificationLimiter } from "../../../../../assembly/filters/jwt-auth/token/limiter";
import { CostClass } from "../../../../../assembly/lib/jose/algorithm";

const SECOND: i64 = 1_000_000_000;

function takeAll(limiter: VerificationLimiter, costClass: CostClass, now: i64): i32 {
  let taken = 0;
  while (taken < 100_000 && limiter.admits(costClass, now)) {
    limiter.count(costClass);
    taken++;
  }
  return taken;
}

describe("The verification limiter", () => {
  it("admits its number within a second, and again in the next", () => {
    const limiter = new VerificationLimiter(5);
    expect(takeAll(limiter, CostClass.Rsa, SECOND)).toBe(5);
    expect(takeAll(limiter, CostClass.Rsa, 2 * SECOND - 1)).toBe(0);
    expect(takeAll(limiter, CostClass.Rsa, 2 * SECOND)).toBe(5);
  });

  it("keeps the classes apart: a flood of one leaves the others their share", () => {
    const limiter = new VerificationLimiter(3);
    expect(takeAll(limiter, CostClass.P521, SECOND)).toBe(3);
    expect(takeAll(limiter, CostClass.Rsa, SECOND)).toBe(3);
  });

  it("opens a new second when the clock was set back", () => {
    const limiter = new VerificationLimiter(1);
    expect(takeAll(limiter, CostClass.Hmac, 10 * SECOND)).toBe(1);
    expect(limiter.admits(CostClass.Hmac, 5 * SECOND)).toBe(true);
  });

  it("bounds nothing unless a number is set", () => {
    const limiter = new VerificationLimiter(0);
    expect(limiter.isSet).toBe(false);
    expect(takeAll(limiter, CostClass.P521, SECOND)).toBe(100_000);
  });
});
