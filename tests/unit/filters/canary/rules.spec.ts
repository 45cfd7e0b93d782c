import {
  VariantRule,
  namesVariant,
  variantByRules,
} from "../../../../assembly/filters/canary/rules";
import { MatchList } from "../../../../assembly/lib/match/match";
import { MatchSettings } from "../../../../assembly/lib/match/match-settings";
import { config } from "../../support/config";
import { FakeRequest } from "../../support/request";

/**
 * What the rule with this list of Matches says of a request: by way of what it asks first, and by
 * its conditions alone.
 */
function decision(matches: string, request: FakeRequest): string {
  const match = MatchList.read(config('{"match":' + matches + "}"), "match", new MatchSettings());
  const byRules = variantByRules([new VariantRule(7, match)], request) == 7;
  return byRules == match.matches(request) ? byRules.toString() : "differs";
}

function agent(value: string): FakeRequest {
  return new FakeRequest("GET", "/a").with("user-agent", value);
}

describe("the rules of a route", () => {
  it("decide as their conditions do, whatever header and text they look for first", () => {
    const kinds = ["exact", "prefix", "suffix", "contains"];
    for (let i = 0; i < kinds.length; i++) {
      const match = '[{"headers":{"user-agent":{"' + kinds[i] + '":"Mobile"}}}]';
      expect(decision(match, agent("Mobile"))).toBe("true");
      expect(decision(match, agent("mobile"))).toBe("false");
      expect(decision(match, new FakeRequest())).toBe("false");
    }
    expect(
      decision(
        '[{"headers":{"user-agent":{"regex":".*Mobile/[0-9]+.*"}}}]',
        agent("x Mobile/15 y"),
      ),
    ).toBe("true");
    expect(
      decision('[{"headers":{"user-agent":{"regex":".*Mobile/[0-9]+.*"}}}]', agent("x Mobile/z y")),
    ).toBe("false");
    expect(decision('[{"headers":{"user-agent":{"regex":"A|B"}}}]', agent("B"))).toBe("true");
    expect(decision('[{"headers":{"user-agent":{"exact":""}}}]', agent(""))).toBe("true");
  });

  it("look for nothing first where another text or a missing header can meet the condition", () => {
    const folded = '[{"headers":{"user-agent":{"contains":"MOBILE","ignoreCase":true}}}]';
    expect(decision(folded, agent("a mobile"))).toBe("true");
    expect(
      decision(
        '[{"headers":{"user-agent":{"regex":".*MOBILE","ignoreCase":true}}}]',
        agent("a mobile"),
      ),
    ).toBe("true");
    expect(decision('[{"headers":{"user-agent":{"exact":"x","invert":true}}}]', agent("y"))).toBe(
      "true",
    );
    expect(decision('[{"headers":{"x-no":{"present":true,"invert":true}}}]', agent("y"))).toBe(
      "true",
    );
    expect(decision('[{"headers":{"x-no":{"present":true}}}]', agent("y"))).toBe("false");
    expect(decision('[{"withoutHeaders":{"x-no":{"exact":"a"}}}]', agent("y"))).toBe("true");
    expect(decision('[{"uri":{"prefix":"/a"}}]', agent("y"))).toBe("true");
    expect(
      decision('[{"headers":{"x-no":{"exact":"a"}}},{"uri":{"prefix":"/a"}}]', agent("y")),
    ).toBe("true");
  });

  it("look at each value of a header that came several times", () => {
    const request = agent("one").with("user-agent", "two Mobile");
    expect(decision('[{"headers":{"user-agent":{"contains":"Mobile"}}}]', request)).toBe("true");
    expect(decision('[{"headers":{"user-agent":{"exact":"Mobile"}}}]', request)).toBe("false");
  });

  it("are tried in their order", () => {
    const long = "x".repeat(300);
    const settings =
      '{"a":[{"headers":{"user-agent":{"exact":"' +
      long +
      '"}}}],"b":[{"method":{"exact":"GET"}}]}';
    const at = config(settings);
    const rules: StaticArray<VariantRule> = [
      new VariantRule(1, MatchList.read(at, "a", new MatchSettings())),
      new VariantRule(2, MatchList.read(at, "b", new MatchSettings())),
      new VariantRule(3, MatchList.read(at, "b", new MatchSettings())),
    ];
    expect(variantByRules(rules, agent(long))).toBe(1);
    expect(variantByRules(rules, agent("x"))).toBe(2);
    expect(variantByRules(rules, new FakeRequest("PUT", "/"))).toBe(-1);
    expect(namesVariant(rules, 3)).toBe(true);
    expect(namesVariant(rules, 4)).toBe(false);
  });
});
