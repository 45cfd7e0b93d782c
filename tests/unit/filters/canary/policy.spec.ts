import { Config } from "../../../../assembly/filters/canary/config";
import { GuardMode } from "../../../../assembly/filters/canary/guard";
import { Policy } from "../../../../assembly/filters/canary/policy";
import { Decision, Reason } from "../../../../assembly/filters/canary/decision";
import {
  Bytes,
  NONE,
  equal,
  isPresent,
  owned,
  toText,
  utf8,
  view,
} from "../../../../assembly/lib/bytes";
import { ConfigErrors } from "../../../../assembly/lib/config/reader";
import { FakeRequest } from "../../support/request";
import { FakeStore, SharedValues } from "../../support/store";

const SECOND: i64 = 1_000_000_000;

function configOf(route: string, mode: string = "enforce"): Config {
  const errors = new ConfigErrors();
  const config = Config.read(utf8('{"mode":"' + mode + '","routes":[' + route + "]}"), errors);
  expect(errors.first).toBe("");
  return config;
}

function policyOf(route: string, seed: u64 = 1): Policy {
  return new Policy(configOf(route), new FakeStore(new SharedValues()), seed);
}

function decide(policy: Policy, request: FakeRequest, unix: i64 = 0, monotonic: i64 = 0): Decision {
  request.reset();
  return policy.decide(request, unix, monotonic);
}

function user(name: string): FakeRequest {
  return new FakeRequest().with("x-user", name);
}

const GUARDED =
  '{"name":"r","split":{"stable":0,"canary":100},"base":"stable","sticky":{"header":"x-user"},' +
  '"variants":[{"name":"canary","match":[{"headers":{"x-canary":{"exact":"true"}}}]}],' +
  '"guard":{"variant":"canary","maxFailurePercent":20,"minRequests":5,"window":"10s","ejectFor":"30s"}}';

describe("the policy", () => {
  it("gives a client with a key no other, and one without a new one each time", () => {
    const policy = policyOf(
      '{"name":"r","split":{"a":50,"b":50},"sticky":{"cookie":{"name":"k"}}}',
    );
    expect(isPresent(decide(policy, new FakeRequest().with("cookie", "k=1")).issued)).toBe(false);
    const first = toText(decide(policy, new FakeRequest()).issued);
    expect(first.length).toBe(32);
    expect(toText(decide(policy, new FakeRequest()).issued)).not.toBe(first);
  });

  it("issues keys that differ between workers", () => {
    const route = '{"name":"r","split":{"a":50,"b":50},"sticky":{"cookie":{"name":"k"}}}';
    const one = toText(decide(policyOf(route, 1), new FakeRequest()).issued);
    expect(toText(decide(policyOf(route, 2), new FakeRequest()).issued)).not.toBe(one);
  });

  it("assigns a client without a key at random, near the weights", () => {
    const policy = policyOf('{"name":"r","split":{"a":25,"b":75},"sticky":{"header":"x-user"}}');
    let a = 0;
    for (let i = 0; i < 10_000; i++) if (decide(policy, new FakeRequest()).variant == 0) a++;
    expect(abs(a - 2500) < 250).toBe(true);
  });

  it("gives the same decision in every worker and every replica", () => {
    const route = '{"name":"r","split":{"a":20,"b":30,"c":50},"sticky":{"header":"x-user"}}';
    const one = policyOf(route, 1);
    const other = policyOf(route, 99);
    for (let i = 0; i < 500; i++) {
      const request = user("user-" + i.toString());
      expect(decide(one, request).variant).toBe(decide(other, request).variant);
    }
  });

  it("keeps the variant of an IPv6 client that takes another address of its /64", () => {
    const policy = policyOf('{"name":"r","split":{"a":50,"b":50},"sticky":{"sourceAddress":{}}}');
    for (let i = 0; i < 100; i++) {
      const network = "[2001:db8:0:" + i.toString() + "::";
      const variant = decide(policy, new FakeRequest().from(network + "1]:80")).variant;
      expect(decide(policy, new FakeRequest().from(network + "ffff]:80")).variant).toBe(variant);
    }
  });

  it("trusts a peer's identity as one text, commas and all", () => {
    const policy = policyOf(
      '{"name":"r","split":{"a":100,"b":0},"trust":[{"sourcePrincipals":[{"exact":"spiffe://mesh/gateway"}]}]}',
    );
    const sent = "spiffe://mesh/gateway";
    expect(
      toText(decide(policy, new FakeRequest().with("x-variant", "b").principal(sent)).name),
    ).toBe("b");
    const forged = new FakeRequest()
      .with("x-variant", "b")
      .principal(sent + ",spiffe://mesh/other");
    expect(toText(decide(policy, forged).name)).toBe("a");
    expect(policy.isForged(0, forged)).toBe(true);
  });

  it("takes the base of the first route for everyone when there are no headers", () => {
    const config = configOf(
      '{"name":"a","match":[{"uri":{"prefix":"/a"}}],"split":{"x":100}},{"name":"b","split":{"y":10,"z":90}}',
    );
    const decision = new Policy(
      config,
      new FakeStore(new SharedValues()),
      1,
    ).decideWithoutHeaders();
    expect(toText(decision.name)).toBe("z");
    expect(decision.routeIndex).toBe(1);
  });
});

describe("a guard over two workers", () => {
  it("trips in both, is told of by one, and comes back by way of a trickle", () => {
    const store = new FakeStore(new SharedValues());
    const one = new Policy(configOf(GUARDED), store, 1);
    const two = new Policy(configOf(GUARDED), store, 2);
    let told = 0;
    for (let i = 0; i < 6; i++) {
      const worker = i % 2 == 0 ? one : two;
      expect(decide(worker, user("u"), 0, SECOND).isGuarded).toBe(i < 5);
      if (i < 5 && worker.count(0, true, SECOND)) told++;
    }
    expect(told).toBe(1);
    expect(decide(two, user("u"), 0, 2 * SECOND).reason).toBe(Reason.Ejected);
    let reopened = 0;
    let back = 0;
    for (let i = 0; i < 1000; i++) {
      const decision = decide(i % 2 == 0 ? one : two, user("user-" + i.toString()), 0, 32 * SECOND);
      if (decision.reopened) reopened++;
      if (decision.isGuarded) back++;
    }
    expect(reopened).toBe(1);
    expect(back > 60 && back < 140).toBe(true);
    for (let i = 0; i < 4; i++) expect(two.count(0, false, 33 * SECOND)).toBe(false);
    expect(one.count(0, false, 33 * SECOND)).toBe(true);
    expect(one.guardMode).toBe(GuardMode.Closed);
    expect(decide(two, user("u"), 0, 34 * SECOND).isGuarded).toBe(true);
  });

  it("leaves forced requests alone, unless it is told otherwise", () => {
    const policy = policyOf(GUARDED);
    for (let i = 0; i < 5; i++) policy.count(0, true, SECOND);
    const tester = new FakeRequest().with("x-canary", "true");
    expect(decide(policy, tester, 0, SECOND).reason).toBe(Reason.Rule);
    expect(decide(policy, tester, 0, SECOND).isGuarded).toBe(false);
    const strict = policyOf(GUARDED.replace('"minRequests"', '"exemptForced":false,"minRequests"'));
    expect(decide(strict, tester, 0, SECOND).isGuarded).toBe(true);
    for (let i = 0; i < 5; i++) strict.count(0, true, SECOND);
    expect(decide(strict, tester, 0, SECOND).reason).toBe(Reason.Ejected);
  });

  it("watches nothing in report mode, where the mesh goes its own way", () => {
    const policy = new Policy(configOf(GUARDED, "report"), new FakeStore(new SharedValues()), 1);
    expect(decide(policy, user("u"), 0, SECOND).isGuarded).toBe(false);
  });

  it("begins anew for another variant of the same route", () => {
    const store = new FakeStore(new SharedValues());
    const policy = new Policy(configOf(GUARDED), store, 1);
    for (let i = 0; i < 5; i++) policy.count(0, true, SECOND);
    const next = new Policy(configOf(GUARDED.replaceAll("canary", "next")), store, 1);
    expect(next.guardModeOf(0)).toBe(GuardMode.Closed);
    expect(new Policy(configOf(GUARDED), store, 1).guardModeOf(0)).toBe(GuardMode.Open);
  });
});
