// Envoy's own routes, as Istio makes them from a VirtualService, beside our filter and routes
// that only look at its decision: the same requests must end at the same upstream. And one decision
// on two Envoys with different numbers of workers.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { build } from "../../tools/build.ts";
import type { Json } from "../../envoy/bootstrap.ts";
import { type Chain, startChain } from "../support/chain.ts";
import { closeConnections } from "../support/client.ts";
import { Random } from "../support/random.ts";
import {
  type HttpMatch,
  type SomeRequest,
  guide,
  nativeMatch,
  ownMatch,
  someMatch,
  someRequest,
} from "./canary-routes.ts";

before(() => build(["canary"]));
after(closeConnections);

/** The upstream is the answer: a route tells its name. */
const answering = (match: Json, name: string): Json => ({
  match,
  direct_response: { status: 200 },
  response_headers_to_add: [{ header: { key: "x-upstream", value: name } }],
});
const upstreamOf = async (chain: Chain, request: SomeRequest) =>
  (await chain.send(request)).header("x-upstream");
const byVariant = (name: string): Json =>
  answering({ prefix: "/", headers: [{ name: "x-variant", string_match: { exact: name } }] }, name);

type Rule = { match: HttpMatch[]; subset: string };

/** Envoy's routes for the rules, then everything to `rest`. */
const nativeRoutes = (rules: Rule[], rest: string): Json[] => [
  ...rules.flatMap(({ match, subset }) =>
    match.map((each) => answering(nativeMatch(each), subset)),
  ),
  answering({ prefix: "/" }, rest),
];

/** Sends each request to both, several at a time; what differs comes back. */
async function differences(native: Chain, own: Chain, requests: SomeRequest[]): Promise<string[]> {
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  const work = requests.values();
  const walk = async () => {
    for (const request of work) {
      const [expected, got] = await Promise.all([
        upstreamOf(native, request),
        upstreamOf(own, request),
      ]);
      seen.set(String(expected), (seen.get(String(expected)) ?? 0) + 1);
      if (expected !== got)
        wrong.push(`${JSON.stringify(request)}: Envoy's routes ${expected}, ours ${got}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, walk));
  // A comparison in which everything goes to one place says nothing.
  assert.ok(
    [...seen.values()].filter((count) => count > requests.length / 50).length > 1,
    JSON.stringify([...seen]),
  );
  return wrong.slice(0, 10);
}

describe("the guide's VirtualService", () => {
  let native: Chain;
  let own: Chain;

  before(async () => {
    native = await startChain({ filters: [], routes: nativeRoutes(guide, "stable") });
    const route = {
      name: "product-service",
      variants: guide.map(({ match, subset }) => ({ name: subset, match: match.map(ownMatch) })),
      split: { stable: 90, canary: 10 },
      sticky: { header: "x-user" },
    };
    const routes = [
      byVariant("canary"),
      byVariant("mobile-optimized"),
      answering({ prefix: "/" }, "stable"),
    ];
    own = await startChain({ filters: [{ name: "canary", config: { routes: [route] } }], routes });
  });
  after(() => Promise.all([native?.stop(), own?.stop()]));

  it("leads 2,000 combinations of headers to the same upstream, the split apart", async () => {
    const random = new Random(20261125);
    // Bytes that are no UTF-8 get nobody past `.*Mobile.*`, neither there nor here.
    const strays = ["\xffMobile", "Mobile\xe9", "Mo\xffbile", "\xc3Mobile\x80", "\xff"];
    // A client that the split keeps on stable: whatever then goes to the canary was sent there by
    // a rule.
    const requests = Array.from({ length: 2000 }, () => {
      const request = someRequest(random);
      const headers: [string, string][] = [...request.headers, ["x-user", "user-2"]];
      if (random.below(4) === 0) headers.push(["user-agent", random.one(strays)]);
      return { ...request, headers };
    });
    assert.deepEqual(await differences(native, own, requests), []);
  });

  it("splits by the client: within chance 10 % of 2,000 go to the canary, each always the same way", async () => {
    let canary = 0;
    const walk = async (from: number) => {
      for (let user = from; user < 2000; user += 8) {
        const request: SomeRequest = {
          method: "GET",
          path: "/",
          authority: "a",
          headers: [["x-user", `u${user}`]],
        };
        const first = await upstreamOf(own, request);
        if (first === "canary") canary++;
        if (user % 20 === 0) assert.equal(await upstreamOf(own, request), first);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, from) => walk(from)));
    // Five standard deviations.
    assert.ok(Math.abs(canary - 200) < 68, `${canary}`);
  });
});

describe("VirtualServices drawn at random", () => {
  const COUNT = 60;
  const EACH = 40;
  const random = new Random(7);
  /** Each of three rules, in a piece of the path of its own. */
  const services = Array.from({ length: COUNT }, (_, index) =>
    ["one", "two", "three"].map((subset) => ({
      subset,
      match: [within(index, someMatch(random)), within(index, someMatch(random))],
    })),
  );
  let native: Chain;
  let own: Chain;

  /** The condition, for paths below `/<index>` only. */
  function within(index: number, match: HttpMatch): HttpMatch {
    const { uri } = match;
    const headers = { ...match.headers, "x-service": { exact: String(index) } };
    return uri ? { ...match, headers } : { ...match, headers, uri: { prefix: "/" } };
  }

  before(async () => {
    native = await startChain({ filters: [], routes: nativeRoutes(services.flat(), "rest") });
    const routes = services.map((rules, index) => ({
      name: `service-${index}`,
      match: [{ headers: { "x-service": { exact: String(index) } } }],
      variants: rules.map(({ match, subset }) => ({ name: subset, match: match.map(ownMatch) })),
    }));
    own = await startChain({
      // Envoy compares the authority as it was sent.
      filters: [{ name: "canary", config: { routes, normalizeAuthority: false } }],
      routes: [...["one", "two", "three"].map(byVariant), answering({ prefix: "/" }, "rest")],
    });
  });
  after(() => Promise.all([native?.stop(), own?.stop()]));

  it("lead the same way", async () => {
    const requests = services.flatMap((_, index) =>
      Array.from({ length: EACH }, () => {
        const request = someRequest(random);
        return {
          ...request,
          headers: [...request.headers, ["x-service", String(index)] as [string, string]],
        };
      }),
    );
    assert.deepEqual(await differences(native, own, requests), []);
  });
});

describe("two Envoys with one and with four workers", () => {
  const config = {
    routes: [
      {
        name: "shop",
        split: { a: 20.25, b: 30, c: 0.75, d: 49 },
        sticky: { cookie: { name: "key" } },
        responseHeader: "x-upstream",
      },
    ],
  };
  let chains: Chain[] = [];

  before(async () => {
    const start = (concurrency: number) =>
      startChain({
        concurrency,
        filters: [{ name: "canary", config }],
        routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
      });
    chains = await Promise.all([start(1), start(4)]);
  });
  after(() => Promise.all(chains.map((chain) => chain.stop())));

  it("give every client the same decision, also the cookies that one of them issued", async () => {
    const seen = new Set<string>();
    const compare = async (cookie: string) => {
      const request: SomeRequest = {
        method: "GET",
        path: "/",
        authority: "a",
        headers: [["cookie", cookie]],
      };
      const [one, four] = await Promise.all(chains.map((chain) => upstreamOf(chain, request)));
      assert.equal(one, four, cookie);
      seen.add(one!);
    };
    for (let client = 0; client < 300; client++) await compare(`key=client-${client}`);
    for (let client = 0; client < 20; client++) {
      const issued = await chains[client % 2]!.send({ fresh: true });
      const cookie = issued.header("set-cookie")!.split(";")[0]!;
      await compare(cookie);
    }
    assert.ok(seen.size >= 3, [...seen].join());
  });
});
