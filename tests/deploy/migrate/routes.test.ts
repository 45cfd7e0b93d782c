// VirtualServices: what migrate makes of them, with the real filter and the rendered
// VirtualService, against the model of the native routes. A request may only go where it could have
// gone before, and with the same options.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { parse } from "../../../deploy/core/source.ts";
import { Context } from "../../../deploy/migrate/context.ts";
import { proveRoutes } from "../../../deploy/migrate/traffic-proof.ts";
import { Random } from "../../../deploy/compare/random.ts";
import { virtualServiceModel } from "../../../deploy/native/routing/model.ts";
import type { Decision, Destination, NativeRequest } from "../../../deploy/native/types.ts";
import { beforeAndAfter } from "../../support/migrated.ts";
import type { BeforeAndAfter } from "../../support/migrated.ts";
import {
  publicGateway,
  randomRouteRequest,
  randomVirtualService,
} from "../../support/virtual-services.ts";

const models = [virtualServiceModel];

/** Why the second decision is none that the first allows; empty if it is one. */
function differenceOf(old: Decision, next: Decision): string {
  if (old.refusal?.status !== next.refusal?.status)
    return `${next.refusal?.reason ?? "passes"}, was ${old.refusal?.reason ?? "a pass"}`;
  if (old.refusal) return "";
  for (const name of ["answer", "options"])
    if (old.effects?.[name] !== next.effects?.[name])
      return `${name} ${next.effects?.[name]}, was ${old.effects?.[name]}`;
  const known = new Set((old.destinations ?? []).map(keyOf));
  const strange = (next.destinations ?? []).find((one) => !known.has(keyOf(one)));
  if (strange) return `goes to ${keyOf(strange)}, was ${[...known].join(" or ")}`;
  return (old.destinations === undefined) === (next.destinations === undefined)
    ? ""
    : "one of them has no destination";
}

function keyOf({ weight: _weight, ...destination }: Destination): string {
  return JSON.stringify(destination);
}

const gateway = stringify(publicGateway);

function pairOf(service: any, ...more: any[]): BeforeAndAfter {
  const text = [service, ...more].map((one) => stringify(one)).join("---\n");
  return beforeAndAfter(`${gateway}---\n${text}`, models);
}

function virtualService(spec: object, name = "shop"): any {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "shop" },
    spec: { hosts: ["shop.example.com"], gateways: ["istio-system/public"], ...spec },
  };
}

const to = (subset: string, weight?: number) => ({
  destination: { host: "reviews", subset },
  ...(weight !== undefined && { weight }),
});

function atGateway(more: Partial<NativeRequest> = {}): NativeRequest {
  return {
    ...randomRouteRequest(new Random(1)),
    host: "shop.example.com",
    path: "/",
    method: "GET",
    headers: [],
    destination: { address: "10.9.9.9", port: 80 },
    workload: {
      namespace: "istio-system",
      labels: { istio: "ingressgateway" },
      kind: "gateway",
      gateways: ["istio-system/public"],
    },
    ...more,
  };
}

const caller = (namespace: string): NativeRequest =>
  atGateway({
    host: "reviews.shop",
    workload: { namespace, labels: { app: "web" }, kind: "sidecar" },
  });

/** Where `count` requests go, by subset; refusals by status. */
function tally(decide: (request: NativeRequest) => Decision, request: NativeRequest, count = 400) {
  const seen: Record<string, number> = {};
  for (let step = 0; step < count; step++) {
    const { refusal, destinations, effects } = decide(request);
    const [first] = destinations ?? [];
    const where = refusal?.status ?? effects?.answer ?? first?.subset ?? first?.host ?? "nowhere";
    seen[where] = (seen[where] ?? 0) + 1;
  }
  return seen;
}

test("routes: what no rule takes is 404 before and after", () => {
  const rules = [
    { match: [{ uri: { prefix: "/api" } }], route: [to("v1", 90), to("v2", 10)] },
    { match: [{ uri: { exact: "/health" } }], route: [to("v1")] },
  ];
  const pair = pairOf(virtualService({ http: rules }));
  assert.equal(pair.documents.length, 1);
  assert.equal(pair.old.decide(atGateway()).refusal?.status, 404);
  assert.equal(pair.next.decide(atGateway()).refusal?.status, 404);
  assert.deepEqual(Object.keys(tally(pair.next.decide, atGateway({ path: "/api/x" }))).sort(), [
    "v1",
    "v2",
  ]);
  pair.close();
});

test("routes: a client cannot choose the variant by its header", () => {
  const pair = pairOf(virtualService({ http: [{ route: [to("v1", 100), to("v2", 0)] }] }));
  const forged = atGateway({ headers: [["x-variant", "v2"]] });
  assert.deepEqual(tally(pair.next.decide, forged), { v1: 400 });
  pair.close();
});

test("routes: rules for one destination keep their own options and their order", () => {
  const rules = [
    { match: [{ headers: { "x-canary": { exact: "true" } } }], route: [to("v2")], timeout: "1s" },
    { match: [{ uri: { prefix: "/old" } }], redirect: { uri: "/new" } },
    { match: [{ uri: { prefix: "/cart" } }], route: [to("v2")], rewrite: { uri: "/" } },
    { route: [to("v1", 50), to("v2", 50)], timeout: "5s" },
  ];
  const pair = pairOf(virtualService({ http: rules }));
  for (const [request, options, answer] of [
    [atGateway({ headers: [["x-canary", "true"]], path: "/cart" }), '{"timeout":"1s"}', undefined],
    [atGateway({ path: "/old" }), undefined, '{"redirect":{"uri":"/new"}}'],
    [atGateway({ path: "/cart" }), '{"rewrite":{"uri":"/"}}', undefined],
    [atGateway(), '{"timeout":"5s"}', undefined],
  ] as const) {
    for (const decider of [pair.old, pair.next]) {
      const { effects } = decider.decide(request);
      assert.equal(effects?.options, options);
      assert.equal(effects?.answer, answer);
    }
  }
  pair.close();
});

test("routes: weights that are no percent add up, and stay near", () => {
  for (const [weights, split] of [
    [[1, 1, 1], { v1: 33.34, v2: 33.33, v3: 33.33 }],
    [[2, 5, 0], { v1: 28.57, v2: 71.43, v3: 0 }],
  ] as const) {
    const route = weights.map((weight, place) => to(`v${place + 1}`, weight));
    const pair = pairOf(virtualService({ http: [{ route }] }));
    assert.deepEqual(pair.documents[0].spec.canary.routes[0].split, split);
    assert.match(pair.notes.join("\n"), /weights .* are .* percent/);
    pair.close();
  }
});

test("routes: weights finer than the filter's stay native", () => {
  const pair = pairOf(virtualService({ http: [{ route: [to("v1", 99999), to("v2", 1)] }] }));
  assert.equal(pair.documents.length, 0);
  assert.match(pair.notes.join("\n"), /stays native: weights 99999:1 are finer/);
  pair.close();
});

for (const [what, spec] of [
  [
    "an egress pair, told apart by its gateways,",
    {
      hosts: ["api.example.org"],
      gateways: ["mesh", "istio-system/public"],
      http: [
        {
          match: [{ gateways: ["mesh"] }],
          route: [{ destination: { host: "istio-egressgateway" } }],
        },
        {
          match: [{ gateways: ["istio-system/public"] }],
          route: [{ destination: { host: "api.example.org" } }],
        },
      ],
    },
  ],
  [
    "rules that sourceLabels tell apart",
    {
      http: [
        { match: [{ sourceLabels: { app: "web" } }], route: [to("v2")] },
        { route: [to("v1")] },
      ],
    },
  ],
  [
    "rules that paths and ports tell apart",
    {
      http: [
        { match: [{ uri: { prefix: "/a" } }], route: [to("v1")] },
        { match: [{ port: 80 }], route: [to("v2")] },
      ],
    },
  ],
  [
    "a split for some callers only",
    {
      http: [
        { match: [{ sourceLabels: { app: "web" } }], route: [to("v1", 50), to("v2", 50)] },
        { route: [to("v1")] },
      ],
    },
  ],
] as const) {
  test(`routes: ${what} stay native`, () => {
    const pair = pairOf(virtualService(spec));
    assert.equal(pair.documents.length, 0, JSON.stringify(pair.documents));
    for (const request of [
      atGateway(),
      atGateway({ path: "/a" }),
      atGateway({ host: "api.example.org" }),
      { ...caller("shop"), host: "api.example.org" },
      atGateway({ destination: { address: "10.9.9.9", port: 9080 } }),
    ])
      assert.deepEqual(pair.next.decide(request), pair.old.decide(request));
    pair.close();
  });
}

test("routes: VirtualServices that Istio joins at a gateway stay native", () => {
  const split = virtualService({ http: [{ route: [to("v1", 50), to("v2", 50)] }] });
  const other = virtualService(
    { http: [{ match: [{ uri: { prefix: "/b" } }], route: [to("v1")] }] },
    "b",
  );
  const pair = pairOf(split, other);
  assert.equal(pair.documents.length, 0);
  assert.match(pair.notes.join("\n"), /VirtualService shop\/b has one of its hosts/);
  pair.close();
});

test("routes: callers of other namespaces are split by Envoy as before", () => {
  const service = virtualService({
    hosts: ["reviews"],
    gateways: ["mesh"],
    http: [{ route: [to("v1", 50), to("v2", 50)], timeout: "5s" }],
  });
  const pair = pairOf(service);
  assert.deepEqual(pair.documents[0].spec.placement, { sidecar: { direction: "outbound" } });
  const shares = [
    { ...to("v1", 50).destination, weight: 50 },
    { ...to("v2", 50).destination, weight: 50 },
  ];
  assert.deepEqual(pair.next.decide(caller("other")).destinations, shares);
  const own = tally(pair.next.decide, caller("shop"));
  assert.ok(own.v1! > 150 && own.v2! > 150, JSON.stringify(own));
  assert.equal(own.v1! + own.v2!, 400);
  pair.close();
});

test("routes: another header carries the variant where x-variant is somebody's already", () => {
  const rules = [
    { match: [{ headers: { "x-variant": { exact: "v2" } } }], route: [to("v2")] },
    { route: [to("v1", 100), to("v2", 0)] },
  ];
  const pair = pairOf(virtualService({ http: rules }));
  assert.equal(pair.documents[0].spec.canary.routes[0].header, "x-shop-variant");
  const chosen = atGateway({ headers: [["x-variant", "v2"]] });
  for (const decider of [pair.old, pair.next])
    assert.equal(decider.decide(chosen).destinations?.[0]?.subset, "v2");
  pair.close();
});

test("routes: an Argo Rollout's VirtualService keeps the route that Argo patches", () => {
  const service = virtualService({
    http: [
      {
        name: "primary",
        route: [
          { destination: { host: "stable" }, weight: 100 },
          { destination: { host: "canary" }, weight: 0 },
        ],
      },
    ],
  });
  const rollout = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", namespace: "shop" },
    spec: {
      strategy: {
        canary: {
          stableService: "stable",
          canaryService: "canary",
          trafficRouting: { istio: { virtualService: { name: "shop", routes: ["primary"] } } },
          steps: [{ setWeight: 20 }, { pause: {} }],
        },
      },
    },
  };
  const pair = pairOf(service, rollout);
  assert.equal(pair.documents.length, 0);
  assert.match(pair.notes.join("\n"), /stays native: Rollout shop\/shop sets its weights/);
  const [primary] = pair.old.decide(atGateway()).destinations ?? [];
  assert.deepEqual(pair.next.decide(atGateway()).destinations, [primary]);
  assert.deepEqual(primary, { host: "stable", weight: 100 });
  assert.match(pair.notes.join("\n"), /stays native: Argo writes the weights/);
  pair.close();
});

for (const kind of ["HTTPRoute", "GRPCRoute"]) {
  test(`routes: a ${kind} with weights stays native, and the report says so`, () => {
    const route = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind,
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [
          {
            backendRefs: [
              { name: "v1", port: 80, weight: 9 },
              { name: "v2", port: 80, weight: 1 },
            ],
          },
        ],
      },
    };
    const pair = pairOf(route);
    assert.deepEqual(pair.documents, []);
    assert.match(pair.notes.join("\n"), /stays native: Istio goes on splitting its backendRefs/);
    pair.close();
  });
}

test("routes: Flagger's conditions, rewrite and mesh gateway are kept", () => {
  const canary = {
    apiVersion: "flagger.app/v1beta1",
    kind: "Canary",
    metadata: { name: "podinfo", namespace: "shop" },
    spec: {
      targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "podinfo" },
      service: {
        port: 9898,
        gateways: ["istio-system/public", "mesh"],
        hosts: ["shop.example.com"],
        match: [{ uri: { prefix: "/api" } }],
        rewrite: { uri: "/" },
        timeout: "3s",
      },
      analysis: { interval: "1m", threshold: 5, maxWeight: 50, stepWeight: 10 },
    },
  };
  const pair = pairOf(canary);
  const decide = (request: NativeRequest) => pair.next.decide(request);
  assert.equal(decide(atGateway({ path: "/else" })).refusal?.status, 404);
  const passed = decide(atGateway({ path: "/api/x" }));
  assert.equal(passed.destinations?.[0]?.host, "podinfo-primary");
  assert.equal(passed.effects?.options, '{"rewrite":{"uri":"/"},"timeout":"3s"}');
  assert.deepEqual(pair.documents[0].spec.traffic[0].gateways, ["istio-system/public", "mesh"]);
  const callers = pair.documents.find(({ spec }) => spec.placement.sidecar);
  assert.equal(callers.spec.placement.sidecar.direction, "outbound");
  pair.close();
});

test("routes: a Flagger test that sourceLabels narrow stays native, with the request that would go elsewhere", () => {
  const canary = {
    apiVersion: "flagger.app/v1beta1",
    kind: "Canary",
    metadata: { name: "podinfo", namespace: "shop" },
    spec: {
      targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "podinfo" },
      service: { port: 9898 },
      analysis: {
        interval: "1m",
        threshold: 2,
        iterations: 5,
        match: [{ headers: { "x-test": { exact: "1" } }, sourceLabels: { app: "tester" } }],
      },
    },
  };
  const pair = pairOf(canary);
  assert.deepEqual(pair.documents, []);
  assert.match(pair.notes.join("\n"), /its proof failed: different: GET .*x-test: 1.*goes to/);
  pair.close();
});

test("the proof of a route finds other weights, and a rule that takes what another one took", () => {
  const service = virtualService({
    http: [
      { match: [{ headers: { "x-canary": { exact: "true" } } }], route: [to("v2")] },
      { route: [to("v1", 80), to("v2", 20)] },
    ],
  });
  const { manifests } = parse(`${gateway}---\n${stringify(service)}`, "in.yaml");
  const context = new Context(manifests);
  const [, native] = manifests;
  const [rule, split] = service.spec.http;
  const variants = [{ name: "v1" }, { name: "v2" }];
  const proofWith = (weights: object, rules: object[]) =>
    proveRoutes(
      context,
      [native!],
      [
        {
          namespace: "istio-system",
          placement: { gateway: { selector: { istio: "ingressgateway" } } },
          filters: { canary: { routes: [{ name: "shop", variants, split: weights }] } },
          traffic: [
            {
              route: "shop",
              name: "shop",
              namespace: "shop",
              hosts: ["shop.example.com"],
              gateways: ["istio-system/public"],
              host: "reviews",
              rules,
              variants: { v1: { subset: "v1" }, v2: { subset: "v2" } },
            },
          ],
        },
      ],
      1,
    ).failed;
  const written = { variants: ["v1", "v2"] };
  assert.equal(proofWith({ v1: 80, v2: 20 }, [rule, written]), undefined);
  assert.match(proofWith({ v1: 60, v2: 40 }, [rule, written]) ?? "", /different: GET .*goes to/);
  assert.match(proofWith({ v1: 80, v2: 20 }, [written]) ?? "", /x-canary: true.*goes to/);
  assert.equal(split.route.length, 2);
});

test("300 random VirtualServices: no request goes where it could not go before, or with other options", () => {
  const counts = { migrated: 0, requests: 0, split: 0 };
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const service = randomVirtualService(random);
    const pair = pairOf(service);
    if (pair.documents.length > 0) counts.migrated++;
    for (let step = 0; step < 80; step++) {
      const request = randomRouteRequest(random);
      const [old, next] = [pair.old.decide(request), pair.next.decide(request)];
      const what = differenceOf(old, next);
      const shown = () =>
        `seed ${seed}, request ${step}: ${what}\n${JSON.stringify(request)}\n${stringify(service)}\n${stringify(pair.documents)}`;
      assert.equal(what, "", what && shown());
      counts.requests++;
      if ((old.destinations?.length ?? 0) > 1 && next.destinations?.length === 1) counts.split++;
    }
    pair.close();
  }
  assert.ok(counts.migrated > 100, JSON.stringify(counts));
  assert.ok(counts.split > 500, JSON.stringify(counts));
});
