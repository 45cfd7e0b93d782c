import { Match, MatchList } from "../../../../assembly/lib/match/match";
import { MatchSettings } from "../../../../assembly/lib/match/match-settings";
import { config } from "../../support/config";
import { FakeRequest } from "../../support/request";

function refusal(json: string): string {
  const at = config(json);
  new Match(at, new MatchSettings());
  return at.errors.first;
}

function matches(json: string, request: FakeRequest): bool {
  const at = config(json);
  const match = new Match(at, new MatchSettings());
  return !at.errors.any && match.matches(request);
}

function request(): FakeRequest {
  return new FakeRequest("GET", "/Shop/items?q=a%20b&debug", "shop.example.com");
}

function dependsOnPath(json: string): bool {
  const list = MatchList.read(config('{"match":' + json + "}"), "match", new MatchSettings());
  return list.dependsOnPath(request());
}

describe("a list of Matches", () => {
  it("depends on the path where the other conditions hold, whatever the path is", () => {
    expect(dependsOnPath('[{"uri":{"prefix":"/x"}}]')).toBe(true);
    expect(dependsOnPath('[{"uri":{"prefix":"/Shop"},"method":{"exact":"GET"}}]')).toBe(true);
    expect(dependsOnPath('[{"uri":{"prefix":"/","invert":true}}]')).toBe(true);
    expect(dependsOnPath('[{"method":{"exact":"PUT"}},{"uri":{"exact":"/x"}}]')).toBe(true);
  });

  it("does not depend on the path where something else decides", () => {
    expect(dependsOnPath("[]")).toBe(false);
    expect(dependsOnPath('[{"method":{"exact":"GET"}}]')).toBe(false);
    expect(dependsOnPath('[{"uri":{"prefix":"/x"},"method":{"exact":"PUT"}}]')).toBe(false);
    expect(dependsOnPath('[{"uri":{"prefix":"/x"}},{"method":{"exact":"GET"}}]')).toBe(false);
    expect(dependsOnPath('[{"uri":{"prefix":"/"}}]')).toBe(false);
    expect(dependsOnPath('[{"uri":{"present":true}}]')).toBe(false);
  });
});

describe("a Match", () => {
  it("without conditions is for every request", () => {
    expect(matches("{}", request())).toBe(true);
  });

  it("knows the request line", () => {
    expect(matches('{"uri":{"exact":"/Shop/items"}}', request())).toBe(true);
    expect(matches('{"uri":{"prefix":"/shop"}}', request())).toBe(false);
    expect(matches('{"uri":{"prefix":"/shop"},"ignoreUriCase":true}', request())).toBe(true);
    // Not for regular expressions, as in Istio.
    expect(matches('{"uri":{"regex":"/SHOP/.*"},"ignoreUriCase":true}', request())).toBe(false);
    expect(matches('{"method":{"exact":"POST"}}', request())).toBe(false);
    expect(
      matches('{"authority":{"suffix":".example.com"},"scheme":{"exact":"https"}}', request()),
    ).toBe(true);
  });

  it("holds only when all conditions do", () => {
    expect(matches('{"method":{"exact":"GET"},"uri":{"prefix":"/Shop"}}', request())).toBe(true);
    expect(matches('{"method":{"exact":"GET"},"uri":{"prefix":"/x"}}', request())).toBe(false);
    expect(matches('{"method":{"exact":"PUT"},"uri":{"prefix":"/Shop"}}', request())).toBe(false);
  });

  it("knows headers whatever the case of their names, each of several by itself", () => {
    expect(
      matches('{"headers":{"X-Canary":{"exact":"true"}}}', request().with("x-canary", "true")),
    ).toBe(true);
    const twice = request().with("x-canary", "true").with("x-canary", "false");
    expect(matches('{"headers":{"x-canary":{"exact":"true"}}}', twice)).toBe(true);
    expect(matches('{"headers":{"x-canary":{"exact":"false"}}}', twice)).toBe(true);
    expect(matches('{"headers":{"x-canary":{"exact":"true,false"}}}', twice)).toBe(false);
    expect(matches('{"headers":{"x-canary":{"exact":"false","invert":true}}}', twice)).toBe(false);
    expect(matches('{"headers":{"x-canary":{"exact":"other","invert":true}}}', twice)).toBe(true);
    expect(matches('{"withoutHeaders":{"x-canary":{"exact":"false"}}}', twice)).toBe(false);
    expect(matches('{"withoutHeaders":{"x-canary":{"exact":"other"}}}', twice)).toBe(true);
    expect(matches('{"headers":{"x-canary":{"exact":"true","invert":true}}}', request())).toBe(
      false,
    );
    expect(matches('{"headers":{"x-canary":{"present":true,"invert":true}}}', request())).toBe(
      true,
    );
  });

  it("knows absent headers as Envoy and Istio do", () => {
    expect(matches('{"withoutHeaders":{"x-a":{"exact":"1"}}}', request())).toBe(true);
    expect(matches('{"withoutHeaders":{"x-a":{"exact":"1"}}}', request().with("x-a", "1"))).toBe(
      false,
    );
    expect(matches('{"withoutHeaders":{"x-a":{"exact":"1"}}}', request().with("x-a", "2"))).toBe(
      true,
    );
    expect(matches('{"withoutHeaders":{"x-a":{"present":true}}}', request())).toBe(true);
    expect(matches('{"withoutHeaders":{"x-a":{"present":true}}}', request().with("x-a", ""))).toBe(
      false,
    );
    // Istio's treat_missing_header_as_empty: an absent header is an empty one.
    expect(matches('{"withoutHeaders":{"x-a":{"regex":".*"}}}', request())).toBe(false);
  });

  it("knows query parameters, decoded, and cookies", () => {
    expect(matches('{"queryParams":{"q":{"exact":"a b"}}}', request())).toBe(true);
    expect(matches('{"queryParams":{"debug":{"present":true}}}', request())).toBe(true);
    expect(matches('{"queryParams":{"x":{"present":true}}}', request())).toBe(false);
    expect(
      matches('{"cookies":{"beta":{"exact":"1"}}}', request().with("cookie", "a=0; beta=1")),
    ).toBe(true);
    expect(matches('{"cookies":{"beta":{"exact":"1"}}}', request())).toBe(false);
  });

  it("knows where the request comes from", () => {
    const networks = '{"sourceAddresses":["10.0.0.0/8","2001:db8::/32"]}';
    expect(matches(networks, request().from("10.1.2.3:567"))).toBe(true);
    expect(matches(networks, request().from("[2001:db8::1]:80"))).toBe(true);
    expect(matches(networks, request().from("192.0.2.1:1"))).toBe(false);
    expect(matches(networks, request())).toBe(false);
    const exempt = '{"sourceAddresses":{"not":["10.0.0.0/8","2001:db8::/32"]}}';
    expect(matches(exempt, request().from("192.0.2.1:1"))).toBe(true);
    expect(matches(exempt, request().from("10.1.2.3:567"))).toBe(false);
    expect(matches(exempt, request().from("[::ffff:10.1.2.3]:567"))).toBe(false);
    expect(matches(exempt, request().from("[2001:db8::1]:80"))).toBe(false);
    expect(matches(exempt, request())).toBe(true);
    const but = '{"sourceAddresses":{"in":["192.0.2.0/24"],"not":["192.0.2.7"]}}';
    expect(matches(but, request().from("192.0.2.6:1"))).toBe(true);
    expect(matches(but, request().from("192.0.2.7:1"))).toBe(false);
    expect(matches(but, request().from("198.51.100.1:1"))).toBe(false);
    expect(matches(but, request())).toBe(false);
    const names = '{"sourcePrincipals":[{"exact":"spiffe://a/b"},{"prefix":"spiffe://c/"}]}';
    expect(matches(names, request().principal("spiffe://c/d"))).toBe(true);
    expect(matches(names, request().principal("spiffe://x"))).toBe(false);
    expect(matches(names, request())).toBe(false);
    const commas = "spiffe://a/b,spiffe://c/d";
    expect(matches(names, request().principal(commas))).toBe(false);
    expect(
      matches('{"sourcePrincipals":[{"exact":"' + commas + '"}]}', request().principal(commas)),
    ).toBe(true);
    expect(
      matches('{"sourcePrincipals":[{"exact":"spiffe://c/d"}]}', request().principal(commas)),
    ).toBe(false);
    const anyone = '{"sourcePrincipals":[{"present":true,"invert":true}]}';
    expect(matches(anyone, request())).toBe(false);
  });

  it("knows claims, and the items of lists among them", () => {
    const admin = '{"claims":[{"claim":"realm.roles","exact":"admin"}]}';
    expect(matches(admin, request().claimed('{"realm":{"roles":["user","admin"]}}'))).toBe(true);
    expect(matches(admin, request().claimed('{"realm":{"roles":"admin"}}'))).toBe(true);
    expect(matches(admin, request().claimed('{"realm":{"roles":["user"]}}'))).toBe(false);
    expect(matches(admin, request())).toBe(false);
    const others = '{"claims":[{"claim":"realm.roles","exact":"admin","invert":true}]}';
    expect(matches(others, request().claimed('{"realm":{"roles":["user","admin"]}}'))).toBe(false);
    expect(matches(others, request().claimed('{"realm":{"roles":["user"]}}'))).toBe(true);
    expect(matches(others, request().claimed("{}"))).toBe(false);
    const absent = '{"claims":[{"claim":"beta","present":true,"invert":true}]}';
    expect(matches(absent, request().claimed('{"beta":null}'))).toBe(true);
    expect(matches(absent, request().claimed('{"beta":[]}'))).toBe(false);
    expect(
      matches('{"claims":[{"claim":"level","exact":"5"}]}', request().claimed('{"level":5}')),
    ).toBe(true);
    expect(matches(admin, request().nativelyClaimed("realm.roles", "user\0admin"))).toBe(true);
    expect(matches(others, request().nativelyClaimed("realm.roles", "user\0admin"))).toBe(false);
    expect(matches(others, request().nativelyClaimed("realm.roles", "user"))).toBe(true);
  });

  it("takes an identity with commas for one identity", () => {
    const exempt = '{"sourceAddresses":{"not":["10.0.0.0/8","2001:db8::/32"]}}';
    expect(matches(exempt, request().from("192.0.2.1:1"))).toBe(true);
    expect(matches(exempt, request().from("10.1.2.3:567"))).toBe(false);
    expect(matches(exempt, request().from("[::ffff:10.1.2.3]:567"))).toBe(false);
    expect(matches(exempt, request().from("[2001:db8::1]:80"))).toBe(false);
    expect(matches(exempt, request())).toBe(true);
    const but = '{"sourceAddresses":{"in":["192.0.2.0/24"],"not":["192.0.2.7"]}}';
    expect(matches(but, request().from("192.0.2.6:1"))).toBe(true);
    expect(matches(but, request().from("192.0.2.7:1"))).toBe(false);
    expect(matches(but, request().from("198.51.100.1:1"))).toBe(false);
    expect(matches(but, request())).toBe(false);
    const names = '{"sourcePrincipals":[{"prefix":"spiffe://c/"}]}';
    expect(matches(names, request().principal("spiffe://x/a,spiffe://c/d"))).toBe(false);
    const whole = '{"sourcePrincipals":[{"exact":"spiffe://x/a,b"}]}';
    expect(matches(whole, request().principal("spiffe://x/a,b"))).toBe(true);
    const others = '{"sourcePrincipals":[{"exact":"spiffe://x/b","invert":true}]}';
    expect(matches(others, request().principal("spiffe://x/b"))).toBe(false);
  });

  it("takes host as a header name for the authority", () => {
    expect(matches('{"headers":{"Host":{"exact":"shop.example.com"}}}', request())).toBe(true);
    expect(matches('{"headers":{"host":{"exact":"other"}}}', request())).toBe(false);
    expect(matches('{"withoutHeaders":{"host":{"exact":"other"}}}', request())).toBe(true);
    expect(matches('{"withoutHeaders":{"host":{"suffix":".com"}}}', request())).toBe(false);
    expect(
      matches('{"headers":{"host":{"present":true}},"authority":{"prefix":"shop."}}', request()),
    ).toBe(true);
  });

  it("asks the host for nothing that no condition needs", () => {
    const asked = request().from("10.1.2.3:567").claimed("{}");
    matches('{"uri":{"prefix":"/"},"headers":{"x":{"present":true}}}', asked);
    expect(asked.addressReads + asked.claimReads + asked.principalReads).toBe(0);
  });

  it("is refused with what would be right", () => {
    expect(refusal('{"headers":{":path":{"exact":"/"}}}')).toBe(
      "/headers/:path: expected a header name; for the path use uri",
    );
    expect(refusal('{"headers":{"Host":{"exact":"a"},"host":{"exact":"b"}}}')).toBe(
      "/headers/host: the same header twice",
    );
    expect(refusal('{"withoutHeaders":{":method":{"exact":"a"}}}')).toBe(
      "/withoutHeaders/:method: expected a header name; use method",
    );
    expect(refusal('{"headers":{"a b":{"exact":"a"}}}')).toBe(
      "/headers/a b: expected a header name",
    );
    expect(refusal('{"headers":{"X-A":{"exact":"a"},"x-a":{"exact":"b"}}}')).toBe(
      "/headers/x-a: the same header twice",
    );
    expect(refusal('{"uri":"/"}')).toBe("/uri: expected an object");
    expect(
      refusal('{"sourceAddresses":["10.0.0.1/8"]}').startsWith(
        "/sourceAddresses/0: the address has bits",
      ),
    ).toBe(true);
    expect(refusal('{"sourceAddresses":[]}')).toBe("/sourceAddresses: expected at least one item");
    expect(refusal('{"sourceAddresses":{}}')).toBe(
      "/sourceAddresses: expected a list of networks, or an object with in, not or both",
    );
    expect(refusal('{"sourceAddresses":{"not":[]}}')).toBe(
      "/sourceAddresses/not: expected at least one item",
    );
    expect(refusal('{"sourceAddresses":{"no":["10.0.0.0/8"],"not":["10.0.0.0/8"]}}')).toBe(
      "/sourceAddresses/no: unknown key; expected one of: in, not",
    );
    expect(
      refusal('{"claims":[{"exact":"x"}]}').startsWith(
        "/claims/0/claim: missing; expected a claim",
      ),
    ).toBe(true);
    expect(
      refusal('{"claims":[{"claim":"x","y":1,"exact":""}]}').startsWith("/claims/0/y: unknown key"),
    ).toBe(true);
    expect(refusal('{"url":{}}').startsWith("/url: unknown key")).toBe(true);
  });
});

describe("a list of Matches", () => {
  it("holds when one of them does, and when it is empty", () => {
    const list = MatchList.read(
      config('{"match":[{"method":{"exact":"PUT"}},{"uri":{"prefix":"/Shop"}}]}'),
      "match",
      new MatchSettings(),
    );
    expect(list.matches(request())).toBe(true);
    expect(list.matches(new FakeRequest())).toBe(false);
    expect(MatchList.empty().matches(request())).toBe(true);
    expect(MatchList.read(config("{}"), "match", new MatchSettings()).isEmpty).toBe(true);
  });
});

/** As filters that count and route compare. */
function matchesNormalized(json: string, request: FakeRequest): bool {
  const settings = MatchSettings.read(config('{"normalizePath":true}'));
  const at = config(json);
  const match = new Match(at, settings);
  return !at.errors.any && match.matches(request);
}

function sentTo(authority: string): FakeRequest {
  return new FakeRequest("GET", "/", authority);
}

describe("a Match that normalises", () => {
  it("takes every spelling of a host for the same host", () => {
    const spellings = ["shop.example", "SHOP.example", "shop.example.", "shop.example:443"];
    const conditions = [
      '{"authority":{"exact":"shop.example"}}',
      '{"authority":{"exact":"Shop.Example:443"}}',
      '{"headers":{"host":{"exact":"shop.example"}}}',
      '{"authority":{"prefix":"SHOP."}}',
      '{"authority":{"suffix":".example"}}',
      '{"authority":{"contains":"P.EX"}}',
      '{"authority":{"regex":"Shop[.]example"}}',
    ];
    for (let i = 0; i < spellings.length; i++) {
      for (let k = 0; k < conditions.length; k++) {
        const what = conditions[k] + " " + spellings[i];
        expect(matchesNormalized(conditions[k], sentTo(spellings[i]))).toBe(true, what);
      }
    }
    const others = '{"authority":{"exact":"shop.example","invert":true}}';
    expect(matchesNormalized(others, sentTo("SHOP.example.:80"))).toBe(false);
    expect(matchesNormalized(others, sentTo("api.example"))).toBe(true);
    expect(matchesNormalized(conditions[0], sentTo("shop.example:8080"))).toBe(false);
  });

  it("still knows the port that the client sent", () => {
    expect(matchesNormalized('{"authority":{"suffix":":443"}}', sentTo("shop.example:443"))).toBe(
      true,
    );
    expect(matchesNormalized('{"authority":{"suffix":":443"}}', sentTo("shop.example"))).toBe(
      false,
    );
  });

  it("takes every spelling of a path for the same path", () => {
    const admin = '{"uri":{"prefix":"/admin"}}';
    expect(matchesNormalized(admin, new FakeRequest("GET", "//%61dmin;x/../admin?q"))).toBe(true);
    expect(matches(admin, new FakeRequest("GET", "//admin"))).toBe(false);
  });

  it("takes a method in any case for the method, and for another one where that is asked", () => {
    const post = '{"method":{"exact":"POST"}}';
    const others = '{"method":{"exact":"POST","invert":true}}';
    expect(matchesNormalized(post, new FakeRequest("post"))).toBe(true);
    expect(matchesNormalized(others, new FakeRequest("post"))).toBe(true);
    expect(matchesNormalized(others, new FakeRequest("POST"))).toBe(false);
    expect(matches(post, new FakeRequest("post"))).toBe(false);
  });
});

describe("a Match with a limit on what it costs", () => {
  it("is met by no condition past the limit, inverted or not", () => {
    const long = request().with("x", "a".repeat(600));
    long.searchNanosMax = 1000;
    expect(matches('{"headers":{"x":{"regex":"a+"}}}', long)).toBe(true);
    expect(matches('{"headers":{"x":{"contains":"b","invert":true}}}', long)).toBe(false);
    expect(matches('{"method":{"exact":"GET"}}', long)).toBe(false);
    long.reset();
    expect(matches('{"method":{"exact":"GET"}}', long)).toBe(true);
  });

  it("counts the states that an automaton builds, not only the bytes", () => {
    const long = request().with("x", "a".repeat(55_000));
    long.searchNanosMax = 500_000;
    expect(matches('{"headers":{"x":{"regex":"a+"}}}', long)).toBe(true);
    expect(long.isOverscanned).toBe(false);
    long.reset();
    expect(matches('{"headers":{"x":{"regex":".*a.{300}b?a*"}}}', long)).toBe(false);
    expect(long.isOverscanned).toBe(true);
  });

  it("counts what is searched through in claims and in the client's identity", () => {
    const long = request()
      .claimed('{"sub":"' + "a".repeat(600) + '"}')
      .principal("a".repeat(600));
    long.searchNanosMax = 500;
    expect(matches('{"claims":[{"claim":"sub","regex":"a+"}]}', long)).toBe(false);
    expect(long.isOverscanned).toBe(true);
    long.reset();
    expect(matches('{"sourcePrincipals":[{"regex":"a+"}]}', long)).toBe(false);
    expect(long.isOverscanned).toBe(true);
  });
});
