import { TICKS_PER_NANO } from "../../../../assembly/filters/rate-limit/bucket";
import { BucketKind, Outcome } from "../../../../assembly/filters/rate-limit/charge";
import { Config } from "../../../../assembly/filters/rate-limit/config";
import { Decision } from "../../../../assembly/filters/rate-limit/decision";
import { Policy } from "../../../../assembly/filters/rate-limit/policy";
import { toText, utf8, view } from "../../../../assembly/lib/bytes";
import { ConfigErrors } from "../../../../assembly/lib/config/reader";
import { SharedValue } from "../../../../assembly/lib/shared-store";
import { FakeRequest } from "../../support/request";
import { FakeStore, Rules, SharedValues } from "../../support/store";

const SECOND: i64 = 1_000_000_000;
const START: i64 = 5000 * SECOND;
const EVERYONE = '{"name":"everyone","tokenBucket":{"maxTokens":3,"fillInterval":"1s"}}';
const PER_KEY =
  '{"name":"per-key","key":[{"header":"x-key"}],"tokenBucket":{"maxTokens":2,"fillInterval":"1s"}}';

const TIERS =
  '{"name":"tiers","overrides":[{"match":[{"headers":{"x-key":{"exact":"gold"}}}],"tokenBucket":{"maxTokens":5,"fillInterval":"1h"}},' +
  '{"match":[{"headers":{"x-key":{"prefix":"g"}}}],"tokenBucket":{"maxTokens":4,"fillInterval":"1h"}}],' +
  '"tokenBucket":{"maxTokens":2,"fillInterval":"1h"}}';
const PRICED =
  '{"name":"priced","cost":{"header":"x-key","max":4,"default":2},"tokenBucket":{"maxTokens":10,"fillInterval":"1h"}}';

function limits(items: string, more: string = ""): string {
  return '{"limits":[' + items + "]" + more + "}";
}

function policy(json: string, shared: SharedValues = new SharedValues()): Policy {
  const errors = new ConfigErrors();
  const config = Config.read(utf8(json), errors);
  expect(errors.first).toBe("");
  return new Policy(config, new FakeStore(shared), 0x1234567);
}

function ask(policy: Policy, key: string, nanos: i64): Decision {
  const request = new FakeRequest();
  if (key.length > 0) request.with("x-key", key);
  return policy.decide(request, nanos * TICKS_PER_NANO);
}

function askFrom(policy: Policy, key: string, address: string): bool {
  const request = new FakeRequest().with("x-key", key).from(address);
  return policy.decide(request, START * TICKS_PER_NANO).admitted;
}

/** How many of `count` requests at one instant are admitted. */
function admitted(policy: Policy, key: string, nanos: i64, count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += <i32>ask(policy, key, nanos).admitted;
  return sum;
}

/** What is left in the bucket of `PRICED` after one request. */
function left(cost: string): i64 {
  const quota = ask(policy(limits(PRICED)), cost, START).quota;
  return quota === null ? -1 : quota.remaining;
}

function nameOf(decision: Decision): string {
  const limited = decision.limited;
  return limited === null ? "" : toText(limited.name);
}

/** How many of six requests of as many clients a limit admits that looks for a text in `x-long`. */
function admittedOfLong(more: string, searchNanosMax: i64): i32 {
  const one = policy(
    limits(
      '{"name":"l","tokenBucket":{"maxTokens":2,"fillInterval":"1h"},"key":[{"header":"x-key"}],' +
        more +
        "}",
    ),
  );
  let sum = 0;
  for (let i = 0; i < 6; i++) {
    const request = new FakeRequest().with("x-key", i.toString()).with("x-long", "a".repeat(1000));
    request.searchNanosMax = searchNanosMax;
    sum += <i32>one.decide(request, START * TICKS_PER_NANO).admitted;
  }
  return sum;
}

describe("a request whose conditions cost too much", () => {
  const condition = '[{"headers":{"x-long":{"contains":"b"}}}]';

  it("gets past no limit that is for other requests, and shares one bucket", () => {
    expect(admittedOfLong('"match":' + condition, 100_000)).toBe(6);
    expect(admittedOfLong('"match":' + condition, 100)).toBe(2);
  });

  it("has none of the buckets of overrides", () => {
    const more = '"tokenBucket":{"maxTokens":100,"fillInterval":"1h"}';
    const overrides = '"overrides":[{"match":' + condition + "," + more + "}]";
    expect(admittedOfLong(overrides, 100_000)).toBe(6);
    expect(admittedOfLong(overrides, 100)).toBe(2);
  });
});

describe("a key of many bytes", () => {
  it("is one client, in each limit that has it", () => {
    const key = '"key":[{"header":"x-key"}],"tokenBucket":{"maxTokens":2,"fillInterval":"1h"}}';
    const both = policy(limits('{"name":"a",' + key + ',{"name":"b",' + key));
    const long = "k".repeat(5000);
    expect(admitted(both, long + "1", START, 5)).toBe(2);
    expect(admitted(both, long + "2", START, 5)).toBe(2);
    expect(admitted(both, long + "1", START, 5)).toBe(0);
    expect(both.limits[0].charge.fingerprint).not.toBe(both.limits[1].charge.fingerprint);
  });
});

describe("one limit", () => {
  it("admits its burst at one instant and each further token to the nanosecond", () => {
    const one = policy(limits(EVERYONE));
    expect(admitted(one, "", START, 10)).toBe(3);
    expect(ask(one, "", START + SECOND - 1).admitted).toBe(false);
    expect(ask(one, "", START + SECOND).admitted).toBe(true);
    expect(ask(one, "", START + SECOND).admitted).toBe(false);
    expect(ask(one, "", START + 2 * SECOND - 1).admitted).toBe(false);
    expect(ask(one, "", START + 2 * SECOND).admitted).toBe(true);
    expect(admitted(one, "", START + 5 * SECOND, 10)).toBe(3);
  });

  it("is one for all workers", () => {
    const shared = new SharedValues();
    const workers = [
      policy(limits(EVERYONE), shared),
      policy(limits(EVERYONE), shared),
      policy(limits(EVERYONE), shared),
    ];
    let sum = 0;
    for (let i = 0; i < 9; i++) sum += <i32>ask(workers[i % 3], "", START + i).admitted;
    expect(sum).toBe(3);
  });

  it("loses nothing to a worker that looked at the clock a moment earlier", () => {
    const shared = new SharedValues();
    const early = policy(limits(EVERYONE), shared);
    const late = policy(limits(EVERYONE), shared);
    expect(ask(late, "", START).admitted).toBe(true);
    expect(admitted(early, "", START - 5000, 10)).toBe(2);
  });

  it("says which limit refused, what is left, and how long to wait", () => {
    const one = policy(limits(EVERYONE));
    const first = ask(one, "", START).quota;
    expect(first === null ? -1 : first.remaining).toBe(2);
    admitted(one, "", START, 2);
    const decision = ask(one, "", START + 1);
    expect(nameOf(decision)).toBe("everyone");
    const quota = decision.quota;
    expect(quota === null ? -1 : quota.waitNanos).toBe(SECOND - 1);
    expect(quota === null ? -1 : quota.fullInNanos).toBe(3 * SECOND - 1);
  });

  it("is refused for every limit's own bucket when the request cannot be read", () => {
    const blind = policy(limits(PER_KEY));
    expect(blind.decideWithoutHeaders(START * TICKS_PER_NANO).admitted).toBe(true);
    expect(blind.decideWithoutHeaders(START * TICKS_PER_NANO).admitted).toBe(true);
    expect(blind.decideWithoutHeaders(START * TICKS_PER_NANO).admitted).toBe(false);
    expect(ask(blind, "", START).admitted).toBe(false);
    expect(ask(blind, "a", START).admitted).toBe(true);
  });
});

describe("writes that other workers were faster with", () => {
  it("are repeated, and nothing is lost or given away", () => {
    const shared = new SharedValues();
    const one = policy(limits(EVERYONE), shared);
    shared.racesLeft = 20;
    expect(admitted(one, "", START, 10)).toBe(3);
    expect(shared.racesLeft).toBe(0);
  });

  it("refuse rather than admit without having paid when there is no end of them", () => {
    const shared = new SharedValues();
    const one = policy(limits(EVERYONE), shared);
    shared.racesLeft = 1000;
    expect(ask(one, "", START).admitted).toBe(false);
  });

  it("at a later limit give the earlier ones their tokens back", () => {
    const second = '{"name":"second","tokenBucket":{"maxTokens":1,"fillInterval":"1h"}}';
    const elsewhere = new SharedValues();
    ask(policy(limits(second), elsewhere), "", START);
    const shared = new SharedValues();
    const both = policy(limits(EVERYONE + "," + second), shared);
    // Both limits admit; `everyone` is charged, and then another worker turns out to have had the
    // token of `second`.
    shared.rivalKey = "rate-limit/default/b/second";
    shared.rivalValue = elsewhere.values.get(shared.rivalKey);
    const decision = ask(both, "", START);
    expect(shared.rivalKey).toBe("");
    expect(decision.admitted).toBe(false);
    expect(nameOf(decision)).toBe("second");
    expect(admitted(policy(limits(EVERYONE), shared), "", START, 10)).toBe(3);
  });
});

describe("workers that begin", () => {
  it("create what is missing once: one that comes later takes nothing back", () => {
    const shared = new SharedValues();
    const first = policy(limits(EVERYONE + "," + PER_KEY), shared);
    ask(first, "a", START);
    const writes = shared.writes;
    const second = policy(limits(EVERYONE + "," + PER_KEY), shared);
    expect(shared.writes).toBe(writes);
    expect(admitted(second, "a", START, 5)).toBe(1);
  });

  it("that both found nothing do not overwrite each other", () => {
    const shared = new SharedValues();
    const store = new FakeStore(shared);
    const key = view(utf8("k"));
    store.create(key, view(utf8("first")));
    // A racer that had looked before: its write comes with the version that creates only.
    store.write(key, view(utf8("second")), 0x7fffffff);
    expect(toText(store.read(key, new SharedValue()))).toBe("first");
  });

  it("work on hosts with other rules for versions", () => {
    for (let rules = Rules.Envoy; rules <= Rules.CreatesUnderZero; rules++) {
      const shared = new SharedValues(rules);
      const one = policy(limits(EVERYONE + "," + PER_KEY), shared);
      const other = policy(limits(EVERYONE + "," + PER_KEY), shared);
      expect(admitted(one, "a", START, 2)).toBe(2);
      expect(admitted(other, "b", START, 5)).toBe(1);
    }
  });
});

describe("a clock that is set back", () => {
  it("loses no bucket's tokens and gives none away, and time goes on from there", () => {
    const one = policy(limits(EVERYONE));
    expect(admitted(one, "", START, 2)).toBe(2);
    const back = START - 3600 * SECOND;
    expect(admitted(one, "", back, 5)).toBe(1);
    expect(ask(one, "", back + SECOND - 1).admitted).toBe(false);
    expect(ask(one, "", back + SECOND).admitted).toBe(true);
  });

  it("also for a bucket that was empty, however often it is asked", () => {
    const one = policy(limits(EVERYONE));
    admitted(one, "", START, 3);
    const back = START - 3600 * SECOND;
    for (let i = 0; i < 10; i++)
      expect(ask(one, "", back + (i * SECOND) / 10).admitted).toBe(false);
    expect(ask(one, "", back + SECOND).admitted).toBe(true);
  });
});

describe("several limits", () => {
  it("must all admit, and none is charged when one refuses", () => {
    const both = policy(limits(EVERYONE + "," + PER_KEY));
    expect(admitted(both, "a", START, 5)).toBe(2);
    expect(nameOf(ask(both, "a", START))).toBe("per-key");
    expect(admitted(both, "b", START, 5)).toBe(1);
    expect(nameOf(ask(both, "b", START))).toBe("everyone");
  });

  it("name the one that takes longest to recover", () => {
    const slow = '{"name":"slow","tokenBucket":{"maxTokens":1,"fillInterval":"1m"}}';
    const fast = '{"name":"fast","tokenBucket":{"maxTokens":1,"fillInterval":"1s"}}';
    const first = policy(limits(fast + "," + slow));
    ask(first, "", START);
    expect(nameOf(ask(first, "", START))).toBe("slow");
    const last = policy(limits(slow + "," + fast), new SharedValues());
    ask(last, "", START);
    expect(nameOf(ask(last, "", START))).toBe("slow");
  });

  it("tell the quota of the one with least left, but not of one that only watches", () => {
    const tight =
      '{"name":"tight","shadow":true,"tokenBucket":{"maxTokens":1,"fillInterval":"1m"}}';
    const both = policy(limits(tight + "," + EVERYONE));
    const quota = ask(both, "", START).quota;
    expect(quota === null ? "" : toText(quota.name)).toBe("everyone");
  });
});

describe("limits that are charged in order", () => {
  const IN_ORDER = ',"charging":"inOrder"';
  const SMALL = '{"name":"small","tokenBucket":{"maxTokens":1,"fillInterval":"1h"}}';
  const BIG = '{"name":"big","tokenBucket":{"maxTokens":3,"fillInterval":"1h"}}';

  it("keep what they took when a later one refuses", () => {
    const one = policy(limits(BIG + "," + SMALL, IN_ORDER));
    expect(admitted(one, "", START, 2)).toBe(1);
    expect(nameOf(ask(one, "", START))).toBe("small");
    expect(nameOf(ask(one, "", START))).toBe("big");
    // Charged together, the refusals would have left two tokens.
    const together = policy(limits(BIG + "," + SMALL));
    admitted(together, "", START, 5);
    expect(nameOf(ask(together, "", START))).toBe("small");
  });

  it("leave later ones alone after a refusal", () => {
    const one = policy(limits(SMALL + "," + BIG, IN_ORDER));
    expect(admitted(one, "", START, 9)).toBe(1);
    expect(one.limits[1].charge.outcome).toBe(Outcome.None);
    expect(one.limits[0].charge.outcome).toBe(Outcome.Limited);
  });

  it("go on after a shadow, and end at a refusal that is not enforced", () => {
    const shadow = SMALL.replace('"name"', '"shadow":true,"name"');
    const watched = policy(limits(shadow + "," + BIG, IN_ORDER));
    expect(admitted(watched, "", START, 9)).toBe(3);
    const spared = SMALL.replace('"name"', '"enforced":0,"name"');
    const ended = policy(limits(spared + "," + BIG, IN_ORDER));
    expect(admitted(ended, "", START, 9)).toBe(9);
    expect(ended.limits[1].charge.outcome).toBe(Outcome.None);
  });

  it("are asked without headers too, as long as none refuses", () => {
    const one = policy(limits(SMALL + "," + BIG, IN_ORDER));
    expect(one.decideWithoutHeaders(START * TICKS_PER_NANO).admitted).toBe(true);
    expect(one.decideWithoutHeaders(START * TICKS_PER_NANO).admitted).toBe(false);
    expect(one.limits[1].charge.outcome).toBe(Outcome.None);
  });

  it("draw once for all of them which requests are looked at", () => {
    const half = '"enabled":50,"tokenBucket":{"maxTokens":9000,"fillInterval":"1s"}}';
    const one = policy(limits('{"name":"a",' + half + ',{"name":"b",' + half, IN_ORDER));
    let looked = 0;
    for (let i = 0; i < 1000; i++) {
      ask(one, "", START);
      expect(one.limits[0].charge.outcome).toBe(one.limits[1].charge.outcome);
      looked += <i32>(one.limits[0].charge.outcome == Outcome.Admitted);
    }
    expect(looked).toBeGreaterThan(400);
    expect(looked).toBeLessThan(600);
  });
});

function askTwice(policy: Policy, second: string): bool {
  const request = new FakeRequest().with("x-key", "a").with("x-key", second);
  return policy.decide(request, START * TICKS_PER_NANO).admitted;
}

function repeated(how: string): Policy {
  const named = '"whenMissing":"skip","whenRepeated":"' + how + '","key"';
  return policy(limits(PER_KEY.replace('"key"', named)));
}

describe("a header in a key that comes twice", () => {
  it("shares one bucket by default, also where a missing one is skipped", () => {
    const one = policy(limits(PER_KEY.replace('"key"', '"whenMissing":"skip","key"')));
    for (let i = 0; i < 6; i++) expect(askTwice(one, i.toString())).toBe(i < 2);
    expect(admitted(one, "a", START, 5)).toBe(2);
  });

  it("counts with all values, the first, the last, or is refused, as the limit says", () => {
    const joined = repeated("joined");
    for (let i = 0; i < 6; i++) expect(askTwice(joined, i.toString())).toBe(true);
    const first = repeated("first");
    for (let i = 0; i < 6; i++) expect(askTwice(first, i.toString())).toBe(i < 2);
    expect(ask(first, "a", START).admitted).toBe(false);
    const last = repeated("last");
    for (let i = 0; i < 6; i++) expect(askTwice(last, "b")).toBe(i < 2);
    expect(ask(last, "b", START).admitted).toBe(false);
    expect(askTwice(repeated("reject"), "b")).toBe(false);
  });

  it("is one client when both values are the same", () => {
    const one = repeated("shared");
    expect(askTwice(one, "a")).toBe(true);
    expect(admitted(one, "a", START, 5)).toBe(1);
  });
});

describe("a cookie or parameter in a key that comes twice", () => {
  it("does not choose the bucket", () => {
    const bucket = '"tokenBucket":{"maxTokens":2,"fillInterval":"1h"}}';
    const parts = '{"name":"twice","key":[{"cookie":"c"},{"queryParam":"q"}],' + bucket;
    const one = policy(limits(parts));
    for (let i = 0; i < 6; i++) {
      const request = new FakeRequest("GET", "/?q=1&q=" + (7 + i).toString()).with("cookie", "c=1");
      expect(one.decide(request, START * TICKS_PER_NANO).admitted).toBe(i < 2);
    }
    const cookies = policy(limits(parts), new SharedValues());
    for (let i = 0; i < 6; i++) {
      const request = new FakeRequest("GET", "/?q=1").with(
        "cookie",
        "c=1; c=" + (7 + i).toString(),
      );
      expect(cookies.decide(request, START * TICKS_PER_NANO).admitted).toBe(i < 2);
    }
  });
});

describe("a host in a key", () => {
  it("is one client in each of its spellings, by authority and by host", () => {
    const bucket = '"tokenBucket":{"maxTokens":2,"fillInterval":"1h"}}';
    const hosts = ["shop.example", "SHOP.example", "shop.example.", "shop.example:443"];
    const keys = ['{"authority":true}', '{"header":"Host"}'];
    for (let k = 0; k < keys.length; k++) {
      const one = policy(limits('{"name":"host","key":[' + keys[k] + "]," + bucket));
      for (let i = 0; i < hosts.length; i++) {
        const request = new FakeRequest("GET", "/", hosts[i]);
        expect(one.decide(request, START * TICKS_PER_NANO).admitted).toBe(i < 2);
      }
      const other = new FakeRequest("GET", "/", "other.example");
      expect(one.decide(other, START * TICKS_PER_NANO).admitted).toBe(true);
    }
  });
});

describe("a limit that is not enforced", () => {
  it("counts what it would refuse, and refuses nothing", () => {
    const shadow =
      '{"name":"watch","shadow":true,"tokenBucket":{"maxTokens":1,"fillInterval":"1m"}}';
    const one = policy(limits(shadow));
    expect(ask(one, "", START).admitted).toBe(true);
    const second = ask(one, "", START);
    expect(second.admitted).toBe(true);
    expect(nameOf(second)).toBe("watch");
    expect(one.limits[0].charge.outcome).toBe(Outcome.Shadowed);
  });

  it("in a share of the cases refuses the others", () => {
    const half = '{"name":"half","enforced":25,"tokenBucket":{"maxTokens":1,"fillInterval":"1h"}}';
    const one = policy(limits(half));
    ask(one, "", START);
    const passed = admitted(one, "", START, 4000);
    expect(passed > 2850).toBe(true);
    expect(passed < 3150).toBe(true);
  });

  it("looks only at its share of the requests", () => {
    const tenth = '{"name":"tenth","enabled":10,"tokenBucket":{"maxTokens":1,"fillInterval":"1h"}}';
    const one = policy(limits(tenth));
    const refused = 4000 - admitted(one, "", START, 4000);
    expect(refused > 300).toBe(true);
    expect(refused < 500).toBe(true);
  });
});

describe("a request without the key", () => {
  it("shares one bucket, is skipped or refused, as the limit says", () => {
    const shared = policy(limits(PER_KEY));
    expect(admitted(shared, "", START, 5)).toBe(2);
    expect(admitted(shared, "a", START, 5)).toBe(2);
    const skip = policy(limits(PER_KEY.replace('"key"', '"whenMissing":"skip","key"')));
    expect(admitted(skip, "", START, 5)).toBe(5);
    const reject = policy(limits(PER_KEY.replace('"key"', '"whenMissing":"reject","key"')));
    const decision = ask(reject, "", START);
    expect(decision.admitted).toBe(false);
    expect(nameOf(decision)).toBe("per-key");
    // No bucket was looked at: there is no quota to tell, and no time to come back at.
    expect(decision.quota === null).toBe(true);
    expect(reject.limits[0].charge.waitNanos).toBe(i64.MAX_VALUE);
  });
});

describe("costs", () => {
  it("come from the header, within their bounds", () => {
    const one = policy(limits(PRICED));
    expect(left("1")).toBe(9);
    expect(left("4")).toBe(6);
    expect(left("5")).toBe(6);
    expect(left("0")).toBe(9);
    expect(left("99999999999999999999999999")).toBe(6);
    expect(left("")).toBe(8);
    expect(left("-1")).toBe(8);
    expect(left("1.5")).toBe(8);
    expect(left("abc")).toBe(8);
    expect(admitted(one, "4", START, 5)).toBe(2);
    expect(admitted(one, "1", START, 5)).toBe(2);
  });

  it("that are zero take nothing, where the limit allows them", () => {
    const free = policy(limits(PRICED.replace('"max"', '"min":0,"max"')));
    expect(admitted(free, "0", START, 100)).toBe(100);
    expect(admitted(free, "4", START, 5)).toBe(2);
  });

  it("above the bucket's size never pass, and no time to come back is told", () => {
    const one = policy(limits(PRICED.replace('"maxTokens":10', '"maxTokens":3')));
    expect(ask(one, "4", START).admitted).toBe(false);
    expect(one.limits[0].charge.waitNanos).toBe(i64.MAX_VALUE);
    expect(ask(one, "3", START).admitted).toBe(true);
  });
});

describe("overrides", () => {
  it("give some requests another bucket; the first that matches counts", () => {
    const one = policy(limits(TIERS));
    expect(admitted(one, "gold", START, 10)).toBe(5);
    expect(admitted(one, "green", START, 10)).toBe(4);
    expect(admitted(one, "x", START, 10)).toBe(2);
    expect(admitted(one, "y", START, 10)).toBe(0);
  });

  it("give each client a bucket of its own when the limit has a key", () => {
    const keyed = policy(
      limits(TIERS.replace('"overrides"', '"key":[{"header":"x-key"}],"overrides"')),
    );
    expect(admitted(keyed, "gold", START, 10)).toBe(5);
    expect(admitted(keyed, "green", START, 10)).toBe(4);
    expect(admitted(keyed, "grey", START, 10)).toBe(4);
    expect(admitted(keyed, "x", START, 10)).toBe(2);
    expect(admitted(keyed, "y", START, 10)).toBe(2);
  });
});

describe("a full table", () => {
  it("sends newcomers to one bucket, and lets nobody in it has emptied", () => {
    const shared = new SharedValues();
    const one = policy(limits(PER_KEY, ',"maxKeys":4'), shared);
    for (let i = 0; i < 4; i++) expect(admitted(one, "client-" + i.toString(), START, 5)).toBe(2);
    const keys = shared.values.size;
    let sum = 0;
    for (let i = 0; i < 1000; i++) sum += <i32>ask(one, "flood-" + i.toString(), START).admitted;
    expect(sum).toBe(2);
    expect(one.limits[0].charge.kind).toBe(BucketKind.Overflow);
    for (let i = 0; i < 4; i++) expect(admitted(one, "client-" + i.toString(), START, 5)).toBe(0);
    expect(shared.values.size).toBe(keys);
  });

  it("of one limit leaves the clients of another limit their buckets", () => {
    const users = PER_KEY.replace('"key"', '"whenMissing":"skip","key"');
    const devices = users.replace("per-key", "per-device").replace("x-key", "x-device");
    const both = policy(limits(users + "," + devices, ',"maxKeys":100'));
    for (let i = 0; i < 5000; i++) {
      const flood = new FakeRequest().with("x-device", i.toString());
      both.decide(flood, START * TICKS_PER_NANO);
    }
    for (let i = 0; i < 50; i++) expect(admitted(both, i.toString(), START, 5)).toBe(2);
  });

  it("makes a flood from one network share one bucket, and leaves other networks theirs", () => {
    const one = policy(limits(PER_KEY, ',"maxKeys":4096'));
    // More clients than the table has slots for, from everywhere.
    for (let i = 0; i < 20_000; i++) askFrom(one, "early-" + i.toString(), "198.51.100.1:80");
    let flooded = 0;
    for (let i = 0; i < 5000; i++) {
      flooded += <i32>askFrom(one, "flood-" + i.toString(), "203.0.113." + (i % 256).toString());
    }
    expect(flooded).toBeLessThan(40);
    let served = 0;
    for (let i = 0; i < 200; i++) {
      served += <i32>askFrom(one, "new-" + i.toString(), "10." + i.toString() + ".0.1");
    }
    // Two networks out of 256 were flooded; a new client is served unless it shares their bucket.
    expect(served).toBeGreaterThan(180);
  });

  it("gives clients without a known address one bucket", () => {
    const one = policy(limits(PER_KEY, ',"maxKeys":4096'));
    for (let i = 0; i < 20_000; i++) ask(one, "early-" + i.toString(), START);
    let sum = 0;
    for (let i = 0; i < 500; i++) sum += <i32>ask(one, "late-" + i.toString(), START).admitted;
    expect(sum).toBeLessThan(20);
  });

  it("is of the size that the limit says", () => {
    const small = PER_KEY.replace('"key"', '"maxKeys":3,"key"');
    const one = policy(limits(small + "," + PER_KEY.replace("per-key", "second")));
    for (let i = 0; i < 3; i++) expect(admitted(one, i.toString(), START, 5)).toBe(2);
    for (let i = 3; i < 9; i++) ask(one, i.toString(), START);
    expect(one.limits[0].charge.kind).toBe(BucketKind.Overflow);
    expect(one.limits[1].charge.kind).toBe(BucketKind.Client);
  });

  it("has room again as soon as a bucket is full", () => {
    const one = policy(limits(PER_KEY, ',"maxKeys":4'));
    for (let i = 0; i < 4; i++) admitted(one, "client-" + i.toString(), START, 2);
    expect(admitted(one, "new", START + 2 * SECOND - 1, 5)).toBe(2);
    expect(one.limits[0].charge.kind).toBe(BucketKind.Overflow);
    expect(admitted(one, "new", START + 2 * SECOND, 5)).toBe(2);
    expect(one.limits[0].charge.kind).toBe(BucketKind.Client);
  });
});

describe("a configuration update", () => {
  it("keeps the buckets of limits whose name and figures stayed", () => {
    const shared = new SharedValues();
    ask(policy(limits(EVERYONE + "," + PER_KEY), shared), "a", START);
    const updated = policy(
      limits(PER_KEY + "," + EVERYONE.replace("everyone", "everybody")),
      shared,
    );
    expect(admitted(updated, "a", START, 5)).toBe(1);
    const other = policy(limits(EVERYONE), shared);
    expect(admitted(other, "", START, 5)).toBe(2);
  });

  it("starts limits of other figures full, while the old ones still serve who has them", () => {
    const shared = new SharedValues();
    const before = policy(limits(EVERYONE), shared);
    admitted(before, "", START, 2);
    const after = policy(limits(EVERYONE.replace("3", "5")), shared);
    expect(admitted(after, "", START, 10)).toBe(5);
    expect(admitted(before, "", START, 10)).toBe(1);
    expect(admitted(after, "", START, 10)).toBe(0);
    // And when the old bucket is full again and its slot given away, the new one is still empty.
    expect(admitted(after, "", START + SECOND, 10)).toBe(1);
    expect(admitted(before, "", START + 3 * SECOND, 10)).toBe(3);
    expect(admitted(after, "", START + 3 * SECOND, 10)).toBe(2);
  });

  it("may add overrides without touching the limit's own bucket", () => {
    const shared = new SharedValues();
    const before = policy(limits(EVERYONE), shared);
    admitted(before, "", START, 2);
    const more =
      '"overrides":[{"match":[{"method":{"exact":"PUT"}}],"tokenBucket":{"maxTokens":9,"fillInterval":"1s"}}],"name"';
    const after = policy(limits(EVERYONE.replace('"name"', more)), shared);
    expect(admitted(after, "", START, 5)).toBe(1);
    expect(admitted(before, "", START, 5)).toBe(0);
  });

  it("of maxKeys takes clients along, to a larger table and to a smaller one", () => {
    const shared = new SharedValues();
    const first = policy(limits(PER_KEY, ',"maxKeys":100'), shared);
    for (let i = 0; i < 50; i++) admitted(first, i.toString(), START, 2);
    const larger = policy(limits(PER_KEY, ',"maxKeys":1000'), shared);
    const worker = policy(limits(PER_KEY, ',"maxKeys":1000'), shared);
    for (let i = 0; i < 50; i++)
      expect(admitted(i % 2 ? larger : worker, i.toString(), START, 1)).toBe(0);
    for (let i = 100; i < 150; i++) expect(admitted(larger, i.toString(), START, 5)).toBe(2);
    const smaller = policy(limits(PER_KEY, ',"maxKeys":200'), shared);
    for (let i = 100; i < 150; i++) expect(admitted(smaller, i.toString(), START, 1)).toBe(0);
  });
});
