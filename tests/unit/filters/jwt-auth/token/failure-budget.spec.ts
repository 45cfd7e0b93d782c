import { FailureBudget } from "../../../../../assembly/filters/jwt-auth/token/failure-budget";
import { sourceNetwork } from "../../../../../assembly/filters/jwt-auth/token/source-network";
import { costNanos } from "../../../../../assembly/filters/jwt-auth/token/verification-cost";
import { CostClass } from "../../../../../assembly/lib/jose/algorithm";
import { FakeRequest } from "../../../support/request";

const SECOND: i64 = 1_000_000_000;
const NOW: i64 = 1_700_000_000 * SECOND;
/** An ES512 check of a token of about 600 bytes. */
const DEAR = costNanos(CostClass.P521, true, 500);

/** How many failures `network` is allowed at `now`. */
function failAll(budget: FailureBudget, provider: i32, network: u64, now: i64): i32 {
  let failed = 0;
  while (failed < 100_000 && budget.admits(provider, network, now)) {
    budget.charge(provider, network, DEAR, now);
    failed++;
  }
  return failed;
}

describe("The budget of failed checks", () => {
  it("lets the failures of one network take an eighth of a worker", () => {
    const budget = new FailureBudget(1);
    const first = failAll(budget, 0, 7, NOW);
    expect(first).toBeGreaterThan(80);
    expect(first).toBeLessThan(95);
    expect(failAll(budget, 0, 7, NOW)).toBe(0);
    let failed = 0;
    for (let i = 1; i <= 10; i++) failed += failAll(budget, 0, 7, NOW + i * SECOND);
    // Thousandths of ten seconds.
    const share = (<i64>failed * DEAR) / (SECOND / 100);
    expect(share).toBeLessThan(130);
    expect(share).toBeGreaterThan(110);
  });

  it("counts failures of many networks together, also when none has used up its share", () => {
    const budget = new FailureBudget(6);
    let failed = 0;
    while (failed < 100_000 && !budget.isPressedAt(NOW)) budget.charge(0, ++failed, DEAR, NOW);
    expect(failed).toBeGreaterThan(500);
    expect(failed).toBeLessThan(560);
    expect(budget.admits(0, 1_000_000, NOW)).toBe(false);
  });

  it("leaves other networks and other providers alone", () => {
    const budget = new FailureBudget(2);
    failAll(budget, 0, 7, NOW);
    let refused = 0;
    for (let network: u64 = 100; network < 1100; network++) {
      if (!budget.admits(0, network, NOW)) refused++;
    }
    expect(refused).toBe(0);
    expect(budget.admits(1, 7, NOW)).toBe(true);
  });

  it("refuses everybody only when all failures take three quarters of the worker", () => {
    const budget = new FailureBudget(3);
    let networks: u64 = 0;
    while (networks < 100 && failAll(budget, 0, networks, NOW) > 0) networks++;
    expect(networks).toBe(6);
    expect(budget.isPressedAt(NOW)).toBe(true);
    expect(budget.admits(0, 500, NOW)).toBe(false);
    expect(budget.admits(0, 500, NOW + SECOND)).toBe(true);
  });

  it("knows when no network has used up its share", () => {
    const budget = new FailureBudget(4);
    expect(budget.isPressedAt(NOW)).toBe(false);
    budget.charge(0, 7, DEAR, NOW);
    expect(budget.isPressedAt(NOW)).toBe(false);
    failAll(budget, 0, 7, NOW);
    expect(budget.isPressedAt(NOW)).toBe(true);
    budget.charge(0, 8, DEAR, NOW);
    expect(budget.isPressedAt(NOW)).toBe(true);
    expect(budget.isPressedAt(NOW + SECOND)).toBe(false);
  });

  it("forgets its accounts when the clock is set back by more than a minute", () => {
    const budget = new FailureBudget(5);
    failAll(budget, 0, 7, NOW);
    expect(budget.admits(0, 7, NOW - 3600 * SECOND)).toBe(true);
    expect(failAll(budget, 0, 7, NOW - 3600 * SECOND)).toBeGreaterThan(80);
  });

  it("charges a larger token more", () => {
    const large = costNanos(CostClass.Rsa, true, 50_000);
    expect(large).toBeGreaterThan(5 * costNanos(CostClass.Rsa, true, 500));
  });
});

function networkOf(address: string): u64 {
  return sourceNetwork(new FakeRequest().from(address));
}

describe("The network of a client", () => {
  it("is the first 24 bits of an IPv4 address and the first 48 of an IPv6 address", () => {
    expect(networkOf("192.0.2.1:1234")).toBe(networkOf("192.0.2.200:80"));
    expect(networkOf("192.0.2.1:1234")).not.toBe(networkOf("192.0.3.1:1234"));
    expect(networkOf("[2001:db8:1:2::1]:80")).toBe(networkOf("[2001:db8:1:ff::2]:80"));
    expect(networkOf("[2001:db8:1::1]:80")).not.toBe(networkOf("[2001:db8:2::1]:80"));
    expect(networkOf("[::ffff:192.0.2.9]:80")).toBe(networkOf("192.0.2.1:80"));
  });

  it("is one for all that have no address", () => {
    expect(sourceNetwork(new FakeRequest())).toBe(0);
  });
});
