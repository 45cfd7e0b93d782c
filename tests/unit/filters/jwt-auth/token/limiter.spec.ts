import { VerificationLimiter } from "../../../../../assembly/filters/jwt-auth/token/limiter";
import { CostClass } from "../../../../../assembly/lib/jose/algorithm";

const SECOND: i64 = 1_000_000_000;

function takeAll(
  limiter: VerificationLimiter,
  costClass: CostClass,
  now: i64,
  failed: bool = true,
): i32 {
  let taken = 0;
  while (taken < 100_000 && limiter.admits(costClass, true, now)) {
    limiter.count(costClass, failed);
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
    expect(limiter.admits(CostClass.Hmac, false, 5 * SECOND)).toBe(true);
  });

  it("gives dearer classes less by default", () => {
    const limiter = new VerificationLimiter(0);
    expect(takeAll(limiter, CostClass.P521, SECOND)).toBe(180);
    expect(takeAll(limiter, CostClass.Rsa, SECOND)).toBe(12_500);
  });

  it("counts good tokens where a number was asked for, and not by default", () => {
    expect(takeAll(new VerificationLimiter(7), CostClass.P256, SECOND, false)).toBe(7);
    expect(takeAll(new VerificationLimiter(0), CostClass.P256, SECOND, false)).toBe(100_000);
  });
});
